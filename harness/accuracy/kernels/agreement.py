"""Two results of the same inputs, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...reference.kernels import CHUNK
from ...reference.kernels.machine import kernel, step

_FARTHEST = 2**63 - 1


@step
def _distance(left: Any, right: Any, magnitude: Any, infinity: Any) -> Any:
    """Steps from one encoding to the other; -1 where they agree, -2 for a NaN against a number."""
    a, b = np.int64(left & magnitude), np.int64(right & magnitude)
    same_side = (left > magnitude) == (right > magnitude)
    steps: Any = abs(a - b) if same_side else a + b
    steps = _FARTHEST if steps < 0 else steps  # beyond what an int64 holds
    left_nan, right_nan = a > infinity, b > infinity
    steps = -2 if left_nan != right_nan else steps
    return -1 if (left == right) | (left_nan & right_nan) else steps


@kernel
def differences(first: Any, second: Any, magnitude: Any, infinity: Any, found: Any, start: Any) -> None:
    """Compare two results; two NaNs count as equal whatever their payloads.

    Args:
        first, second: encodings, unsigned[n].
        magnitude: mask of the bits below the sign.
        infinity: encoding of +infinity.
        found: int64[3], updated: inputs that differ; the largest distance in steps from one encoding to the next, at
            most 2^63 - 1 (0 between zeros; a NaN against a number has none); index of the first input with that
            distance, or of the first NaN against a number where there is no other; -1 where nothing differs.
        start: index of the first input.
    """
    for low in range(0, first.size, CHUNK):
        left, right = first[low : low + CHUNK], second[low : low + CHUNK]
        unequal = 0
        for i in range(left.size):
            unequal += left[i] != right[i]
        if unequal == 0:
            continue
        differing = 0
        largest: Any = np.int64(-2)
        for i in range(left.size):
            steps = _distance(left[i], right[i], magnitude, infinity)
            differing += steps != -1
            largest = max(largest, steps)
        if differing == 0:
            continue
        found[0] += differing
        largest = -2 if largest < 0 else largest
        if largest > found[1] or found[2] < 0:
            found[1] = max(largest, found[1])
            for i in range(left.size):
                if _distance(left[i], right[i], magnitude, infinity) == largest:
                    found[2] = start + low + i
                    break
