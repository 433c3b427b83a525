"""What the fast references of float32 cost, each against NumPy's float64 exp in one run: no more than 4 times (with erf 6).

    python benchmarks/kernels.py [ACTIVATION ...]

For every activation and order the reference alone, and the comparison of one case with it (error, class and tally of the
correctly rounded results), in the cache, one thread: for consecutive inputs, as exhaustive runs have them, from 1 on, where the
functions bend, and for inputs scattered over [-20, 20], each of which looks up its polynomial. Exit code 1 where a limit is
exceeded for consecutive inputs.
"""

from __future__ import annotations

import sys

import numpy as np
from instrument import CONSECUTIVE, FORM, IN_CACHE, SCATTERED, medians

from harness.accuracy.comparison import Comparison
from harness.accuracy.kernels.compare import compare
from harness.catalogue import activation, names

LIMIT, LIMIT_OF_ERF = 4.0, 6.0
WITH_ERF = ("gelu", "erf")


def ratios(name: str, order: int, bits: np.ndarray) -> tuple[float, float]:
    """The reference alone and the whole comparison of one case, in times of exp."""
    x, y, out = bits.view(np.float32), np.empty(bits.size), np.empty(bits.size)
    lane = Comparison(activation(name), order, FORM, lanes=1, inputs=1 << 32)._lanes[0]
    reference, wide = lane._kernel.function, x.astype(np.float64)
    reference(x, y)
    with np.errstate(over="ignore", under="ignore"):
        results = {0: np.where(np.isnan(y), 1.0, y).astype(np.float32).view(np.uint32)}
    lane.add(0, bits, results)
    found = np.empty((1, 2), np.uint64)
    addresses = np.array([(results[0].ctypes.data, results[0].ctypes.data, lane.accounts[0].address)])
    fixed = (lane._kernel.tables, lane._law, lane._scratch, addresses, lane._pending, found)
    alone, fused, exponential = medians(
        lambda: reference(x, y), lambda: compare(x, IN_CACHE, False, *fixed), lambda: np.exp(wide, out=out)
    )
    return alone / exponential, fused / exponential


def main() -> int:
    """Measure, print, judge."""
    missed = 0
    for name in sys.argv[1:] or names():
        for order in (0, 1, 2):
            alone, fused = ratios(name, order, CONSECUTIVE)
            scattered = ratios(name, order, SCATTERED)
            limit = LIMIT_OF_ERF if name in WITH_ERF else LIMIT
            missed += fused > limit
            word = "ok  " if fused <= limit else "OVER"
            figures = "reference {:.2f}, comparison {:.2f}; scattered {:.2f} and {:.2f}".format(alone, fused, *scattered)
            print(f"{word} {name} order {order}: {figures} times exp (limit {limit:g})", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
