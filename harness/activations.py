"""The catalogue: what every activation is, once.

An activation is a name, parameters, one expression and a few facts. The expression is written over Python's arithmetic
operators and the few functions of :class:`Operations`, so that whoever supplies these decides what it computes; the
exact reference supplies ball power series and gets every derivative from the one definition. No derivative formula
is written here.

A new activation is one function in the catalogue below: its keyword arguments are the parameters with their defaults.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any, Protocol

ORDERS = (0, 1, 2)
"""The orders measured: value, gradient, second derivative."""


class Operations(Protocol):
    """What an expression may use besides ``+ - * /`` with itself, Python integers and Python floats (exact)."""

    def exp(self, u: Any, /) -> Any:
        """e^u."""

    def split(self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /) -> Any:
        """``left()`` for x < at and ``right()`` for x > at; x is the activation's argument itself.

        At x = at the value is that of ``right``, and derivatives are looked at from both sides. Only the piece that
        is asked for is evaluated.
        """


Limits = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Activation:
    """A function ℝ → ℝ with one exact definition.

    Two activations are equal when their names and parameters are.

    Attributes:
        name: as in the catalogue.
        expression: takes x and the operations, returns f(x).
        limits: for each order the limits at -∞ and at +∞, exact, with the sign that a zero approaches from.
        kinks: points where f, f' or f'' jumps; the pieces meet there, and each is smooth up to the point.
        parameters: names with values, exact.
    """

    name: str
    expression: Callable[[Any, Operations], Any] = field(compare=False, repr=False)
    limits: Limits = field(compare=False, repr=False)
    kinks: tuple[float, ...] = field(default=(), compare=False, repr=False)
    parameters: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.parameters)
        return f"{self.name}({arguments})" if arguments else self.name


def _sigmoid() -> Activation:
    """σ(x) = 1 / (1 + e^-x)."""
    return Activation("sigmoid", lambda x, f: 1 / (1 + f.exp(-x)), limits=((0.0, 1.0), (0.0, 0.0), (0.0, -0.0)))


def _tanh() -> Activation:
    """Hyperbolic tangent, 1 - 2 / (1 + e^2x): this form keeps the digits of the derivatives far out on both sides."""
    return Activation("tanh", lambda x, f: 1 - 2 / (1 + f.exp(2 * x)), limits=((-1.0, 1.0), (0.0, 0.0), (0.0, -0.0)))


def _relu() -> Activation:
    """max(x, 0)."""
    return Activation(
        "relu",
        lambda x, f: f.split(x, 0.0, lambda: 0 * x, lambda: x),
        limits=((0.0, inf), (0.0, 1.0), (0.0, 0.0)),
        kinks=(0.0,),
    )


_CATALOGUE: dict[str, Callable[..., Activation]] = {"sigmoid": _sigmoid, "tanh": _tanh, "relu": _relu}


def names() -> tuple[str, ...]:
    """The names of the catalogue, in the order of reports."""
    return tuple(_CATALOGUE)


def activation(name: str, **parameters: float) -> Activation:
    """The activation of that name; parameters that are not given have their defaults.

    Raises:
        ValueError: for a name or a parameter that is not in the catalogue (the message lists the choices), or a
            parameter that is not a finite number.
    """
    try:
        define = _CATALOGUE[name]
    except KeyError:
        raise ValueError(f"unknown activation {name!r}: choose from {', '.join(_CATALOGUE)}") from None
    known = {key: float(item.default) for key, item in inspect.signature(define).parameters.items()}
    for key, value in parameters.items():
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r}: it has {', '.join(known) or 'none'}")
        if not isfinite(value):
            raise ValueError(f"{name}: parameter {key} = {value} is not a finite number")
        known[key] = float(value)
    return define(**known)
