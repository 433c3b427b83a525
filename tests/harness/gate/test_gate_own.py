"""The gate and functions of the user's own: what is said of them, suggested, compared, and given up."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from commandline import refusal
from hypothesis import given
from hypothesis import strategies as st
from test_gate_check import HEAD, HOSTILE, KERNELS, case, lastbit

from harness.gate.suggestion import rounded_up


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    return tmp_path


NOTED = """\
import random
import numpy as np

def keeps_none(x):
    result = np.maximum(x, 0)
    x[...] = 7
    return result

def draws(x):
    return np.maximum(x, 0) + x.dtype.type(random.random())

def scaled(x, by):
    return by * np.maximum(x, 0), x
"""


def test_what_own_functions_do_besides_is_said(project: Path) -> None:
    (project / "noted.py").write_text(NOTED)
    chosen = ["--backend", "numpy", "--format", "float16", "--order", "0"]
    done = lastbit(project, "run", "relu", *chosen, *own("keeps_none"), *own("draws"), "--out", "r")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "note: noted.py:keeps_none: it changes its input in place, so it gets a copy each time" in said
    assert "noted.py:draws on numpy: the value of relu in float16 depends on what was computed before" in said
    rows = pd.read_parquet(project / "r" / "accuracy.parquet").set_index("implementation")
    assert rows.loc["noted.py:keeps_none", "correct"] == 65536
    laws = pd.read_parquet(project / "r" / "laws.parquet").query("law == 'history'").set_index("implementation")
    assert dict(laws.status) == {"noted.py:keeps_none": "holds", "noted.py:draws": "broken"}
    how = ["--with", "by=1.0", "--item", "0"]
    done = lastbit(project, "run", "relu", *chosen, *own("scaled"), *how, "--out", "s", "--json")
    (framework, mine) = json.loads(done.stdout)["accuracy"]
    assert mine["implementation"] == "noted.py:scaled --with by=1.0 --item 0"
    assert mine["correct"] == framework["correct"] == 65536
    done = lastbit(project, "explain", "relu", "-1.5", *own("keeps_none"), "--backend", "numpy")
    assert "note: numpy:eager noted.py:keeps_none native: it changes its input in place" in done.stdout


def own(name: str) -> list[str]:
    return ["--implementation", f"noted.py:{name}"]


@given(st.floats(0, 1e300))
def test_a_suggested_limit_is_no_smaller_than_the_error(error: float) -> None:
    assert error <= float(rounded_up(error)) <= error * (1 + 2e-5) + 1e-320


def test_what_holds_now_is_suggested_and_then_holds(project: Path) -> None:
    (project / "cases.toml").write_text(case("right", 'order = [0, 1]\ngradient = "slope"') + case("one_nan") + case("missing"))
    done = lastbit(project, "check", "cases.toml", "--suggest", "new.toml")
    assert done.returncode == 4, done.stderr
    assert done.stdout.splitlines()[-1] == "new.toml: 4 cases, 1 of them could not be measured"
    text = (project / "new.toml").read_text()
    assert "# numpy:eager kernels.py:missing sigmoid native float16: failed: AttributeError: kernels.py has no missing" in text
    assert "\nnan = 1\n" in text
    done = lastbit(project, "check", "new.toml")
    assert done.stdout.splitlines()[-1] == "3 ok, 0 worse, 0 better, 0 undecided, 0 missing"
    (project / "kernels.py").write_text(KERNELS.replace("(1 / (1 + np.exp(", "(1 / (1 + (x != 2) * np.exp("))
    done = lastbit(project, "check", "new.toml")
    assert done.stdout.splitlines()[-1] == "1 ok, 2 worse, 0 better, 0 undecided, 0 missing"
    assert refusal("check", "cases.toml", "--suggest", "new.toml", cwd=project).startswith("lastbit: new.toml is there already")
    assert "no directory" in refusal("check", "cases.toml", "--suggest", "no/new.toml", cwd=project)


LIKE = """\
[[case]]
activation = "sigmoid"
implementation = "kernels.py:{}"
backend = "numpy"
format = "float16"
against = "kernels.py:right"
max_steps = {}
"""


def test_like_another_implementation(project: Path) -> None:
    (project / "lastbit.toml").write_text(
        "".join(LIKE.format(*each) for each in (("one_ulp", 1), ("zero_sign", 0), ("one_nan", 0)))
    )
    done = lastbit(project, "check", "--json")
    assert done.returncode == 1, done.stderr
    one_ulp, zero_sign, one_nan = json.loads(done.stdout)
    assert one_ulp["outcome"] == zero_sign["outcome"] == "ok"
    assert (one_ulp["row"]["max_steps"], one_ulp["row"]["differing"], zero_sign["row"]["differing"]) == (1, 1, 1)
    assert one_nan["reasons"] == ["nan 1, but 0 in numpy:eager kernels.py:right sigmoid native float16"]
    (project / "lastbit.toml").write_text(LIKE.format("one_ulp", 0) + LIKE.format("zero_sign", 0) + "differing = 0\n")
    one_ulp, zero_sign = json.loads(lastbit(project, "check", "--json").stdout)
    assert one_ulp["reasons"] == [
        "max_steps 1 from numpy:eager kernels.py:right sigmoid native float16 is above 0: at x = 1.5 (0x3e00)"
    ]
    assert zero_sign["reasons"][0].startswith("differing 1 from numpy:eager kernels.py:right sigmoid native float16 is above 0")


def test_subnormal_results_have_a_budget_of_their_own(project: Path) -> None:
    (project / "kernels.py").write_text(
        KERNELS + "def tail(x): return np.where(x == -15, right(x) + x.dtype.type(2**-22), right(x))\n"
    )
    limits = "max_ulp = 1\nmax_ulp_subnormal = {}"
    for budget, outcome in ((5, "ok"), (3, "worse")):
        (project / "lastbit.toml").write_text(case("tail", limits.format(budget)))
        (verdict,) = json.loads(lastbit(project, "check", "--json").stdout)
        assert verdict["outcome"] == outcome, verdict
    assert verdict["reasons"][0].startswith("max_ulp_subnormal 3.86781 ")
    assert " is above 3: at x = -15.0 (0xcb80)" in verdict["reasons"][0]
    (project / "lastbit.toml").write_text(case("one_ulp", limits.format(5).replace("= 1", "= 0.51")))
    (verdict,) = json.loads(lastbit(project, "check", "--json").stdout)
    assert verdict["reasons"][0].startswith("max_ulp 0.607473 is above 0.51: at x = 1.5 ")


def test_what_does_not_come_to_an_end_is_called_once(project: Path) -> None:
    (project / "endless.py").write_text(HOSTILE["endless"][0])
    endless = case("f", "order = [0, 1, 2]").replace("kernels.py", "endless.py")
    (project / "lastbit.toml").write_text("timeout = 4\n" + HEAD + case("right") + endless)
    done = lastbit(project, "check")
    assert done.returncode == 4
    assert done.stdout.splitlines()[-1] == "1 ok, 0 worse, 0 better, 0 undecided, 3 missing"
    assert done.stdout.count("timeout: no answer within 4 s") == 1
    assert done.stdout.count("timeout: not called any more: no answer within 4 s") == 2
