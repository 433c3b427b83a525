"""What results are close to zero and far out, where an expression's digits would cancel or underflow.

Close to zero a result is a short number L(x) = slope x + constant (:mod:`.leading_terms`) plus a Taylor polynomial whose
coefficients and remainder are proven by ball arithmetic. Far out it is such a number and something negligible beside it,
whose side alone matters, or it is below every format's numbers, or beyond them. The one thing that is not proven: what
holds far out at both ends of the range holds between them. Tests hold it against ball arithmetic.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from ..activations import Activation
from . import balls, leading_terms
from .balls import Enclosure
from .leading_terms import ZERO, LeadingTerm

DEGREES = 24
"""Coefficients of the polynomials."""
BOUND = 2.0**-94
"""Relative error of the polynomials, evaluated in double-double."""

_FURTHER = 8  # terms that bound the remainder, the last one by its range
_PRECISION = 320  # bits
_EXACT = 8000  # bits: of coefficients that are told from zero beside others times powers of the least subnormal number
_LEAST = -1074
_SMALLEST = 70  # no polynomial reaches less far than 2^-70: what is left to others would lose too many digits
_MODERATE = 2.0**800  # no first coefficient is larger, or smaller by as much: second parts would be subnormal
_FAINT = -110  # binades by which a rest beside a lead is negligible
_NEGLIGIBLE, _ENORMOUS = -1100, 1030  # binades of results that no format tells from 0, or from infinity
_DENSE, _STRIDE = 64, 32  # far out begins at one of the first powers of two, or at one of every so many
_FAR_PRECISION = 4000  # bits: cubes of the largest numbers are exponents too


@dataclass(frozen=True)
class Near:
    """For 0 < |x| < reach on one side: lead(x) + x^first times the polynomial, the lowest degree first, in pairs of float64."""

    reach: float
    lead: LeadingTerm
    first: int
    coefficients: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Far:
    """For |x| >= begin on one side: lead(x) and something negligible above (1) or below (-1) it.

    With ``size`` -1 or 1 it is, instead, a number of that sign that is too small, or too large, for any format.
    """

    begin: float
    lead: LeadingTerm
    above: int
    size: int = 0


def near(activation: Activation, order: int, sign: int, reach: float) -> Near | None:
    """The polynomial on one side of zero, reaching no further than told; None where none is needed, or can be had."""
    with balls.working(_EXACT, DEGREES + order):
        origin = balls.coefficients(activation, 0.0, sign)
        if origin is None:
            return None
        lead = next(lead for lead in leading_terms.at_zero(origin, order) if lead.exact)
        rest = [leading_terms.derivative(origin, order, n) for n in range(DEGREES)]
    with balls.working(_EXACT, DEGREES + order):
        rest[0] = rest[0] - lead.constant
        rest[1] = rest[1] - lead.slope
        first = next((n for n, ball in enumerate(rest) if not ball.contains(0)), None)
        if first is None or any(not _zero_beside(rest, n, first) for n in range(first)):
            return None
    with balls.working(_PRECISION, 2):
        split = [_pair(ball) for ball in rest[first:]]
    if not 1 / _MODERATE < abs(split[0][0]) < _MODERATE:
        return None
    for exponent in range(1, _SMALLEST):
        radius = math.ldexp(1.0, -exponent)
        if radius <= reach and _close(activation, order, sign, radius, rest, first):
            return Near(radius, lead, first, tuple(split))
    return None


def _zero_beside(rest: list[Any], n: int, first: int) -> bool:
    """Whether a coefficient that is zero but for the precision, as (1/α)·α - 1 is, does no harm at any input."""
    return bool(rest[n].is_zero() or abs(rest[n]) < abs(rest[first]) * arb((1, _LEAST * (first - n) - 200)))


def _pair(ball: Any) -> tuple[float, float]:
    hi = float(ball.mid())
    return hi, float((ball - hi).mid())


def _close(activation: Activation, order: int, sign: int, radius: float, rest: list[Any], first: int) -> bool:
    """Whether the first term outweighs the others, and the remainder is within the bound, up to the radius."""
    terms = DEGREES + _FURTHER
    with balls.working(_PRECISION, terms + order + 1):
        series = balls.coefficients(activation, 0.0, sign)
        whole = balls.coefficients(activation, sign * radius / 2, sign, radius=radius / 2)
        if series is None or whole is None:
            return False
        reach, leading = arb(radius), abs(rest[first])
        others = sum((abs(rest[n]) * reach ** (n - first) for n in range(first + 1, DEGREES)), arb(0))
        beyond = sum(
            (abs(leading_terms.derivative(series, order, n)) * reach ** (n - first) for n in range(DEGREES, terms)), arb(0)
        )
        beyond += abs(leading_terms.derivative(whole, order, terms)) * reach ** (terms - first)
        return bool(others < leading / 2 and beyond < leading * (BOUND / 8))


def far(activation: Activation, order: int, sign: int, beyond: float) -> Far | None:
    """What holds from some power of two on, which lies beyond the magnitude told; None where nothing does."""
    least = max(math.frexp(beyond)[1], 0)
    begins = [*range(least, _DENSE), *range(max(least, _DENSE), 1000, _STRIDE)]
    for lead in leading_terms.far_out(activation, order, sign, _FAR_PRECISION):
        last = _rest(activation, order, sign * sys.float_info.max, lead)
        for exponent in begins if last is not None and lead.exact else ():
            x = math.ldexp(1.0, exponent)
            rest = _rest(activation, order, sign * x, lead)
            if rest is None or last is None or rest.sign != last.sign:
                continue
            if lead != ZERO:
                faint = _faint(rest, lead, sign * x) and _faint(last, lead, sign * sys.float_info.max)
                if faint:
                    return Far(x, lead, rest.sign or 0)
            elif all(each.binades()[1] < _NEGLIGIBLE for each in (rest, last)):
                return Far(x, lead, rest.sign or 0, -1)
            elif all((each.binades()[0] or 0) > _ENORMOUS for each in (rest, last)):
                return Far(x, lead, rest.sign or 0, 1)
    return None


def _rest(activation: Activation, order: int, x: float, lead: LeadingTerm) -> Enclosure | None:
    """What the result is more than the lead, where its sign is known and it is not zero."""
    found = balls.derivative(activation, order, x, 1, _FAR_PRECISION)
    if found is None:
        return None
    if lead != ZERO:
        number = Fraction(lead.slope) * Fraction(x) + Fraction(lead.constant)
        exponent = 1 - number.denominator.bit_length()
        unit = min(exponent, found.exponent)
        if max(exponent, found.exponent) - unit > 8 * _FAR_PRECISION:
            return None
        middle = number.numerator << (exponent - unit)
        shift = found.exponent - unit
        found = Enclosure((found.low << shift) - middle, (found.high << shift) - middle, unit)
    return found if found.sign else None


def _faint(rest: Enclosure, lead: LeadingTerm, x: float) -> bool:
    number = Fraction(lead.slope) * Fraction(x) + Fraction(lead.constant)
    if number == 0:
        return False
    binade = abs(number.numerator).bit_length() - number.denominator.bit_length()
    return rest.binades()[1] < binade + _FAINT
