"""The comparison for float64: results against a double-double reference, one at a time.

With D = result - hi exact where it matters (Sterbenz) and lo known in sign, a boundary at c ulps is on the near or far
side of the exact result by the sign of (D -+ c ulp) - lo, which a double-double decides except within 2^-45 ulp.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tally import CHUNK
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
from .logistic_wide import two_sum
from .machine import EXPONENT_MASK, from_bits, kernel, step, to_bits

_PRECISION = 53
_LEAST = 2.0**-1074
_NORMAL = 2.0**-1022
_LARGEST = math.ldexp(2 - 2.0**-52, 1023)  # errors beyond it are given as it
_TOLERANCE = 2.0**-45  # ulps; the reference contributes less than 2^-46, the arithmetic of the comparison the rest


@step
def _side(distance: Any, lo: Any, ulps: Any, unit: Any, trusted: Any) -> Any:
    """-1 or 1: |distance - lo| is certainly below, or not below, ulps * unit (distance >= 0); 0: cannot tell."""
    gap = distance - ulps * unit
    if gap == 0.0:  # the boundary is where hi says: the sign of lo decides, however small
        return (0 if not trusted else 1) if lo == 0.0 else (-1 if lo > 0 else 1)
    gap -= lo
    if abs(gap) < _TOLERANCE * unit:
        return 0
    return -1 if gap < 0 else 1


@kernel
def compare_wide(
    x: Any,
    output: Any,
    output_bits: Any,
    hi: Any,
    lo: Any,
    scale: Any,
    start: Any,
    exact_kernel: Any,
    quantiled: Any,
    weights: Any,
    account: Any,
    pending: Any,
) -> Any:
    """Tally float64 results against the double-double reference (hi + lo) / scale.

    Arguments and result are as for :func:`harness.kernels.compare.compare`; ``exact_kernel`` says that the reference is
    exact, so that lo = 0 means that there is nothing beyond hi.
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
            v, result, exact, rest, factor = x[i], output[i], hi[i], lo[i], scale[i]
            if is_nan(v, result, counts):
                continue
            # Beyond 2^1023 overflow would need care that no result here does: the exact reference has it.
            if exact != exact or abs(exact) > 2.0**1023 or (abs(exact) < 2.0**-960 and factor == 1.0 and exact != 0.0):
                pending[waiting] = start + i
                waiting += 1
                continue
            if abs(result) == math.inf:
                counts[OVERFLOWED] += 1
                if (result > 0) != (exact > 0) and exact != 0.0:
                    counts[WRONG_SIGN] += 1
                continue
            if exact == 0.0:  # only an exact kernel says so
                counts[CORRECT if result == 0.0 else INACCURATE] += 1
                if result == 0.0 and (to_bits(result) ^ to_bits(exact)) < 0:
                    counts[ZERO_SIGN] += 1
                error = min(abs(result) / _LEAST, _LARGEST)
                histogram[enter(error, False, start + i, output_bits[i], counts, total, records)] += i - low < quantiled
                continue
            if abs(result) * 2.0**-200 > abs(exact) and factor != 1.0:
                pending[waiting] = start + i  # scaling up such a result would overflow
                waiting += 1
                continue
            least, normal_from = _LEAST * factor, _NORMAL * factor
            size = abs(exact)
            # 2^e <= |hi + lo| < 2^(e+1): a power of two less something belongs to the binade below.
            binade = to_bits(size) & EXPONENT_MASK
            if size == from_bits(binade) and rest != 0.0 and (rest > 0) != (exact > 0):
                binade -= np.int64(1) << 52
            unit = max(from_bits(binade) * 2.0 ** (1 - _PRECISION), least)
            distance, lost = two_sum(result * factor, -exact)
            rest -= lost
            if distance < 0:
                distance, rest = -distance, -rest
            error = min(abs(distance - rest) / unit, _LARGEST)
            half = _side(distance, rest, 0.5, unit, exact_kernel)
            one = _side(distance, rest, 1.0, unit, exact_kernel)
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
