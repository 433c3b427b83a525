"""The frame ``speed``: a row per job and phase."""

from __future__ import annotations

import json
import math
import statistics
from functools import cached_property
from typing import TYPE_CHECKING, Any

from backends.timing import COPY, HOST

from ..formats import number_format
from ..frames import Row, frame
from ..workers.environments import version
from .jobs import Job
from .protocol import Pair, Trace
from .statistics import Comparison, Interval, alpha, compare, drift, interval, pair_ratio

if TYPE_CHECKING:
    import pandas as pd

PARITY = 0.05
"""How far the effective threads may be from those asked for, as a share, before a row is invalid."""
PHASES = ("import", "first_call", "steady")
"""What was timed, once for each implementation and twice for each job."""
ALLOCATION = "fresh"
"""Every call returns a result in memory of its own, as the frameworks' functions do; none is given a place for it (``out=``)."""


class Results:
    """What the pairs say of the jobs.

    Args:
        jobs: all of them.
        pairs: so far.
        threads: that were asked for.

    Attributes:
        comparisons: by number of the job, for those that have a base.
    """

    def __init__(self, jobs: list[Job], pairs: list[Pair], threads: int) -> None:
        self.jobs, self.threads = jobs, threads
        self.hellos = {implementation: hello for pair in pairs for implementation, hello in pair.hellos.items()}
        self._pairs = pairs
        self._imports: dict[Any, list[float]] = {}
        for pair in pairs:
            for implementation, hello in pair.hellos.items():
                self._imports.setdefault(implementation, []).append(float(hello["environment"]["import_seconds"]))
        for job in jobs:
            found = "; ".join(filter(None, (self.unequal(job), self.unsteady(job)))) if job.status == "ok" else ""
            if found:
                job.fail("invalid", found)
        compared = [job for job in jobs if job.base and job.status == "ok" and job.base.status == "ok"]
        said = compare([self.log_ratios(job, job.base) for job in compared if job.base])
        self.comparisons: dict[int, Comparison] = {job.number: each for job, each in zip(compared, said, strict=True)}

    def traces(self, job: Job) -> list[Trace]:
        """Of a job, one of each pair."""
        return [pair.traces[job.number] for pair in self._pairs if job.number in pair.traces]

    def log_ratios(self, job: Job, base: Job) -> list[float]:
        """Of a job and another in the same pairs."""
        found = []
        for pair in self._pairs:
            mine, other = pair.traces.get(job.number), pair.traces.get(base.number)
            if mine and other:
                sweeps = zip(other.times, mine.times, strict=False)
                found.append(pair_ratio([list(zip(theirs, ours, strict=True)) for theirs, ours in sweeps]))
        return found

    def effective_threads(self, job: Job) -> float:
        """Processor time per time: on how many processors the job ran on average (median over the pairs); not on a device."""
        return statistics.median(trace.spent / trace.time for trace in self.traces(job))

    def unequal(self, job: Job) -> str:
        """Why a job did not run with the threads that were asked for, or nothing."""
        if not self.traces(job) or job.case.route == COPY or job.regime != HOST:
            return ""
        threads = self.effective_threads(job)
        if abs(threads / self.threads - 1) <= PARITY:
            return ""
        return f"ran on {threads:.2f} processors, {self.threads} asked for"

    def recompilations(self, job: Job) -> int | None:
        """What was traced or compiled while the job was timed, in all pairs; None where its adapter does not count that."""
        counts = [trace.compilations for trace in self.traces(job)]
        return None if None in counts else sum(filter(None, counts))

    def unsteady(self, job: Job) -> str:
        """Why what was timed is no steady state, or nothing."""
        count = self.recompilations(job)
        return f"compiled again {count} times in the steady state" if count else ""

    def interval(self, values: list[float]) -> Interval:
        """99 % for the median of positive values."""
        compared = sum(job.base is not None for job in self.jobs)
        return interval([math.log(value) for value in values], alpha(compared, len(values))).exp()

    def imports(self) -> dict[Any, list[float]]:
        """Seconds that each implementation took to import, one of each process."""
        return self._imports

    @cached_property
    def drift(self) -> float | None:
        """See :func:`harness.speed.statistics.drift`."""
        return drift(list(self.comparisons.values()))


def speed_frame(run_id: str, results: Results) -> pd.DataFrame:
    """A row for the import of every implementation, and for the first call and the steady state of every job."""
    rows = [_import_row(run_id, results, implementation, seconds) for implementation, seconds in results.imports().items()]
    for job in results.jobs:
        if job.case.route != COPY:
            traces = results.traces(job)
            rows.append(_first_row(run_id, results, job, traces))
            rows.append(_steady_row(run_id, results, job, traces))
    return frame(rows, SPEED)


def _import_row(run_id: str, results: Results, implementation: Any, seconds: list[float]) -> Row:
    row: Row = {"run_id": run_id, "backend": implementation.backend, "mode": implementation.mode}
    row |= {"device": implementation.device, "implementation": implementation.substitute}
    row |= {"backend_version": version("", results.hellos[implementation]), "phase": "import", "status": "ok", "reason": ""}
    row |= {"threads_requested": results.threads, "pairs": len(seconds), "seconds": statistics.median(seconds)}
    return row


def _row(run_id: str, results: Results, job: Job, phase: str) -> Row:
    case = job.case
    row: Row = {"run_id": run_id, "activation": case.activation, "parameters": json.dumps(dict(case.parameters))}
    row |= {"order": case.order, "route": case.route, "format": case.format}
    row |= {"backend": job.implementation.backend, "backend_version": version(case.route, results.hellos.get(job.implementation))}
    row |= {"mode": job.implementation.mode, "device": job.implementation.device}
    row |= {"implementation": job.implementation.substitute, "n": job.n, "regime": job.regime}
    return row | {"threads_requested": results.threads, "phase": phase, "status": job.status, "reason": job.reason}


def _times(results: Results, seconds: list[float], n: int) -> Row:
    found = results.interval(seconds)
    row: Row = {"seconds": found.median, "ns_per_element": found.median / n * 1e9, "pairs": len(seconds)}
    return row | {"low": _finite(found.low / n * 1e9), "high": _finite(found.high / n * 1e9)}


def _first_row(run_id: str, results: Results, job: Job, traces: list[Trace]) -> Row:
    row = _row(run_id, results, job, "first_call")
    return row | _times(results, [trace.first_ns / 1e9 for trace in traces], job.n) if traces else row


def _steady_row(run_id: str, results: Results, job: Job, traces: list[Trace]) -> Row:
    row = _row(run_id, results, job, "steady") | {"allocation": ALLOCATION}
    if not traces:
        return row
    row |= _times(results, [trace.ns / 1e9 for trace in traces], job.n)
    row |= {"calls_per_second": 1 / row["seconds"], "recompilations": results.recompilations(job)}
    if job.regime == HOST:
        row["threads_effective"] = results.effective_threads(job)
        row["run_delay"] = 1 - sum(trace.time for trace in traces) / sum(trace.wall for trace in traces)
    row["bytes_per_element"] = 2 * number_format(job.case.format).bits // 8
    copies = [other for other in results.jobs if _copy_of(other, job)]
    if copies and (logs := results.log_ratios(copies[0], job)):
        row["copy_bandwidth_share"] = math.exp(statistics.median(logs))
    if job.base:
        row["ratio_to"] = label(job.base, job)
    if (said := results.comparisons.get(job.number)) is not None:
        row |= {"ratio": said.ratio.median, "ratio_low": _finite(said.ratio.low), "ratio_high": _finite(said.ratio.high)}
        row["verdict"] = said.verdict
    return row


def _copy_of(other: Job, job: Job) -> bool:
    return other.case.route == COPY and other.worker == job.worker and (other.n, other.case.format) == (job.n, job.case.format)


def label(base: Job, job: Job) -> str:
    """What a job is compared with, in as few words as tell it apart."""
    if base.worker == job.worker:
        return base.case.route
    return str(base.implementation) if base.case.route == job.case.route else f"{base.implementation}/{base.case.route}"


def _finite(value: float) -> float | None:
    return value if 0 < value < math.inf else None


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
SPEED = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
SPEED |= dict.fromkeys(("route", "format", "backend", "backend_version", "mode", "device", "implementation"), _TEXT)
SPEED |= {"n": _WHOLE, "threads_requested": _WHOLE, "threads_effective": _REAL, "phase": _TEXT, "regime": _TEXT}
SPEED |= dict.fromkeys(("seconds", "calls_per_second", "ns_per_element", "low", "high"), _REAL)
SPEED |= {"ratio_to": _TEXT, "ratio": _REAL, "ratio_low": _REAL, "ratio_high": _REAL, "verdict": _TEXT}
SPEED |= {"bytes_per_element": _WHOLE, "copy_bandwidth_share": _REAL, "allocation": _TEXT, "recompilations": _WHOLE}
SPEED |= {"run_delay": _REAL, "pairs": _WHOLE, "status": _TEXT, "reason": _TEXT}
