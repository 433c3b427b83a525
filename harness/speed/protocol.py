"""One pair: fresh processes on the same processors take turns, there and back again, in an order drawn by lot."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from ..case import Implementation
from ..workers.process import CALL_LIMIT, START_LIMIT, Died, Worker
from .jobs import Job

SHORT = 2e6
"""Length in ns of a block up to which a visit has several, and a pair more sweeps; longer ones average more by themselves."""
SHORT_VISITS, LONG_VISITS = (3, 6), (1, 2)
"""Blocks in a visit, and sweeps of a pair."""


@dataclass
class Trace:
    """What one pair says of one job.

    Attributes:
        first_ns: what the first call took, with preparation.
        block_ns: length of a block.
        times: ns per call, for each sweep of the visit there and the visit back.
        wall, time, spent, delay: sums over all blocks in ns: wall time, the same without run delay, processor time, run delay.
        compilations: in the steady state; None where the adapter does not count them.
    """

    first_ns: float
    block_ns: float
    times: list[list[float]] = field(default_factory=list)
    wall: float = 0.0
    time: float = 0.0
    spent: float = 0.0
    delay: float = 0.0
    compilations: int | None = 0

    @property
    def ns(self) -> float:
        """Of a call: the median over the visits."""
        return float(statistics.median(time for sweep in self.times for time in sweep))

    def add(self, reply: dict[str, Any]) -> float:
        """Take a visit in, and return its ns per call."""
        for name in ("wall", "time", "spent", "delay"):
            setattr(self, name, getattr(self, name) + reply[name])
        if self.compilations is not None:
            self.compilations = None if reply["compilations"] is None else self.compilations + reply["compilations"]
        return float(statistics.median(reply["ns"]))


@dataclass
class Pair:
    """What one pair of processes (or one process, or several) says.

    Attributes:
        traces: by number of the job.
        hellos: what the workers said of themselves.
    """

    traces: dict[int, Trace] = field(default_factory=dict)
    hellos: dict[Implementation, dict[str, dict[str, str]]] = field(default_factory=dict)


def measure(
    jobs: Iterable[Job],
    cores: tuple[int, ...],
    inputs: dict[str, str],
    seed: int,
    quiet: AbstractContextManager[Any],
    stopped: Callable[[], bool] = lambda: False,
    start_limit: float = START_LIMIT,
) -> Pair:
    """Time jobs in fresh processes, one for each :attr:`Job.worker`.

    Args:
        jobs: what is timed; those that cannot be are marked.
        cores: the processors that the processes may use, as many as threads.
        inputs: for each format a file of encodings.
        seed: of the order.
        quiet: held while the steady state is timed, so that other pairs of the same run do not disturb it.
        stopped: says between visits whether the rest is to be left out.
        start_limit: seconds that a process may take to start, and a job to be called for the first time.
    """
    lot, pair = Random(seed), Pair()
    live = [job for job in jobs if job.status == "ok"]
    keys = list(dict.fromkeys(job.worker for job in live))
    workers = {key: Worker(key[0], len(cores), start_limit, cores=cores) for key in lot.sample(keys, len(keys))}
    try:
        for worker in workers.values():
            worker.start()
        for key, worker in workers.items():
            _prepare(worker, [job for job in live if job.worker == key], inputs, pair, stopped, start_limit)
        with quiet:
            groups = list(dict.fromkeys(job.group for job in live))
            for group in lot.sample(groups, len(groups)):
                _take_turns([job for job in live if job.group == group], workers, pair, lot, stopped)
    finally:
        for worker in workers.values():
            worker.stop()
    pair.traces = {number: trace for number, trace in pair.traces.items() if trace.times and not stopped()}
    return pair


def _prepare(
    worker: Worker, jobs: list[Job], inputs: dict[str, str], pair: Pair, stopped: Callable[[], bool], limit: float
) -> None:
    """Call every job of one worker for the first time. A job that kills its worker is marked, and the others begin again."""
    waiting = list(jobs)
    while waiting and not stopped():
        job = waiting[0]
        try:
            fresh = worker.ready()
            if fresh:  # what was prepared before is gone with the process
                waiting = [each for each in jobs if each.status == "ok"]
                job = waiting[0]
            assert worker.hello
            pair.hellos[worker.implementation] = worker.hello
            message = {"op": "time", "id": job.number, "case": asdict(job.case), "n": job.n, "inputs": inputs[job.case.format]}
            message |= {"multiple": job.multiple, "extra": job.extra, "regime": job.regime}
            reply = worker.ask(message, limit)
        except Died as death:
            for each in jobs if worker.refusal else [job]:
                each.fail(death.status, death.reason)
            waiting = [each for each in waiting if each.status == "ok"]
            continue
        waiting = [each for each in waiting if each is not job]
        if "status" in reply:
            job.fail(reply["status"], reply["reason"])
        else:
            pair.traces[job.number] = Trace(reply["first_ns"], reply["block_ns"])


def _take_turns(
    jobs: list[Job], workers: dict[tuple[Implementation, int], Worker], pair: Pair, lot: Random, stopped: Callable[[], bool]
) -> None:
    """Visit all jobs in an order drawn by lot and then in the reverse order, several times."""
    jobs = [job for job in jobs if job.status == "ok" and job.number in pair.traces]
    if not jobs:
        return
    longest = max(pair.traces[job.number].block_ns for job in jobs)
    blocks, sweeps = SHORT_VISITS if longest <= SHORT else LONG_VISITS
    for _ in range(sweeps):
        order = lot.sample(jobs, len(jobs))
        found: dict[int, list[float]] = {job.number: [] for job in jobs}
        for job in order + order[::-1]:
            worker = workers[job.worker]
            if stopped() or job.status != "ok" or not worker.running:
                continue
            try:
                reply = worker.ask({"op": "visit", "id": job.number, "blocks": blocks}, CALL_LIMIT)
            except Died as death:
                job.fail(death.status, death.reason)
                continue
            if "status" in reply:
                job.fail(reply["status"], reply["reason"])
            else:
                found[job.number].append(pair.traces[job.number].add(reply))
        for number, times in found.items():
            if len(times) == 2:
                pair.traces[number].times.append(times)
