"""The activations as NumPy users write them, for want of a library that has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .protocol import Case, Unsupported


def gates(xp: Any) -> SimpleNamespace:
    """The functions that formulas for other activations use, and NumPy lacks."""
    softplus = Case("softplus", 0, "native", "float64", (("beta", 1.0),))
    return SimpleNamespace(sigmoid=textbook(xp, Case("sigmoid", 0, "native", "float64")), softplus=textbook(xp, softplus))


def textbook(xp: Any, case: Case) -> Callable[[Any], Any]:
    """The function for a case, over NumPy's namespace or one that traces it.

    Raises:
        Unsupported: where NumPy has no function to write it with.
    """
    p = dict(case.parameters)
    functions: dict[str, Callable[[Any], Any]] = {
        "sigmoid": lambda x: 1 / (1 + xp.exp(-x)),
        "tanh": xp.tanh,
        # autograd's derivative of clip keeps the dtype; those of maximum and where promote to float64.
        "relu": lambda x: xp.clip(x, 0, None),
        "relu6": lambda x: xp.clip(x, 0, 6),
        "leaky_relu": lambda x: xp.clip(x, 0, None) + p["alpha"] * xp.clip(x, None, 0),
        "elu": lambda x: xp.clip(x, 0, None) + p["alpha"] * xp.expm1(xp.clip(x, None, 0)),
        "selu": lambda x: 1.0507009873554805 * (xp.clip(x, 0, None) + 1.6732632423543772 * xp.expm1(xp.clip(x, None, 0))),
        "celu": lambda x: xp.clip(x, 0, None) + p["alpha"] * xp.expm1(xp.clip(x, None, 0) / p["alpha"]),
        "softplus": lambda x: xp.log1p(xp.exp(p["beta"] * x)) / p["beta"],
        "softplus, threshold": lambda x: xp.where(p["beta"] * x > p["threshold"], x, xp.log1p(xp.exp(p["beta"] * x)) / p["beta"]),
        "logsigmoid": lambda x: -xp.log1p(xp.exp(-x)),
        "silu": lambda x: x / (1 + xp.exp(-x)),
        "gelu_tanh": lambda x: 0.5 * x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "mish": lambda x: x * xp.tanh(xp.log1p(xp.exp(x))),
        "softsign": lambda x: x / (1 + xp.abs(x)),
        "hard_sigmoid": lambda x: xp.clip(x + 3, 0, 6) / 6,
        "hard_silu": lambda x: x * xp.clip(x + 3, 0, 6) / 6,
        "hard_tanh": lambda x: xp.clip(x, -1, 1),
        "tanhshrink": lambda x: x - xp.tanh(x),
        "softshrink": lambda x: x - xp.clip(x, -p["lambd"], p["lambd"]),
        "hardshrink": lambda x: x * (xp.abs(x) > p["lambd"]),
        "squareplus": lambda x: (x + xp.sqrt(x * x + p["b"])) / 2,
        "exp": xp.exp,
        "expm1": xp.expm1,
        "log1p": xp.log1p,
    }
    if case.activation not in functions:
        what = case.activation if case.activation == "erf" else f"erf, and so no {case.activation}"
        raise Unsupported(f"NumPy has no {what}")
    if case.order and case.format != "float64" and "threshold" in p:
        raise Unsupported(f"NumPy's where has no derivative in {case.format}: autograd's is float64")
    return functions[entry(case)]


def entry(case: Case) -> str:
    """The name of the function for a case here; one with a threshold is another."""
    return f"{case.activation}, threshold" if "threshold" in dict(case.parameters) else case.activation
