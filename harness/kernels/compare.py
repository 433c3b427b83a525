"""The fused comparison: error in ulps, class and tally of results against the reference, in one pass.

Formats of up to 32 bits. A chunk of :data:`CHUNK` results first goes through a loop without branches, which vectorises
because all it accumulates is integer. It settles chunks in which every result is finite, less than 2^(p-1) ulp wrong,
clear of every boundary, of the right sign, no zero in the place of something larger, and no new worst case; and chunks
that have vanished as a whole. Any other chunk is gone through again one result at a time; what the error bound cannot
decide there is left pending for the exact reference. Which path a result takes cannot be seen in the tally.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tally import BUCKETS, LOWEST, OCTAVE, SUM_BITS, SUM_CAP
from .machine import EXPONENT_MASK, MAGNITUDE_MASK, from_bits, kernel, step, to_bits

CHUNK = 1024
"""Results per chunk. Blocks start at multiples of it, so that the digest does not depend on the blocks."""

# Slots of the counts.
CORRECT, FAITHFUL, INACCURATE, VANISHED, FLUSHED, OVERFLOWED, NAN, SPECIAL, WRONG_SIGN, ZERO_SIGN, MEASURED = range(11)
COUNTS = 11

# Slots of the records, int64: bits of the largest error, index of its input, bits of the result; then over normal ones.
MAX_ERROR, MAX_INDEX, MAX_RESULT, MAX_NORMAL, MAX_NORMAL_INDEX, MAX_NORMAL_RESULT = range(6)
RECORDS = 6

_SUM_SHIFTER = 1.5 * 2.0 ** (52 - SUM_BITS)
_SHIFTER_BITS = int(np.float64(_SUM_SHIFTER).view(np.int64))
_HALF = int(np.float64(0.5).view(np.int64))
_ONE = int(np.float64(1.0).view(np.int64))
_NEGLIGIBLE = 2.0**-200
_HISTOGRAM_SHIFT = 52 - 5  # 2^5 buckets per octave
_HISTOGRAM_BASE = (1023 + LOWEST) * OCTAVE - 1
_TRIVIAL = int(np.float64(2.0**LOWEST).view(np.int64))


@step
def bucket(error_bits: Any) -> Any:
    """The histogram bucket of an error, given by the bits of a non-negative float64."""
    return min(max((error_bits >> _HISTOGRAM_SHIFT) - _HISTOGRAM_BASE, 0), BUCKETS - 1)


@step
def add(total: Any, low: Any, high: Any) -> None:
    """Add a 128-bit number to the sum."""
    sum_low = total[0] + low
    total[1] += high + np.uint64(1 if sum_low < low else 0)
    total[0] = sum_low


@step
def account(error: Any, normal: Any, index: Any, result: Any, counts: Any, total: Any, records: Any, histogram: Any) -> None:
    """Enter one error into sum, histogram and records; of equal errors the one with the smaller index is kept."""
    capped = min(error, SUM_CAP)
    if capped < 2.0**32:
        low, high = np.uint64(np.rint(capped * 2.0**SUM_BITS)), np.uint64(0)
    else:
        whole = np.uint64(np.rint(capped))
        low, high = whole << np.uint64(SUM_BITS), whole >> np.uint64(64 - SUM_BITS)
    add(total, low, high)
    counts[MEASURED] += 1
    bits = to_bits(error)
    histogram[bucket(bits)] += 1
    if bits > records[MAX_ERROR] or (bits == records[MAX_ERROR] and index < records[MAX_INDEX]):
        records[MAX_ERROR] = bits
        records[MAX_INDEX] = index
        records[MAX_RESULT] = np.int64(result)
    if normal and (bits > records[MAX_NORMAL] or (bits == records[MAX_NORMAL] and index < records[MAX_NORMAL_INDEX])):
        records[MAX_NORMAL] = bits
        records[MAX_NORMAL_INDEX] = index
        records[MAX_NORMAL_RESULT] = np.int64(result)


@step
def chunk_weight(chunk: Any) -> Any:
    """An odd pseudo-random weight for a chunk: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    z = np.uint64(chunk + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) | np.uint64(1)


@step
def note_vanished(x: Any, vanished: Any) -> None:
    """Keep the vanished inputs nearest to zero on the positive and on the negative side."""
    if x > 0:
        vanished[0] = min(vanished[0], x)
    else:
        vanished[1] = max(vanished[1], x)


@step
def _side(error: Any, bar: Any, tolerance: Any) -> Any:
    """-1 or 1: the error is certainly below, or not below, the bar; 0: the tolerance cannot tell."""
    if abs(error - bar) < tolerance:
        return 0
    return -1 if error < bar else 1


@step
def _classify(output: Any, y: Any, error: Any, tolerance: Any, bound: Any, normal_from: Any, top: Any) -> Any:
    """The class of a finite input's result that is not NaN, or -1 if the exact reference must be asked.

    ``error`` is in ulps and ``tolerance`` its uncertainty; results round to a normal number from the magnitude
    ``normal_from`` on, and to infinity from ``top`` on.
    """
    size = abs(y)
    if bound > 0 and abs(size - top) <= bound * top:
        return -1
    if abs(output) == math.inf:
        if size < top:
            return OVERFLOWED
        return CORRECT if (output > 0) == (y > 0) else INACCURATE
    if size < top:
        side = _side(error, 0.5, tolerance)
        if side <= 0:
            return CORRECT if side < 0 else -1
        if output == 0.0:
            normal = size >= normal_from
            if bound > 0 and normal != (size * (1 + 2 * bound) >= normal_from):
                return -1
            return VANISHED if normal else FLUSHED
    side = _side(error, 1.0, tolerance)
    return -1 if side == 0 else (FAITHFUL if side < 0 else INACCURATE)


@step
def _all_normal(ys: Any, least: Any, top: Any) -> Any:
    """Whether all exact results round to normal numbers for certain (a NaN does not)."""
    inside = 0
    for i in range(ys.size):
        inside += (abs(ys[i]) >= least) & (abs(ys[i]) < top)
    return inside == ys.size


@kernel
def compare(
    x: Any,
    output: Any,
    output_bits: Any,
    y: Any,
    start: Any,
    precision: Any,
    emin: Any,
    top: Any,
    bound: Any,
    weights: Any,
    counts: Any,
    total: Any,
    records: Any,
    vanished: Any,
    histogram: Any,
    pending: Any,
) -> Any:
    """Tally results of a format of up to 32 bits against a reference.

    Args:
        x: inputs, float32[n].
        output: results, float32[n], exact.
        output_bits: their encodings, uint32[n], for the digest.
        y: the reference, float64[n], by the contract of :mod:`harness.kernels`.
        start: index of the first input, a multiple of CHUNK.
        precision, emin: of the format.
        top: magnitude from which a result rounds to infinity.
        bound: of the reference kernel.
        weights: odd uint32[CHUNK], for the digest.
        counts: int64[COUNTS], added to. total: uint64[2], the sum of errors, added to. records: int64[RECORDS], updated.
        vanished: float64[2], the vanished inputs nearest to zero on the positive and negative side, updated.
        histogram: int64[BUCKETS], added to.
        pending: int64[n], receives the positions (from 0) that only the exact reference can class; these are counted
            nowhere but in the digest.

    Returns:
        The number of pending positions, and the digest, an int to be added modulo 2^64.
    """
    lowest = np.int64(emin + 1023) << 52
    inverse = np.int64(2045 + precision) << 52  # minus the bits of 2^e: the bits of 2^(p-1-e) = 1/ulp (modulo 2^64)
    large = to_bits(math.ldexp(1.0, precision - 1))
    tolerance = bound * math.ldexp(1.0, precision) * 1.01
    window = np.uint64(tolerance * 2.0**54)
    both_sides = np.uint64(2) * window
    normal_from = math.ldexp(1.0 - math.ldexp(0.5, 1 - precision), emin)  # rounds up to 2^emin
    buckets = np.empty(CHUNK, np.uint16)
    waiting = 0
    digest = np.uint64(0)
    for low in range(0, x.size, CHUNK):
        xs, os, bs, ys = x[low : low + CHUNK], output[low : low + CHUNK], output_bits[low : low + CHUNK], y[low : low + CHUNK]
        correct = 0
        under_one = 0
        doubtful: Any = 0
        wrong_zeros = 0
        largest = np.int64(0)
        total_bits = np.int64(0)
        signs = np.int64(0)
        weighted = np.uint64(0)
        for i in range(os.size):
            exact = ys[i]
            exact_bits = to_bits(exact)
            result = np.float64(os[i])
            binade = max(exact_bits & EXPONENT_MASK, lowest)
            scale = from_bits(inverse - binade)
            error_bits = to_bits((result - exact) * scale) & MAGNITUDE_MASK
            error = from_bits(error_bits)
            correct += error < 0.5
            under_one += error < 1.0
            doubtful |= np.uint64(error_bits - np.int64(_HALF) + np.int64(window)) < both_sides
            doubtful |= np.uint64(error_bits - np.int64(_ONE) + np.int64(window)) < both_sides
            wrong_zeros += (result == 0.0) & (error >= 0.5)
            largest = max(largest, error_bits)
            total_bits += to_bits(error + _SUM_SHIFTER)
            signs |= to_bits(result) ^ exact_bits
            weighted += np.uint64(bs[i]) * np.uint64(weights[i])
        digest += weighted * chunk_weight((start + low) // CHUNK)
        known = largest < records[MAX_NORMAL] or (largest == records[MAX_NORMAL] and records[MAX_NORMAL_INDEX] < start + low)
        known &= largest < records[MAX_ERROR] or (largest == records[MAX_ERROR] and records[MAX_INDEX] < start + low)
        ordinary = doubtful == 0 and wrong_zeros == 0 and signs >= 0 and largest < large
        if known and (ordinary or (wrong_zeros == os.size and _all_normal(ys, normal_from * (1 + 2 * bound), top))):
            counts[MEASURED] += os.size
            add(total, np.uint64(total_bits - os.size * np.int64(_SHIFTER_BITS)), np.uint64(0))
            if ordinary:
                counts[CORRECT] += correct
                counts[FAITHFUL] += under_one - correct
                counts[INACCURATE] += os.size - under_one
            else:
                counts[VANISHED] += os.size
                for i in range(os.size):
                    note_vanished(np.float64(xs[i]), vanished)
            if largest < _TRIVIAL:
                histogram[0] += os.size
            else:
                for i in range(os.size):  # on its own this vectorises; counting does not
                    binade = max(to_bits(ys[i]) & EXPONENT_MASK, lowest)
                    error_bits = to_bits((np.float64(os[i]) - ys[i]) * from_bits(inverse - binade)) & MAGNITUDE_MASK
                    buckets[i] = np.uint16(bucket(error_bits))
                for i in range(os.size):
                    histogram[buckets[i]] += 1
            continue
        for i in range(os.size):
            exact, result, v = ys[i], np.float64(os[i]), np.float64(xs[i])
            if v != v:
                counts[CORRECT if result != result else SPECIAL] += 1
                continue
            if result != result:
                counts[NAN] += 1
                continue
            if exact != exact:
                pending[waiting] = low + i
                waiting += 1
                continue
            exact_bits = to_bits(exact)
            binade = max(exact_bits & EXPONENT_MASK, lowest)
            scale = from_bits(inverse - binade)
            error = abs((result - exact) * scale)
            slack = 0.0 if exact_bits & 1 else tolerance
            if result != 0.0 and 0.0 < abs(exact) < _NEGLIGIBLE:
                # The error is |result| / ulp less, or for the other sign more, something too small to be seen.
                error *= 1 - 2.0**-53 if (result > 0) == (exact > 0) else 1 + 2.0**-52
                slack = 0.0
            cls = _classify(result, exact, error, slack, bound, normal_from, top)
            if cls < 0:
                pending[waiting] = low + i
                waiting += 1
                continue
            counts[cls] += 1
            opposite = (to_bits(result) ^ exact_bits) < 0
            if opposite and result != 0.0 and exact != 0.0:
                counts[WRONG_SIGN] += 1
            if opposite and result == 0.0 and cls == CORRECT:
                counts[ZERO_SIGN] += 1
            if cls == VANISHED:
                note_vanished(v, vanished)
            if cls != FLUSHED and abs(result) != math.inf:
                normal = abs(exact) >= normal_from and abs(exact) < top
                account(error, normal, start + low + i, bs[i], counts, total, records, histogram)
    return waiting, digest
