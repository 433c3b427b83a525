"""What a result is close to zero and far out, as rows of numbers for :func:`harness.reference.kernels.cellwise.evaluate`."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...activations import Activation
from ..cells import LOWEST, exact_line
from ..ends import Far, Near
from ..leading_terms import ZERO
from . import cellwise
from .cellwise import COLUMNS

_TIED = 2.0**-50  # a rest that is so much less than its lead needs no second part
_SERIES = 2.0**-52  # nor do terms that are so much less than the first
_LEFT_OUT, _LEFT_OUT_SERIES = 2.0**-60, 2.0**-104  # what further terms may be, of the first one
_FEW = 5  # coefficients that are used
_WIDTHS = range(2, -LOWEST)
_LINE_ERROR = 2.0**-101  # of a line whose slope is a pair
_STEEP = 100  # no number is more, or less, by so many binades than 1: none of their products is subnormal
_STEEPEST = 4  # nor is one of so many factors of 2^-200

Row = NDArray[np.float64]


def near(activation: Activation, order: int, sign: int, found: Near | None, cut: float) -> Row:
    """The row for inputs close to zero, up to the first place where pieces meet; the limit is 0 where there is none."""
    line = exact_line(activation, order, 0.0, sign)
    if line and (known := _line(line)) is not None:
        known[cellwise.LIMIT] = cut
        return known
    row = _empty()
    if found is None:
        return row
    lead, coefficients = found.lead, [head for head, _ in found.coefficients]
    if lead.slope and not lead.constant and found.first == 0:  # it is a term of the polynomial
        lead, coefficients[1] = ZERO, coefficients[1] + lead.slope
    heads = [abs(head) for head in coefficients]
    for width in _WIDTHS:
        reach = math.ldexp(1.0, -width)
        sizes = [head * reach ** (n // 2) * reach ** (n - n // 2) for n, head in enumerate(heads)]  # reach^n may underflow
        left_out = _LEFT_OUT_SERIES if lead == ZERO else _LEFT_OUT
        if reach > found.reach * 2.0**-2 or not sum(sizes[_FEW:]) <= left_out * sizes[0]:
            continue
        if not sum(sizes[1:]) <= 2.0**-10 * sizes[0]:
            continue
        if lead == ZERO:
            if found.first > 1 or not _mild(heads[0], 1.0, _STEEP) or not sum(sizes[1:]) <= _SERIES * sizes[0]:
                continue
            mode = cellwise.SERIES
        else:
            constant, slope = abs(lead.constant), abs(lead.slope)
            degree = found.first if constant else found.first - 1
            beside = 1.01 * heads[0] * reach**degree
            even = not constant or slope * reach <= 2.0**-4 * constant
            if not 1 <= degree <= _STEEPEST or not even or not beside <= _TIED * (constant or slope):
                continue
            if not _mild(heads[0], constant or slope) or not _mild(constant or slope, 1.0, _STEEP):
                continue
            mode = cellwise.TIED
        row[: cellwise.FIRST + 1] = [reach, mode, lead.slope, 0.0, lead.constant, 0.0, found.first]
        row[cellwise.LEADING : cellwise.LEADING + 2] = found.coefficients[0]
        row[cellwise.LEADING + 2 : cellwise.LEADING + 6] = coefficients[1:_FEW]
        return row
    return row


def far(activation: Activation, order: int, sign: int, found: Far | None, cut: float) -> Row:
    """The row for inputs far out, from the last place on where pieces meet; the limit is infinite where there is none."""
    if activation.edge and sign < 0:
        row = _empty()
        row[cellwise.LIMIT], row[cellwise.MODE] = abs(activation.edge.at), cellwise.OUTSIDE
        return row
    beyond = sign * max(2 * cut, 1.0)
    line = exact_line(activation, order, beyond, sign)
    if line and (known := _line(line)) is not None:
        known[cellwise.LIMIT] = cut
        return known
    row = _empty()
    row[cellwise.LIMIT] = math.inf
    if found is None or (found.size == 0 and found.above == 0):
        return row
    numbers = [number for number in found.lead[:2] if number]
    if not all(_mild(number, 1.0, _STEEP) for number in numbers):
        return row
    row[cellwise.LIMIT], row[cellwise.ABOVE] = found.begin, found.above
    if found.size:
        row[cellwise.MODE], row[cellwise.SLOPE] = cellwise.FLAT, found.size
    else:
        row[cellwise.MODE] = cellwise.BESIDE
        row[cellwise.SLOPE], row[cellwise.CONSTANT] = found.lead.slope, found.lead.constant
    return row


def _line(line: tuple[Fraction, Fraction]) -> Row | None:
    """The row of a line, if its values are pairs, exact or with a relative error; None for others."""
    slope, constant = line
    head = float(slope)
    rest = float(slope - Fraction(head))
    exact = Fraction(head) + Fraction(rest) == slope and rest == 0
    binary = slope == 0 or abs(math.frexp(head)[0]) == 0.5
    if slope and not abs(math.frexp(head)[1]) < _STEEP:
        return None
    if constant and not (exact and binary and Fraction(float(constant)) == constant and _mild(float(constant), head or 1.0)):
        return None
    row = _empty()
    row[cellwise.MODE], row[cellwise.CONSTANT] = cellwise.LINEAR, float(constant)
    row[cellwise.SLOPE], row[cellwise.SLOPE + 1] = head, rest
    row[cellwise.ERROR] = 0.0 if exact else _LINE_ERROR
    return row


def _empty() -> Row:
    return np.zeros(COLUMNS)


def _mild(first: float, second: float, binades: int = 9) -> bool:
    """Whether two numbers are alike enough for what is said of their quotient's size."""
    return sys.float_info.min < abs(first) and abs(math.frexp(first)[1] - math.frexp(second)[1]) < binades
