"""Take the times that a file of limits is about, and judge them."""

from __future__ import annotations

from collections.abc import Sequence

from ..frames import Row
from ..speed.execution import Progress, Speed, time_jobs
from ..speed.frame import Results
from ..speed.jobs import Job, numbered
from .demands import Gate, TimeLimit, label
from .verdict import STATUSES, CaseVerdict

THREADS = 1
"""That frameworks may use: with one, and no other, a time does not depend on how many a machine has."""


class Stopwatch:
    """The jobs of the limits of times of a gate, each beside what it is compared with.

    Args:
        gate: the file of limits.
        verdicts: what is said of its demands so far, in their order; a case that could not be measured is not timed.
    """

    def __init__(self, gate: Gate, verdicts: Sequence[CaseVerdict]) -> None:
        self._gate = gate
        self._jobs: list[Job] = []
        self._timed: list[tuple[CaseVerdict, TimeLimit, Job]] = []
        for demand, verdict in zip(gate.demands, verdicts, strict=False):
            if demand.time and verdict.row["status"] == "ok":
                limit = demand.time
                # Each two implementations have processes of their own: those of many others do not disturb them.
                unit = f"{demand.implementation} | {limit.implementation}"
                base = Job(limit.implementation, limit.case, limit.n, unit=unit)
                job = Job(demand.implementation, demand.case, limit.n, unit=unit, base=base)
                self._jobs += [base, job]
                self._timed.append((verdict, limit, job))
        numbered(self._jobs)

    def __bool__(self) -> bool:
        return bool(self._timed)

    def run(self, progress: Progress) -> Speed:
        """Take the times, as many as the budget of the gate allows and the verdicts need, and add to the verdicts."""
        gate = self._gate
        found = time_jobs(self._jobs, THREADS, gate.time_budget, progress, gate.timeout, is_open=self._is_open)
        for verdict, limit, job in self._timed:
            _hold(verdict, limit, job, found.results)
        return found

    def _is_open(self, results: Results) -> bool:
        """Whether more pairs could decide something."""
        ratios = ((limit.ratio, results.comparisons.get(job.number)) for _, limit, job in self._timed)
        return any(said and said.ratio.low <= limit < said.ratio.high for limit, said in ratios)


def _hold(verdict: CaseVerdict, limit: TimeLimit, job: Job, results: Results) -> None:
    """Hold the time of a case against its limit: the whole interval must be on one side of it."""
    name = label(limit.implementation, limit.case)
    assert job.base
    for each, whose in ((job, ""), (job.base, f" ({name})")):
        if each.status != "ok":
            verdict.add(STATUSES.get(each.status, "missing"), [f"time{whose}: {each.status}: {each.reason}"])
            return
    said = results.comparisons.get(job.number)
    pairs = len(results.log_ratios(job, job.base))
    if said is None or not pairs:
        verdict.add("undecided", ["time: it was not taken"])
        return
    ratio = said.ratio
    verdict.row |= _figures(name, limit, ratio.median, ratio.low, ratio.high, pairs)
    text = f"time_ratio {ratio.median:.4g} [{ratio.low:.4g}, {ratio.high:.4g}] to {name}, {limit.n:,} elements, {pairs} pairs"
    if ratio.high <= limit.ratio:
        verdict.add("ok", [text])
    elif ratio.low > limit.ratio:
        verdict.add("worse", [f"{text}: above {limit.ratio:g}"])
    else:
        verdict.add("undecided", [f"{text}: {limit.ratio:g} lies within (more time: time_budget)"])


def _figures(name: str, limit: TimeLimit, ratio: float, low: float, high: float, pairs: int) -> Row:
    """What is added to the figures of a case; its bounds are None where there are too few pairs for any."""
    bounded = {"time_ratio_low": low, "time_ratio_high": high} if high < float("inf") else {}
    figures = {"time_ratio": ratio} | bounded
    return figures | {"time_ratio_to": name, "time_elements": limit.n, "time_pairs": pairs}
