"""``lastbit speed``, ``cost`` and ``selftest`` as a user meets them."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path

import pandas as pd
import pytest
from commandline import lastbit, refusal

from harness.cli.run import timed_too, timing_of
from harness.cli.speed import speed as command
from harness.runs.plan import Request
from harness.speed.execution import BUDGET

SMALL = ("--backend", "numpy", "--format", "float32", "--order", "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["speed", "sigmoyd"], ["unknown activation 'sigmoyd'"]),
        (["speed", "--sizes", "many"], ["size 'many'", "1,65536,2^22"]),
        (["speed", "--sizes", "2^30"], ["size 1073741824", "from 1 to 16777216"]),
        (["speed", "--threads", "0"], ["threads 0", "give a number from 1"]),
        (["speed", "--route", "guess"], ["unknown route 'guess'", "cached"]),
        (["speed", "--versus", "numpy", "caffe"], ["unknown backend 'caffe'"]),
        (["speed", "--out", "/proc/nowhere"], ["cannot write to /proc/nowhere"]),
        (["selftest", "timing", "--backend", "caffe"], ["unknown backend 'caffe'"]),
        (["selftest", "timing", "--reports", "0"], ["reports 0"]),
        (["speed", "--implementation", "nowhere.py:f", "--backend", "numpy"], ["there is no file nowhere.py"]),
        (["cost", "nowhere"], ["no accuracy.parquet in nowhere"]),
    ],
)
def test_wrong_input_gets_one_clear_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    line = refusal(*arguments, cwd=tmp_path)
    for word in words:
        assert word in line
    assert not list(tmp_path.iterdir())


def test_speed_writes_its_frame_and_prints_ratios(tmp_path: Path) -> None:
    done = lastbit("speed", *SMALL, "--sizes", "1,2^12", "--budget", "60", "--out", "speed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("sigmoid: gradient, float32", "4,096", "cached", "pairs of fresh processes", "import"):
        assert words in done.stdout
    frame = pd.read_parquet(tmp_path / "speed" / "speed.parquet")
    assert pd.read_csv(tmp_path / "speed" / "speed.csv").shape == frame.shape
    assert set(frame.phase) == {"import", "first_call", "steady"}
    assert (tmp_path / "speed" / "speed_environments.parquet").exists()


def test_accuracy_and_cost_in_one_run(tmp_path: Path) -> None:
    done = lastbit("run", *SMALL, "--inputs", "65536", "--speed", "--json", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["phase"] for row in json.loads(done.stdout)["speed"]} == {"import", "first_call", "steady"}
    done = lastbit("cost", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("accuracy against cost", "vanished", "times the formula from the cached value", "mirrored"):
        assert words in done.stdout
    rows = json.loads(lastbit("cost", "run", "--json", cwd=tmp_path).stdout)
    by_route = {row["route"]: row for row in rows}
    assert by_route["cached"]["vanished"] == by_route["from_value"]["vanished"] > 0
    assert by_route["exponential"]["vanished"] == 0
    assert by_route["autodiff"]["ratio"] > 1


def test_a_function_of_the_users_own_is_timed_beside_the_frameworks(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import numpy as np\n\ndef half(x):\n    return 0.5 + 0.5 * np.tanh(0.5 * x)\n")
    mine = ("--implementation", "mine.py:half", "--backend", "numpy", "--order", "0", "--sizes", "2^12")
    done = lastbit("speed", *mine, "--budget", "30", "--json", "--out", "speed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    steady = [row for row in json.loads(done.stdout)["speed"] if row["phase"] == "steady" and row["route"] == "native"]
    assert [row["implementation"] for row in steady] == ["", "mine.py:half"]
    assert [row["status"] for row in steady] == ["ok", "ok"]
    assert steady[1]["ratio_to"] == "numpy:eager"
    assert steady[1]["ratio"] > 0


def test_the_budget_is_the_same_in_python() -> None:
    assert signature(command).parameters["budget"].default == BUDGET < 300


def test_a_run_that_asks_for_nothing_else_is_timed_too() -> None:
    for general in (Request(), Request(("tanh", "gelu")), Request(activations=("tanh",))):
        assert timed_too(general)
    for particular in (
        Request(("tanh",) * 5),
        Request(orders=(1,)),
        Request(inputs="exhaustive"),
        Request(backends=("numpy",)),
        Request(laws=True),
    ):
        assert not timed_too(particular)
    assert timing_of(Request(("tanh",))).backends == ("numpy", "torch:eager", "jax:compiled", "tensorflow:eager")
    chosen = timing_of(Request(backends=("jax",), implementations=("mine.py:f",), routes=("from_value",)))
    assert (chosen.backends, chosen.implementations) == (("jax",), ("mine.py:f",))
    assert chosen.routes == ("from_value", "cached")


def test_a_backend_that_is_required_and_missing_is_an_error(plugins: None, tmp_path: Path) -> None:
    choices = ("speed", "--backend", "faulty:broken", "--order", "0", "--sizes", "64", "--budget", "0")
    assert lastbit(*choices, cwd=tmp_path).returncode == 0
    done = lastbit(*choices, "--require-backends", "--out", "again", cwd=tmp_path)
    assert done.returncode == 4
    assert "could not be timed" in done.stderr.splitlines()[-1]
