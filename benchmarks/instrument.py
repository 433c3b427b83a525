"""What the instrument itself costs, as ratios taken in one run: its kernels against NumPy's float64 exp, memory, start-up.

Prints one line per figure with its limit; exit code 1 where a limit is exceeded.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from harness.activations import activation
from harness.comparison import Comparison
from harness.formats import FORMATS

IN_CACHE = 1 << 16  # the piece that a sweep takes at a time; it stays in the second-level cache
ROUNDS = 25
FORM = FORMATS["float32"]


def nanoseconds(call: Callable[[], Any], inputs: int) -> float:
    """The best time of several rounds, per input."""
    repeats = max(1, 400_000 // inputs)
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(repeats):
            call()
        best = min(best, (time.perf_counter() - begin) / repeats)
    return best / inputs * 1e9


def fused_gradient(bits: np.ndarray) -> tuple[float, float]:
    """Nanoseconds per input: reference, error and tally of sigmoid's gradient, and NumPy's exp, on these inputs."""
    x = bits.view(np.float32)
    wide = np.clip(np.nan_to_num(x).astype(np.float64), -700, 700)
    out = np.empty_like(wide)
    with np.errstate(all="ignore"):
        value = 1 / (1 + np.exp(-x))
    result = (value * (1 - value)).view(np.uint32)
    comparison = Comparison(activation("sigmoid"), 1, FORM, lanes=1)
    lane = comparison._lanes[0]
    start = 0

    def step() -> None:
        nonlocal start
        lane.add(start, bits, {0: result})
        start += bits.size

    step()
    ours = nanoseconds(step, bits.size)
    return ours, nanoseconds(lambda: np.exp(wide, out=out), bits.size)


def comparison_in_a_sweep() -> float:
    """Cost of comparing one case against exp of as many inputs: pieces spread evenly over the exhaustive enumeration."""
    comparison = Comparison(activation("sigmoid"), 1, FORM, lanes=1)
    lane = comparison._lanes[0]
    starts = range(0, 1 << 32, (1 << 32) // 512)
    spent = 0.0
    for start in starts:
        bits = np.arange(start, start + IN_CACHE, dtype=np.uint64).astype(np.uint32)
        with np.errstate(all="ignore"):
            value = 1 / (1 + np.exp(-bits.view(np.float32)))
            result = (value * (1 - value)).view(np.uint32)
        begin = time.perf_counter()
        lane.add(start, bits, {0: result})
        spent += time.perf_counter() - begin
    wide = np.linspace(-20, 20, IN_CACHE)
    out = np.empty_like(wide)
    return spent / (len(starts) * IN_CACHE) * 1e9 / nanoseconds(lambda: np.exp(wide, out=out), wide.size)


def main() -> int:
    """Measure, print, judge."""
    limits: list[tuple[str, float, float]] = []
    rng = np.random.default_rng(1)
    ordered = np.arange(IN_CACHE, dtype=np.uint32) + np.uint32(0x3F800000)
    ours, exponential = fused_gradient(ordered)
    limits.append(("fused float32 gradient kernel / exp, consecutive inputs from 1 on, in cache", ours / exponential, 1.5))
    active = rng.uniform(-20, 20, IN_CACHE).astype(np.float32).view(np.uint32)
    ours, exponential = fused_gradient(active)
    print(f"{ours:.2f} ns against {exponential:.2f} ns on random x in [-20, 20]: ratio {ours / exponential:.2f} (no limit)")
    limits.append(("comparison in an exhaustive sweep / exp for the same inputs", comparison_in_a_sweep(), 2.0))
    limits.append(("memory of the harness in MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 500.0))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "from harness.cli import app; app(['--help'])"], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    limits.append(("lastbit --help, seconds of CPU", seconds, 0.5))
    for what, measured, limit in limits:
        print(f"{'ok  ' if measured <= limit else 'OVER'} {what}: {measured:.2f} (limit {limit:g})")
    return int(any(measured > limit for _, measured, limit in limits))


if __name__ == "__main__":
    sys.exit(main())
