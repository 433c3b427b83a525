"""Power series as an exact part plus a small rest, for results that come too close to an exact number for any ball.

tanh(10^30) is 1 - 2^-(3·10^30): no ball of practical precision around it excludes 1, and yet on which side of 1 it lies
decides its ulp and hence its class. Kept as the exact 1 and a ball for the rest, whose relative error is small, the
question is easy. The parts are carried through the arithmetic: sums and products of exact parts are exact, and
(h + t) / (k + s) = h/k + (t - (h/k)·s) / (k + s) where s is smaller than k.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, arb_series, ctx

Head = tuple[Fraction, ...]
_LARGEST = 1 << 16  # bits of an exact part; x^1000000 has more of them than anybody can wait for, and is no short number


class Expansion:
    """The series head + tail, truncated like Arb's own series at ``ctx.cap`` terms.

    Attributes:
        head: the coefficients of the exact part; dyadic.
        tail: the rest, an ``arb_series`` of rigorous balls.
    """

    __slots__ = ("head", "tail")

    def __init__(self, head: Head, tail: Any) -> None:
        self.head = head
        self.tail = tail

    @classmethod
    def around(cls, x: float) -> Expansion:
        """The series x + ε."""
        return cls((Fraction(x), Fraction(1), *[Fraction(0)] * ctx.cap)[: ctx.cap], arb_series([]))

    def whole(self) -> Any:
        """The sum of both parts."""
        return _balls(self.head) + self.tail

    def __getitem__(self, n: int) -> Any:
        return _ball(self.head[n]) + self.tail[n]

    def __neg__(self) -> Expansion:
        return Expansion(tuple(-h for h in self.head), -self.tail)

    def __add__(self, other: Expansion | arb | float) -> Expansion:
        other = _lift(other)
        return Expansion(tuple(h + k for h, k in zip(self.head, other.head, strict=True)), self.tail + other.tail)

    __radd__ = __add__

    def __sub__(self, other: Expansion | arb | float) -> Expansion:
        return self + -_lift(other)

    def __rsub__(self, other: arb | float) -> Expansion:
        return -self + other

    def __mul__(self, other: Expansion | arb | float) -> Expansion:
        other = _lift(other)
        if _bits(self.head) + _bits(other.head) > _LARGEST:
            return Expansion(_zeros(), self.whole() * other.whole())
        head = tuple(sum((self.head[i] * other.head[n - i] for i in range(n + 1)), Fraction(0)) for n in range(len(self.head)))
        return Expansion(head, _balls(self.head) * other.tail + self.tail * other.whole())

    __rmul__ = __mul__

    def __truediv__(self, other: Expansion | arb | float) -> Expansion:
        other = _lift(other)
        divisor, *rest = other.head
        dyadic = not any(rest) and abs(divisor.numerator).bit_count() == 1
        if not (dyadic and abs(2 * other.tail[0]) < abs(_ball(divisor))):  # else h/k is no approximation, or not exact
            return Expansion(_zeros(), self.whole() / other.whole())
        head = tuple(h / divisor for h in self.head)
        return Expansion(head, (self.tail - _balls(head) * other.tail) / other.whole())

    def __rtruediv__(self, other: arb | float) -> Expansion:
        return _lift(other) / self


def apply(function: Callable[[Any], Any], u: Any) -> Any:
    """A function of series; of an expansion all goes into the tail, which is relatively accurate however small it is."""
    return Expansion(_zeros(), function(u.whole())) if isinstance(u, Expansion) else function(u)


def _lift(number: Expansion | arb | float) -> Expansion:
    if isinstance(number, Expansion):
        return number
    if isinstance(number, arb):
        return Expansion(_zeros(), arb_series([number]))
    return Expansion((Fraction(number), *_zeros()[1:]), arb_series([]))


def _zeros() -> Head:
    return (Fraction(0),) * ctx.cap


def _bits(head: Head) -> int:
    """The most bits that a coefficient has above or below its fraction bar."""
    return max(part.bit_length() for each in head for part in each.as_integer_ratio())


def _balls(head: Head) -> Any:
    """Dyadic coefficients as balls without radius."""
    return arb_series([_ball(h) for h in head])


def _ball(number: Fraction) -> Any:
    return arb((number.numerator, 1 - number.denominator.bit_length()))
