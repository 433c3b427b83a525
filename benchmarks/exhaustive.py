"""What exhaustive float32 runs cost: processor time per input and case of everything, measured on a sample of the encodings.

    python benchmarks/exhaustive.py FILE [--formulas] [ACTIVATION ...]

The sample is one run of 2^14 consecutive encodings out of every 2^23, so that each binade of either sign has one. Frameworks get
them in tensors of 2^20, as long as in an exhaustive run. FILE gets a row per case and one per pass (an activation and order),
in CSV; what an exhaustive run of all that was measured would take is printed. Processor time is counted, not time: other work
on the machine does little harm.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.accuracy.comparison import Comparison
from harness.accuracy.kernels.counting import count_up
from harness.case import Implementation, Task
from harness.catalogue import names
from harness.formats import FORMATS, Bits, Format
from harness.runs.execution import processors
from harness.runs.plan import Plan, Request, plan
from harness.workers.implementations import OWN
from harness.workers.process import Worker
from harness.workers.sweep import Sweep, batches

FORM = FORMATS["float32"]
RUN = 1 << 14
BLOCK = 1 << 20
STEP = 1 << 23
ALL = 1 << 32


class Sample:
    """A source of inputs: runs of consecutive encodings, each at a place of its own in its part of the format."""

    format: Format = FORM
    count = ALL // STEP * RUN

    def fill(self, start: int, out: Bits) -> None:
        """Write the encodings from ``start`` on."""
        for low in range(0, len(out), RUN):
            number = (start + low) // RUN
            first = number * STEP + number * 40503 % (STEP // RUN) * RUN
            count_up(first, out[low : low + RUN])


@dataclass
class Gauge:
    """A consumer of blocks that compares them on one thread and knows what took how long.

    Attributes:
        comparison: with one lane.
        seconds: processor time by kind of work, from the second block on; ``other`` is all else in this process.
        judged: results that ball arithmetic judged.
    """

    comparison: Comparison
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    judged: int = 0
    _begin: float = 0.0

    def __post_init__(self) -> None:
        (self._lane,) = self.comparison._lanes
        for kind in ("compare", "judge", "agree"):
            setattr(self._lane, f"_{kind}", self._timed(kind, getattr(self._lane, f"_{kind}")))

    def _timed(self, kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            begin = time.thread_time()
            found = work(*arguments)
            self.seconds[kind] += time.thread_time() - begin
            self.judged += kind == "judge"
            return found

        return call

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Compare a block."""
        if start == BLOCK:  # the first block finds nothing in the caches, and memory that was never touched
            self.seconds.clear()
            self.judged, self._begin = 0, time.process_time()
        self._lane.add(start, inputs, results)
        if start:
            self.seconds["other"] = time.process_time() - self._begin
            self.seconds["other"] -= sum(self.seconds[kind] for kind in ("compare", "judge", "agree"))


@dataclass
class Meter:
    """Processor time of the workers, charged to the cases that they were working on.

    Attributes:
        first: by case, seconds of preparation and of the first block.
        rest: of all other blocks.
    """

    workers: dict[Implementation, Worker]
    first: dict[int, float] = field(default_factory=dict)
    rest: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    _before: dict[Implementation, float] = field(default_factory=dict)
    _moving: dict[int, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Nothing that the workers have done so far is charged to anyone."""
        self._before = {which: _processor_seconds(worker) for which, worker in self.workers.items() if worker.running}

    def __call__(self, task: Task, inputs: int) -> None:
        """A case has computed a block."""
        now = _processor_seconds(self.workers[task.implementation])
        spent = now - self._before.get(task.implementation, now)
        self._before[task.implementation] = now
        if task.done == 1:
            self.first[task.number], self._moving[task.number] = spent, task.moving_seconds
        else:
            self.rest[task.number] += spent

    def moving(self, task: Task) -> float:
        """Of the rest, what loading and storing took."""
        return task.moving_seconds - self._moving.get(task.number, 0.0)


def _processor_seconds(worker: Worker) -> float:
    """Of all threads that the worker has; those of its framework stay."""
    threads = Path(f"/proc/{worker._process.pid}/task").iterdir() if worker._process else ()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def measure(work: Plan) -> pd.DataFrame:
    """A row per case that came to its end, and one per pass (with no implementation), in ns per input."""
    tasks = [task for task in work.tasks if task.status == "ok"]
    workers = {task.implementation: Worker(task.implementation) for task in tasks}
    meter, rows, counted = Meter(workers), list[dict[str, Any]](), Sample.count - BLOCK
    with ThreadPoolExecutor(1) as executor:
        for (_, name, parameters, order), cases in batches(tasks).items():
            comparison = Comparison(work.definition(cases[0].case), order, FORM, 1, ALL)
            one = FORM.round([1.0])
            comparison.add(0, one, {0: one, 1: one ^ np.uint32(1)}, executor)  # all kernels are compiled
            gauge = Gauge(Comparison(work.definition(cases[0].case), order, FORM, 1, ALL))
            meter.begin()
            Sweep(cases, workers, Sample(), gauge, executor, processors(), BLOCK, meter).run()  # type: ignore[arg-type]
            done = [task for task in cases if task.status == "ok"]
            where = {"activation": name, "parameters": str(dict(parameters)), "order": order}
            for task in done:
                moving = meter.moving(task) / counted
                figures = {"moving": moving, "framework": meter.rest[task.number] / counted - moving}
                figures = {key: value * 1e9 for key, value in figures.items()}
                figures |= {"first_seconds": meter.first[task.number]}
                rows.append(where | {"route": task.case.route, "implementation": str(task.implementation)} | figures)
            harness = {key: gauge.seconds[key] / counted * 1e9 for key in ("compare", "judge", "agree", "other")}
            harness |= {"cases": len(done), "judged": gauge.judged / counted / max(len(done), 1)}
            rows.append(where | harness)
            print(_line(rows[-len(done) - 1 :]), file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.stop()
    return pd.DataFrame(rows)


def _line(rows: list[dict[str, Any]]) -> str:
    *cases, whole = rows
    per_case = {key: whole[key] / max(whole["cases"], 1) for key in ("compare", "judge", "agree", "other")}
    parts = {"framework": np.mean([row["framework"] for row in cases]), "moving": np.mean([row["moving"] for row in cases])}
    shown = " ".join(f"{key} {value:6.2f}" for key, value in (parts | per_case).items())
    return f"{whole['activation']:13} {whole['order']} {whole['cases']:3} cases, ns per input and case: {shown}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("activations", nargs="*", default=names())
    parser.add_argument("--formulas", action="store_true")
    options = parser.parse_args()
    routes = () if options.formulas else OWN
    work = plan(Request(tuple(options.activations), formats=("float32",), routes=routes, inputs="exhaustive"))
    frame = measure(work)
    frame.to_csv(options.file, index=False)
    hours = ALL / 1e9 / 3600
    total = {key: frame[key].sum() * hours for key in ("framework", "moving", "compare", "judge", "agree", "other")}
    total["first"] = frame["first_seconds"].sum() / 3600
    for key, value in total.items():
        print(f"{key:10} {value:7.2f} core-hours of {sum(total.values()):.2f}")


if __name__ == "__main__":
    main()
