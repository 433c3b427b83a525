"""What stands in textbooks, for the activations that NumPy and SciPy lack; it is evaluated in their arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from .protocol import Case, Unsupported

_NUMPY = {
    "sigmoid": "1 / (1 + exp(-x))",
    # autograd's derivative of clip keeps the dtype; those of maximum and where promote to float64.
    "relu": "clip(x, 0, None)",
    "relu6": "clip(x, 0, 6)",
    "leaky_relu": "clip(x, 0, None) + alpha * clip(x, None, 0)",
    "elu": "clip(x, 0, None) + alpha * expm1(clip(x, None, 0))",
    "selu": "1.0507009873554805 * (clip(x, 0, None) + 1.6732632423543772 * expm1(clip(x, None, 0)))",
    "celu": "clip(x, 0, None) + alpha * expm1(clip(x, None, 0) / alpha)",
    "softplus": "log1p(exp(beta * x)) / beta",
    "softplus, threshold": "where(beta * x > threshold, x, log1p(exp(beta * x)) / beta)",
    "logsigmoid": "-log1p(exp(-x))",
    "silu": "x / (1 + exp(-x))",
    "gelu_tanh": "0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x**3)))",
    "mish": "x * tanh(log1p(exp(x)))",
    "softsign": "x / (1 + abs(x))",
    "hard_sigmoid": "clip(x + 3, 0, 6) / 6",
    "hard_silu": "x * clip(x + 3, 0, 6) / 6",
    "hard_tanh": "clip(x, -1, 1)",
    "tanhshrink": "x - tanh(x)",
    "softshrink": "x - clip(x, -lambd, lambd)",
    "hardshrink": "x * (abs(x) > lambd)",
    "squareplus": "(x + sqrt(x * x + b)) / 2",
}
FORMULAS = {"numpy": _NUMPY, "scipy": {"gelu": "x / 2 * erfc(-0.7071067811865476 * x)"}}
"""By backend and activation: expressions of x and the parameters, over functions by their names in NumPy or scipy.special."""


def gates(xp: Any) -> SimpleNamespace:
    """The functions that formulas for other activations use, and NumPy lacks."""
    softplus = Case("softplus", 0, "native", "float64", (("beta", 1.0),))
    return SimpleNamespace(sigmoid=textbook(xp, Case("sigmoid", 0, "native", "float64")), softplus=textbook(xp, softplus))


def textbook(xp: Any, case: Case) -> Callable[[Any], Any]:
    """What stands for an activation in NumPy, over its namespace or one that traces it.

    Raises:
        Unsupported: where NumPy has no function to write it with.
    """
    parameters = dict(case.parameters)
    text = formula("numpy", case.activation, parameters)
    if not text:
        what = case.activation if case.activation == "erf" else f"erf, and so no {case.activation}"
        raise Unsupported(f"NumPy has no {what}")
    if case.order and case.format != "float64" and "threshold" in parameters:
        raise Unsupported(f"NumPy's where has no derivative in {case.format}: autograd's is float64")
    return evaluated(text, xp, parameters)


def formula(backend: str, activation: str, parameters: Iterable[str]) -> str:
    """What stands for an activation in a backend; empty where it has a function of its own, or nothing to write it with."""
    return FORMULAS.get(backend, {}).get(f"{activation}, threshold" if "threshold" in parameters else activation, "")


def evaluated(text: str, xp: Any, parameters: dict[str, float]) -> Callable[[Any], Any]:
    """An expression of x as a function, over a namespace of functions."""
    names = {name: getattr(xp, name) for name in functions(text, parameters)}
    function: Callable[[Any], Any] = eval(f"lambda x: {text}", names | parameters)
    return function


def functions(text: str, parameters: Iterable[str]) -> list[str]:
    """The names of the functions in an expression."""
    return sorted(set(compile(text, "formula", "eval").co_names) - {"x", *parameters})
