"""What the instrument itself costs, as ratios taken in one run: its kernels against NumPy's float64 exp, memory, start-up.

Prints one line per figure with its limit; exit code 1 where a limit is exceeded.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from harness.accuracy.comparison import Comparison
from harness.accuracy.kernels.compare import compare
from harness.catalogue import activation
from harness.formats import FORMATS
from harness.runs.execution import processors
from harness.runs.plan import Request, plan
from harness.runs.shards.runner import block_length
from harness.workers.process import Worker
from harness.workers.sweep import Sweep
from lastbit import run

IN_CACHE = 1 << 16  # the piece that a sweep takes at a time; it stays in the second-level cache
ROUNDS = 200
FORM = FORMATS["float32"]
CONSECUTIVE = np.arange(IN_CACHE, dtype=np.uint32) + np.uint32(0x3F800000)  # from 1 on
SCATTERED = np.random.default_rng(1).uniform(-20, 20, IN_CACHE).astype(np.float32).view(np.uint32)


def medians(*calls: Callable[[], Any]) -> list[float]:
    """The median processor time of each call in ns per input of a piece; they take turns, so that they see the same machine."""
    spent = np.empty((ROUNDS, len(calls)))
    for turn in range(ROUNDS):
        for number, call in enumerate(calls):
            begin = time.thread_time()
            call()
            spent[turn, number] = time.thread_time() - begin
    return [float(median) / IN_CACHE * 1e9 for median in np.median(spent, axis=0)]


def fused_gradient(bits: np.ndarray, cases: int) -> tuple[float, float]:
    """ns per input and case of reference, error and tally of sigmoid's gradient, and of NumPy's exp; one thread each."""
    x = bits.view(np.float32)
    value = 1 / (1 + np.exp(-x))
    result = (value * (1 - value)).view(np.uint32)
    results = {case: result.copy() for case in range(cases)}
    lane = Comparison(activation("sigmoid"), 1, FORM, lanes=1, inputs=1 << 32)._lanes[0]
    lane.add(0, bits, results)
    found = np.empty((cases, 2), np.uint64)
    addresses = np.array([(r.ctypes.data, r.ctypes.data, lane.accounts[case].address) for case, r in results.items()])
    fixed = (lane._kernel.tables, lane._law, lane._scratch, addresses, lane._pending, found)
    wide, out = x.astype(np.float64), np.empty(x.size)
    ours, exponential = medians(lambda: compare(x, IN_CACHE, False, *fixed), lambda: np.exp(wide, out=out))
    return ours / cases, exponential


def processor_seconds(who: int) -> float:
    """User and system time."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


class Paced:
    """A comparison that now and then has exp computed as well, on the same threads beside the same work."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison, self._blocks = comparison, 0
        self.inputs, self.seconds = 0, 0.0
        """Exponentials computed, and the processor time they took."""

    def add(self, start: int, inputs: Any, results: dict[int, Any], executor: ThreadPoolExecutor) -> None:
        """Compare a block; after every 16th compute as many exponentials on every thread as a piece has inputs."""
        self._comparison.add(start, inputs, results, executor)
        self._blocks += 1
        if self._blocks % 16 == 0:
            for done in [executor.submit(self._exponentials) for _ in range(processors())]:
                self.seconds += done.result()
                self.inputs += IN_CACHE

    def _exponentials(self) -> float:
        wide, out = CONSECUTIVE.view(np.float32).astype(np.float64), np.empty(IN_CACHE)
        np.exp(wide, out=out)  # once for the cache
        begin = time.thread_time()
        np.exp(wide, out=out)
        return time.thread_time() - begin


def sweep(*backends: str) -> float:
    """Processor time of an exhaustive sweep beyond the frameworks' own time, per case and per exp of as many inputs.

    exp is timed within the sweep: a core that has a framework for a neighbour is slower than one that is left alone.
    What the workers need to take inputs and hand over results counts.
    """
    case = {"backends": backends, "formats": ("float32",), "orders": (1,), "routes": ("from_value",)}
    run("sigmoid", **case, inputs=1024)  # everything is compiled
    work = plan(Request(**case, inputs="exhaustive"))
    tasks, inputs = work.tasks, work.inputs["float32"]
    workers = {task.implementation: Worker(task.implementation) for task in tasks}
    paced = Paced(Comparison(activation("sigmoid"), 1, FORM, processors(), inputs.count, inputs.exhaustive))
    before = processor_seconds(resource.RUSAGE_SELF)
    with ThreadPoolExecutor(processors()) as executor:
        Sweep(tasks, workers, inputs, executor, processors(), block_length(FORM, inputs.count), lambda *_: None).run(paced)
    ours = processor_seconds(resource.RUSAGE_SELF) - before - 2 * paced.seconds  # each exp was computed twice
    for worker in workers.values():
        worker.stop()
    moving = sum(task.moving_seconds for task in tasks)
    exponential = paced.seconds / paced.inputs * inputs.count
    print(
        f"exhaustive sweep, {len(tasks)} cases of {inputs.count:,} inputs: {ours:.1f} s in the harness, {moving:.1f} s moving "
        f"inputs and results in the workers; exp would take {exponential:.1f} s"
    )
    return (ours + moving) / len(tasks) / exponential


def main() -> int:
    """Measure, print, judge."""
    limits: list[tuple[str, float, float]] = []
    ours, exponential = fused_gradient(CONSECUTIVE, cases=1)
    limits.append(("fused float32 gradient kernel / exp, consecutive inputs, in cache, one thread", ours / exponential, 1.5))
    for name, bits, cases in (("consecutive", CONSECUTIVE, 8), ("scattered", SCATTERED, 1), ("scattered", SCATTERED, 8)):
        ours, exponential = fused_gradient(bits, cases)
        ratio = ours / exponential
        print(f"{cases} cases, {name} inputs: {ours:.2f} ns each against {exponential:.2f} ns: ratio {ratio:.2f} (no limit)")
    what = "processor time of an exhaustive sweep beyond the frameworks' / exp, per case"
    limits.append((f"{what}, one case", sweep("numpy"), 2.0))
    limits.append((f"{what}, four cases", sweep("numpy", "torch:eager", "jax:compiled", "tensorflow:compiled"), 2.0))
    limits.append(("memory of the harness in MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 500.0))
    before = processor_seconds(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "from harness.cli import app; app(['--help'])"], stdout=subprocess.DEVNULL, check=True)
    seconds = processor_seconds(resource.RUSAGE_CHILDREN) - before
    limits.append(("lastbit --help, seconds of processor time", seconds, 0.5))
    for what, measured, limit in limits:
        print(f"{'ok  ' if measured <= limit else 'OVER'} {what}: {measured:.2f} (limit {limit:g})")
    return int(any(measured > limit for _, measured, limit in limits))


if __name__ == "__main__":
    sys.exit(main())
