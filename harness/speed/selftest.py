"""The error bars of the stopwatch itself: equal things compared, known differences injected, on processors with other work.

Every comparison is made of pairs of fresh processes like any other. The second process runs the same calls as the first, and runs
them with one call in twenty, or in ten, made once more without being counted: it then takes exactly 5 or 10 % longer.
"""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backends.protocol import Case
from backends.timing import Clock

from ..frames import Row, frame
from ..workers.implementations import parse_backend
from .execution import Runner, core_sets, write_inputs
from .frame import Results
from .jobs import Job
from .statistics import PAIRS, Comparison, compare

if TYPE_CHECKING:
    import pandas as pd

INJECTED = (0.0, 0.05, 0.10)
"""Shares by which the second process is slower: not at all, and by what must be found."""
MULTIPLE = 20
"""Of which calls in a block are a multiple, so that these shares are whole numbers of calls."""
_CASES = tuple((name, order, route) for name in ("sigmoid", "tanh") for order, route in ((0, "native"), (1, "from_value")))
_SIZES = (1, 1 << 8, 1 << 12)
REPORTS = 8
"""Reports of a test, unless somebody asks for others: with so many rows each."""
ROWS = len(_CASES) * len(_SIZES)

# One process like this on every processor, as long as we live: arithmetic in the caches and traffic in memory, in phases of
# random length, without pause but for moments.
_LOAD = """
import os, random, sys, time, numpy
os.sched_setaffinity(0, [int(sys.argv[1])])
parent, lot, small, large = os.getppid(), random.Random(int(sys.argv[1])), numpy.ones(1 << 12), numpy.ones(1 << 22)
while os.getppid() == parent:
    until = time.monotonic() + lot.expovariate(50)
    work = lot.choice((lambda: numpy.cos(small, out=small), lambda: numpy.negative(large, out=large)))
    while time.monotonic() < until:
        work()
    time.sleep(lot.expovariate(2000))
"""


@dataclass
class Selftest:
    """What a test found.

    Attributes:
        rows: a row per comparison, see :data:`SELFTEST`.
        clock: of this machine.
        loaded: whether other work was running on the processors.
        interrupted: whether Ctrl-C ended it.
    """

    rows: pd.DataFrame
    clock: Clock
    loaded: bool
    interrupted: bool

    def save(self, folder: Path) -> None:
        """Write the rows as Parquet and CSV."""
        self.rows.to_parquet(folder / "selftest.parquet", index=False)
        self.rows.to_csv(folder / "selftest.csv", index=False)


def selftest(
    backend: str = "numpy",
    reports: int = REPORTS,
    load: bool = True,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Selftest:
    """Compare what is equal, and what is slower by a known share.

    Args:
        backend: ``NAME[:MODE]``.
        reports: each compares :data:`ROWS` rows for each of :data:`INJECTED`.
        load: whether to keep the processors busy meanwhile.
        progress: called with the pairs done and planned.

    Raises:
        ValueError: for a backend that does not exist, or no reports.
    """
    if reports < 1:
        raise ValueError(f"reports {reports}: give a number of at least 1")
    jobs = _jobs(backend)
    run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    lanes = core_sets(1)
    with tempfile.TemporaryDirectory(prefix="lastbit-") as folder, _other_work(lanes if load else []):
        runner = Runner(jobs, lanes, write_inputs(jobs, Path(folder)), math.inf, progress)
        runner.run(PAIRS * reports)
    rows: list[Row] = []
    for report in range(len(runner.pairs) // PAIRS):
        results = Results(jobs, runner.pairs[report * PAIRS : (report + 1) * PAIRS], threads=1)
        for extra in INJECTED:
            rows += _judged(results, [job for job in jobs if job.base and job.extra == extra], report)
    shown = [{"run_id": run_id, "loaded": load} | row for row in rows]
    return Selftest(frame(shown, SELFTEST), Clock(), load, runner.interrupted)


def _jobs(backend: str) -> list[Job]:
    implementation = parse_backend(backend)[0]
    jobs: list[Job] = []
    for n in _SIZES:
        for activation, order, route in _CASES:
            case = Case(activation, order, route, "float32")
            for extra in INJECTED:  # as many jobs in one process as in the other: what they share caches with must be alike
                first = Job(implementation, case, n, process=0, multiple=MULTIPLE)
                jobs += [first, Job(implementation, case, n, process=1, multiple=MULTIPLE, extra=extra, base=first)]
    for number, job in enumerate(jobs):
        job.number = number
    return jobs


def _judged(results: Results, jobs: list[Job], report: int) -> Iterator[Row]:
    """The rows of one report: the verdict of each alone, and among all of the report."""
    values = [results.log_ratios(job, job.base) for job in jobs if job.base]
    for job, among, logs in zip(jobs, compare(values), values, strict=True):
        alone: Comparison = compare([logs])[0]
        traces = results.traces(job)
        yield {
            "report": report,
            "injected": job.extra,
            "activation": job.case.activation,
            "order": job.case.order,
            "route": job.case.route,
            "backend": str(job.implementation),
            "n": job.n,
            "pairs": len(logs),
            "ratio": alone.ratio.median,
            "ratio_low": alone.ratio.low,
            "ratio_high": alone.ratio.high,
            "covered": alone.ratio.low <= 1 + job.extra <= alone.ratio.high,
            "verdict": alone.verdict,
            "verdict_among_all": among.verdict,
            "run_delay": sum(trace.delay for trace in traces) / max(sum(trace.wall for trace in traces), 1.0),
            "status": job.status,
            "reason": job.reason,
        }


@contextlib.contextmanager
def _other_work(lanes: list[tuple[int, ...]]) -> Iterator[None]:
    """Keep every processor busy with something else."""
    others = [subprocess.Popen([sys.executable, "-c", _LOAD, str(core)]) for lane in lanes for core in lane]
    try:
        time.sleep(0.5 if others else 0)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@dataclass(frozen=True)
class Promise:
    """Something that the stopwatch promises, and what was seen.

    Attributes:
        what: in words.
        seen: how often it was so.
        of: so many comparisons.
        limit: the share promised.
        most: whether that is the most there may be, not the least.
    """

    what: str
    seen: int
    of: int
    limit: float
    most: bool

    @property
    def kept(self) -> bool:
        """Whether what was seen is compatible with the promise: chance would do as badly in more than 1 % of such tests."""
        bad, share = (self.seen, self.limit) if self.most else (self.of - self.seen, 1 - self.limit)
        return sum(math.comb(self.of, k) * share**k * (1 - share) ** (self.of - k) for k in range(bad)) < 0.99


def promises(rows: pd.DataFrame) -> list[Promise]:
    """What the rows of a test say about each promise."""
    equal, five, ten = (rows[rows.injected == extra] for extra in INJECTED)
    different = rows[rows.injected > 0]

    def alarms(part: pd.DataFrame) -> int:
        return int(part.verdict.isin(["faster", "slower"]).sum())

    return [
        Promise("equal speeds told apart", alarms(equal), len(equal), 0.01, True),
        Promise(
            "wrong verdicts on injected differences",
            int(different.verdict.isin(["faster", "same"]).sum()),
            len(different),
            0.01,
            True,
        ),
        Promise("+5 % found", int((five.verdict == "slower").sum()), len(five), 0.70, False),
        Promise("+10 % found", int((ten.verdict == "slower").sum()), len(ten), 0.95, False),
        Promise("99 % intervals that cover the truth", int(rows.covered.sum()), len(rows), 0.97, False),
    ]


def timer_overhead(clock: Clock) -> float:
    """The largest share of a block that is the clock's own: the end of its first reading and the beginning of its second."""
    return clock.reading / clock.least()


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
SELFTEST = {"run_id": _TEXT, "loaded": "boolean", "report": _WHOLE, "injected": _REAL, "activation": _TEXT, "order": _WHOLE}
SELFTEST |= {"route": _TEXT, "backend": _TEXT, "n": _WHOLE, "pairs": _WHOLE, "ratio": _REAL, "ratio_low": _REAL}
SELFTEST |= {"ratio_high": _REAL, "covered": "boolean", "verdict": _TEXT, "verdict_among_all": _TEXT, "run_delay": _REAL}
SELFTEST |= {"status": _TEXT, "reason": _TEXT}
