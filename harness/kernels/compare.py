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

# Slots of the records: bits of the largest error, index of its input, bits of the result; then over normal ones.
MAX_ERROR, MAX_INDEX, MAX_RESULT, MAX_NORMAL, MAX_NORMAL_INDEX, MAX_NORMAL_RESULT = range(6)
RECORDS = 6
ACCOUNT = COUNTS + RECORDS + 2 + 2 * BUCKETS
"""Slots of an account, int64: counts, records, the sum of the errors (128 bits, the low half first), and two histograms.

The first histogram is of errors whose class is that of their bucket, which are counted nowhere else; 1/2 and 1 are bounds
of buckets. The second is of the others.
"""

_SUM_SHIFTER = 1.5 * 2.0 ** (52 - SUM_BITS)
_SHIFTER_BITS = int(np.float64(_SUM_SHIFTER).view(np.int64))
_ENDLESS = int(np.float64(2.0**64).view(np.int64))
_SIGNIFICAND_MASK = (1 << 52) - 1
_LOW_HALF = np.uint64(0xFFFFFFFF)
_NEGLIGIBLE = 2.0**-200
_HISTOGRAM_SHIFT = np.uint64(52 - 5)  # 2^5 buckets per octave
_HISTOGRAM_BASE = np.uint64((1023 + LOWEST) * OCTAVE - 1)
_TRIVIAL = int(np.float64(2.0**LOWEST).view(np.int64))


@step
def parts(account: Any) -> Any:
    """Counts, records, sum (uint64[2]) and the two histograms of an account, as views."""
    records, total, first, second = COUNTS, COUNTS + RECORDS, COUNTS + RECORDS + 2, COUNTS + RECORDS + 2 + BUCKETS
    return account[:records], account[records:total], account[total:first].view(np.uint64), account[first:second], account[second:]


@step
def bucket(error_bits: Any) -> Any:
    """The histogram bucket of an error, given by the bits of a non-negative float64."""
    return (np.uint64(min(max(error_bits, _TRIVIAL - 1), _ENDLESS)) >> _HISTOGRAM_SHIFT) - _HISTOGRAM_BASE


@step
def add(total: Any, low: Any, high: Any) -> None:
    """Add a 128-bit number to the sum."""
    sum_low = total[0] + low
    total[1] += high + np.uint64(1 if sum_low < low else 0)
    total[0] = sum_low


@step
def enter(error: Any, normal: Any, index: Any, result: Any, counts: Any, total: Any, records: Any, histogram: Any) -> None:
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
def _classify(output: Any, y: Any, error: Any, tolerance: Any, even: Any, bound: Any, normal_from: Any, top: Any) -> Any:
    """The class of a finite input's result that is not NaN, or -1 if the exact reference must be asked.

    ``error`` is in ulps and ``tolerance`` its uncertainty; ``even`` says that the result's encoding is; results round
    to a normal number from the magnitude ``normal_from`` on, and to infinity from ``top`` on.
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
        if error == 0.5 and tolerance == 0.0 and even and output != 0.0:
            return CORRECT  # a tie, which goes to the even encoding
        if output == 0.0:
            normal = size >= normal_from
            if bound > 0 and normal != (size * (1 + 2 * bound) >= normal_from):
                return -1
            return VANISHED if normal else FLUSHED
    side = _side(error, 1.0, tolerance)
    return -1 if side == 0 else (FAITHFUL if side < 0 else INACCURATE)


@step
def _survey_normal(os: Any, bs: Any, ys: Any, weights: Any, law: Any, window: Any, buckets: Any) -> Any:
    """Measure a chunk as if all its exact results were normal, all signs right and nothing too wrong, and see if so.

    Errors too close to any power of two are doubtful: this takes fewer instructions than a look at 1/2 and at 1. What is
    not doubtful is classed by its bucket. Returns whether all is settled, the largest error (bits), the sum of the
    errors, and the hash of the results.
    """
    inverse, lowest, large = law
    smallest: Any = np.int64(EXPONENT_MASK)
    largest, total = np.int64(0), np.int64(0)
    weighted = np.uint64(0)
    doubtful = False
    for i in range(os.size):
        exact = ys[i]
        binade = to_bits(exact) & EXPONENT_MASK
        error_bits = to_bits((np.float64(os[i]) - exact) * from_bits(inverse - binade)) & MAGNITUDE_MASK
        doubtful |= np.uint64((error_bits + window) & _SIGNIFICAND_MASK) <= np.uint64(2 * window)
        smallest = min(smallest, binade)
        largest = max(largest, error_bits)
        total += to_bits(from_bits(error_bits) + _SUM_SHIFTER)
        weighted += np.uint64(bs[i]) * (weights[i] & _LOW_HALF)
        buckets[i] = np.uint64(max(error_bits, _TRIVIAL - 1)) >> _HISTOGRAM_SHIFT
    settled = smallest >= lowest and largest < large and not doubtful
    return settled, largest, total - os.size * _SHIFTER_BITS, weighted


@step
def _survey(os: Any, ys: Any, law: Any, window: Any, normal_from: Any, buckets: Any) -> Any:
    """The same for results of any size.

    Returns whether all is settled, whether all are zeros in the place of something larger, the largest error, the number
    of normal results and the largest error among them, and the sum of the errors.
    """
    inverse, lowest, large = law
    doubtful, wrong_zeros, normal = 0, 0, 0
    largest, largest_normal = np.int64(0), np.int64(0)
    total, signs = np.int64(0), np.int64(0)
    for i in range(os.size):
        exact = ys[i]
        exact_bits = to_bits(exact)
        result = np.float64(os[i])
        binade = max(exact_bits & EXPONENT_MASK, lowest)
        error_bits = to_bits((result - exact) * from_bits(inverse - binade)) & MAGNITUDE_MASK
        error = from_bits(error_bits)
        doubtful += (abs(error - 0.5) <= window) | (abs(error - 1.0) <= window)
        wrong_zeros += (result == 0.0) & (error >= 0.5)
        normal += abs(exact) >= normal_from
        largest = max(largest, error_bits)
        largest_normal = max(largest_normal, error_bits if abs(exact) >= normal_from else np.int64(0))
        total += to_bits(error + _SUM_SHIFTER)
        signs |= to_bits(result) ^ exact_bits
        buckets[i] = np.uint64(min(max(error_bits, _TRIVIAL - 1), _ENDLESS)) >> _HISTOGRAM_SHIFT
    settled = doubtful == 0 and wrong_zeros == 0 and signs >= 0 and largest < large
    return settled, wrong_zeros == os.size, largest, normal, largest_normal, total - os.size * _SHIFTER_BITS


@step
def _all_between(ys: Any, least: Any, top: Any) -> Any:
    """Whether least <= |y| < top for all (a NaN does not lie there)."""
    inside = 0
    for i in range(ys.size):
        inside += (abs(ys[i]) >= least) & (abs(ys[i]) < top)
    return inside == ys.size


@step
def _all_nan(xs: Any, os: Any) -> Any:
    """Whether all inputs and all results are NaN."""
    found = 0
    for i in range(xs.size):
        found += (xs[i] != xs[i]) & (os[i] != os[i])
    return found == xs.size


@step
def _known(largest: Any, record: Any, index: Any, start: Any) -> Any:
    """Whether a chunk from ``start`` on holds no error that would replace a record."""
    return largest < record or (largest == record and index < start)


@kernel
def compare(
    x: Any, output: Any, output_bits: Any, y: Any, start: Any, law: Any, weights: Any, account: Any, vanished: Any, pending: Any
) -> Any:
    """Tally results of a format of up to 32 bits against a reference.

    Args:
        x: inputs, float32[n].
        output: results, float32[n], exact.
        output_bits: their encodings, uint32[n], for the digest.
        y: the reference, float64[n], by the contract of :mod:`harness.kernels`.
        start: index of the first input, a multiple of CHUNK.
        law: float64[4]: precision and emin of the format, the magnitude from which a result rounds to infinity, and the
            bound of the reference kernel.
        weights: odd uint64[CHUNK] below 2^32, for the digest.
        account: int64[ACCOUNT], updated.
        vanished: float64[2], the vanished inputs nearest to zero on the positive and negative side, updated.
        pending: int64[n], receives the positions (from 0) that only the exact reference can class; these are counted
            nowhere but in the digest.

    Returns:
        The number of pending positions, and the digest, an int to be added modulo 2^64.
    """
    counts, records, total, by_error, by_judgement = parts(account)
    precision, emin, top, bound = np.int64(law[0]), np.int64(law[1]), law[2], law[3]
    lowest = np.int64(emin + 1023) << 52
    inverse = np.int64(2045 + precision) << 52  # minus the bits of 2^e: the bits of 2^(p-1-e) = 1/ulp (modulo 2^64)
    chunk_law = (inverse, lowest, to_bits(math.ldexp(1.0, precision - 1)))
    tolerance = bound * math.ldexp(1.0, precision) * 1.01
    window = np.int64(tolerance * 2.0**54)  # at 1/2, in units of the last bit
    normal_from = math.ldexp(1.0 - math.ldexp(0.5, 1 - precision), emin)  # rounds up to 2^emin
    certain = normal_from * (1 + 2 * bound)
    buckets = np.empty(CHUNK, np.uint64)
    waiting = 0
    digest = np.uint64(0)
    for low in range(0, x.size, CHUNK):
        xs, os, bs, ys = x[low : low + CHUNK], output[low : low + CHUNK], output_bits[low : low + CHUNK], y[low : low + CHUNK]
        settled, largest, error_sum, weighted = _survey_normal(os, bs, ys, weights, chunk_law, window, buckets)
        digest += weighted * chunk_weight((start + low) // CHUNK)
        dead, normal, largest_normal = False, os.size, largest
        if not settled:
            found = _survey(os, ys, chunk_law, tolerance, normal_from, buckets)
            settled, dead, largest, normal, largest_normal, error_sum = found
            dead = dead and _all_between(ys, certain, top)
        known = _known(largest, records[MAX_ERROR], records[MAX_INDEX], start + low)
        known &= normal == 0 or _known(largest_normal, records[MAX_NORMAL], records[MAX_NORMAL_INDEX], start + low)
        if known and (settled or dead):
            add(total, np.uint64(error_sum), np.uint64(0))
            histogram = by_judgement if dead else by_error
            if largest < _TRIVIAL:
                histogram[0] += os.size
            else:
                for i in range(os.size):
                    histogram[buckets[i] - _HISTOGRAM_BASE] += 1
            if dead:
                counts[VANISHED] += os.size
                counts[MEASURED] += os.size
                for i in range(os.size):
                    note_vanished(np.float64(xs[i]), vanished)
            continue
        if _all_nan(xs, os):
            counts[CORRECT] += os.size
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
            approximate = exact_bits & 3 == 2
            slack = tolerance if approximate else 0.0
            if result != 0.0 and 0.0 < abs(exact) < _NEGLIGIBLE:
                # The error is |result| / ulp less, or for the other sign more, something too small to be seen.
                error *= 1 - 2.0**-53 if (result > 0) == (exact > 0) else 1 + 2.0**-52
                slack = 0.0
            cls = _classify(result, exact, error, slack, bs[i] & 1 == 0, bound if approximate else 0.0, normal_from, top)
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
                enter(error, normal, start + low + i, bs[i], counts, total, records, by_judgement)
    return waiting, digest
