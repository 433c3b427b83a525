"""What an activation is.

An activation is a name, parameters, one expression and a few facts. The expression is written over Python's arithmetic
operators and the few functions of :class:`Operations`, so that whoever supplies these decides what it computes; the
exact reference supplies ball power series and gets every derivative from the one definition. No derivative formula
is written here.

:mod:`harness.catalogue` has the definitions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from typing import Any, Literal, NamedTuple, Protocol

ORDERS = (0, 1, 2)
"""The orders measured: value, gradient, second derivative."""
_LEAST, _LARGEST = 2.0**-126, 2.0**127  # sizes of a parameter: they are normal numbers of float32, too


class Operations(Protocol):
    """What an expression may use besides ``+ - * /`` with itself, Python integers and Python floats (exact)."""

    @property
    def pi(self) -> Any:
        """π."""

    def number(self, decimal: str, /) -> Any:
        """The number that a decimal says, exactly; to be multiplied from the right."""

    def exp(self, u: Any, /) -> Any:
        """e^u."""

    def expm1(self, u: Any, /) -> Any:
        """e^u - 1."""

    def log1p(self, u: Any, /) -> Any:
        """ln(1 + u)."""

    def sqrt(self, u: Any, /) -> Any:
        """The square root; u may be a number."""

    def erf(self, u: Any, /) -> Any:
        """The error function."""

    def erfc(self, u: Any, /) -> Any:
        """1 - erf(u)."""

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        """``left()`` for x < at and ``right()`` for x > at; x is the activation's argument itself.

        At x = at the value is that of the side named, and derivatives are looked at from both sides. Only the piece
        that is asked for is evaluated.
        """


Limits = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


class Edge(NamedTuple):
    """Where the domain begins: below there is no result, and at the point itself each order has this limit."""

    at: float
    limits: tuple[float, float, float]


@dataclass(frozen=True)
class Activation:
    """A function ℝ → ℝ with one exact definition.

    Two activations are equal when their names, their parameters and the files that define them are.

    Attributes:
        name: as in the catalogue.
        expression: takes x and the operations, returns f(x).
        limits: for each order the limits at -∞ and at +∞, exact, with the sign that a zero approaches from.
        kinks: points where f, f' or f'' jumps; the pieces meet there, and each is smooth up to the point.
        pinched: kinks to which a piece where f is 0 has shrunk: its slope, 0, is as right there as that of both sides.
        edge: the lower end of the domain, where that is not all of ℝ.
        parameters: names with values, exact.
        digest: a hash of the file that defines it, where it is of the user's own.
    """

    name: str
    expression: Callable[[Any, Operations], Any] = field(compare=False, repr=False)
    limits: Limits = field(compare=False, repr=False)
    kinks: tuple[float, ...] = field(default=(), compare=False, repr=False)
    edge: Edge | None = field(default=None, compare=False, repr=False)
    pinched: tuple[float, ...] = field(default=(), compare=False, repr=False)
    parameters: tuple[tuple[str, float], ...] = ()
    digest: str = ""

    def __str__(self) -> str:
        return label(self.name, self.parameters)


def label(name: str, parameters: Iterable[tuple[str, float]]) -> str:
    """``NAME`` or ``NAME(parameter=value, ...)``."""
    arguments = ", ".join(f"{key}={value!r}" for key, value in parameters)
    return f"{name}({arguments})" if arguments else name


Definitions = Mapping[str, Callable[..., Activation]]
"""By name: functions that take the parameters, with their defaults, and give the activation."""


def parsed(text: str) -> tuple[str, dict[str, float]]:
    """The name and the parameters in ``NAME`` or ``NAME(parameter=value, …)``.

    Raises:
        ValueError: for a text that does not parse.
    """
    name, opened, rest = text.partition("(")
    if opened and not rest.endswith(")"):
        raise ValueError(f"activation {text!r}: give NAME or NAME(parameter=value, ...)")
    given = {}
    for item in filter(None, (part.strip() for part in rest.removesuffix(")").split(","))):
        key, _, value = item.partition("=")
        try:
            given[key.strip()] = float(value)
        except ValueError:
            raise ValueError(f"activation {text!r}: {item!r} is not parameter=value with a number") from None
    return name.strip(), given


def defined(definitions: Definitions, name: str, given: Mapping[str, float]) -> Activation:
    """The activation of that name with these parameters; those that are not given have their defaults.

    Raises:
        ValueError: for a name or a parameter that there is not (the message lists the choices), or one that may not be.
    """
    if name not in definitions:
        raise ValueError(f"unknown activation {name!r}: choose from {', '.join(definitions)}")
    known = {key: float(item.default) for key, item in inspect.signature(definitions[name]).parameters.items()}
    there = {key: value for key, value in known.items() if abs(value) != inf}  # infinite means: none, unless it is given
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r}: it has {', '.join(known) or 'none'}")
        if not isfinite(value):
            raise ValueError(f"{name}: parameter {key} = {value} is not a finite number")
        if value and not _LEAST <= abs(value) <= _LARGEST:
            raise ValueError(f"{name}: parameter {key} = {value}: give 0 or a size from {_LEAST:g} to {_LARGEST:g}")
        there[key] = float(value)
    return replace(definitions[name](**there), parameters=tuple(there.items()))
