"""The fast paths of the comparison: loops over a chunk without branches, which vectorise.

They vectorise because all that they accumulate is integer, and because they measure everything first and say afterwards
whether the chunk is as simple as they took it to be.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...reference.kernels.machine import EXPONENT_MASK, MAGNITUDE_MASK, from_bits, step, to_bits
from .account import HISTOGRAM_BASE, HISTOGRAM_SHIFT, SUM_SHIFTER, SUM_SHIFTER_BITS, TRIVIAL, bucket

NEGLIGIBLE = 2.0**-200
"""A reference below may stand for something smaller."""
_SIGNIFICAND_MASK = (1 << 52) - 1
_CLEAR = int(np.float64(0.375).view(np.int64))  # below 1/2, and no power of two
_INFINITY, _BELOW_SIGN, _LEAST_NORMAL = np.uint32(0x7F800000), np.uint32(0x7FFFFFFF), np.uint32(0x00800000)
_REBIAS = (1023 - 127) << 52
_LOW_HALF = np.uint64(0xFFFFFFFF)


@step
def weigh(bs: Any, weights: Any) -> Any:
    """The hash of a chunk of results."""
    weighted = np.uint64(0)
    for i in range(bs.size):
        weighted += np.uint64(bs[i]) * (weights[i] & _LOW_HALF)
    return weighted


@step
def all_same(bs: Any) -> Any:
    """Whether a chunk of results is one and the same."""
    different = np.uint32(0)
    for i in range(bs.size):
        different |= bs[i] ^ bs[0]
    return different == 0


@step
def measure(result: Any, exact: Any, binade: Any, law: Any) -> Any:
    """The bits of the error in ulps, of which there are 2^(p-1) in the binade (bits of a power of two)."""
    return to_bits((np.float64(result) - exact) * from_bits(law.inverse - binade)) & MAGNITUDE_MASK


@step
def survey_normal(os: Any, ys: Any, law: Any, buckets: Any) -> Any:
    """Measure a chunk as if all its exact results were normal, all signs right and nothing too wrong, and see if so.

    Errors too close to any power of two from 1/2 on are doubtful: this takes fewer instructions than a look at 1/2 and
    at 1. What is not doubtful is classed by its bucket. Returns whether all is settled, the largest error (bits), and the
    sum of the errors.
    """
    smallest: Any = np.int64(EXPONENT_MASK)
    largest, total = np.int64(0), np.int64(0)
    doubtful: Any = False
    for i in range(os.size):
        binade = to_bits(ys[i]) & EXPONENT_MASK
        error = measure(os[i], ys[i], binade, law)
        doubtful |= np.uint64((max(error, _CLEAR) + law.window) & _SIGNIFICAND_MASK) <= np.uint64(2 * law.window)
        smallest = min(smallest, binade)
        largest = max(largest, error)
        total += to_bits(from_bits(error) + SUM_SHIFTER)
        buckets[i] = np.uint16((np.uint64(max(error, TRIVIAL - 1)) >> HISTOGRAM_SHIFT) - HISTOGRAM_BASE)
    settled = smallest >= law.lowest and largest < law.large and not doubtful
    return settled, largest, total - os.size * SUM_SHIFTER_BITS


@step
def survey(os: Any, bs: Any, ys: Any, law: Any, buckets: Any) -> Any:
    """The same for results of any size.

    Beside a reference that is exact or one-sided nothing is doubtful. Returns whether all is settled, whether all are zeros
    in the place of something larger, the largest error, the number of results that are normal and the largest error among
    them, the sum of the errors, and how many errors of 1/2 are those of ties gone to the even encoding.
    """
    doubtful, wrong_zeros, normal, ties = 0, 0, 0, 0
    largest, largest_normal = np.int64(0), np.int64(0)
    total, signs = np.int64(0), np.int64(0)
    for i in range(os.size):
        exact, result = ys[i], np.float64(os[i])
        bits = measure(result, exact, max(to_bits(exact) & EXPONENT_MASK, law.lowest), law)
        error = from_bits(bits)
        size = abs(exact)
        slack = law.tolerance if (to_bits(exact) & 3 == 2) | (size < NEGLIGIBLE) else 0.0
        doubtful += (abs(error - 0.5) < slack) | (abs(error - 1.0) < slack)
        ties += (error == 0.5) & (slack == 0.0) & (size < law.top) & ((bs[i] & np.uint32(1)) == 0)
        wrong_zeros += (result == 0.0) & (error >= 0.5)
        ordinary = (size >= law.normal_from) & (size < law.top)
        normal += ordinary
        largest = max(largest, bits)
        largest_normal = max(largest_normal, bits if ordinary else np.int64(0))
        total += to_bits(error + SUM_SHIFTER)
        signs |= to_bits(result) ^ to_bits(exact)
        buckets[i] = np.uint16(bucket(bits))
    settled = doubtful == 0 and wrong_zeros == 0 and signs >= 0 and largest < law.large
    return settled, wrong_zeros == os.size, largest, normal, largest_normal, total - os.size * SUM_SHIFTER_BITS, ties


@step
def all_between(ys: Any, least: Any, top: Any) -> Any:
    """Whether least <= |y| < top for all (a NaN does not lie there)."""
    inside = 0
    for i in range(ys.size):
        inside += (abs(ys[i]) >= least) & (abs(ys[i]) < top)
    return inside == ys.size


@step
def nearest_to_zero(xs: Any) -> Any:
    """The inputs nearest to zero on the positive and on the negative side; ±inf where there are none."""
    bits, above, below = xs.view(np.uint32), _INFINITY, _INFINITY
    for i in range(bits.size):
        magnitude = np.uint32(bits[i] & _BELOW_SIGN)
        above = min(above, magnitude if magnitude == bits[i] else _INFINITY)
        below = min(below, _INFINITY if magnitude == bits[i] else magnitude)
    return _single(above), -_single(below)


@step
def _single(bits: Any) -> Any:
    """The number that 32 bits encode, not negative, as a float64."""
    if bits < _LEAST_NORMAL:
        return np.float64(bits) * 2.0**-149
    if bits == _INFINITY:
        return math.inf
    return from_bits((np.int64(bits) << 29) + _REBIAS)


@step
def all_nan(xs: Any, os: Any) -> Any:
    """Whether all inputs and all results are NaN."""
    found = 0
    for i in range(xs.size):
        found += (xs[i] != xs[i]) & (os[i] != os[i])
    return found == xs.size


@step
def count_below(buckets: Any, size: Any, edge: Any) -> Any:
    """How many of the first buckets are below an edge; 16 bits are enough to count a chunk, and 32 go in a vector."""
    found = np.uint16(0)
    for i in range(size):
        found = np.uint16(found + np.uint16(buckets[i] < edge))
    return np.int64(found)
