"""The exact reference: what an activation's value, gradient or second derivative really is at one input.

At an ordinary input the result is a :class:`harness.reference.number.Number`. A NaN has no result; at ±∞ it is the limit. At a
kink a derivative is the interval between its two one-sided limits, every value of which is right.

The sign of an exact zero: at x = ±0 it is the one from which the function approaches 0 on that side of 0 (so
tanh(-0) = -0, and sigmoid'' is -0 at +0 and +0 at -0); where the function is constant on that side, either sign is
accepted (relu(-0)). At any other input a zero is +0 (relu(-5)).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

from ..activations import ORDERS, Activation
from ..catalogue import activation
from ..formats import Format
from . import balls, rational
from .balls import Enclosure
from .number import Number

_CACHED = 1 << 14  # results kept per activation and order


class ExactResult(Protocol):
    """The exact result at one input: a number, an interval at a kink, an infinity or a NaN."""

    @property
    def is_nan(self) -> bool:
        """Whether there is no result: the input is NaN."""

    @property
    def is_infinite(self) -> bool:
        """Whether the result is an infinity: a limit at an infinite input, or a pole."""

    @property
    def is_interval(self) -> bool:
        """Whether every number of an interval is right: the input is a kink."""

    @property
    def sign(self) -> int:
        """-1, 0 or 1; 0 for zero, NaN, and an interval that touches zero."""

    @property
    def zero_sign(self) -> int:
        """For an exact zero the sign it should carry, -1 or 1; 0 where either is accepted, or nothing is zero."""

    def rounded(self, format: Format) -> int:
        """The encoding of the correctly rounded result (nearest, ties to even; overflow to ∞, zeros with sign)."""

    def is_normal(self, format: Format) -> bool:
        """Whether the correctly rounded result is a normal number."""

    def contains(self, bits: int, format: Format) -> bool:
        """Whether a finite encoding lies in the interval, or equals the number, exactly."""

    def error_ulps(self, bits: int, format: Format) -> float:
        """|ŷ - y| / ulp(y) of a finite encoding ŷ, right to 2^-34 relatively or 2^-100 ulp; 0 only where ŷ = y.

        Beyond the range of the format, ulp(y) continues as if the exponent range did. An error too large for a float64
        is given as the largest one.

        Raises:
            ValueError: where ŷ is not finite, or y is not a real number.
        """

    def compare_error(self, bits: int, format: Format, threshold: int | Fraction) -> int:
        """-1, 0 or 1: whether the error of a finite encoding is below, at or above ``threshold`` ulps, certified.

        Raises:
            ValueError: as for :meth:`error_ulps`, or where the threshold is not positive.
        """

    def decimal(self, digits: int) -> str:
        """The result in decimal, rounded to ``digits`` significant digits; fewer only where they are all there are."""


class Special:
    """An exact result that is not a real number: an infinity, or NaN where there is none."""

    is_interval = False
    zero_sign = 0

    def __init__(self, value: float) -> None:
        self._value = value
        self.is_nan = math.isnan(value)
        self.is_infinite = math.isinf(value)
        self.sign = 0 if self.is_nan else int(math.copysign(1, value))

    def __repr__(self) -> str:
        return f"Special({self._value})"

    def rounded(self, format: Format) -> int:
        """See :meth:`ExactResult.rounded`; NaN is the quiet NaN without payload."""
        return format.nan_bits if self.is_nan else format.inf_bits | (format.sign_bit if self.sign < 0 else 0)

    def is_normal(self, format: Format) -> bool:
        """False."""
        return False

    def contains(self, bits: int, format: Format) -> bool:
        """False: no finite number is right."""
        return False

    def error_ulps(self, bits: int, format: Format) -> float:
        """Raises ValueError."""
        raise ValueError(f"the exact result is {self._value}: no error in ulps")

    def compare_error(self, bits: int, format: Format, threshold: int | Fraction) -> int:
        """Raises ValueError."""
        raise ValueError(f"the exact result is {self._value}: no error in ulps")

    def decimal(self, digits: int) -> str:
        """``"inf"``, ``"-inf"`` or ``"nan"``."""
        return str(self._value)


class Interval:
    """The exact result at a kink: the hull of the derivative's two one-sided limits.

    Errors are those from the nearest end, and 0 inside. Where one value has to stand for all, it is the lower end.

    Args:
        one: the limit from one side.
        other: the limit from the other side.
    """

    is_nan = False
    is_infinite = False
    is_interval = True
    zero_sign = 0

    def __init__(self, one: Number, other: Number) -> None:
        self.low, self.high = (other, one) if one.exceeds(other) else (one, other)

    def __repr__(self) -> str:
        return f"Interval{self.decimal(17)}"

    @property
    def sign(self) -> int:
        """-1 or 1 where all its numbers have that sign, else 0."""
        return self.low.sign if self.low.sign == self.high.sign else 0

    def rounded(self, format: Format) -> int:
        """The correctly rounded lower end."""
        return self.low.rounded(format)

    def is_normal(self, format: Format) -> bool:
        """Whether the correctly rounded lower end is a normal number."""
        return self.low.is_normal(format)

    def contains(self, bits: int, format: Format) -> bool:
        """See :meth:`ExactResult.contains`."""
        return self.low.compare(bits, format) <= 0 <= self.high.compare(bits, format)

    def nearest(self, bits: int, format: Format) -> Number:
        """The end that is nearest to an encoding outside."""
        return self.low if self.low.compare(bits, format) > 0 else self.high

    def error_ulps(self, bits: int, format: Format) -> float:
        """See :meth:`ExactResult.error_ulps`."""
        return 0.0 if self.contains(bits, format) else self.nearest(bits, format).error_ulps(bits, format)

    def compare_error(self, bits: int, format: Format, threshold: int | Fraction) -> int:
        """See :meth:`ExactResult.compare_error`."""
        if self.contains(bits, format):
            return -1
        return self.nearest(bits, format).compare_error(bits, format, threshold)

    def decimal(self, digits: int) -> str:
        """Both ends, for example ``"[0, 1]"``; one number where they are equal."""
        low, high = self.low.decimal(digits), self.high.decimal(digits)
        return low if low == high else f"[{low}, {high}]"


class Exact:
    """The exact results of one activation and order.

    Args:
        activation: a definition, or a name from the catalogue (its parameters then have their defaults).
        order: 0 the value, 1 the gradient, 2 the second derivative.

    Raises:
        ValueError: for an unknown name or another order.
    """

    def __init__(self, activation: Activation | str, order: int) -> None:
        if order not in ORDERS:
            raise ValueError(f"order {order!r}: choose 0 (value), 1 (gradient) or 2 (second derivative)")
        self.activation = _activation(activation)
        self.order = order
        self._at = lru_cache(maxsize=_CACHED)(self._find)

    def at(self, x: float) -> ExactResult:
        """The exact result at x, any float64: every finite number of every format is one."""
        return self._at(x, math.copysign(1.0, x))

    def between(self, x: float) -> Interval:
        """What lies between the two one-sided limits at x, a finite float64: of a value that jumps there, too."""
        if x in self.activation.pinched and self.order:
            return Interval(_constant(0.0, f"{self} at {x!r}"), self._number(x, 1))
        return Interval(self._number(x, -1), self._number(x, 1))

    def _find(self, x: float, side: float) -> ExactResult:
        edge = self.activation.edge
        if math.isnan(x) or (edge and x < edge.at):
            return Special(math.nan)
        if edge and x == edge.at:
            return Special(edge.limits[self.order])
        if math.isinf(x):
            limit = self.activation.limits[self.order][x > 0]
            return _constant(limit, f"{self} at {x}") if math.isfinite(limit) else Special(limit)
        if self.order > 0 and x in self.activation.kinks:
            return self.between(x)
        return self._number(x, 1 if self.order else 0, zero_side=int(side) if x == 0 else 0)

    def _number(self, x: float, side: int, zero_side: int = 0) -> Number:
        definition, order = self.activation, self.order
        fraction = rational.derivative(definition, order, x, side)

        def enclose(bits: int) -> Enclosure | None:
            if fraction is not None:
                return rational.enclosure(fraction, bits)
            return balls.derivative(definition, order, x, side, bits)

        def zero_sign() -> int:
            return balls.approach(definition, order, x, zero_side) if zero_side else 1

        return Number(enclose, zero_sign, f"{self} at {x!r}")

    def __repr__(self) -> str:
        return f"Exact({self})"

    def __str__(self) -> str:
        return f"{self.activation}{chr(39) * self.order}"


def _activation(given: Activation | str) -> Activation:
    return activation(given) if isinstance(given, str) else given


def _constant(value: float, name: str) -> Number:
    """A number that is a float64, with the sign of its zero."""
    numerator, denominator = value.as_integer_ratio()
    enclosure = Enclosure(numerator, numerator, 1 - denominator.bit_length())
    return Number(lambda bits: enclosure, lambda: int(math.copysign(1, value)), name)
