"""``lastbit train`` as a user meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from commandline import lastbit, refusal

SMALL = ("--backend", "numpy", "--layers", "1", "--width", "3", "--examples", "8", "--steps", "2", "--seeds", "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sigmoyd"], ["unknown activation 'sigmoyd'"]),
        (["gelu"], ["gelu has no gradient from its value", "sigmoid, tanh, relu"]),
        (["--format", "float8"], ["unknown format 'float8'"]),
        (["--backend", "caffe"], ["unknown backend 'caffe'"]),
        (["--layers", "0"], ["layers 0", "from 1 to 64"]),
        (["--width", "9999"], ["width 9999", "from 1 to 1024"]),
        (["--examples", "1"], ["examples 1", "from 2 to 4096"]),
        (["--steps", "0"], ["steps 0", "from 1 to 100000"]),
        (["--rate", "nan"], ["rate nan", "positive number"]),
        (["--scale", "-1"], ["scale -1", "positive number"]),
        (["--seed", "-1"], ["seed -1"]),
        (["--seeds", "0"], ["seeds 0", "from 1 to 1000"]),
        (["--bias", "inf"], ["bias inf", "finite"]),
        (["--rule", "adam"], ["unknown rule 'adam'", "descent, sign"]),
        (["--run", "nowhere"], ["no run in nowhere"]),
        (["--run", "nowhere", "--out", "there"], ["--out and --run"]),
        (["--figure", "losses.gif"], ["losses.gif", ".svg, .pdf or .png"]),
        (["--figure", "nowhere/losses.svg"], ["there is no directory nowhere"]),
        (["--out", "/proc/nowhere"], ["cannot write to /proc/nowhere"]),
    ],
)
def test_wrong_input_gets_one_clear_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    line = refusal("train", *arguments, cwd=tmp_path)
    for word in words:
        assert word in line
    assert not list(tmp_path.iterdir())


def test_train_saves_frames_and_a_figure_and_prints_a_table(tmp_path: Path) -> None:
    done = lastbit("train", "tanh", *SMALL, "--out", "run", "--figure", "losses.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("tanh, float32: 1 × 3 hidden units", "numpy:eager", "autodiff", "formula", "exact", "saved in run"):
        assert words in done.stdout
    frame = pd.read_parquet(tmp_path / "run" / "training.parquet")
    for gradient in ("autodiff", "formula"):
        steps = frame[frame.gradient == gradient].seconds.astype(float) * 1e6
        found = re.search(rf"{gradient} .* ([\d.]+) \[([\d.]+), ([\d.]+)\] (µs|ms)", done.stdout)
        assert found, done.stdout
        told = [float(number) * {"µs": 1, "ms": 1000}[found[4]] for number in found.groups()[:3]]
        assert told == pytest.approx([steps.quantile(share) for share in (0.5, 0.25, 0.75)], rel=0.01)
    assert "no interval, and no verdict" in done.stdout
    for name, rows in (("training", 6), ("training_layers", 12), ("training_pairs", 3)):
        frame = pd.read_parquet(tmp_path / "run" / f"{name}.parquet")
        assert len(frame) == rows
        assert pd.read_csv(tmp_path / "run" / f"{name}.csv").shape == frame.shape
    drawn = (tmp_path / "losses.svg").read_text()
    assert "numpy:eager" in drawn
    assert "loss with exact" in drawn
    assert "gradient" in drawn


def test_what_is_lacking_is_told_with_its_reason(tmp_path: Path) -> None:
    done = lastbit("train", *SMALL, "--format", "bfloat16", "--figure", "losses.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "numpy:eager exact: unsupported: NumPy has no bfloat16" in done.stdout
    rows = json.loads(lastbit("train", *SMALL, "--format", "bfloat16", "--json", cwd=tmp_path).stdout)["training"]
    assert [row["status"] for row in rows] == ["unsupported"] * 3
