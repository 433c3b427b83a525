"""Exact evaluation of definitions, or pieces of them, that are made of ``+ - * /`` alone: power series in fractions.

(x + 3) / 6 is a tie for one float32 in 192, and no ball can say so: a third is no midpoint that Arb has. In fractions it is
said at once. The definition is the same one that ball arithmetic evaluates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, NoReturn

from ..activations import Activation
from .balls import Enclosure

_LARGEST = 1 << 16  # bits of a coefficient; x^1000000 has more of them than anybody can wait for
_TRIED = (-1.3, 1.3)  # 53 bits; a polynomial of degree n has 53 n at them
_LARGEST_DEGREE = 64  # of polynomials that are asked whether they are one of less


class Transcendental(Exception):
    """The piece takes more than the four operations."""


class _Long(Transcendental):
    """It takes numbers of more bits than are worth it: balls are to answer."""


class _Series:
    """A power series with rational coefficients, cut off after so many terms."""

    __slots__ = ("coefficients",)

    def __init__(self, coefficients: tuple[Fraction, ...]) -> None:
        if any(part.bit_length() > _LARGEST for each in coefficients for part in each.as_integer_ratio()):
            raise _Long
        self.coefficients = coefficients

    def _lift(self, other: _Series | Fraction | float) -> _Series:
        if isinstance(other, _Series):
            return other
        return _Series((Fraction(other), *[Fraction(0)] * (len(self.coefficients) - 1)))

    def __neg__(self) -> _Series:
        return _Series(tuple(-a for a in self.coefficients))

    def __add__(self, other: _Series | float) -> _Series:
        return _Series(tuple(a + b for a, b in zip(self.coefficients, self._lift(other).coefficients, strict=True)))

    __radd__ = __add__

    def __sub__(self, other: _Series | float) -> _Series:
        return self + -self._lift(other)

    def __rsub__(self, other: float) -> _Series:
        return -self + other

    def __mul__(self, other: _Series | Fraction | float) -> _Series:
        if not isinstance(other, _Series):
            factor = Fraction(other)
            return _Series(tuple(a * factor for a in self.coefficients))
        a, b = self.coefficients, other.coefficients
        return _Series(tuple(sum((a[i] * b[n - i] for i in range(n + 1)), Fraction(0)) for n in range(len(a))))

    __rmul__ = __mul__

    def __truediv__(self, other: _Series | float) -> _Series:
        if not isinstance(other, _Series):
            return self * (1 / Fraction(other))
        first, *rest = other.coefficients
        quotient: list[Fraction] = []
        for n, a in enumerate(self.coefficients):
            quotient.append((a - sum((rest[i] * quotient[n - 1 - i] for i in range(n)), Fraction(0))) / first)
        return _Series(tuple(quotient))

    def __rtruediv__(self, other: float) -> _Series:
        return self._lift(other) / self


class _Operations:
    """:class:`harness.activations.Operations` on such series around x, seen from one side (-1 or +1), or 0: at x itself."""

    def __init__(self, x: float, side: int, one: Any) -> None:
        self._x, self._side, self._one = x, side, one

    @property
    def pi(self) -> Any:
        raise Transcendental

    def number(self, decimal: str, /) -> Any:
        return self._one * Fraction(decimal)

    def _none(self, u: Any, /) -> NoReturn:
        raise Transcendental

    exp = expm1 = log1p = sqrt = erf = erfc = _none

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        before = self._side < 0 or (self._side == 0 and value == "left")
        return left() if self._x < at or (self._x == at and before) else right()


def series(activation: Activation, x: float, side: int, terms: int) -> tuple[Fraction, ...] | None:
    """So many Taylor coefficients, exact, of the piece on that side of x (-1: below, +1: above, 0: the value there).

    None where the piece is made of more than the four operations, or has no such series at x.
    """
    if not _worthwhile(activation):
        return None
    try:
        return _evaluated(activation, x, side, terms)
    except (Transcendental, ArithmeticError, ValueError):
        return None


@lru_cache(256)
def _worthwhile(activation: Activation) -> bool:
    """Whether fractions do not become too long to be quick; tried with one term, which is."""
    for x in _TRIED:
        try:
            _evaluated(activation, x, 1, 1)
        except _Long:
            return False
        except (Transcendental, ArithmeticError, ValueError):
            pass
    return True


def _evaluated(activation: Activation, x: float, side: int, terms: int) -> tuple[Fraction, ...]:
    zeros = (Fraction(0),) * terms
    argument, one = _Series((Fraction(x), Fraction(1), *zeros)[:terms]), _Series((Fraction(1), *zeros)[:terms])
    found = activation.expression(argument, _Operations(x, side, one))
    return argument._lift(found).coefficients


class _Degrees:
    """Upper bounds of the degrees of a rational function's numerator and denominator, and what the operations make of them."""

    __slots__ = ("above", "below")

    def __init__(self, above: int, below: int = 0) -> None:
        self.above, self.below = above, below

    def __neg__(self) -> _Degrees:
        return self

    def __add__(self, other: _Degrees | float) -> _Degrees:
        if not isinstance(other, _Degrees):
            return _Degrees(max(self.above, self.below), self.below)
        return _Degrees(max(self.above + other.below, other.above + self.below), self.below + other.below)

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: _Degrees | float) -> _Degrees:
        return _Degrees(self.above + other.above, self.below + other.below) if isinstance(other, _Degrees) else self

    __rmul__ = __mul__

    def __truediv__(self, other: _Degrees | float) -> _Degrees:
        return _Degrees(self.above + other.below, self.below + other.above) if isinstance(other, _Degrees) else self

    def __rtruediv__(self, other: float) -> _Degrees:
        return _Degrees(self.below, self.above)


def polynomial(activation: Activation, x: float, side: int, degree: int) -> tuple[Fraction, ...] | None:
    """The coefficients of the polynomial of at most that degree in (t - x) that the piece on that side of x is, if it is one.

    P/Q less a polynomial T of degree d is (P - T Q)/Q, whose numerator has no more zeros at x than its degree, which is at
    most that of P, or those of Q and T together: so many coefficients that vanish beyond d prove that all do.
    """
    try:
        found = activation.expression(_Degrees(1), _Operations(x, side, _Degrees(0)))
    except (Transcendental, ArithmeticError, ValueError):
        return None
    bound = found if isinstance(found, _Degrees) else _Degrees(0)
    last = max(bound.above, bound.below + degree)
    if last > _LARGEST_DEGREE:
        return None
    coefficients = series(activation, x, side, last + 1)
    return None if coefficients is None or any(coefficients[degree + 1 :]) else coefficients[: degree + 1]


def derivative(activation: Activation, order: int, x: float, side: int) -> Fraction | None:
    """The derivative of that order (0: the value), exact; None as for :func:`series`."""
    found = series(activation, x, side, order + 1)
    return None if found is None else found[order] * math.factorial(order)


def enclosure(number: Fraction, precision: int) -> Enclosure:
    """A fraction itself, where its denominator is a power of two; else bounds with so many bits."""
    numerator, denominator = number.as_integer_ratio()
    if denominator & (denominator - 1) == 0:
        return Enclosure(numerator, numerator, 1 - denominator.bit_length())
    exponent = abs(numerator).bit_length() - denominator.bit_length() - precision
    low = (numerator << max(-exponent, 0)) // (denominator << max(exponent, 0))
    return Enclosure(low, low + 1, exponent)
