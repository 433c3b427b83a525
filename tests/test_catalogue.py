"""Every activation in every framework: that its own function is the one that is defined here, parameters included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.catalogue import names, parse
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.runs.plan import Request, plan
from harness.workers.process import Worker
from harness.workers.single import collect

PARAMETERS = (
    *("leaky_relu(alpha=0.25)", "elu(alpha=0.5)", "celu(alpha=2)", "softplus(beta=2)", "softshrink(lambd=0.25)"),
    *("softshrink(lambd=0)", "hardshrink(lambd=0)", "hardshrink(lambd=1.5)", "squareplus(b=1)", "softplus(beta=2, threshold=3)"),
)
LACKING = {
    *(("numpy", "gelu"), ("numpy", "erf")),
    *(("torch", "squareplus(b=4.0)"), ("torch", "squareplus(b=1.0)")),
    *(("jax", "tanhshrink"), ("jax", "softshrink(lambd=0.5)"), ("jax", "softshrink(lambd=0.25)")),
    *(("jax", "hardshrink(lambd=0.5)"), ("jax", "hardshrink(lambd=1.5)"), ("jax", "softplus(beta=2.0)")),
    *(("jax", "softshrink(lambd=0.0)"), ("jax", "hardshrink(lambd=0.0)")),
    ("tensorflow", "softplus(beta=2.0)"),
    *((backend, "softplus(beta=2.0, threshold=3.0)") for backend in ("numpy", "jax", "tensorflow")),
}
FORM = FORMATS["float32"]
POINTS = np.linspace(-5.3, 5.3, 256).astype(np.float32)


@pytest.fixture(scope="module")
def measured() -> tuple[list[Any], dict[int, np.ndarray]]:
    backends = ("numpy", "torch:eager", "jax:eager", "tensorflow:eager")
    work = plan(Request((*names(), *PARAMETERS), backends, ("float32",), (0, 1), ("native", "autodiff")))
    workers = {task.implementation: Worker(task.implementation) for task in work.tasks}
    return work.tasks, collect(work.tasks, workers, FORM, np.resize(POINTS.view(np.uint32), 1024), 2)


def label(task: Any) -> str:
    return str(parse(f"{task.case.activation}({', '.join(f'{name}={value}' for name, value in task.case.parameters)})"))


def test_every_activation_is_there_or_says_why_not(measured: Any) -> None:
    lacking = [task for task in measured[0] if task.status != "ok"]
    assert all(task.status == "unsupported" and " no " in task.reason for task in lacking)
    assert {(task.implementation.backend, label(task)) for task in lacking} == LACKING


@pytest.mark.parametrize("text", [*names(), *PARAMETERS])
def test_every_function_is_the_one_defined(measured: Any, text: str) -> None:
    """To a few digits: another slope, threshold or form would show."""
    found = [task for task in measured[0] if task.status == "ok" and label(task) == str(parse(text))]
    assert len(found) >= 3
    for task in found:
        exact = Exact(parse(text), task.case.order)
        inside = np.array([not exact.at(x).is_nan for x in POINTS.tolist()])
        truth = [float(exact.at(x).decimal(12)) for x in POINTS[inside].tolist()]
        got = measured[1][task.number][: POINTS.size].view(np.float32)[inside]
        np.testing.assert_allclose(got, truth, rtol=2e-5, atol=5e-6, err_msg=f"{task.implementation} {task.case}")
