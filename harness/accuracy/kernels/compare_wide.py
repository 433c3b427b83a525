"""The comparison for float64: results against a double-double reference, one at a time.

With D = result - hi exact where it matters (Sterbenz) and lo known in sign, a boundary at c ulps is on the near or far
side of the exact result by the sign of (D -+ c ulp) - lo, which a double-double decides except within the reference's error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...reference.kernels import CHUNK
from ...reference.kernels.machine import EXPONENT_MASK, from_bits, kernel, step, to_bits
from ...reference.kernels.numbers import two_sum
from .account import (
    CORRECT,
    FAITHFUL,
    FLUSHED,
    INACCURATE,
    OVERFLOWED,
    VANISHED,
    WRONG_SIGN,
    ZERO_SIGN,
    chunk_weight,
    count,
    enter,
    is_nan,
    parts,
)

_PRECISION = 53
_LEAST = 2.0**-1074
_NORMAL = 2.0**-1022
_LARGEST = math.ldexp(2 - 2.0**-52, 1023)  # errors beyond it are given as it
_ROUNDING = 2.0**-50  # ulps: what the arithmetic of the comparison may lose


@step
def _side(distance: Any, lo: Any, error: Any, ulps: Any, unit: Any) -> Any:
    """-1 or 1: |distance - lo| is certainly below, or not below, ulps * unit (distance >= 0); 0: cannot tell."""
    gap = distance - ulps * unit
    if gap == 0.0:  # the boundary is where hi says: the sign of lo decides, however small
        return 0 if not abs(lo) > error else (-1 if lo > 0 else 1)
    gap -= lo
    if not abs(gap) > error + _ROUNDING * unit:
        return 0
    return -1 if gap < 0 else 1


@step
def gauge(result: Any, exact: Any, rest: Any, factor: Any) -> Any:
    """distance, rest and the ulp: ``result`` is off (exact + rest) / factor, not 0, by (distance - rest) / ulp ulps."""
    size = abs(exact)
    # 2^e <= |exact + rest| < 2^(e+1): a power of two less something belongs to the binade below.
    binade = to_bits(size) & EXPONENT_MASK
    if size == from_bits(binade) and rest != 0.0 and (rest > 0) != (exact > 0):
        binade -= np.int64(1) << 52
    unit = max(from_bits(binade) * 2.0 ** (1 - _PRECISION), _LEAST * factor)
    distance, lost = two_sum(result * factor, -exact)
    return distance, rest - lost, unit


@kernel
def errors(output: Any, hi: Any, lo: Any, scale: Any, out: Any) -> None:
    """Write the errors of float64 results in ulps with their signs, right to 2^-40 relatively or 2^-50 ulp.

    0 also stands for results that have none: not finite, or zero where the exact result is subnormal; NaN where only the exact
    reference may answer. The reference is that of :func:`harness.reference.kernels.reference_wide.reference`.
    """
    for i in range(output.size):
        result, exact, rest, factor = output[i], hi[i], lo[i], scale[i]
        if not abs(result) < math.inf:
            out[i] = 0.0
        elif exact == 0.0:
            out[i] = max(min(result / _LEAST, _LARGEST), -_LARGEST)
        elif not abs(exact) < math.inf or (abs(result) * 2.0**-200 > abs(exact) and factor != 1.0):
            out[i] = math.nan  # unknown, infinite, or scaling up the result would overflow
        elif result == 0.0 and abs(exact) < _NORMAL * factor * (1 - 2.0**-54):
            out[i] = 0.0
        else:
            distance, rest, unit = gauge(result, exact, rest, factor)
            out[i] = max(min((distance - rest) / unit, _LARGEST), -_LARGEST)


@kernel
def nearby(x: Any, output: Any, middle: Any, per_half: Any, factor: Any, base: Any, per_ulp: Any, cubic: Any, out: Any) -> None:
    """Write the errors of float64 results in ulps with their signs, 0 for those that are not finite.

    The exact results times ``factor``, less ``base`` and in ulps, are the cubic at ``(x - middle) * per_half``.
    """
    c0, c1, c2, c3 = cubic[0], cubic[1], cubic[2], cubic[3]
    for i in range(x.size):
        t = (x[i] - middle) * per_half
        error = (output[i] * factor - base) * per_ulp - (c0 + t * (c1 + t * (c2 + t * c3)))
        out[i] = max(min(error, _LARGEST), -_LARGEST) if abs(output[i]) < math.inf else 0.0


@kernel
def compare_wide(
    x: Any,
    output: Any,
    output_bits: Any,
    hi: Any,
    lo: Any,
    error_bound: Any,
    scale: Any,
    start: Any,
    quantiled: Any,
    weights: Any,
    account: Any,
    pending: Any,
) -> Any:
    """Tally float64 results against the double-double reference (hi + lo) / scale.

    Arguments and result are as for :func:`harness.accuracy.kernels.compare.compare`; the reference is that of
    :func:`harness.reference.kernels.reference_wide.reference`.
    """
    counts, records, total, vanished, histogram = parts(account)
    waiting = 0
    digest = np.uint64(0)
    for low in range(0, x.size, CHUNK):
        weighted = np.uint64(0)
        for i in range(low, min(low + CHUNK, x.size)):
            weight = weights[i - low]
            weighted += (output_bits[i] ^ (output_bits[i] >> np.uint64(32))) * weight + (output_bits[i] >> np.uint64(32)) * (
                weight >> np.uint64(3)
            )
            v, result, exact, rest, doubt, factor = x[i], output[i], hi[i], lo[i], error_bound[i], scale[i]
            if is_nan(v, result, counts):
                continue
            if abs(exact) == math.inf and result == exact:
                counts[CORRECT] += 1
                continue
            if exact != exact or abs(exact) == math.inf:
                pending[waiting] = start + i
                waiting += 1
                continue
            if abs(result) == math.inf:
                counts[OVERFLOWED] += 1
                if (result > 0) != (exact > 0) and exact != 0.0:
                    counts[WRONG_SIGN] += 1
                continue
            if exact == 0.0:  # exactly
                counts[CORRECT if result == 0.0 else INACCURATE] += 1
                if result == 0.0 and (to_bits(result) ^ to_bits(exact)) < 0:
                    counts[ZERO_SIGN] += 1
                error = min(abs(result) / _LEAST, _LARGEST)
                histogram[enter(error, False, start + i, output_bits[i], counts, total, records)] += i - low < quantiled
                continue
            if factor != 1.0 and abs(result) > 2.0**400:
                pending[waiting] = start + i  # times a factor of 2^600 it would overflow
                waiting += 1
                continue
            normal_from, size = _NORMAL * factor, abs(exact)
            distance, rest, unit = gauge(result, exact, rest, factor)
            if distance < 0:
                distance, rest = -distance, -rest
            error = min(abs(distance - rest) / unit, _LARGEST)
            half = _side(distance, rest, doubt, 0.5, unit)
            one = _side(distance, rest, doubt, 1.0, unit)
            normal = size >= normal_from * (1 - 2.0**-54)
            if half == 0 or one == 0 or abs(size - normal_from) < normal_from * 2.0**-50:
                pending[waiting] = start + i
                waiting += 1
                continue
            if half < 0:
                cls = CORRECT
            elif result == 0.0:
                cls = VANISHED if normal else FLUSHED
            else:
                cls = FAITHFUL if one < 0 else INACCURATE
            count(cls, v, result, exact, counts, vanished)
            if cls != FLUSHED:
                histogram[enter(error, normal, start + i, output_bits[i], counts, total, records)] += i - low < quantiled
        digest += weighted * chunk_weight((start + low) // CHUNK)
    return waiting, digest
