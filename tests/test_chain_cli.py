"""``lastbit chain`` as a user meets it, and what it leaves in the report of a run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from commandline import lastbit, refusal


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--layers", "0"], "layers 0: give a number from 1 to 10000"),
        (["--format", "float8"], "unknown format 'float8'"),
        (["--backend", "caffe"], "unknown backend 'caffe'"),
        (["--figure", "chain.gif"], ".svg, .pdf or .png"),
    ],
)
def test_wrong_input_gets_one_clear_line(arguments: list[str], word: str, tmp_path: Path) -> None:
    assert word in refusal("chain", *arguments, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_saved_with_a_run_is_in_its_report(tmp_path: Path) -> None:
    own = ("--backend", "numpy", "--format", "float16")
    assert lastbit("run", "relu", *own, "--order", "1", "--out", "run", cwd=tmp_path).returncode == 0
    done = lastbit("chain", *own, "--layers", "20", "--run", "run", "--figure", "chain.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 from 12; " in done.stdout
    assert len(pd.read_parquet(tmp_path / "run" / "chain.parquet")) == 3 * 20
    assert "relative error" in (tmp_path / "chain.svg").read_text()
    small = ("--layers", "1", "--width", "3", "--examples", "8", "--steps", "2", "--seeds", "2")
    done = lastbit("train", *own, *small, "--run", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert lastbit("report", "run", cwd=tmp_path).returncode == 0
    _, _, section = (tmp_path / "run" / "report.html").read_text().partition('<section id="training">')
    for words in ("<td>0 from 12; ", "1 × 3 hidden units", "seeds 0 to 1", "<td>formula</td>", "loss − loss with exact"):
        assert words in section
