"""``--activations FILE`` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from commandline import ROOT, lastbit

EXAMPLE = str(ROOT / "docs" / "own_activations.py")


def test_the_whole_file_is_run_and_explained(tmp_path: Path) -> None:
    done = lastbit("run", "--activations", EXAMPLE, "--backend", "numpy", "--format", "float16", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("swish(beta=1.5): values ", "ramp(height=2.0): values "):
        assert words in done.stdout
    frame = pd.read_parquet(tmp_path / "run" / "accuracy.parquet")
    assert set(frame.activation) == {"swish", "ramp"}
    assert set(frame.route) == {"native", "autodiff"}
    done = lastbit("explain", "swish(beta=2)", "0.5", "--activations", EXAMPLE, "--order", "1", "--backend", "numpy")
    assert done.returncode == 0, done.stderr
    assert "0.927670511871486" in done.stdout  # sigma(1) + sigma(1)(1 - sigma(1)), from mpmath


def test_list_has_them_with_notes_on_the_frameworks() -> None:
    done = lastbit("list", "--activations", EXAMPLE)
    assert done.returncode == 0
    assert "  swish(beta=1.5): order 0: native; order 1: autodiff" in done.stdout
    assert "    jax: with approximate=False; its default is gelu_tanh" in done.stdout


@pytest.mark.parametrize("command", [["run"], ["explain", "swish", "1"], ["list"]])
def test_a_file_that_is_wrong_gets_one_clear_line(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def swish(x, f):\n    return f.sin(x)\n")
    for file, words in (("bad.py", "swish is not an expression"), ("none.py", "cannot read")):
        done = lastbit(*command, "--activations", file, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1
        assert words in done.stderr
