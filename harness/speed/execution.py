"""Do the pairs of a request, as many as its rows need and its budget allows, and make the frame."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formats import number_format
from ..workers.environments import Started, environments
from ..workers.process import START_LIMIT
from .frame import Results, speed_frame
from .jobs import Job, Request, plan
from .protocol import Pair, measure
from .statistics import looks

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 270.0
"""Seconds, unless somebody asks for others: a default run stays below five minutes."""
_CHUNK = 1 << 20
Progress = Callable[[int, int], None]


@dataclass
class Speed:
    """A finished run.

    Attributes:
        run_id: names it.
        speed: a row per job and phase, see :data:`harness.speed.frame.SPEED`.
        environments: a row per implementation that was started.
        drift: median ratio of the rows that were not told apart, where they lean to one side; else None.
        results: what the pairs say, job by job.
        interrupted: whether Ctrl-C ended it.
        folder: where it was saved, or None.
    """

    run_id: str
    speed: pd.DataFrame
    environments: pd.DataFrame
    drift: float | None
    results: Results
    interrupted: bool = False
    folder: Path | None = None

    def save(self, folder: Path) -> None:
        """Write the frames as Parquet and CSV; the environments of a run of accuracy in the same directory stay as they are."""
        frames = {"speed": self.speed, "speed_environments": self.environments}
        for name, frame in frames.items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
            frame.to_csv(folder / f"{name}.csv", index=False)
        self.folder = folder


def speed(request: Request, budget: float = BUDGET, progress: Progress = lambda done, planned: None) -> Speed:
    """Time what a request means.

    Pairs are made up to the first look, and as long as a row is ambiguous, and all that the next look needs fits into the time
    that is left, up to that. What could not be timed is a row with a status and a reason.

    Args:
        request: what to time.
        budget: seconds after which no new pair is begun; the first pair of everything is made in any case.
        progress: called with the pairs done and planned.

    Raises:
        ValueError: for anything that does not exist or does not parse, or more threads than processors.
    """
    return time_jobs(plan(request), request.threads, budget, progress, told_drift=request.versus is not None)


def _ambiguous(results: Results) -> bool:
    return any(each.verdict == "ambiguous" for each in results.comparisons.values())


def time_jobs(
    jobs: list[Job],
    threads: int,
    budget: float,
    progress: Progress,
    start_limit: float = START_LIMIT,
    is_open: Callable[[Results], bool] = _ambiguous,
    told_drift: bool = False,
) -> Speed:
    """Time jobs; those that cannot be timed are marked.

    Args:
        jobs: what is timed.
        threads: that frameworks may use.
        budget, progress: as for :func:`speed`.
        start_limit: seconds that a process may take to start, and a job to be called for the first time.
        is_open: whether more pairs are wanted after a look, if there is time.
        told_drift: whether a common direction of the comparisons means something.

    Raises:
        ValueError: for more threads than processors.
    """
    lanes = core_sets(threads)
    run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    with tempfile.TemporaryDirectory(prefix="lastbit-") as folder:
        inputs = write_inputs(jobs, Path(folder))
        runner = Runner(jobs, lanes, inputs, time.monotonic() + budget, progress, start_limit)
        first, *others = looks(sum(job.base is not None for job in jobs))
        runner.run(first)
        results = Results(jobs, runner.pairs.copy(), threads)
        for pairs in others:
            if runner.over or not is_open(results) or not runner.affords(pairs):
                break
            runner.run(pairs)
            if runner.over:  # a look at a part of its pairs would say less than the one before, whose chance of a miss is larger
                break
            results = Results(jobs, runner.pairs.copy(), threads)
    hellos = {implementation: hello for pair in runner.pairs for implementation, hello in pair.hellos.items()}
    about = environments(run_id, [Started(*each) for each in hellos.items()], str(_SEED))
    drift = results.drift if told_drift else None
    return Speed(run_id, speed_frame(run_id, results), about, drift, results, runner.interrupted)


_SEED = 0  # of the inputs and of the orders


def core_sets(threads: int) -> list[tuple[int, ...]]:
    """Disjoint sets of as many processors as threads, so that two pairs can be on the way.

    Raises:
        ValueError: where there are not so many processors.
    """
    cores = sorted(os.sched_getaffinity(0))
    if not 1 <= threads <= len(cores):
        raise ValueError(f"threads {threads}: give a number from 1 to {len(cores)}, the processors there are")
    return [tuple(cores[low : low + threads]) for low in range(0, len(cores) - threads + 1, threads)]


def write_inputs(jobs: list[Job], folder: Path) -> dict[str, str]:
    """For every format a file with as many encodings as the largest tensor has: standard normal numbers, rounded."""
    files = {}
    for name in dict.fromkeys(job.case.format for job in jobs):
        form, rng = number_format(name), np.random.default_rng(_SEED)
        count = max(job.n for job in jobs if job.case.format == name)
        with (folder / name).open("wb") as out:
            for low in range(0, count, _CHUNK):
                form.round(rng.standard_normal(min(_CHUNK, count - low))).tofile(out)
        files[name] = str(folder / name)
    return files


@dataclass
class Runner:
    """Makes pairs in lanes, one core set each; while one pair is in its steady state, others may only start their processes.

    Attributes:
        jobs: what is timed.
        lanes: core sets.
        inputs: files of encodings by format.
        deadline: on the monotonic clock, after which no pair is begun.
        progress: told of the pairs done and planned.
        start_limit: seconds, see :func:`harness.speed.protocol.measure`.
        pairs: what the pairs have said so far.
        over: whether the deadline or Ctrl-C has left pairs out.
        interrupted: whether it was Ctrl-C.
    """

    jobs: list[Job]
    lanes: list[tuple[int, ...]]
    inputs: dict[str, str]
    deadline: float
    progress: Progress
    start_limit: float = START_LIMIT
    pairs: list[Pair] = field(default_factory=list)
    over: bool = False
    interrupted: bool = False
    _made: int = 0
    _longest: dict[Any, float] = field(default_factory=dict)
    _begin: float = field(default_factory=time.monotonic)

    def affords(self, pairs: int) -> bool:
        """Whether there is time for so many pairs in all, if they take as long as those made so far."""
        now = time.monotonic()
        return now + (pairs - self._made) * (now - self._begin) / self._made <= self.deadline

    def run(self, pairs: int) -> None:
        """Make as many pairs of every unit as there are to be in all: one unit is what runs in the same processes."""
        units = self._units()
        work = self._work(units, range(self._made, pairs))
        planned = pairs * len(units)
        done = self._made * len(units)
        self._made = pairs
        quiet, stop = threading.Lock(), threading.Event()
        with ThreadPoolExecutor(len(self.lanes)) as executor:
            running: dict[Future[Pair], tuple[Any, tuple[int, ...], float]] = {}
            free = list(self.lanes)
            try:
                while True:
                    self.progress(done, planned)
                    while free and not self.over and (task := next(work, None)):
                        unit, jobs, seed = task
                        lane = free.pop()
                        future = executor.submit(measure, jobs, lane, self.inputs, seed, quiet, stop.is_set, self.start_limit)
                        running[future] = (unit, lane, time.monotonic())
                    if not running:
                        return
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        unit, lane, begin = running.pop(future)
                        free.append(lane)
                        self.pairs.append(future.result())
                        self._longest[unit] = max(self._longest.get(unit, 0.0), time.monotonic() - begin)
                        done += 1
            except KeyboardInterrupt:
                self.over = self.interrupted = True
                stop.set()

    def _units(self) -> dict[str, list[Job]]:
        units: dict[str, list[Job]] = {}
        for job in self.jobs:
            units.setdefault(job.unit, []).append(job)
        return units

    def _work(self, units: dict[Any, list[Job]], rounds: range) -> Iterator[tuple[Any, list[Job], int]]:
        """What is to be done, while there is time; each round takes the units in an order drawn by lot."""
        for number in rounds:
            lot = Random(number)
            for unit in lot.sample(list(units), len(units)):
                if not any(job.status == "ok" for job in units[unit]):
                    continue
                if number and time.monotonic() + self._longest.get(unit, 0.0) > self.deadline:
                    self.over = True
                    return
                yield unit, units[unit], number
