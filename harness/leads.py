"""The short numbers that results approach near zero and far out: L(x) = slope x + constant.

Where the rest R = f - L is tiny, millions of inputs lie closer to a tie than any error bound, and the side that R takes
the result to decides. These are the candidates for L, and how small R must be for its side to be all that matters.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from . import balls
from .activations import ORDERS, Activation

_PROBE = 2.0**40


class Lead(NamedTuple):
    """The short number slope·x + constant; the slope is 0 or a power of two."""

    slope: float
    constant: float


def derivative(series: Any, order: int, n: int) -> Any:
    """The n-th Taylor coefficient of the derivative of that order."""
    return series[n + order] * math.perm(n + order, order)


def grid(lead: Lead, low: float, high: float) -> float:
    """Multiples of this are slope·x + constant for every input in the piece, and the numbers of 25 bits nearest to it.

    0 where float64 cannot hold slope·x + constant.
    """
    first, last = (lead.slope * x + lead.constant for x in (low, high))
    if not first * last > 0:
        return 0.0
    numbers = [math.ldexp(1.0, math.frexp(min(abs(first), abs(last)))[1] - 26)]
    if lead.slope:
        numbers.append(abs(lead.slope) * math.ldexp(1.0, math.frexp(min(abs(low), abs(high)))[1] - 24))
    if lead.constant:
        numerator, denominator = lead.constant.as_integer_ratio()
        numbers.append((numerator & -numerator) / denominator)
    return min(numbers) if min(numbers) > 2.0**-51 * max(abs(first), abs(last)) else 0.0


def _short(number: float) -> bool:
    """Whether a number has few enough digits to be the constant of a lead."""
    return number != 0 and math.isfinite(number) and abs(number.as_integer_ratio()[0]) < 1 << 12


def _leads(slope: float, constant: float) -> list[Lead]:
    """The leads that a slope and a constant allow, the closest first."""
    steep = math.isfinite(slope) and abs(math.frexp(slope)[0]) == 0.5
    leads = [Lead(slope, constant)] if steep and _short(constant) else []
    leads += [Lead(slope, 0.0)] if steep and math.isfinite(constant) else []
    leads += [Lead(0.0, constant)] if _short(constant) else []
    return [*leads, Lead(0.0, 0.0)]


def at_zero(origin: Any, order: int) -> list[Lead]:
    """From the Taylor coefficients at zero; their rounding does no harm, because the rest's side is proven later."""
    if origin is None:
        return [Lead(0.0, 0.0)]
    return _leads(float(derivative(origin, order, 1).mid()), float(derivative(origin, order, 0).mid()))


def far_out(activation: Activation, order: int, sign: int, precision: int) -> list[Lead]:
    """From the limits at that infinity; where the result grows without one, from those of the next order and a probe far out."""
    limit = activation.limits[order][sign > 0]
    if math.isfinite(limit):
        return _leads(0.0, limit)
    slope = activation.limits[order + 1][sign > 0] if order < ORDERS[-1] else math.inf
    if not math.isfinite(slope):
        return [Lead(0.0, 0.0)]
    probe = balls.rest(activation, order, sign * _PROBE, slope, 0.0, precision)
    constant = round(probe[0] * probe[1] * 2.0**8) / 2.0**8 if probe and probe[1] < 2.0**8 else 0.0
    return _leads(slope, constant)
