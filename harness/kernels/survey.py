"""The fast paths of the comparison: loops over a chunk without branches, which vectorise.

They vectorise because all that they accumulate is integer, and because they measure everything first and say afterwards
whether the chunk is as simple as they took it to be.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .account import HISTOGRAM_BASE, HISTOGRAM_SHIFT, SUM_SHIFTER, SUM_SHIFTER_BITS, TRIVIAL, bucket
from .machine import EXPONENT_MASK, MAGNITUDE_MASK, from_bits, step, to_bits

_SIGNIFICAND_MASK = (1 << 52) - 1
_CLEAR = int(np.float64(0.375).view(np.int64))  # below 1/2, and no power of two
_LOW_HALF = np.uint64(0xFFFFFFFF)


@step
def bits_of_error(result: Any, exact: Any, inverse: Any) -> Any:
    """The bits of the error in ulps of a normal exact result."""
    binade = to_bits(exact) & EXPONENT_MASK
    return to_bits((result - exact) * from_bits(inverse - binade)) & MAGNITUDE_MASK


@step
def survey_normal(os: Any, bs: Any, ys: Any, weights: Any, law: Any, window: Any, buckets: Any) -> Any:
    """Measure a chunk as if all its exact results were normal, all signs right and nothing too wrong, and see if so.

    Errors too close to any power of two from 1/2 on are doubtful: this takes fewer instructions than a look at 1/2 and
    at 1. What is not doubtful is classed by its bucket. Returns whether all is settled, the largest error (bits), the sum
    of the errors, and the hash of the results.
    """
    inverse, lowest, large = law
    smallest: Any = np.int64(EXPONENT_MASK)
    largest, total = np.int64(0), np.int64(0)
    weighted = np.uint64(0)
    doubtful: Any = False
    for i in range(os.size):
        exact = ys[i]
        binade = to_bits(exact) & EXPONENT_MASK
        error_bits = to_bits((np.float64(os[i]) - exact) * from_bits(inverse - binade)) & MAGNITUDE_MASK
        doubtful |= np.uint64((max(error_bits, _CLEAR) + window) & _SIGNIFICAND_MASK) <= np.uint64(2 * window)
        smallest = min(smallest, binade)
        largest = max(largest, error_bits)
        total += to_bits(from_bits(error_bits) + SUM_SHIFTER)
        weighted += np.uint64(bs[i]) * (weights[i] & _LOW_HALF)
        buckets[i] = np.uint16((np.uint64(max(error_bits, TRIVIAL - 1)) >> HISTOGRAM_SHIFT) - HISTOGRAM_BASE)
    settled = smallest >= lowest and largest < large and not doubtful
    return settled, largest, total - os.size * SUM_SHIFTER_BITS, weighted


@step
def survey(os: Any, ys: Any, law: Any, window: Any, normal_from: Any, buckets: Any) -> Any:
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
        total += to_bits(error + SUM_SHIFTER)
        signs |= to_bits(result) ^ exact_bits
        buckets[i] = np.uint16(bucket(error_bits))
    settled = doubtful == 0 and wrong_zeros == 0 and signs >= 0 and largest < large
    return settled, wrong_zeros == os.size, largest, normal, largest_normal, total - os.size * SUM_SHIFTER_BITS


@step
def all_between(ys: Any, least: Any, top: Any) -> Any:
    """Whether least <= |y| < top for all (a NaN does not lie there)."""
    inside = 0
    for i in range(ys.size):
        inside += (abs(ys[i]) >= least) & (abs(ys[i]) < top)
    return inside == ys.size


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


@step
def weigh(bs: Any, weights: Any) -> Any:
    """The hash of results that :func:`survey_normal` does not see."""
    weighted = np.uint64(0)
    for i in range(bs.size):
        weighted += np.uint64(bs[i]) * (weights[i] & _LOW_HALF)
    return weighted
