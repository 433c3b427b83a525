"""SciPy's functions: what is defined, by value and by formula, in its two formats, and scripts that show them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from backends.formulas import FORMULAS
from backends.protocol import Case, Unsupported
from backends.scipy import FUNCTIONS, SciPy
from harness.case import Implementation
from harness.catalogue import parse
from harness.findings.reproducers import copies, reproducer
from harness.formats import FORMATS
from harness.reference.exact import Exact

ACTIVATIONS = (*FUNCTIONS, "gelu")
POINTS = (-3.0, -0.75, 0.5, 2.0)


def results(case: Case, *points: float) -> Any:
    backend, form = SciPy("eager", "cpu"), FORMATS[case.format]
    bits = np.array(points, case.format).view(form.carrier)
    return backend.store(backend.prepare(case)(backend.load(bits, case.format)), case.format).view(case.format)


def case(name: str, order: int = 0, route: str = "native", form: str = "float32") -> Case:
    return Case(name, order, route, form, tuple(parse(name).parameters))


@pytest.mark.parametrize("form", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_function_is_the_one_defined_and_so_are_its_derivatives(name: str, form: str) -> None:
    inside = [x for x in POINTS if name != "log1p" or x > -1]
    asked = [(0, "native"), *((order, route) for order in (0, 1, 2) for route in FORMULAS.get((name, order), ()))]
    assert {order for order, _ in asked} == {0, 1, 2}
    for order, route in asked:
        exact = [float(Exact(parse(name), order).at(x).decimal(17)) for x in inside]
        rough = 64 * float(np.finfo(form).eps)
        got = results(case(name, order, route, form), *inside)
        np.testing.assert_allclose(got, exact, rough, rough, err_msg=f"{order} {route}")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (case("sigmoid", 1, "autodiff"), "no automatic differentiation"),
        (case("sigmoid", form="float16"), "no functions for float16"),
        (case("gelu", form="bfloat16"), "no functions for bfloat16"),
        (case("relu"), "no relu"),
        (case("exp"), "no exp"),
        (Case("softplus", 0, "native", "float32", (("beta", 2.0),)), "no parameter for beta"),
    ],
)
def test_what_it_lacks_has_a_reason(asked: Case, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        SciPy("eager", "cpu").prepare(asked)


def test_the_tail_that_the_textbook_loses() -> None:
    """log(expit(-200)) by 1/(1 + e^-x) is minus infinity in float32."""
    assert results(case("logsigmoid"), -200.0) == -200
    assert results(case("gelu"), -10.0) == pytest.approx(-7.619853e-23, rel=1e-4)


@pytest.mark.parametrize("name", ["sigmoid", "gelu"])
def test_scripts(name: str) -> None:
    script = reproducer(Implementation("scipy", "eager"), case(name), copies(0.5))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == f"['{float(results(case(name), 0.5)[0])!r}']"
