"""What the Dask engine costs, and what a second worker gains: ratios taken in one run.

An exhaustive pass of float32 on workers that are bound to a processor each, one and two of them, in turns. Throughput is that of
all shards but each worker's first, which the workers' start and the compilation of kernels belong to.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from harness.runs.execution import processors
from harness.runs.plan import Request
from harness.runs.shards import cluster, manifest
from harness.runs.shards.store import Record, Store
from harness.runs.shards.units import divide

REQUEST = Request(("sigmoid",), ("numpy", "torch:eager"), ("float32",), (1,), ("autodiff", "from_value"), "exhaustive")
ROUNDS = 2
LEAST_GAIN, MOST_OVERHEAD = 1.7, 0.03


def measure(workers: int) -> tuple[float, float]:
    """Shards per second in the steady state, and the share of the workers' time that was spent outside them."""
    work = manifest.plan_all([REQUEST])
    units = divide(work)[: 9 * workers]
    arrived: list[tuple[float, float]] = []

    class Clocked(Store):
        def add(self, record: Record) -> None:
            super().add(record)
            arrived.append((time.perf_counter(), record.circumstances["costs"]["wall"]))

    with tempfile.TemporaryDirectory() as folder, cluster.connected(workers, "") as client:
        cluster.work_off(work, [REQUEST], units, units, Clocked(Path(folder)), client, True, lambda task, inputs: None)
    steady = arrived[workers:]
    elapsed = steady[-1][0] - arrived[workers - 1][0]
    return len(steady) / elapsed, 1 - sum(wall for _, wall in steady) / (elapsed * workers)


def main() -> None:
    """Print both ratios, and fail where one is out of its limit."""
    if processors() < 2:
        print("needs two processors")
        return
    rates: dict[int, list[float]] = {1: [], 2: []}
    overheads = []
    for _ in range(ROUNDS):
        for workers, found in rates.items():
            rate, overhead = measure(workers)
            found.append(rate)
            overheads += [overhead] if workers == 1 else []
    gain, overhead = max(rates[2]) / max(rates[1]), min(overheads)
    print(f"two workers do {gain:.2f} times as much as one (at least {LEAST_GAIN})")
    print(f"outside of the shards one worker spends {overhead:.2%} of the time (at most {MOST_OVERHEAD:.0%})")
    if gain < LEAST_GAIN or overhead > MOST_OVERHEAD:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
