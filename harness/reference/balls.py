"""Rigorous enclosures of derivatives by ball power series (Arb, through python-flint).

The derivatives of f at x are the coefficients of f(x + ε) as a power series in ε, times factorials. Arb evaluates the
series with a ball (midpoint and radius) for every coefficient, and the ball always contains the exact one
(F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", 2017). So the reference knows
an activation's definition and no formula for its derivatives. What comes out are two dyadic bounds, in exact integers.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from flint import arb, arb_series, ctx

from ..activations import Activation
from .expansion import Expansion, apply

_LOOKAHEAD = 8  # further coefficients that decide which sign a zero is approached from
_LOOKAHEAD_PRECISION = 256  # bits
_PARTS = 768  # bits from which on exact parts are kept apart, which is slower
_ARB = threading.RLock()  # Arb's working precision is one setting for the whole process


class Enclosure(NamedTuple):
    """What is known of a real number y: y = low·2^exponent where low = high, else low·2^exponent < y < high·2^exponent.

    The bounds are strict, so that a number just below a power of two, or a tie, can be told from it.
    """

    low: int
    high: int
    exponent: int

    @property
    def exact(self) -> bool:
        """Whether the bounds are the number itself."""
        return self.low == self.high

    @property
    def sign(self) -> int | None:
        """-1, 0 or 1; None while the bounds do not tell."""
        if self.low == self.high == 0:
            return 0
        if self.low >= 0:
            return 1
        return -1 if self.high <= 0 else None

    def binades(self) -> tuple[int | None, int]:
        """The least and the largest e with 2^e ≤ |y| < 2^(e+1) for a y of known sign, not zero; None for -∞."""
        small, large = sorted((abs(self.low), abs(self.high)))
        least = self.exponent + small.bit_length() - 1 if small else None
        return least, self.exponent + (large if self.exact else large - 1).bit_length() - 1


class _Series:
    """:class:`harness.activations.Operations` on power series around x, seen from one side (-1 or +1), or 0: at x itself."""

    def __init__(self, x: float, side: int) -> None:
        self._x = x
        self._side = side

    @property
    def pi(self) -> Any:
        return arb.pi()

    def number(self, decimal: str, /) -> Any:
        return arb(decimal)

    def exp(self, u: Any, /) -> Any:
        return apply(lambda u: u.exp(), u)

    def expm1(self, u: Any, /) -> Any:
        if u[0] < -1:  # then the exact -1 is kept apart
            return self.exp(u) - 1
        return apply(lambda u: _from_slope(u[0].expm1(), u.derivative() * u.exp()), u)

    def log1p(self, u: Any, /) -> Any:
        return apply(lambda u: _from_slope(u[0].log1p(), u.derivative() / (1 + u)), u)

    def sqrt(self, u: Any, /) -> Any:
        return arb(u).sqrt() if isinstance(u, int | float | arb) else apply(lambda u: u.sqrt(), u)

    def erf(self, u: Any, /) -> Any:
        return apply(lambda u: u.erf(), u)

    def erfc(self, u: Any, /) -> Any:
        return apply(lambda u: _from_slope(_erfc(u[0]), u.derivative() * (-(u * u)).exp() * (-2 / arb.pi().sqrt())), u)

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        before = self._side < 0 or (self._side == 0 and value == "left")
        return left() if self._x < at or (self._x == at and before) else right()


def _erfc(u: Any) -> Any:
    """erfc of a ball. Arb's own has 30 bits for e^(-u²) in the radius, too few where u² is large."""
    middle, radius = u.mid(), u.rad()
    nearest = (abs(middle) - radius).max(arb(0))
    return middle.erfc() + arb(0, 1) * radius * (-nearest * nearest).exp() * 2 / arb.pi().sqrt()


def _from_slope(value: Any, slope: Any) -> Any:
    """The series with this first coefficient and this derivative."""
    return value + slope.integral()


@contextmanager
def working(precision: int, terms: int) -> Iterator[None]:
    """Arb's working precision in bits and number of terms, for this thread alone, until the block ends."""
    with _ARB:
        before = ctx.prec, ctx.cap
        ctx.prec, ctx.cap = precision, terms
        try:
            yield
        finally:
            ctx.prec, ctx.cap = before


def taylor(activation: Activation, argument: Any, x: float, side: int) -> Any:
    """The series of f at the argument, a series around x; None where the precision is too low to divide."""
    try:
        return activation.expression(argument, _Series(x, side))
    except (ValueError, ZeroDivisionError):  # python-flint's words for a divisor that may be zero, or is
        return None


def coefficients(activation: Activation, x: float, side: int, radius: float = 0.0) -> Any:
    """Taylor coefficients at x, an ``arb_series`` to be used within :func:`working`; None where there are none.

    With a radius each ball contains the coefficient at every point within the radius of x; no kink may lie inside.
    """
    series = taylor(activation, arb_series([arb(x, radius), arb(1)]), x, side)
    return series if series is None or all(series[n].is_finite() for n in range(ctx.cap)) else None


def rest(activation: Activation, order: int, x: float, lead: tuple[float, ...], precision: int) -> tuple[int, float] | None:
    """What is left of the derivative at x beyond a leading term: its sign (0: unknown, or none) and a bound of its size.

    None where the precision is too low to divide.
    """
    with working(precision, order + 1):
        series = taylor(activation, Expansion.around(x), x, 1)
    if series is None:
        return None
    slope, constant, divisor = (Fraction(number) for number in lead)
    factor = math.factorial(order) * int(divisor)
    head = series.head[order] * factor - slope * Fraction(x) - constant
    ball = series.tail[order] * factor + (arb((head.numerator, 1 - head.denominator.bit_length())) if head else 0)
    return (ball > 0) - (ball < 0), upper(ball / int(divisor))


def upper(ball: Any) -> float:
    """A float64 that is at least the magnitude of every number in the ball; inf where it is not finite."""
    if ball.is_zero():
        return 0.0
    return max(float(ball.abs_upper()) * (1 + 2.0**-50), sys.float_info.min) if ball.is_finite() else math.inf


def derivative(activation: Activation, order: int, x: float, side: int, precision: int) -> Enclosure | None:
    """The derivative of that order (0: the value) of the piece on that side of x (-1: below, +1: above).

    Args:
        activation: the definition.
        order: 0, 1 or 2.
        x: a finite float64.
        side: matters only where pieces meet; 0 for the value there.
        precision: working precision in bits.

    Returns:
        Bounds, or None where the precision is too low to give any.
    """
    parts = precision >= _PARTS
    with working(precision, order + 1):
        argument = Expansion.around(x) if parts else arb_series([arb(x), arb(1)])
        series = taylor(activation, argument, x, side)
        if series is None:
            return None
        head, ball = (series.head[order], series.tail[order]) if parts else (Fraction(0), series[order])
        if not ball.is_finite():
            return None
        low, high, exponent = _add(head, _bounds(ball, precision), precision)
        return Enclosure(low * math.factorial(order), high * math.factorial(order), exponent)


def _bounds(ball: Any, precision: int) -> Enclosure:
    """The bounds of a ball in integers; radii that are hopelessly large or needlessly small are widened."""
    middle, exponent = (int(part) for part in ball.mid().man_exp())
    radius, scale = (int(part) for part in ball.rad().man_exp())
    if radius == 0:
        return Enclosure(middle, middle, exponent)
    radius += 1  # makes the bounds strict
    if middle == 0 or scale - exponent > middle.bit_length() + 64:  # no shift: the exponents may be astronomical
        return Enclosure(-radius - 1, radius + 1, scale)  # |midpoint| < 2^scale
    finest = exponent - 2 * precision - 64
    if scale + radius.bit_length() < finest:
        radius, scale = 1, finest
    if scale >= exponent:
        radius, scale = radius << (scale - exponent), exponent
    else:
        middle <<= exponent - scale
    return Enclosure(middle - radius, middle + radius, scale)


def _add(head: Fraction, rest: Enclosure, precision: int) -> Enclosure:
    """Bounds of an exact dyadic number plus a rest; a rest of known sign keeps the sum strictly on one side."""
    if head == 0:
        return rest
    exponent = 1 - head.denominator.bit_length()
    finest, coarsest = exponent - 4 * precision, exponent + head.numerator.bit_length() + 4 * precision
    low, high, scale = rest
    if scale > coarsest:
        return Enclosure(low - 1, high + 1, scale)  # |head| < 2^scale
    if scale < finest:
        # Outward to multiples of 2^finest; a bound of 0 stays, and with it the strictness on that side.
        shift = min(finest - scale, max(low.bit_length(), high.bit_length()) + 1)
        low, high, scale = (low >> shift), -(-high >> shift), finest
    unit = min(exponent, scale)
    middle = head.numerator << (exponent - unit)
    return Enclosure(middle + (low << (scale - unit)), middle + (high << (scale - unit)), unit)


def approach(activation: Activation, order: int, x: float, side: int) -> int:
    """The sign with which a derivative that is exactly 0 at x is approached from that side.

    The first further coefficient that does not vanish decides. Returns 0 where there is none, as on a side where
    the function is constant: neither sign is then more right than the other.
    """
    with working(_LOOKAHEAD_PRECISION, order + 1 + _LOOKAHEAD):
        series = taylor(activation, arb_series([arb(x), arb(1)]), x, side)
        for distance in range(1, _LOOKAHEAD + 1 if series is not None else 0):
            coefficient = series[order + distance]
            if coefficient > 0 or coefficient < 0:
                sign = 1 if coefficient > 0 else -1
                return sign * (side if distance % 2 else 1)
            if not coefficient.is_zero():
                return 0
        return 0


def digits(enclosure: Enclosure, count: int) -> str | None:
    """A decimal string of a nonzero number with ``count`` correct digits, for numbers of any magnitude at all.

    Correct means within one unit of the last digit. None while the bounds do not give as many.
    """
    with _ARB:
        before = ctx.prec
        ctx.prec = 4 * count + 64 + abs(enclosure.exponent).bit_length() + enclosure.high.bit_length()
        try:
            low, high = arb((enclosure.low, enclosure.exponent)), arb((enclosure.high, enclosure.exponent))
            text: str = low.union(high).str(count, radius=False)
        finally:
            ctx.prec = before
    shown = sum(character.isdigit() for character in text.lower().partition("e")[0].replace("0.", "", 1))
    return text if shown >= count else None
