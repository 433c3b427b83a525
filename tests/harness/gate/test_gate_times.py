"""Limits of times, with real processes: what takes longer is named, what cannot be told is not; times of saved runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from test_gate_check import lastbit

from harness.gate.speeds import saved_times

KERNELS = """\
import os, time
import numpy as np

def repeated(times):
    def function(x):
        for _ in range(times):
            y = np.tanh(x)
        return y
    return function

twenty, twin, fifteen_percent, double = repeated(20), repeated(20), repeated(23), repeated(40)
ELEMENTS = 1024  # of what is timed; accuracy is measured on others

def sleeps(x):
    if len(x) == ELEMENTS:
        time.sleep(0.001)
    return np.tanh(x)

def aborts(x):
    if len(x) == ELEMENTS:
        os.abort()
    return np.tanh(x)

def slope_aborts(x):
    return 1 - aborts(x) ** 2
"""
LIMIT = 1.07


def case(name: str, limit: float = LIMIT, against: str = "kernels.py:twenty") -> str:
    text = '[[case]]\nactivation = "tanh"\nbackend = "numpy"\nformat = "float32"\n'
    text += f'implementation = "kernels.py:{name}"\n'
    other = f', implementation = "{against}"' if against else ""
    return text + f"slower_than = {{ ratio = {limit}, elements = 1024{other} }}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    return tmp_path


def limits(project: Path, *cases: str, budget: float) -> None:
    (project / "lastbit.toml").write_text(f"inputs = 16384\ntime_budget = {budget}\n" + "".join(cases))


def verdicts(text: str) -> dict[str, Any]:
    return {each["name"].split()[1].split(":")[1]: each for each in json.loads(text)}


def test_twice_the_time_is_named_wherever_cis_look(project: Path) -> None:
    limits(project, case("double", 1.5), budget=200)
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(project / "page.md")}
    done = lastbit(project, "check", "--junit", "j.xml", "--sarif", "s.json", "--out", "o", **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "0 ok, 1 worse, 0 better, 0 undecided, 0 missing"
    root = ElementTree.parse(project / "j.xml").getroot()
    figures = {each.get("name"): str(each.get("value")) for each in root.iter("property")}
    assert 1.5 < float(figures["time_ratio_low"]) <= float(figures["time_ratio"]) <= float(figures["time_ratio_high"])
    assert figures["time_ratio_to"] == "numpy:eager kernels.py:twenty tanh native float32"
    said = f"time_ratio {float(figures['time_ratio']):.4g} ["
    (failure,) = root.iter("failure")
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("::")]
    (result,) = json.loads((project / "s.json").read_text())["runs"][0]["results"]
    for text in (failure.get("message"), command, result["message"]["text"], (project / "page.md").read_text()):
        assert said in text
        assert "above 1.5" in text
    assert "::error file=lastbit.toml,line=3," in command
    steady = pd.read_parquet(project / "o" / "speed.parquet").query("phase == 'steady'").set_index("implementation")
    assert set(steady.index) == {"kernels.py:double", "kernels.py:twenty"}
    assert steady.ratio["kernels.py:double"] == float(figures["time_ratio"])
    (row,) = json.loads(lastbit(project, "cost", "o", "--json").stdout)  # of one function both accuracy and time are known
    assert row["implementation"] == "kernels.py:double"


@pytest.mark.exhaustive
def test_fifteen_percent_more_are_found_and_nothing_else(project: Path) -> None:
    limits(project, case("twin"), case("fifteen_percent"), budget=300)
    done = lastbit(project, "check", "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    found = verdicts(done.stdout)
    assert found["fifteen_percent"]["outcome"] == "worse"
    assert found["twin"]["outcome"] in ("ok", "undecided")  # a machine may be too loaded to tell


@pytest.mark.exhaustive
def test_with_nothing_planted_nothing_is_worse(project: Path) -> None:
    limits(project, case("twin"), case("fifteen_percent", 1.3), budget=100)
    for _ in range(3):
        done = lastbit(project, "check")
        assert done.returncode in (0, 3), done.stdout + done.stderr


def test_what_cannot_be_told_or_timed_is_neither_worse_nor_fine(project: Path) -> None:
    """One pair has no interval; a function may fail, or do other than work, on what is timed alone."""
    double, other = case("double"), case("twin", against="kernels.py:aborts")
    gradient = case("twin+slope_aborts", against="") + "order = 1\n"
    limits(project, double, case("twenty", 99, against=""), other, case("sleeps"), case("aborts"), gradient, budget=0)
    done = lastbit(project, "check", "--json")
    assert done.returncode == 4, done.stdout + done.stderr
    found = verdicts(done.stdout)
    assert {name: each["outcome"] for name, each in found.items()} == {
        "double": "undecided",
        "twenty": "undecided",
        "twin": "missing",
        "sleeps": "undecided",
        "aborts": "missing",
        "twin+slope_aborts": "missing",
    }
    reasons = {name: each["reasons"][-1] for name, each in found.items()}
    assert (
        "[0, inf] to numpy:eager kernels.py:twenty tanh native float32, 1,024 elements, 1 pairs: 1.07 lies" in reasons["double"]
    )
    assert " to numpy:eager tanh native float32, " in reasons["twenty"]
    assert reasons["twin"].startswith("time (numpy:eager kernels.py:aborts tanh native float32): crashed: killed by signal 6")
    assert reasons["sleeps"].startswith("time: invalid: ran on 0.")
    for name in ("aborts", "twin+slope_aborts"):
        assert reasons[name].startswith("time: crashed: killed by signal 6 (SIGABRT)")
    assert found["double"]["row"]["time_pairs"] == 1
    assert "time_ratio_low" not in found["double"]["row"]


@pytest.fixture
def timed(project: Path) -> Path:
    """A run ``a`` with times."""
    done = lastbit(project, "speed", "--backend", "numpy", "--order", "1", "--sizes", "2^10", "--out", "a")
    assert done.returncode == 0, done.stderr
    return project


def altered(folder: Path, name: str, **columns: Any) -> None:
    """The run ``a`` again as ``b``, with other values in a frame."""
    for each in ("speed", "speed_environments"):
        frame = pd.read_parquet(folder / "a" / f"{each}.parquet")
        (folder / "b").mkdir(exist_ok=True)
        (frame.assign(**columns) if each == name else frame).to_parquet(folder / "b" / f"{each}.parquet")


def outcomes(folder: Path) -> tuple[int, dict[str, str]]:
    done = lastbit(folder, "compare", "a", "b", "--json")
    return done.returncode, {each["name"]: each["outcome"] for each in json.loads(done.stdout)}


def test_times_of_two_runs_are_compared_by_their_intervals(timed: Path) -> None:
    frame = pd.read_parquet(timed / "a" / "speed.parquet")
    frame[["low", "high"]] = frame[["ns_per_element"]].to_numpy(float) * [[0.995, 1.005]]
    frame.to_parquet(timed / "a" / "speed.parquet")
    for factor, code, outcome in ((1, 0, "ok"), (1.02, 0, "ok"), (1.04, 1, "worse"), (0.96, 0, "better")):
        altered(timed, "speed", **{name: frame[name] * factor for name in ("ns_per_element", "low", "high")})
        assert outcomes(timed) == (code, dict.fromkeys(outcomes(timed)[1], outcome)), factor
    altered(timed, "speed", high=frame.ns_per_element * 1.2)
    done = lastbit(timed, "compare", "a", "b")
    assert done.returncode == 3
    assert "undecided    time of numpy:eager sigmoid' autodiff float32, 1,024 elements" in done.stdout
    assert "ambiguous: " in done.stdout
    altered(timed, "speed_environments", processor="abacus")
    done = lastbit(timed, "compare", "a", "b")
    assert done.returncode == 3
    assert "on another machine: processor was" in done.stdout


def test_times_with_rubbish_in_their_rows_are_refused(timed: Path) -> None:
    rubbish = {
        "n": "x",
        "parameters": "[[[",
        "low": -1.0,
        "high": "\x1b[2J",
        "ns_per_element": 0.0,
        "order": None,
        "status": None,
    }
    for column, value in rubbish.items():
        altered(timed, "speed", **{column: value})
        with pytest.raises(ValueError, match=rf"speed.parquet is not as lastbit writes it: its column '{column}'") as error:
            saved_times(timed / "b")
        assert str(error.value).isprintable()


@pytest.mark.slow
def test_times_of_one_run_alone_are_said(project: Path) -> None:
    small = ("--backend", "numpy", "--format", "float32", "--order", "0", "--inputs", "4096")
    assert lastbit(project, "run", *small, "--out", "a").returncode == 0
    assert lastbit(project, "run", *small, "--speed", "--out", "b").returncode == 0
    done = lastbit(project, "compare", "a", "b")
    assert done.returncode == 0, done.stdout
    assert "only b has times" in done.stdout
    assert "time of" not in done.stdout
    assert lastbit(project, "speed", "--backend", "numpy", "--sizes", "2^10", "--order", "0", "--out", "c").returncode == 0
    done = lastbit(project, "compare", "b", "c")
    assert "only b has accuracies" in done.stdout
    assert "time of numpy:eager sigmoid native float32, 1,024 elements" in done.stdout
