"""The short numbers that results approach near zero and far out: L(x) = (slope x + constant) / divisor.

Where the rest R = f - L is tiny, millions of inputs lie closer to a tie than any error bound, and the side that R takes
the result to decides. These are the candidates for L, and how small R must be for its side to be all that matters.

mish(x) is 3x/5 + R near zero: for one x in five L is a number of the format, and a result beside it is wrong by 1 ulp,
or hardly more. The other L are no closer to numbers of the format than a fifth of the last digit of 3x.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from ..activations import ORDERS, Activation
from . import balls

_PROBE = 2.0**40
_LARGEST = 2.0**1000  # of what a float64 holds
_DENOMINATOR = 32  # the largest of a slope's significand, as a fraction


class LeadingTerm(NamedTuple):
    """The number (slope·x + constant) / divisor; the divisor is odd, the slope a short number, both of few digits."""

    slope: float
    constant: float
    divisor: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether slope·x / divisor is a float64 for every x that is one, within the range."""
        return self.divisor == 1 and (self.slope == 0 or abs(math.frexp(self.slope)[0]) == 0.5)


ZERO = LeadingTerm(0.0, 0.0)


def derivative(series: Any, order: int, n: int) -> Any:
    """The n-th Taylor coefficient of the derivative of that order."""
    return series[n + order] * math.perm(n + order, order)


def grid(lead: LeadingTerm, low: float, high: float) -> float:
    """Multiples of this are all differences between L and the numbers of 25 bits nearest to it, for x from low to high.

    0 where float64 cannot hold slope·x + constant, or where its rounding of L might matter.
    """
    first, last = ((lead.slope * x + lead.constant) / lead.divisor for x in (low, high))
    if not first * last > 0:
        return 0.0
    numbers = [math.ldexp(1.0, math.frexp(min(abs(first), abs(last)))[1] - 26)]
    if lead.slope:
        numbers.append(_last_digit(lead.slope) * math.ldexp(1.0, math.frexp(min(abs(low), abs(high)))[1] - 24))
    if lead.constant:
        numbers.append(_last_digit(lead.constant))
    finest = min(numbers) / lead.divisor
    return finest if finest > 2.0**-51 * lead.divisor * max(abs(first), abs(last)) else 0.0


def _last_digit(number: float) -> float:
    """The largest power of two that a number is a multiple of."""
    numerator, denominator = number.as_integer_ratio()
    return (numerator & -numerator) / denominator


def _short(number: float) -> bool:
    """Whether a number has few enough digits to be the constant of a lead."""
    return number != 0 and math.isfinite(number) and abs(number.as_integer_ratio()[0]) < 1 << 12


def _leads(slope: float, constant: float) -> list[LeadingTerm]:
    """The leading terms that a slope and a constant allow, the closest first."""
    line = _line(slope) if math.isfinite(constant) else None
    terms = [line._replace(constant=constant * line.divisor)] if line and _short(constant) else []
    terms += [line] if line else []
    terms += [LeadingTerm(0.0, constant)] if _short(constant) else []
    return [*terms, ZERO]


def exactly(fractions: tuple[Fraction, ...], order: int, centre: float, degree: int) -> LeadingTerm | None:
    """The lead that a derivative is, by its exact Taylor coefficients; None for no line, or one of too many digits."""
    value, slope, *further = (derivative(fractions, order, n) for n in range(degree + 1))
    constant = value - slope * Fraction(centre)
    divisor = math.lcm(slope.denominator, constant.denominator)
    divisor //= divisor & -divisor
    if max(abs(slope * divisor), abs(constant * divisor), divisor) > _LARGEST:
        return None
    lead = LeadingTerm(float(slope * divisor), float(constant * divisor), float(divisor))
    same = (Fraction(lead.slope), Fraction(lead.constant)) == (slope * divisor, constant * divisor)
    few = all(number == 0 or _short(number) for number in lead[:2]) and divisor < _DENOMINATOR
    return lead if same and few and not any(further) else None


def _line(slope: float) -> LeadingTerm | None:
    """The lead slope·x; None where the slope is 0, or no short fraction times a power of two."""
    significand, exponent = math.frexp(slope)
    if not math.isfinite(slope) or slope == 0:
        return None
    nearest = Fraction(significand).limit_denominator(_DENOMINATOR)
    even = nearest.denominator & -nearest.denominator
    close = abs(nearest - Fraction(significand)) < Fraction(1, 1 << 50)
    return LeadingTerm(math.ldexp(nearest.numerator / even, exponent), 0.0, nearest.denominator / even) if close else None


def at_zero(origin: Any, order: int) -> list[LeadingTerm]:
    """From the Taylor coefficients at zero; their rounding does no harm, because the rest's side is proven later."""
    if origin is None:
        return [ZERO]
    return _leads(float(derivative(origin, order, 1).mid()), float(derivative(origin, order, 0).mid()))


def far_out(activation: Activation, order: int, sign: int, precision: int) -> list[LeadingTerm]:
    """From the limits at that infinity; where the result grows without one, from those of the next order and a probe far out."""
    limit = activation.limits[order][sign > 0]
    if math.isfinite(limit):
        return _leads(0.0, limit)
    slope = activation.limits[order + 1][sign > 0] if order < ORDERS[-1] else math.inf
    if not math.isfinite(slope):
        return [ZERO]
    probe = balls.rest(activation, order, sign * _PROBE, LeadingTerm(slope, 0.0), precision)
    constant = round(probe[0] * probe[1] * 2.0**8) / 2.0**8 if probe and probe[1] < 2.0**8 else 0.0
    return _leads(slope, constant)
