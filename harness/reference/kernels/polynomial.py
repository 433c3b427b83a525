"""The fast reference for formats of up to 32 bits: evaluates the pieces of :mod:`harness.reference.approximation`.

In an exhaustive sweep a chunk of inputs nearly always lies in one piece, and one polynomial is evaluated for all of it,
which vectorises; elsewhere each input looks its piece up. Both ways give the same bits. Most of a format's inputs are so
small or so large that the reference is the same number for a whole piece: that is known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..pieces import ASK, EXACT, PLAIN, Pieces
from . import CHUNK
from .machine import fma, from_bits, kernel, routine, step, to_bits

_CELL = 52 - 6  # a cell of the look-up table has the sign, the exponent and 6 bits of the significand in common
_SIGNIFICAND = 2**52 - 1
_CLOSE = 2**8  # in units of 2^-52, more than the error bound
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
    """Mark lead + rest as lying on its side of the lead; where rounding takes it onto the lead, move it off.

    A lead that was rounded is no number of 25 bits, nor next to one: to those the sum lies as it should either way.
    """
    y = lead + rest
    bits = to_bits(y)
    outward = above if lead > 0 else -above
    return from_bits((bits + outward if y == lead else bits) | 1)


@step
def _quotient(numerator: Any, divisor: Any) -> Any:
    """A lead with a divisor, marked as lying on its side of y where it is no number of a float64.

    Rounded, it is no number of 25 bits, nor next to one.
    """
    y = numerator / divisor
    return y if fma(y, divisor, -numerator) == 0.0 else from_bits(to_bits(y) | 1)


@step
def _piece(v: Any, cells: Any, high: Any) -> Any:
    """The piece of a finite v, not zero."""
    bits = to_bits(abs(v))
    piece = np.int64(cells[(bits >> _CELL) - _FIRST_CELL + (_CELLS if v > 0 else 0)])
    while abs(v) >= high[piece]:
        piece += 1
    return piece


@step
def piece_of(xs: Any, consecutive: Any, tables: Any) -> Any:
    """The piece that all inputs xs, float32[n], lie in, or -1; of consecutive ones only the first and the last are read."""
    cells, first, span, high, _, _, _ = tables
    v, bits = np.float64(xs[0]), xs.view(np.uint32)
    if v == 0.0 or not abs(v) < math.inf:
        return -1
    piece = _piece(v, cells, high)
    least, most, outside = first[piece], span[piece], np.uint32(0)
    for i in range(0 if consecutive else bits.size):
        outside = np.uint32(outside | np.uint32(np.uint32(bits[i] - least) > most))  # 32 bits, that 16 go in a vector
    last = np.uint32(bits[bits.size - 1] - least)
    return piece if outside == 0 and last <= most else -1


@step
def shared_reference(piece: Any, tables: Any) -> Any:
    """The reference that all inputs of a piece have, or NaN."""
    return tables[5][piece, 6] if piece >= 0 else math.nan


@routine
def _evaluate_piece(xs: Any, ys: Any, piece: Any, kind: Any, numbers: Any, coefficients: Any) -> None:
    """Write the reference ys, float64[n], of inputs of one piece."""
    scale, shift, slope, constant, divisor, floor, _ = numbers[piece]
    row = coefficients[piece]
    c = (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])  # in registers
    if kind[piece] == ASK:
        ys[:] = math.nan
    elif kind[piece] == PLAIN:
        for i in range(xs.size):
            ys[i] = _approximate(_polynomial(fma(np.float64(xs[i]), scale, shift), c))
        for i in range(xs.size if floor > 0 else 0):
            ys[i] = ys[i] if _counts(ys[i], floor) else math.nan
    elif kind[piece] == EXACT and divisor == 1:
        for i in range(xs.size):
            ys[i] = fma(np.float64(xs[i]), slope, constant)
    elif kind[piece] == EXACT:
        for i in range(xs.size):
            ys[i] = _quotient(fma(np.float64(xs[i]), slope, constant), divisor)
    elif divisor == 1:
        for i in range(xs.size):
            v = np.float64(xs[i])
            ys[i] = _one_sided(fma(v, slope, constant), _polynomial(fma(v, scale, shift), c), kind[piece])
    else:  # apart, because divisions are slow
        for i in range(xs.size):
            v = np.float64(xs[i])
            ys[i] = _one_sided(fma(v, slope, constant) / divisor, _polynomial(fma(v, scale, shift), c), kind[piece])


@routine
def _evaluate_each(xs: Any, ys: Any, tables: Any) -> None:
    """Write the reference ys, float64[n], of inputs of any pieces."""
    cells, _, _, high, kind, numbers, coefficients = tables
    for i in range(xs.size):
        v = np.float64(xs[i])
        ys[i] = math.nan
        if v != 0.0 and abs(v) < math.inf:
            piece = _piece(v, cells, high)
            scale, shift, slope, constant, divisor, floor, _ = numbers[piece]
            rest = _polynomial(fma(v, scale, shift), coefficients[piece])
            if kind[piece] == PLAIN:
                y = _approximate(rest)
                ys[i] = y if floor == 0.0 or _counts(y, floor) else math.nan
            elif kind[piece] == EXACT:
                ys[i] = _quotient(fma(v, slope, constant), divisor)
            elif kind[piece] != ASK:
                lead = fma(v, slope, constant)
                ys[i] = _one_sided(lead if divisor == 1 else lead / divisor, rest, kind[piece])


@step
def evaluate_chunk(xs: Any, ys: Any, piece: Any, tables: Any) -> None:
    """Write the reference ys, float64[n], of inputs xs, float32[n], of a piece, or of any (-1)."""
    if piece >= 0:
        _evaluate_piece(xs, ys, piece, tables[4], tables[5], tables[6])
    else:
        _evaluate_each(xs, ys, tables)


@kernel
def _evaluate(x: Any, y: Any, tables: Any) -> None:
    for start in range(0, x.size, CHUNK):
        xs, ys = x[start : start + CHUNK], y[start : start + CHUNK]
        evaluate_chunk(xs, ys, piece_of(xs, False, tables), tables)


Tables = tuple[Any, ...]
_SHARED = 4  # arrays of the partition, which come first


def arrays(pieces: Pieces) -> Tables:
    """The partition, and for each order its kinds, numbers and coefficients, as arrays."""
    low, high = np.array(pieces.low), np.array(pieces.high)
    sign = np.where(np.arange(low.size) < pieces.negative, -1.0, 1.0)
    below = np.nextafter(np.where(high < 2.0**128, high, np.inf).astype(np.float32), np.float32(0))
    least, most = sign * low, sign * below
    first, last = least.astype(np.float32).view(np.uint32), most.astype(np.float32).view(np.uint32)
    starts = (np.arange(_FIRST_CELL, _FIRST_CELL + _CELLS, dtype=np.int64) << _CELL).view(np.float64)
    minus, plus = low[: pieces.negative], low[pieces.negative :]
    cells = [np.searchsorted(minus, starts, side="right") - 1, np.searchsorted(plus, starts, side="right") - 1 + minus.size]
    span = np.where(first <= last, last - first, 0).astype(np.uint32)  # there are pieces between two subnormal numbers
    made = [np.concatenate(cells).astype(np.int32), first, span, high]
    for order in zip(*pieces.orders, strict=True):
        kind = np.array([piece.kind for piece in order])
        numbers = np.array([(p.scale, -p.centre * p.scale, *p.lead, p.floor, math.nan) for p in order])
        coefficients = np.array([piece.coefficients for piece in order])
        numbers[:, -1] = _same((*made[:_SHARED], kind, numbers, coefficients), least, most)
        made += [kind, numbers, coefficients]
    return tuple(made)


def _same(tables: Tables, least: Any, most: Any) -> Any:
    """For every piece the reference of all its inputs, or NaN where they do not share one.

    They do where neither the lead nor the polynomial varies, or where the rest is so small that adding it to the lead
    gives the lead, from which it is then moved off.
    """
    *_, kind, numbers, coefficients = tables
    scale, shift, slope, constant, _, floor, _ = numbers.T
    reach = np.maximum(abs(least * scale + shift), abs(most * scale + shift))
    rest = (abs(coefficients) * reach[:, None] ** np.arange(coefficients.shape[1])).sum(axis=1)
    lost = (kind != PLAIN) & (rest < 2.0**-55 * abs(constant))
    flat = ~coefficients[:, 1:].any(axis=1)
    same = (kind != ASK) & (slope == 0) & (floor == 0) & (lost | flat)
    y = np.empty(least.size)
    _evaluate(least.astype(np.float32), y, tables)
    return np.where(same, y, math.nan)


def tables(made: Tables, order: int) -> Tables:
    """Those of the arrays that :func:`evaluate_chunk` takes for an order."""
    return made[:_SHARED] + made[_SHARED + 3 * order : _SHARED + 3 * order + 3]


def evaluate(tables: Tables) -> Callable[[Any, Any], None]:
    """The reference kernel of some tables: ``function(x, y)``, float32[n] to float64[n]."""
    return lambda x, y: _evaluate(x, y, tables)
