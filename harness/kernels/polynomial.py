"""The fast reference for formats of up to 32 bits: evaluates the pieces of :mod:`harness.approximation`.

In an exhaustive sweep a chunk of inputs nearly always lies in one piece, and one polynomial is evaluated for all of it,
which vectorises; elsewhere each input looks its piece up. Both ways give the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..approximation import ASK, EXACT, PLAIN, Pieces
from ..tally import CHUNK
from .machine import fma, from_bits, kernel, routine, step, to_bits

_CELL = 52 - 6  # a cell of the look-up table has the sign, the exponent and 6 bits of the significand in common
_SIGNIFICAND = 2**52 - 1
_CLOSE = 2**11  # in units of 2^-52, more than the error bound
_FIRST_CELL = (1023 - 149) << 6
_CELLS = (128 + 149) << 6


@step
def _polynomial(t: Any, c: Any) -> Any:
    """Horner's rule, even and odd powers apart: the same number of operations, half the latency."""
    t2 = t * t
    even = fma(fma(fma(fma(c[8], t2, c[6]), t2, c[4]), t2, c[2]), t2, c[0])
    odd = fma(fma(fma(c[7], t2, c[5]), t2, c[3]), t2, c[1])
    return fma(odd, t, even)


@step
def _approximate(y: Any) -> Any:
    """Mark y as approximate."""
    return from_bits(to_bits(y) & -4 | 2)


@step
def _counts(y: Any, floor: Any) -> Any:
    """Whether y is no smaller than the floor, and not so close to a power of two that its ulp is open."""
    return (abs(y) >= floor) & (((to_bits(y) + _CLOSE) & _SIGNIFICAND) >= 2 * _CLOSE)


@step
def _one_sided(lead: Any, rest: Any, above: Any) -> Any:
    """Mark lead + rest as lying on its side of the lead; where rounding takes it onto the lead, move it off."""
    y = lead + rest
    bits = to_bits(y)
    outward = above if lead > 0 else -above
    return from_bits((bits + outward if y == lead else bits) | 1)


@step
def _piece(v: Any, cells: Any, high: Any) -> Any:
    """The piece of a finite v, not zero."""
    bits = to_bits(abs(v))
    piece = np.int64(cells[(bits >> _CELL) - _FIRST_CELL + (_CELLS if v > 0 else 0)])
    while abs(v) >= high[piece]:
        piece += 1
    return piece


@routine
def evaluate_chunk(xs: Any, ys: Any, tables: Any) -> None:
    """Write the reference ys, float64[n], of at least one input xs, float32[n]."""
    cells, least, most, high, kind, numbers, coefficients = tables
    v = np.float64(xs[0])
    outside = True
    piece = 0
    if v != 0.0 and abs(v) < math.inf:
        outside = False
        piece = _piece(v, cells, high)
        bottom, top = least[piece], most[piece]
        for i in range(xs.size):
            outside |= not ((xs[i] >= bottom) & (xs[i] <= top))
    if not outside:
        scale, shift, slope, constant, floor = numbers[piece]
        row = coefficients[piece]
        c = (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])  # in registers
        if kind[piece] == ASK:
            ys[:] = math.nan
        elif kind[piece] == PLAIN:
            for i in range(xs.size):
                ys[i] = _approximate(_polynomial(fma(np.float64(xs[i]), scale, shift), c))
            for i in range(xs.size if floor > 0 else 0):
                ys[i] = ys[i] if _counts(ys[i], floor) else math.nan
        elif kind[piece] == EXACT:
            for i in range(xs.size):
                ys[i] = fma(np.float64(xs[i]), slope, constant)
        else:
            above = kind[piece]
            for i in range(xs.size):
                v = np.float64(xs[i])
                ys[i] = _one_sided(fma(v, slope, constant), _polynomial(fma(v, scale, shift), c), above)
        return
    for i in range(xs.size):
        v = np.float64(xs[i])
        ys[i] = math.nan
        if v != 0.0 and abs(v) < math.inf:
            piece = _piece(v, cells, high)
            scale, shift, slope, constant, floor = numbers[piece]
            rest = _polynomial(fma(v, scale, shift), coefficients[piece])
            if kind[piece] == PLAIN:
                y = _approximate(rest)
                ys[i] = y if floor == 0.0 or _counts(y, floor) else math.nan
            elif kind[piece] == EXACT:
                ys[i] = fma(v, slope, constant)
            elif kind[piece] != ASK:
                ys[i] = _one_sided(fma(v, slope, constant), rest, kind[piece])


@kernel
def _evaluate(x: Any, y: Any, tables: Any) -> None:
    for start in range(0, x.size, CHUNK):
        evaluate_chunk(x[start : start + CHUNK], y[start : start + CHUNK], tables)


Tables = tuple[Any, ...]
_SHARED = 4  # arrays of the partition, which come first


def arrays(pieces: Pieces) -> Tables:
    """The partition, and for each order its kinds, numbers and coefficients, as arrays."""
    low, high = np.array(pieces.low), np.array(pieces.high)
    negative = np.arange(low.size) < pieces.negative
    below = np.nextafter(np.where(high < 2.0**128, high, np.inf).astype(np.float32), np.float32(0))
    least = np.where(negative, -below, low).astype(np.float32)
    most = np.where(negative, -low, below).astype(np.float32)
    starts = (np.arange(_FIRST_CELL, _FIRST_CELL + _CELLS, dtype=np.int64) << _CELL).view(np.float64)
    minus, plus = low[: pieces.negative], low[pieces.negative :]
    cells = [np.searchsorted(minus, starts, side="right") - 1, np.searchsorted(plus, starts, side="right") - 1 + minus.size]
    made = [np.concatenate(cells).astype(np.int32), least, most, high]
    for order in zip(*pieces.orders, strict=True):
        made.append(np.array([piece.kind for piece in order]))
        made.append(np.array([(p.scale, -p.centre * p.scale, *p.lead, p.floor) for p in order]))
        made.append(np.array([piece.coefficients for piece in order]))
    return tuple(made)


def tables(made: Tables, order: int) -> Tables:
    """Those of the arrays that :func:`evaluate_chunk` takes for an order."""
    return made[:_SHARED] + made[_SHARED + 3 * order : _SHARED + 3 * order + 3]


def evaluate(tables: Tables) -> Callable[[Any, Any], None]:
    """The reference kernel of some tables: ``function(x, y)``, float32[n] to float64[n]."""
    return lambda x, y: _evaluate(x, y, tables)
