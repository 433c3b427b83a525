"""Whose function a case is: the backend's, the user's, or a textbook's formula where the backend has none."""

from __future__ import annotations

import pytest

from backends.protocol import Case
from harness.case import Implementation

BETA = (("beta", 2.0),)


@pytest.mark.parametrize(
    ("backend", "case", "definition"),
    [
        ("numpy", Case("sigmoid", 1, "autodiff", "float32"), "1 / (1 + exp(-x))"),
        ("numpy", Case("softplus", 0, "native", "float32", BETA), "log1p(exp(beta * x)) / beta"),
        ("numpy", Case("softplus", 0, "native", "float32", (*BETA, ("threshold", 3.0))), "where(beta * x > threshold, x, "),
        ("scipy", Case("gelu", 0, "native", "float64"), "x / 2 * erfc(-0.7071067811865476 * x)"),
        ("numpy", Case("tanh", 1, "autodiff", "float32"), ""),  # NumPy's own
        ("numpy", Case("erf", 0, "native", "float32"), ""),  # nothing to write it with
        ("numpy", Case("sigmoid", 1, "from_value", "float32"), ""),  # a formula in every framework
        ("numpy", Case("sigmoid", 0, "native", "float32", definition="mine.py"), ""),
        ("scipy", Case("sigmoid", 0, "native", "float32"), ""),
        ("torch", Case("sigmoid", 1, "autodiff", "float32"), ""),
    ],
)
def test_definition_and_author(backend: str, case: Case, definition: str) -> None:
    implementation = Implementation(backend, "eager")
    assert implementation.definition(case).startswith(definition)
    assert bool(implementation.definition(case)) == bool(definition)
    assert implementation.author(case) == (f"textbook's formula in {backend}" if definition else backend)
    own = Implementation(backend, "eager", substitute="k.py:f")
    assert (own.definition(case), own.author(case)) == ("", f"k.py:f on {backend}")
