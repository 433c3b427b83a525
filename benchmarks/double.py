"""What the reference for float64 costs, as ratios to NumPy's exp on the same inputs in one run, for all activations and orders.

Inputs: uniform in [-20, 20], where they are usual; normal with a standard deviation of 2; and a piece of a run's sample.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from harness.accuracy.inputs import sampled
from harness.catalogue import activation, names
from harness.formats import FORMATS
from harness.reference import kernels

COUNT, ROUNDS, LIMIT = 1 << 14, 31, 12.0


def spent(call: Callable[[], object]) -> float:
    """The median processor time in ns per input."""
    call()
    times = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        call()
        times.append(time.thread_time() - begin)
    return float(np.median(times)) / COUNT * 1e9


def main() -> int:
    """Measure and print, the slowest last."""
    rng, form, bits = np.random.default_rng(1), FORMATS["float64"], np.empty(COUNT, np.uint64)
    sampled(form, 1 << 22, 0).fill(1 << 20, bits)
    inputs = {"uniform": rng.uniform(-20, 20, COUNT), "normal": rng.normal(0, 2, COUNT), "sample": bits.view(np.float64)}
    out, found = np.empty((4, COUNT)), []
    for name in sys.argv[1:] or names():
        begin = time.process_time()
        kernels.wide(activation(name), 0, kernels.MANY)
        print(f"{name}: ready after {time.process_time() - begin:.1f} s of processor time", flush=True)
        for order in (0, 1, 2):
            function = kernels.wide(activation(name), order, kernels.MANY).function
            for kind, x in inputs.items():
                with np.errstate(all="ignore"):
                    exponential = spent(lambda x=x: np.exp(x, out=out[0]))
                ours = spent(lambda x=x, function=function: function(x, *out))
                found.append((ours / exponential, name, order, kind, ours))
    for ratio, name, order, kind, ours in sorted(found):
        print(f"{'ok  ' if ratio <= LIMIT else 'OVER'} {ratio:6.1f}  {name} order {order}, {kind}: {ours:.1f} ns")
    print(f"{sum(ratio > LIMIT for ratio, *_ in found)} of {len(found)} over {LIMIT:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
