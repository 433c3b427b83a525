"""The fast part of the reference for float64: evaluates the cells of :mod:`harness.reference.cells`, and what is beside them.

Close to zero and far out a result is a line with no error, a line and a rest (:mod:`harness.reference.ends`), or negligible, or
infinite: one row of numbers for each side and end. What neither decides is told, and left to the tapes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import cells
from .lanes import LANES, polynomials
from .machine import borrowed, fma, kernel, step, to_bits
from .numbers import fast_two_sum, two_sum

LINEAR, TIED, SERIES, BESIDE, FLAT, OUTSIDE = 1.0, 2.0, 3.0, 4.0, 5.0, 6.0
"""What a result is at an end: a line; a line and a rest that is computed; a polynomial; a line and a side; beyond a format's
range; none, outside the domain."""
LIMIT, MODE, SLOPE, CONSTANT, ERROR, FIRST, LEADING, ABOVE = 0, 1, 2, 4, 5, 6, 7, 13
"""Columns of an end's row: up to, or from, which magnitude; the mode; the slope, a pair; the constant; the relative error; the
rest's degree; its coefficients, the first one a pair; its side."""
COLUMNS = 14

_SCALE = 2.0**600
_FRACTION = 2**52 - 1
_ALL = (1 << LANES) - 1
_TINY = 2.0**-500  # inputs below are scaled
_CLAMPED = 2.0**-200  # below, only the side of the rest is told
_FAINT = 2.0**-300
_LEFT_OUT = 2.0**-109
_LARGE = 2.0**1020
_NEGLIGIBLE = 2.0**-530


@step
def _rest(w: Any, end: Any) -> Any:
    """The polynomial of the rest but for its first coefficient."""
    return w * fma(w, fma(w, fma(w, end[12], end[11]), end[10]), end[9])


@step
def _linear(v: Any, end: Any) -> Any:
    small = abs(v) < _TINY
    u = v * _SCALE if small else v
    p = u * end[SLOPE]
    e = fma(u, end[SLOPE], -p) + u * end[SLOPE + 1]
    h, rest = two_sum(p, end[CONSTANT])
    if end[CONSTANT] == 0.0:
        rest = e
    elif (small and p != 0.0) or e != 0.0:
        return math.nan, 0.0, 0.0, 1.0
    if not abs(h) < _LARGE:
        return math.nan, 0.0, 0.0, 1.0
    h, rest = fast_two_sum(h, rest)
    return h, rest, abs(h) * end[ERROR], _SCALE if small and end[CONSTANT] == 0.0 and h != 0.0 else 1.0


@step
def _tied(v: Any, end: Any) -> Any:
    w = math.copysign(max(abs(v), _CLAMPED), v)
    q = end[LEADING] + _rest(w, end)
    if end[CONSTANT] != 0.0:
        for _ in range(int(end[FIRST])):
            q *= w
        h, rest = two_sum(end[CONSTANT], end[SLOPE] * w)
        rest += q
        h, rest = fast_two_sum(h, rest)
        return h, rest, abs(q) * 2.0**-48 + abs(rest) * 2.0**-52, 1.0
    for _ in range(int(end[FIRST]) - 1):
        q *= w
    q /= end[SLOPE]
    q = math.copysign(max(abs(q), _FAINT), q)
    small = abs(v) < _TINY
    h = (v * _SCALE if small else v) * end[SLOPE]
    rest = h * q
    error = abs(rest) * 2.0**-48
    h, rest = fast_two_sum(h, rest)
    return h, rest, error, _SCALE if small else 1.0


@step
def _series(v: Any, end: Any) -> Any:
    h, rest = fast_two_sum(end[LEADING], end[LEADING + 1] + _rest(v, end))
    small = False
    if end[FIRST] == 1.0:
        small = abs(v) < _TINY
        u = v * _SCALE if small else v
        p = u * h
        h, rest = fast_two_sum(p, fma(u, h, -p) + u * rest)
    return h, rest, abs(h) * cells.BOUND, _SCALE if small else 1.0


@step
def _beside(v: Any, end: Any) -> Any:
    p = v * end[SLOPE]
    h, rest = two_sum(p, end[CONSTANT])
    if not abs(h) < _LARGE:
        return math.nan, 0.0, 0.0, 1.0
    if rest != 0.0:  # what is left out is less than 2^-110 of h
        return h, rest, abs(h) * _LEFT_OUT, 1.0
    rest = end[ABOVE] * abs(h) * _CLAMPED
    return h, rest, abs(rest) * 0.5, 1.0


@step
def _end(v: Any, end: Any) -> Any:
    """The result at one of the ends as hi, lo, error and scale; hi is NaN where it is not known."""
    if end[MODE] == LINEAR:
        return _linear(v, end)
    if end[MODE] == TIED:
        return _tied(v, end)
    if end[MODE] == SERIES:
        return _series(v, end)
    if end[MODE] == BESIDE:
        return _beside(v, end)
    if end[SLOPE] > 0.0:
        return end[ABOVE] * math.inf, 0.0, 0.0, 1.0
    h = end[ABOVE] * _NEGLIGIBLE
    return h, h * 2.0**-60, _NEGLIGIBLE * 2.0**-61, _SCALE


@kernel
def evaluate(
    x: Any, ends: Any, binades: Any, index: Any, rows: Any, hi: Any, lo: Any, error: Any, scale: Any, left: Any, places: Any
) -> Any:
    """Write the exact results for x, float64[8 n], as (hi + lo) / scale with the error; how many others must do, and which.

    ``left`` takes the latter, ``places``, int64[8], is scratch memory: what is allocated here would be freed once borrowed.
    """
    x, ends, binades, index, rows = borrowed((x, ends, binades, index, rows))
    hi, lo, error, scale, left, places = borrowed((hi, lo, error, scale, left, places))
    count = 0
    for start in range(0, x.size, LANES):
        somewhere = np.int64(0)
        for lane in range(LANES):
            bits = to_bits(x[start + lane])
            binade = np.uint64(bits >> 52) & np.uint64(0xFFF)
            part = (bits & _FRACTION) >> binades[binade, 1]
            places[lane] = index[np.uint64(binades[binade, 0] + part)]
            somewhere |= places[lane]
            scale[start + lane] = 1.0
        undecided = polynomials(x, places, rows, hi, lo, error, start) if somewhere else np.int64(_ALL)
        lane = start
        while undecided:
            if undecided & 1:
                v = x[lane]
                size, side = abs(v), 1 if v > 0.0 else 0
                close, far = size < ends[side, 0, LIMIT], size >= ends[side, 1, LIMIT]
                h = rest = doubt = 0.0
                factor, found = 1.0, size > 0.0 and size < math.inf and (close or far)
                if found and far and ends[side, 1, MODE] == OUTSIDE:
                    h = math.nan
                elif found:
                    h, rest, doubt, factor = _end(v, ends[side, 0 if close else 1])
                hi[lane], lo[lane], error[lane], scale[lane] = h, rest, doubt, factor
                if not (found and (h == h or ends[side, 1, MODE] == OUTSIDE) and (abs(rest) > doubt or doubt == 0.0)):
                    left[count] = lane
                    count += 1
            undecided >>= 1
            lane += 1
    return count
