"""Rigorous enclosures of derivatives by ball power series (Arb, through python-flint).

The derivatives of f at x are the coefficients of f(x + ε) as a power series in ε, times factorials. Arb evaluates the
series with a ball (midpoint and radius) for every coefficient, and the ball always contains the exact one
(F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", 2017). So the reference knows
an activation's definition and no formula for its derivatives. What comes out are two dyadic bounds, in exact integers.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from flint import arb, arb_series, ctx

from .activations import Activation

_LOOKAHEAD = 8  # further coefficients that decide which sign a zero is approached from
_LOOKAHEAD_PRECISION = 256  # bits
_ARB = threading.RLock()  # Arb's working precision is one setting for the whole process


class Enclosure(NamedTuple):
    """A real number y with low·2^exponent ≤ y ≤ high·2^exponent; the number is exact where low = high."""

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
        if self.low > 0:
            return 1
        if self.high < 0:
            return -1
        return 0 if self.low == self.high else None

    def binade(self) -> int | None:
        """The e with 2^e ≤ |y| < 2^(e+1); None while the bounds do not tell, and for zero."""
        small, large = sorted((abs(self.low), abs(self.high)))
        if not self.sign or small.bit_length() != large.bit_length():
            return None
        return self.exponent + small.bit_length() - 1


class _Series:
    """:class:`harness.activations.Operations` on ball power series around x, seen from one side (-1 or +1)."""

    def __init__(self, x: float, side: int) -> None:
        self._x = x
        self._side = side

    def exp(self, u: Any, /) -> Any:
        return u.exp()

    def split(self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /) -> Any:
        return left() if self._x < at or (self._x == at and self._side < 0) else right()


def _taylor(activation: Activation, x: float, side: int, terms: int, precision: int) -> list[arb] | None:
    """The first ``terms`` coefficients of f(x + ε); None where the precision is too low to divide."""
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = precision, terms
    try:
        series = activation.expression(arb_series([arb(x), arb(1)]), _Series(x, side))
        return [series[k] for k in range(terms)]
    except ValueError:  # python-flint's word for a divisor that may be zero
        return None
    finally:
        ctx.prec, ctx.cap = before


def derivative(activation: Activation, order: int, x: float, side: int, precision: int) -> Enclosure | None:
    """The derivative of that order (0: the value) of the piece on that side of x (-1: below, +1: above).

    Args:
        activation: the definition.
        order: 0, 1 or 2.
        x: a finite float64.
        side: matters only where pieces meet.
        precision: working precision in bits.

    Returns:
        Bounds, or None where the precision is too low to give any.
    """
    with _ARB:
        coefficients = _taylor(activation, x, side, order + 1, precision)
        if coefficients is None or not coefficients[order].is_finite():
            return None
        return _bounds(coefficients[order], math.factorial(order), precision)


def _bounds(ball: Any, factor: int, precision: int) -> Enclosure:
    middle, exponent = (int(part) for part in ball.mid().man_exp())
    radius, scale = (int(part) for part in ball.rad().man_exp())
    if radius == 0:
        return Enclosure(middle * factor, middle * factor, exponent)
    if middle == 0 or scale - exponent > middle.bit_length() + 64:  # no shift: the exponents may be astronomical
        return Enclosure(-(radius + 1) * factor, (radius + 1) * factor, scale)  # |midpoint| < 2^scale
    finest = exponent - 2 * precision - 64  # a radius below this is widened to it
    if scale + radius.bit_length() < finest:
        radius, scale = 1, finest
    if scale >= exponent:
        radius, scale = radius << (scale - exponent), exponent
    else:
        middle <<= exponent - scale
    return Enclosure((middle - radius) * factor, (middle + radius) * factor, scale)


def approach(activation: Activation, order: int, x: float, side: int) -> int:
    """The sign with which a derivative that is exactly 0 at x is approached from that side.

    The first further coefficient that does not vanish decides. Returns 0 where there is none, as on a side where
    the function is constant: neither sign is then more right than the other.
    """
    with _ARB:
        coefficients = _taylor(activation, x, side, order + 1 + _LOOKAHEAD, _LOOKAHEAD_PRECISION) or []
        for distance, coefficient in enumerate(coefficients[order + 1 :], start=1):
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
