"""Proven polynomials for float64: the cells that most inputs between 2^-54 and 2^16 lie in.

Every binade is divided until the Taylor polynomial at the centre of each part, made by ball arithmetic from the one definition as
in :mod:`.approximation`, is as accurate as the bound promises. The first coefficients are pairs of float64, the others float64:

    remainder + rounding of the coefficients + rounding of the evaluation  <=  BOUND |y|

in each cell, or of the sum of the sizes of its terms where y has a zero. What lies in no cell, and what a cell's error does
not decide, is left to the tapes (:mod:`.kernels.tape`), which are slower.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from flint import ctx
from numpy.typing import NDArray

from ..activations import ORDERS, Activation
from . import balls, leading_terms, rational
from .leading_terms import ZERO, LeadingTerm

BOUND = 2.0**-99
"""Relative error bound of a cell's values."""
LOWEST, HIGHEST = -54, 15
"""Binades of the inputs."""
PAIRS, DEGREE = 7, 13
"""How many coefficients are pairs, and the last one's degree."""
MANY = 1 << 15
"""With more cells than that no further binade is divided: they take some 0.4 ms each to make."""
WIDTH = 24
"""Numbers of a row: centre, error, and the least size that counts; the pairs; the other coefficients.

The error is negative where others know no better, because the piece is made of + - * / alone and ties are frequent."""

_TERMS = DEGREE + 5  # the remainder is bounded by that term of the series
_NARROW, _SHALLOW, _USUAL = 11, 7, 4  # cells are at least 2^-11 wide, and from the binade after 2^4 on 2^-7 of their binades
_PRECISION, _MORE = 224, 1400  # bits; more for the rest beside a line
_BESIDE = 2.0**-57  # of a line: rests that are less are told beside it
_UNIT = 2.0**-53
_UP = 1 + 2.0**-40
_DOUBTFUL = 2.0**58  # values of fewer times their error are left to the tapes
_LEAST, _MOST = 2.0**-600, 2.0**1000  # cells of smaller or larger results are, too
_MODERATE = 2.0**400  # no slope or constant of a line is larger, or smaller by as much
_LOST = 2.0**-1000  # more than is lost where products become subnormal, times a power of the radius

Reals = NDArray[np.float64]
_Rows = list[list[float]]


class Cells(NamedTuple):
    """What an activation's cells are.

    Attributes:
        binades: int64[4096, 2]: by sign and exponent as they are encoded, where a binade's parts begin in ``places``, and how
            far significands are shifted to count them.
        places: int32[parts]: the row of each part; 0 where there is none.
        rows: float64[orders, cells, WIDTH]; the first one decides nothing.
    """

    binades: NDArray[np.int64]
    places: NDArray[np.int32]
    rows: Reals


class _Side(NamedTuple):
    """Inputs of one sign: where pieces meet; for each order lines far out, and from which magnitude on there are no cells."""

    sign: int
    cuts: list[float]
    leads: list[list[LeadingTerm]]
    beyond: list[float]


def build(activation: Activation, cuts: tuple[float, ...], beyond: list[tuple[float, float]]) -> Cells:
    """The cells of an activation's value, gradient and second derivative; none has a cut inside, where pieces meet.

    Binades around 1 come first.

    Args:
        activation: the definition.
        cuts: where pieces meet.
        beyond: for each order the magnitudes of negative and of positive inputs from which on there are no cells.
    """
    leads = {sign: [_leads(activation, order, sign) for order in ORDERS] for sign in (1, -1)}
    binades, index = np.array([(0, 63)] * 4096), [0]
    rows = [[_nothing()] * len(ORDERS)]
    for exponent, sign in sorted(product(range(LOWEST, HIGHEST + 1), (1, -1)), key=lambda binade: abs(binade[0])):
        if len(rows) > MANY:
            break
        its_cuts = [abs(cut) for cut in cuts if cut * sign > 0]
        here = _Side(sign, its_cuts, leads[sign], [limits[sign > 0] for limits in beyond])
        if math.ldexp(1.0, exponent) >= max(here.beyond):
            continue
        with balls.working(_PRECISION + 4 * abs(exponent), _TERMS + len(ORDERS)):
            found = list(_divide(activation, here, exponent))
        depth = max(depth for depth, _ in found)
        binades[2048 * (sign < 0) + 1023 + exponent] = len(index), 52 - depth
        for its, row in found:
            index += [len(rows)] * (1 << depth - its)
            rows.append(row)
    return Cells(binades, np.array(index, np.int32), np.ascontiguousarray(np.array(rows).transpose(1, 0, 2)))


def _divide(activation: Activation, side: _Side, exponent: int) -> Iterator[tuple[int, _Rows]]:
    """The cells of a binade in order: the depth of each, and a row for each order."""
    deepest = max(exponent + _NARROW, _NARROW) if exponent <= _USUAL else _SHALLOW
    place, size, whole = 0, 1 << deepest, 1 << deepest
    while place < whole:
        size = min(2 * size, place & -place or whole)
        while True:
            low, high = (math.ldexp(1 + part / whole, exponent) for part in (place, place + size))
            rows = _cell(activation, side, low, high)
            if size == 1 or all(row is not None for row in rows):
                break
            size //= 2
        yield deepest - size.bit_length() + 1, [row or _nothing() for row in rows]
        place += size


def _nothing() -> list[float]:
    return [0.0, math.inf, math.inf] + [0.0] * (WIDTH - 3)


def _leads(activation: Activation, order: int, sign: int) -> list[LeadingTerm]:
    """The lines far out whose values are float64."""
    leads = leading_terms.far_out(activation, order, sign, _PRECISION)
    return [lead for lead in leads if lead != ZERO and lead.exact and (lead.slope == 0 or lead.constant == 0)]


def _cell(activation: Activation, side: _Side, low: float, high: float) -> list[list[float] | None]:
    """The rows of one part of a binade; None where the polynomial is not accurate enough."""
    sign = side.sign
    outside = activation.edge is not None and (sign * low <= activation.edge.at or sign * high < activation.edge.at)
    if outside or any(low < cut < high for cut in side.cuts):
        return [None] * len(ORDERS)
    centre, radius = sign * (low + high) / 2, (high - low) / 2
    fractions = rational.series(activation, centre, sign, 1) is not None
    found: list[list[float] | None] = [_nothing() if low >= side.beyond[order] else None for order in ORDERS]
    for precision in (ctx.prec, _MORE):
        with balls.working(precision, ctx.cap):
            series = balls.coefficients(activation, centre, sign)
            whole = balls.coefficients(activation, centre, sign, radius=radius)
            if series is None or whole is None:
                continue
            for order in (order for order in ORDERS if found[order] is None):
                expanded = [leading_terms.derivative(series, order, n) for n in range(_TERMS)]
                expanded.append(leading_terms.derivative(whole, order, _TERMS))
                if fractions and all(ball.is_zero() for ball in expanded[2:]):  # the last one: in the whole cell
                    found[order] = _line(activation, order, centre, sign)
                if found[order] is None and not _LEAST <= _most([balls.upper(ball) for ball in expanded], radius) < _MOST:
                    found[order] = _nothing()
                if found[order] is not None:
                    continue
                close = [lead for lead in side.leads[order] if _close(expanded, lead, centre, radius)]
                found[order] = _beside(expanded, close[0], centre, radius) if close else _row(expanded, centre, radius)
                if close and precision == _MORE and (expanded[0] - close[0].slope * centre - close[0].constant).contains(0):
                    found[order] = _nothing()  # it is even closer
                if not close and found[order] is None:
                    return found
        if all(row is not None for row in found):
            break
    if fractions:
        found = [row and [row[0], -row[1], *row[2:]] for row in found]
    return found


def _most(sizes: list[float], radius: float) -> float:
    """A bound of a sum of terms of these coefficients; powers of a small radius alone would underflow."""
    return sum(size * radius ** (n // 2) * radius ** (n - n // 2) for n, size in enumerate(sizes)) * _UP


def _close(expanded: list[Any], lead: LeadingTerm, centre: float, radius: float) -> bool:
    """Whether what a result is more than a line is too little for a polynomial of the whole to tell."""
    line = lead.slope * centre + lead.constant
    rests = [expanded[0] - line, expanded[1] - lead.slope, *expanded[2:]]
    return _most([balls.upper(rest) for rest in rests], radius) < abs(line) * _BESIDE


def _beside(expanded: list[Any], lead: LeadingTerm, centre: float, radius: float) -> list[float] | None:
    """The row of a line and a rest of known sign beside it, which is the second part."""
    line = lead.slope * centre + lead.constant
    rests = [expanded[0] - line, expanded[1] - lead.slope, *expanded[2:]]
    tails = [float(ball.mid()) for ball in rests[:PAIRS]]
    sizes = [abs(tail) * radius**n for n, tail in enumerate(tails)]
    lost = [balls.upper(ball - tail) for ball, tail in zip(rests, tails, strict=False)] + [
        balls.upper(ball) for ball in rests[PAIRS:]
    ]
    error = (_most(lost, radius) + 4 * PAIRS * _UNIT * sum(sizes) + _subnormal(radius)) * _UP
    least = sizes[0] - sum(sizes[1:]) - error
    if not (4 * error < least and error <= BOUND * abs(line)):
        return None
    heads = [line, lead.slope] + [0.0] * (PAIRS - 2)
    pairs = [part for pair in zip(heads, tails, strict=True) for part in pair]
    return [centre, error, 0.0, *pairs] + [0.0] * (WIDTH - 3 - 2 * PAIRS)


def _line(activation: Activation, order: int, centre: float, sign: int) -> list[float] | None:
    """The row of a derivative that is a line; None where its values are not two float64 each, without any error."""
    series = rational.series(activation, centre, sign, order + 2)
    assert series is not None
    value, slope = (leading_terms.derivative(series, order, n) for n in (0, 1))
    constant = value - slope * Fraction(centre)
    if not all(number == 0 or 1 / _MODERATE < abs(number) < _MODERATE for number in (slope, constant)):
        return None
    exact = all(Fraction(float(number)) == number for number in (slope, constant))
    short = constant == 0 or slope == 0 or abs(math.frexp(float(slope))[0]) == 0.5
    if not (exact and short):
        return None
    return [0.0, 0.0, 0.0, float(constant), 0.0, float(slope)] + [0.0] * (WIDTH - 6)


def _row(expanded: list[Any], centre: float, radius: float) -> list[float] | None:
    """The row of a derivative by its Taylor coefficients, of which the last one is a range, if it is accurate enough."""
    heads = [float(ball.mid()) for ball in expanded[: DEGREE + 1]]
    rests = [ball - head for ball, head in zip(expanded, heads, strict=False)]
    tails = [float(ball.mid()) for ball in rests[:PAIRS]]
    lost = [balls.upper(ball - tail) for ball, tail in zip(rests, tails, strict=False)]
    lost += [balls.upper(ball) for ball in (*rests[PAIRS:], *expanded[DEGREE + 1 :])]
    rounding, size = _rounding(heads, radius)
    error = (_most(lost, radius) + rounding + _subnormal(radius)) * _UP
    if not error <= BOUND * size:
        return None
    pairs = [part for pair in zip(heads, tails, strict=False) for part in pair]
    return [centre, error, error * _DOUBTFUL, *pairs, *heads[PAIRS:]]


def _rounding(heads: list[float], radius: float) -> tuple[float, float]:
    """What evaluation loses at most, and the size of all terms.

    The first terms are added in pairs (h, l): with p = t h' rounded, h = c + p rounded, and d and e what these lost, exactly,
    the second part is l = t l' + (c' + (d + e)), of three roundings; c', d and e are at most 2^-53 of the size.
    """
    size = rest = lost = 0.0
    for n in reversed(range(len(heads))):
        size = (abs(heads[n]) + radius * size) * _UP
        carried = radius * rest
        lost = radius * lost + _UNIT * (size if n >= PAIRS else 8 * _UNIT * size + carried)
        rest = (3 * _UNIT * size + carried) * _UP if n < PAIRS else 0.0
    return lost * _UP, size


def _subnormal(radius: float) -> float:
    """More than is lost where products become subnormal, each step's times a power of t."""
    return _LOST * max(1.0, radius) ** DEGREE


def exact_line(activation: Activation, order: int, x: float, sign: int) -> tuple[Fraction, Fraction] | None:
    """Slope and constant of the line that a derivative is in the whole piece on that side of x, where it is one; exact."""
    found = rational.polynomial(activation, x, sign, order + 1)
    if found is None:
        return None
    value, slope = (leading_terms.derivative(found, order, n) for n in (0, 1))
    return slope, value - slope * Fraction(x)
