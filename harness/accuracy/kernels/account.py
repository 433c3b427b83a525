"""The account that kernels add to: classes, records, sum and histograms of one case, in one array of integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...reference.kernels.machine import step, to_bits
from ..tally import BUCKETS, LOWEST, OCTAVE, SUM_BITS, SUM_CAP

# Slots of the counts.
CORRECT, FAITHFUL, INACCURATE, VANISHED, FLUSHED, OVERFLOWED, NAN, SPECIAL, WRONG_SIGN, ZERO_SIGN, MEASURED = range(11)
COUNTS = 11

# Slots of the records: bits of the largest error, index of its input, bits of the result; then over normal ones.
MAX_ERROR, MAX_INDEX, MAX_RESULT, MAX_NORMAL, MAX_NORMAL_INDEX, MAX_NORMAL_RESULT = range(6)
RECORDS = 6

# An account, int64, is made of the counts; the records; the sum of the errors (128 bits, the low half first); the vanished
# inputs nearest to zero on the positive and on the negative side (bits of float64); and the histogram of the errors.
_EDGES = (COUNTS, COUNTS + RECORDS, COUNTS + RECORDS + 2, COUNTS + RECORDS + 4)
ACCOUNT = _EDGES[-1] + BUCKETS
"""Slots of an account."""


def empty() -> NDArray[np.int64]:
    """An account of nothing."""
    account = np.zeros(ACCOUNT, np.int64)
    account[_EDGES[0] : _EDGES[1]] = -1
    account[_EDGES[2] : _EDGES[3]].view(np.float64)[:] = math.inf, -math.inf
    return account


def split(account: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The parts of an account."""
    return np.split(account, _EDGES)


HISTOGRAM_SHIFT = np.uint64(52 - 5)  # 2^5 buckets per octave
HISTOGRAM_BASE = np.uint64((1023 + LOWEST) * OCTAVE - 1)
SUM_SHIFTER = 1.5 * 2.0 ** (52 - SUM_BITS)
"""Added to an error below 2^26 ulp, it leaves the error in units of 2^-SUM_BITS ulp in the low bits."""
SUM_SHIFTER_BITS = int(np.float64(SUM_SHIFTER).view(np.int64))
TRIVIAL = int(np.float64(2.0**LOWEST).view(np.int64))
"""Bits of the least error that is not in the first bucket."""
ENDLESS = int(np.float64(2.0**64).view(np.int64))
"""Bits of the least error of the last bucket."""


@step
def parts(account: Any) -> Any:
    """The parts of an account, as views of the right type."""
    return (
        account[: _EDGES[0]],
        account[_EDGES[0] : _EDGES[1]],
        account[_EDGES[1] : _EDGES[2]].view(np.uint64),
        account[_EDGES[2] : _EDGES[3]].view(np.float64),
        account[_EDGES[3] :],
    )


@step
def bucket(error_bits: Any) -> Any:
    """The histogram bucket of an error, given by the bits of a non-negative float64."""
    return (np.uint64(min(max(error_bits, TRIVIAL - 1), ENDLESS)) >> HISTOGRAM_SHIFT) - HISTOGRAM_BASE


@step
def add(total: Any, low: Any, high: Any) -> None:
    """Add a 128-bit number to the sum."""
    sum_low = total[0] + low
    total[1] += high + np.uint64(1 if sum_low < low else 0)
    total[0] = sum_low


@step
def enter_record(bits: Any, index: Any, result: Any, records: Any, slot: Any) -> None:
    """Replace the record that begins in the slot by a larger error, or by an equal one with a smaller index."""
    if bits > records[slot] or (bits == records[slot] and index < records[slot + 1]):
        records[slot] = bits
        records[slot + 1] = index
        records[slot + 2] = np.int64(result)


@step
def enter(error: Any, normal: Any, index: Any, result: Any, counts: Any, total: Any, records: Any, times: Any = 1) -> Any:
    """Enter one error into sum and records, of equal errors the one with the smaller index is kept; return its bucket.

    ``times`` equal errors are entered at once, if they are below 2^26; the index is that of the first.
    """
    capped = min(error, SUM_CAP)
    if capped < 2.0**32:
        low, high = np.uint64(np.rint(capped * 2.0**SUM_BITS)), np.uint64(0)
    else:
        whole = np.uint64(np.rint(capped))
        low, high = whole << np.uint64(SUM_BITS), whole >> np.uint64(64 - SUM_BITS)
    add(total, low * np.uint64(times), high)
    counts[MEASURED] += times
    bits = to_bits(error)
    enter_record(bits, index, result, records, MAX_ERROR)
    if normal:
        enter_record(bits, index, result, records, MAX_NORMAL)
    return bucket(bits)


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
def is_nan(x: Any, result: Any, counts: Any) -> Any:
    """Whether input or result is NaN, which is then counted."""
    if x != x:
        counts[CORRECT if result != result else SPECIAL] += 1
    elif result != result:
        counts[NAN] += 1
    return x != x or result != result


@step
def count(cls: Any, x: Any, result: Any, exact: Any, counts: Any, vanished: Any, times: Any = 1) -> None:
    """Count a class, and what goes with it: signs, and where results vanish."""
    counts[cls] += times
    opposite = (to_bits(result) ^ to_bits(exact)) < 0
    if opposite and result != 0.0 and exact != 0.0:
        counts[WRONG_SIGN] += times
    if opposite and result == 0.0 and cls == CORRECT:
        counts[ZERO_SIGN] += times
    if cls == VANISHED:
        note_vanished(x, vanished)
