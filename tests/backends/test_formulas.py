"""Formulas: that each is the derivative it says, in every framework, keeps its format, and keeps its digits where it should.

``docs/formulas.md`` has the table that :func:`table` makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.formulas import FORMULAS
from harness.catalogue import parse
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.runs.plan import Request, plan
from harness.workers.process import Worker
from harness.workers.single import collect

EAGER = ("numpy", "torch:eager", "jax:eager", "tensorflow:eager")
COMPILED = ("jax:compiled", "tensorflow:compiled", "tensorflow:xla")
ROUTES = tuple(sorted({route for formulas in FORMULAS.values() for route in formulas}))
NAMES = tuple(dict.fromkeys(name for name, _ in FORMULAS))
PARAMETERS = (
    "leaky_relu(alpha=0.25)",
    "elu(alpha=0.5)",
    "celu(alpha=2)",
    "softplus(beta=2)",
    "squareplus(b=1)",
    "softshrink(lambd=1)",
)
MODERATE = np.array([-4.7, -3.3, -2.9, -1.3, -0.8, -0.31, 0.31, 0.45, 0.9, 1.6, 2.9, 3.3, 4.1, 5.3])
TAILS = np.array([-80.0, -40.0, -25.0, -17.5, -12.0, -8.0, -6.5, 6.5, 8.0, 12.0, 17.5, 25.0, 40.0, 80.0])
STABLE = {
    *((name, order, "exponential") for name in ("sigmoid", "tanh", "logsigmoid", "softplus") for order in (0, 1, 2)),
    *((name, order, "mirrored") for name, order in (("sigmoid", 1), ("sigmoid", 2), ("softplus", 2), ("logsigmoid", 1))),
    *(("logsigmoid", 2, "mirrored"), ("logsigmoid", 1, "from_value"), ("softplus", 1, "from_value"), ("tanh", 1, "hyperbolic")),
    *((name, order, "exponential") for name in ("elu", "selu", "celu") for order in (1, 2)),
    *((name, order, route) for name in ("silu",) for order in (1, 2) for route in ("mirrored", "exponential")),
    *(("gelu", 1, "from_erfc"), ("gelu", 2, "exponential"), ("gelu_tanh", 1, "mirrored"), ("gelu_tanh", 2, "mirrored")),
    *(("mish", 1, "exponential"), ("erf", 1, "exponential"), ("erf", 2, "exponential"), ("squareplus", 2, "from_root")),
    *(("softsign", 1, "rational"), ("softsign", 2, "rational"), ("expm1", 1, "exponential"), ("tanhshrink", 2, "exponential")),
}
"""Formulas that keep their digits far out, as long as the result is a normal number."""
LOSING = {
    *(("sigmoid", 1, "from_value"), ("sigmoid", 2, "from_value"), ("tanh", 1, "from_value"), ("tanh", 2, "factored")),
    *(("softplus", 2, "from_sigmoid"), ("logsigmoid", 1, "from_sigmoid"), ("silu", 2, "from_sigmoid"), ("elu", 1, "from_value")),
    *(("gelu", 1, "from_erf"), ("mish", 1, "published"), ("squareplus", 1, "from_root"), ("expm1", 1, "from_value")),
}
"""Formulas that do not."""


def computed(activations: tuple[str, ...], backends: tuple[str, ...], form: str, x: np.ndarray) -> list[tuple[Any, Any]]:
    """The tasks of all formulas with their results at x, None where there is none."""
    work = plan(Request(activations, backends, (form,), routes=ROUTES))
    workers = {task.implementation: Worker(task.implementation) for task in work.tasks}
    inputs = np.resize(FORMATS[form].round(x), 1024)
    results = collect(work.tasks, workers, FORMATS[form], inputs, 2)
    return [(task, results[task.number][: x.size] if task.number in results else None) for task in work.tasks]


def exact(task: Any, form: str, x: np.ndarray) -> np.ndarray:
    definition = parse(f"{task.case.activation}({', '.join(f'{name}={value}' for name, value in task.case.parameters)})")
    truth = Exact(definition, task.case.order)
    return np.array([float(truth.at(value).decimal(17)) for value in FORMATS[form].decode(FORMATS[form].round(x)).tolist()])


@pytest.fixture(scope="module")
def moderate() -> list[tuple[Any, Any]]:
    return computed((*NAMES, *PARAMETERS), EAGER, "float64", MODERATE)


@pytest.fixture(scope="module")
def tails() -> list[tuple[Any, Any]]:
    return computed(NAMES, ("numpy", "torch:eager"), "float32", TAILS)


@pytest.mark.parametrize("name", [*NAMES, *PARAMETERS])
def test_every_formula_is_the_derivative_it_says(moderate: Any, name: str) -> None:
    """Parameters too: another value would show."""
    found = [(task, got) for task, got in moderate if got is not None and _named(task) == str(parse(name))]
    assert {(task.case.order, task.case.route) for task, _ in found} == {
        (order, route) for (known, order), formulas in FORMULAS.items() for route in formulas if known == parse(name).name
    }
    for task, got in found:
        message = f"{task.implementation} {task.case}"
        x = MODERATE[MODERATE > -1] if parse(name).name == "log1p" else MODERATE
        got = got.view(np.float64)[MODERATE > -1] if parse(name).name == "log1p" else got.view(np.float64)
        np.testing.assert_allclose(got, exact(task, "float64", x), rtol=1e-7, atol=1e-12, err_msg=message)


def _named(task: Any) -> str:
    return str(parse(f"{task.case.activation}({', '.join(f'{key}={value}' for key, value in task.case.parameters)})"))


def test_frameworks_that_cannot_say_why(moderate: Any) -> None:
    lacking = {(task.implementation.backend, task.case.activation) for task, got in moderate if got is None}
    assert lacking == {
        *(("numpy", "gelu"), ("torch", "squareplus"), ("jax", "softplus"), ("tensorflow", "softplus")),
        *(("jax", "softshrink"), ("jax", "hardshrink")),
    }
    assert all(task.status == "unsupported" and " no " in task.reason for task, got in moderate if got is None)


def test_stable_formulas_keep_their_digits_far_out(tails: Any) -> None:
    worst: dict[tuple[str, int, str], float] = {}
    for task, got in tails:
        if got is None:
            continue
        truth = exact(task, "float32", TAILS)
        normal = np.abs(truth) > 1.2e-38
        with np.errstate(all="ignore"):
            error = np.abs(got.view(np.float32)[normal] / truth[normal] - 1)
        key = (task.case.activation, task.case.order, task.case.route)
        worst[key] = max(worst.get(key, 0.0), float(np.nan_to_num(error, nan=np.inf).max(initial=0.0)))
    assert set(worst) >= STABLE | LOSING
    assert {key: worst[key] for key in STABLE if worst[key] > 2e-5} == {}
    assert {key: worst[key] for key in LOSING if worst[key] < 5e-5} == {}


@pytest.mark.parametrize(
    "form", ["float32", pytest.param("float16", marks=pytest.mark.slow), pytest.param("bfloat16", marks=pytest.mark.slow)]
)
def test_formulas_keep_the_format_in_every_framework_and_mode(form: str) -> None:
    """Whatever promotes, or a compiler cannot take in, is a case that failed."""
    found = computed(NAMES, (*EAGER, *COMPILED) if form == "float16" else EAGER, form, MODERATE)
    assert {(task.status, task.reason) for task, got in found if task.status not in ("ok", "unsupported")} == set()
    assert sum(got is not None for _, got in found) > 250


def test_torch_compiles_formulas() -> None:
    """With a parameter, and in a format of 16 bits; those of sigmoid and tanh are compiled with the adapter."""
    found = computed(("celu",), ("torch:compiled",), "float16", MODERATE)
    for task, got in found:
        assert got is not None, task
        truth = exact(task, "float16", MODERATE)
        np.testing.assert_allclose(got.view(np.float16), truth, rtol=0.05, atol=2e-3, err_msg=str(task.case))


def table() -> str:
    rows = ["| activation | order | route | formula |", "|---|---|---|---|"]
    for (name, order), formulas in FORMULAS.items():
        rows += [f"| {name} | {order} | `{route}` | {formula.text} |" for route, formula in formulas.items()]
    return "\n".join(rows) + "\n"


def test_the_documentation_names_every_formula() -> None:
    assert table() in (Path(__file__).parents[2] / "docs" / "formulas.md").read_text()
