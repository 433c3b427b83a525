"""The fused comparison: reference, error in ulps, class and tally of many implementations' results, in one pass.

Formats of up to 32 bits. While a chunk of the reference is in the first-level cache, the results of every implementation
are measured against it: first by loops that vectorise (:mod:`harness.accuracy.kernels.survey`), which settle chunks in which
every result is finite, less than 2^(p-1) ulp wrong, clear of every boundary, of the right sign, no zero in the place of
something larger, and no new worst case; and chunks that have vanished as a whole. Any other chunk is gone through again
one result at a time; what the error bound cannot decide there is left pending for the exact reference. Which path a
result takes cannot be seen in the tally. (A part of a chunk is tried as a whole before that.)
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from ...reference.kernels import CHUNK
from ...reference.kernels.machine import EXPONENT_MASK, borrowed, from_bits, kernel, pointer, routine, step, to_bits
from ...reference.kernels.polynomial import evaluate_chunk, piece_of, shared_reference
from ..tally import bucket
from .account import (
    ACCOUNT,
    CORRECT,
    FAITHFUL,
    FLUSHED,
    INACCURATE,
    MEASURED,
    OVERFLOWED,
    TRIVIAL,
    VANISHED,
    add,
    chunk_weight,
    count,
    enter,
    is_nan,
    parts,
)
from .records import enter_largest
from .survey import (
    NEGLIGIBLE,
    all_between,
    all_nan,
    all_same,
    count_below,
    measure,
    nearest_to_zero,
    survey,
    survey_normal,
    weigh,
)

SCRATCH = 4
"""Rows of a kernel's scratch memory."""
_PART = 128  # results of a chunk that is not settled are tried again so many at a time
_HALF, _ONE = bucket(0.5), bucket(1.0)  # errors of 1/2 and of 1 begin buckets
_carray: Any = numba.carray  # type: ignore[attr-defined]
_FEW = 2.0**26  # ulps; so many are added up without overflow
_BEYOND = 2.0**200  # from there on a reference may stand for something larger


class Law(NamedTuple):
    """What the comparison needs to know of the format and of the reference kernel.

    Attributes:
        lowest: bits of 2^emin.
        inverse: minus the bits of 2^e these are the bits of 2^(p-1-e) = 1/ulp (modulo 2^64).
        large: bits of 2^(p-1).
        bound: relative error bound of the reference.
        tolerance: what that may be in ulps.
        window: the same at 1/2, in units of the last bit.
        normal_from: magnitude from which a result rounds to a normal number.
        top: magnitude from which it rounds to infinity.
        quantiled: how many results of each chunk, the first ones, enter the histogram.
    """

    lowest: int
    inverse: int
    large: int
    bound: float
    tolerance: float
    window: int
    normal_from: float
    top: float
    quantiled: int


def law(precision: int, emin: int, emax: int, bound: float, quantiled: int) -> Law:
    """The law of a format, of a reference with that relative error bound, and of a histogram."""
    tolerance = bound * 2.0**precision * 1.01
    return Law(
        lowest=(emin + 1023) << 52,
        inverse=((2045 + precision) << 52) - (1 << 64),
        large=(1022 + precision) << 52,
        bound=bound,
        tolerance=tolerance,
        window=int(tolerance * 2.0**54),
        normal_from=(1 - 2.0**-precision) * 2.0**emin,
        top=(2 - 2.0**-precision) * 2.0**emax,
        quantiled=quantiled,
    )


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
        if error == 0.5 and tolerance == 0.0 and even:
            return CORRECT  # a tie, which goes to the even encoding
        if output == 0.0:
            normal = size >= normal_from
            if bound > 0 and normal != (size * (1 + 2 * bound) >= normal_from):
                return -1
            return VANISHED if normal else FLUSHED
    side = _side(error, 1.0, tolerance)
    return -1 if side == 0 else (FAITHFUL if side < 0 else INACCURATE)


@step
def _judge(result: Any, exact: Any, even: Any, law: Any) -> Any:
    """The class of a result, or -1 if the exact reference must be asked, and its error in ulps."""
    if exact != exact or (abs(exact) >= _BEYOND and abs(result) < math.inf):
        return -1, 0.0
    exact_bits = to_bits(exact)
    error = from_bits(measure(result, exact, max(exact_bits & EXPONENT_MASK, law.lowest), law))
    approximate = exact_bits & 3 == 2
    slack = law.tolerance * min(1.0, abs(exact) / from_bits(law.lowest)) + 2.0**-52 if approximate else 0.0
    if result != 0.0 and 0.0 < abs(exact) < NEGLIGIBLE:
        # The error is |result| / ulp less, or for the other sign more, something too small to be seen.
        error *= 1 - 2.0**-53 if (result > 0) == (exact > 0) else 1 + 2.0**-52
        slack = 0.0
    return _classify(result, exact, error, slack, even, law.bound if approximate else 0.0, law.normal_from, law.top), error


@routine
def _one_by_one(
    xs: Any, os: Any, bs: Any, ys: Any, start: Any, law: Any, quantiled: Any, account: Any, pending: Any, waiting: Any
) -> Any:
    """Account for results one by one; the number of inputs that are pending then."""
    counts, records, total, vanished, histogram = parts(account)
    for i in range(os.size):
        exact, result, v = ys[i], np.float64(os[i]), np.float64(xs[i])
        if is_nan(v, result, counts):
            continue
        cls, error = _judge(result, exact, bs[i] & 1 == 0, law)
        if cls < 0:
            pending[waiting] = start + i
            waiting += 1
            continue
        count(cls, v, result, exact, counts, vanished)
        if cls != FLUSHED and abs(result) != math.inf:
            normal = abs(exact) >= law.normal_from and abs(exact) < law.top
            number = enter(error, normal, start + i, bs[i], counts, total, records)
            histogram[number] += i < quantiled
    return waiting


@routine
def _settle_alike(result: Any, bits: Any, exact: Any, start: Any, law: Any, account: Any) -> Any:
    """Account for a chunk of results that are all the same, as are the references, and say whether that was possible."""
    counts, records, total, vanished, histogram = parts(account)
    cls, error = _judge(result, exact, bits & 1 == 0, law)
    if cls < 0 or cls == VANISHED or not (error < _FEW or abs(result) == math.inf):
        return False
    count(cls, exact, result, exact, counts, vanished, CHUNK)
    if cls != FLUSHED and abs(result) != math.inf:
        normal = abs(exact) >= law.normal_from and abs(exact) < law.top
        number = enter(error, normal, start, bits, counts, total, records, CHUNK)
        histogram[number] += law.quantiled
    return True


@routine
def _settle(xs: Any, os: Any, bs: Any, ys: Any, start: Any, law: Any, quantiled: Any, account: Any, buckets: Any) -> Any:
    """Account for results as a whole, and say whether that was possible."""
    counts, records, total, vanished, histogram = parts(account)
    settled, dead, ties = False, False, 0
    if min(abs(ys[0]), abs(ys[-1])) >= law.normal_from:
        settled, largest, error_sum = survey_normal(os, ys, law, buckets)
    settled = settled and enter_largest(os, bs, ys, start, law, largest, largest, records)
    if not settled:
        settled, dead, largest, normal, largest_normal, error_sum, ties = survey(os, bs, ys, law, buckets)
        dead = dead and all_between(ys, law.normal_from * (1 + 2 * law.bound), law.top)
        if not ((settled or dead) and enter_largest(os, bs, ys, start, law, largest, largest_normal if normal else -1, records)):
            return False
    add(total, np.uint64(error_sum), np.uint64(0))
    counts[MEASURED] += os.size
    if largest < TRIVIAL:
        histogram[0] += quantiled
    else:
        for i in range(quantiled):
            histogram[buckets[i]] += 1
    if dead:
        counts[VANISHED] += os.size
        above, below = nearest_to_zero(xs)
        vanished[0], vanished[1] = min(vanished[0], above), max(vanished[1], below)
    else:
        correct = count_below(buckets, os.size, _HALF) + ties
        below_one = count_below(buckets, os.size, _ONE)
        counts[CORRECT] += correct
        counts[FAITHFUL] += below_one - correct
        counts[INACCURATE] += os.size - below_one
    return True


@step
def _compare_chunk(
    xs: Any, os: Any, bs: Any, ys: Any, start: Any, law: Any, account: Any, buckets: Any, pending: Any, waiting: Any
) -> Any:
    """Account for a chunk of results; the number of inputs that are pending then."""
    quantiled = min(law.quantiled, xs.size)
    if _settle(xs, os, bs, ys, start, law, quantiled, account, buckets):
        return waiting
    for part in range(0, xs.size, _PART):
        end = min(part + _PART, xs.size)
        xp, op, bp, yp = xs[part:end], os[part:end], bs[part:end], ys[part:end]
        share = max(min(quantiled, end) - part, 0)
        if not _settle(xp, op, bp, yp, start + part, law, share, account, buckets):
            waiting = _one_by_one(xp, op, bp, yp, start + part, law, share, account, pending, waiting)
    return waiting


@kernel
def compare(
    x: Any, start: Any, exhaustive: Any, tables: Any, law: Any, scratch: Any, cases: Any, pending: Any, found: Any
) -> None:
    """Compare the results of several cases on the same inputs with the reference.

    Args:
        x: inputs, float32[n].
        start: index of the first input, a multiple of CHUNK.
        exhaustive: whether the inputs are the numbers whose encodings are their indices; they are not read then.
        tables: of the reference, from :func:`harness.reference.kernels.polynomial.tables`.
        law: of the format.
        scratch: uint64[SCRATCH, CHUNK], aligned: in the first row odd weights below 2^32, for the digest.
        cases: int64[cases, 3], addresses of each case's results, float32[n], exact; of their encodings, uint32[n]; and of
            its account, int64[ACCOUNT], which is updated.
        pending: int64[cases, n], receives the indices of inputs that only the exact reference can class; these are
            counted nowhere but in the digest.
        found: uint64[cases, 2], receives the number of pending inputs, and the digest of these results, to be added
            modulo 2^64.
    """
    x, tables, scratch, cases, pending, found = borrowed((x, tables, scratch, cases, pending, found))
    weights, buckets, reference = scratch[0], scratch[1].view(np.uint16), scratch[2].view(np.float64)
    own = scratch[3].view(np.float32)
    own_bits, all_weights = own.view(np.uint32), weights.sum()
    found[:] = 0
    for low in range(0, x.size, CHUNK):
        size, index = min(CHUNK, x.size - low), start + low
        xs, ys = x[low : low + size], reference[:size]
        if exhaustive:
            xs = own[:size]
            for i in range(size):
                own_bits[i] = index + i
        piece = piece_of(xs, exhaustive, tables)
        shared = shared_reference(piece, tables) if size == CHUNK else math.nan
        ready = False
        for case in range(cases.shape[0]):
            os = _carray(pointer(cases[case, 0] + 4 * low), size, np.float32)
            bs = _carray(pointer(cases[case, 1] + 4 * low), size, np.uint32)
            account = _carray(pointer(cases[case, 2]), ACCOUNT, np.int64)
            if shared == shared and all_same(bs) and _settle_alike(np.float64(os[0]), bs[0], shared, index, law, account):
                found[case, 1] += np.uint64(bs[0]) * all_weights * chunk_weight(index // CHUNK)
                continue
            if xs[0] != xs[0] and all_nan(xs, os):
                account[CORRECT] += size
                found[case, 1] += weigh(bs, weights) * chunk_weight(index // CHUNK)
                continue
            if not ready:
                evaluate_chunk(xs, ys, piece, tables)
                ready = True
            found[case, 1] += weigh(bs, weights) * chunk_weight(index // CHUNK)
            waiting = np.int64(found[case, 0])
            found[case, 0] = _compare_chunk(xs, os, bs, ys, index, law, account, buckets, pending[case], waiting)
