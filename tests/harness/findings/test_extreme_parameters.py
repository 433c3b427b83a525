"""The law of parameters on real frameworks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from backends.protocol import Case
from harness.case import Implementation, Task
from harness.findings import extreme_parameters
from harness.findings.invariances import InvarianceChecks
from harness.findings.verdicts import Verdict
from harness.findings.violations import violations
from harness.formats import FORMATS, Bits
from harness.frames import Row, frame
from harness.gate.check import rows as given
from harness.runs.results import LAWS
from lastbit import run


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The rows of functions with parameters, in both modes and in eager alone."""
    small: dict[str, Any] = {"formats": ("float32",), "orders": (0,), "inputs": 4096, "laws": True}
    with pytest.MonkeyPatch.context() as patch:  # no other invariance, for time's sake; and each case is compiled for a second
        patch.setattr(InvarianceChecks, "_rows", lambda checks, task, _: checks._extremes(task, FORMATS["float32"]))
        both = run("celu", "celu(alpha=2)", "softshrink", backends=("torch",), routes=("native",), **small).laws
        eager = run("relu", "softplus", "softplus(threshold=20)", backends=("torch:eager",), **small).laws
    found = pd.concat([both, eager])
    return [row for row in given(found) if row["law"] == extreme_parameters.LAW]


def test_each_function_is_tried_once(rows: list[Row]) -> None:
    found = frame(rows, LAWS)
    assert sorted(found.activation) == ["celu", "celu", "softplus", "softplus", "softshrink", "softshrink"]
    with_threshold = found.parameters.str.contains("threshold")
    assert with_threshold.sum() == 1
    assert (found.checked == 4 * (1 + with_threshold)).all()


def test_no_limit_and_no_refusal_is_found(rows: list[Row]) -> None:
    found = frame(rows, LAWS).set_index(["activation", "mode"])
    assert set(found.loc["softshrink", "status"]) == {"holds"}
    eager, compiled = found.loc[("celu", "eager")], found.loc[("celu", "compiled")]
    assert eager.got.startswith("alpha=0: refused; alpha=inf: NaN on 8 of 16; alpha=7.888609e-31: accepted; ")
    assert eager["where"] == "alpha=inf gives NaN at x = -4.0"
    assert compiled["where"].startswith("alpha=0 is refused by eager; ")
    assert compiled["where"].endswith("alpha=1.267651e+30 gives 0 at x = -4.0")  # e^(x/alpha) - 1
    assert compiled.broken == 3
    (finding,) = violations(rows, [])
    assert (finding.kind, finding.severity, finding.activation) == ("parameter", "minor", "celu")
    assert "alpha=inf" in finding.sentence


def test_results_of_extreme_parameters_have_to_be_right() -> None:
    """e^(beta x) overflows for a huge beta where it is taken as it stands, and nowhere else."""
    naive, stable = (softplus(beta=2.0**100, stable=stable) for stable in (False, True))
    assert (naive.broken, naive.where) == (1, "beta=1.267651e+30 gives inf at x = 4.0")
    assert (stable.broken, stable.checked) == (0, 4)


def softplus(beta: float, stable: bool) -> Verdict:
    """The verdict on a softplus in float64 arithmetic that refuses any other beta."""
    form = FORMATS["float32"]
    task = Task(0, Implementation("numpy", "eager"), Case("softplus", 0, "native", "float32", (("beta", 1.0),)))

    def apply(altered: Task, inputs: Bits) -> Bits | None:
        if dict(altered.case.parameters)["beta"] != beta:
            return None
        u = form.decode(inputs) * beta
        with np.errstate(over="ignore"):
            results = (np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u))) if stable else np.log1p(np.exp(u))) / beta
        return form.round(results)

    return extreme_parameters.look(task, form, apply)


def test_what_both_modes_refuse_breaks_nothing() -> None:
    common = {"law": extreme_parameters.LAW, "reason": "", "backend": "b", "device": "cpu", "activation": "a", "parameters": "{}"}
    rest = {"got": "p=0.0: refused; p=inf: accepted", "where": "", "status": "holds", "broken": 0}
    both = [common | rest | {"mode": mode} for mode in ("eager", "compiled")]
    extreme_parameters.compared(both)
    assert pd.DataFrame(both).status.eq("holds").all()
