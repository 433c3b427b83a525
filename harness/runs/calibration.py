"""The instrument against figures that others have published, of the C library's functions.

Every compiled variant of a function has its own last bits, and glibc takes another one where the processor has no fused
multiply-add. So the float64 functions are measured twice, as they are found and in a worker process that glibc's tunables keep
from FMA and AVX2.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.protocol import Case

from ..accuracy.comparison import Comparison
from ..accuracy.inputs import Inputs, choose_inputs
from ..accuracy.refine import refine, seeds
from ..accuracy.search import LEAST
from ..case import Implementation, Task
from ..catalogue import activation
from ..formats import FORMATS
from ..frames import frame
from ..reference.exact import Exact
from ..workers.process import Worker
from ..workers.single import collect
from ..workers.sweep import Sweep
from .execution import Progress, check_arithmetic, processors
from .results import accuracy_row
from .shards.runner import block_length

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

SOURCE = (
    "B. Gladman, V. Innocente, J. Mather, P. Zimmermann: Accuracy of Mathematical Functions in Single, Double, Double Extended, "
    "and Quadruple Precision, https://inria.hal.science/hal-03141101, and the worst inputs kept in its search program"
)
BEFORE = (2, 41)
"""The figures are those of glibc before this version, on x86-64."""
SEARCH = 1 << 28
"""Evaluations of a search; with seeds six times as many, which near the published figures still find more."""
_LIBM = Implementation("libm", "eager")
_BASELINE = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"


@dataclass(frozen=True)
class Published:
    """A largest error that was published.

    Attributes:
        function: in double precision; in single precision the C function's name has an f behind.
        format: float32 (of all inputs) or float64 (known).
        ulp: the error, rounded up to the digits given; None where none is known here.
        input: the worst input, where it is told.
    """

    function: str
    format: str
    ulp: str | None
    input: str | None = None


PUBLISHED = (
    Published("tanh", "float32", "2.19", "0x1.ddca18p-3"),
    Published("expm1", "float32", "0.813", "0x1.738e06p-2"),
    Published("log1p", "float32", "1.30", "0x1.a827b4p-2"),
    Published("erf", "float32", "0.968"),
    Published("exp", "float32", "0.502"),
    Published("tanh", "float64", "2.21", "0x1.e0f65b6ce8826p-3"),
    Published("expm1", "float64", "0.913", "0x1.62f69d171fa65p-2"),
    Published("log1p", "float64", "0.899", "-0x1.2c10396268852p-2"),
    Published("erf", "float64", None, "0x1.c332bde7ca515p-5"),
    Published("exp", "float64", "0.511", "-0x1.571eb1496dab3p+9"),
)


def calibrate(
    *functions: str,
    inputs: str = "exhaustive",
    search: int = SEARCH,
    seed: int = 0,
    progress: Progress = lambda task, inputs: None,
) -> pd.DataFrame:
    """Measure what is published, and return both, a row per function, format, path and method.

    Args:
        functions: names; default all of :data:`PUBLISHED`, but no searches where nothing is published to hold them against.
        inputs: of float32, ``exhaustive`` or a number.
        search: evaluations of each search in float64; six times as many of those with seeds.
        seed: of samples and searches.
        progress: called with (task, inputs) as blocks are computed.

    Raises:
        ValueError: for a function that is not there, inputs or a search that cannot be.
    """
    check_arithmetic()
    if search < LEAST:
        raise ValueError(f"search {search}: give at least {LEAST} evaluations")
    known = list(dict.fromkeys(each.function for each in PUBLISHED))
    for name in functions:
        if name not in known:
            raise ValueError(f"nothing is published of {name!r}: choose from {', '.join(known)}")
    bench = _Bench(functions, choose_inputs(FORMATS["float32"], inputs, seed), search, seed, progress)
    rows = list(bench.singles())
    bad = {row["function"]: row["worst_input"] for row in rows}
    searches, found = bench.searches(bad), bench.path
    tunables = os.environ.get("GLIBC_TUNABLES")
    bench.variables = {"GLIBC_TUNABLES": f"{tunables}:{_BASELINE}" if tunables else _BASELINE}
    bench.greet()
    if bench.path != found:
        searches += bench.searches(bad)
    with get_context("spawn").Pool(processors(), _ignore_interrupts) as pool:  # in threads they would wait for each other
        for row in pool.imap(_searched, searches):
            progress(Task(0, _LIBM, Case(row["function"], 0, "native", "float64")), row["evaluations"] or 0)
            rows.append(row)
    return frame(rows, CALIBRATION)


class _Search(NamedTuple):
    """What a search is made with, and what is known of its row beforehand."""

    published: Published
    row: Row
    variables: dict[str, str]
    budget: int
    seed: int
    around: list[int]


class _Bench:
    """Measures on one path of the library after the other; ``variables`` of the worker's environment choose the path.

    With no functions it measures all of which a figure is published in a format.
    """

    def __init__(self, functions: tuple[str, ...], inputs: Inputs, search: int, seed: int, progress: Progress) -> None:
        self._functions, self._inputs, self._search, self._seed, self._progress = functions, inputs, search, seed, progress
        self.variables: dict[str, str] = {}
        self.greet()

    def greet(self) -> None:
        """Learn the version and the path from a worker."""
        worker = self._worker()
        try:
            worker.ready()
            hello = worker.hello or {}
        finally:
            worker.stop()
        self.path = hello["environment"]["framework_path"]
        ((name, version),) = hello["versions"].items()
        self._library = f"{name} {version}"
        self._valid = name == "glibc" and tuple(int(part) for part in version.split(".")[:2]) < BEFORE

    def _worker(self) -> Worker:
        return Worker(_LIBM, variables=self.variables)

    def singles(self) -> Iterator[Row]:
        """Rows of the float32 functions: all inputs, or a sample."""
        there = self._errors_there("float32")
        for published in self._of("float32"):
            form, inputs = FORMATS["float32"], self._inputs
            task = _task(published)
            clock = _Clock()
            comparison = Comparison(activation(published.function), 0, form, processors(), inputs.count, inputs.exhaustive)
            worker = self._worker()
            with ThreadPoolExecutor(processors()) as executor:
                length = block_length(form, inputs.count)
                workers = {_LIBM: worker}
                Sweep([task], workers, inputs, executor, 1, length, self._progress).run(comparison)
            worker.stop()
            measured = accuracy_row(task, inputs, comparison.activation, comparison.tally(task.number), None)
            figures = {name: measured[name] for name in ("worst_input", "worst_input_bits", "worst_exact", "status", "reason")}
            figures |= {"measured_ulp": measured["max_ulp"], "evaluations": inputs.count}
            row = self._row(published, "exhaustive" if inputs.exhaustive else "sample", there)
            yield row | figures | _compared(published, measured["max_ulp"]) | {"cpu_seconds": clock.seconds()}

    def searches(self, bad: dict[str, float | None]) -> list[_Search]:
        """Those of the float64 functions on this path: from nowhere, and from seeds, the worst of float32 among them.

        The published worst inputs are no seeds: the search has to find as bad ones itself.
        """
        there, made = self._errors_there("float64"), list[_Search]()
        for published in self._of("float64"):
            worst, definition = bad.get(published.function), activation(published.function)
            around = seeds(definition, 0, [] if worst is None else [worst])
            for method, start, budget in (("search", [], self._search), ("search with seeds", around, 6 * self._search)):
                row = self._row(published, method, there)
                made.append(_Search(published, row, self.variables, budget, self._seed, start))
        return made

    def _of(self, form: str) -> list[Published]:
        there = [each for each in PUBLISHED if each.format == form]
        return [each for each in there if (each.function in self._functions if self._functions else each.ulp)]

    def _errors_there(self, form: str) -> dict[str, float]:
        """Errors at the inputs published, by function."""
        known = {each.function: float.fromhex(each.input) for each in self._of(form) if each.input}
        if not known:
            return {}
        bits = FORMATS[form].round(list(known.values()))
        tasks = {name: Task(number, _LIBM, Case(name, 0, "native", form)) for number, name in enumerate(known)}
        results = collect(list(tasks.values()), {_LIBM: self._worker()}, FORMATS[form], bits, 1)
        return {
            name: Exact(name, 0).at(known[name]).error_ulps(int(results[task.number][task.number]), FORMATS[form])
            for name, task in tasks.items()
            if task.number in results
        }

    def _row(self, published: Published, method: str, there: dict[str, float]) -> Row:
        """What is known of a row beforehand."""
        row: Row = {"function": published.function, "format": published.format, "c_library": self._library, "path": self.path}
        row |= {"method": method, "published_ulp": None if published.ulp is None else float(published.ulp)}
        row |= {"published_input": None if published.input is None else float.fromhex(published.input)}
        return row | {"comparable": self._valid, "there_ulp": there.get(published.function)}


def _compared(published: Published, measured: float | None) -> Row:
    """How a measured error compares with the published one."""
    if published.ulp is None or measured is None:
        return {}
    return {"share": measured / float(published.ulp), "agrees": _rounded_up(measured, published.ulp) == Decimal(published.ulp)}


def _searched(search: _Search) -> Row:
    """The row of a search, in a process of its own."""
    published, row, variables, budget, seed, around = search
    clock, worker = _Clock(), Worker(_LIBM, variables=variables)
    with ThreadPoolExecutor(1) as executor:
        found = refine(activation(published.function), _task(published), worker, budget, seed, around, executor)
    worker.stop()
    figures = {name.removeprefix("search_"): value for name, value in found.items()}
    figures |= {"measured_ulp": found.get("search_max_ulp"), "evaluations": found.get("searched")}
    figures |= {"status": "failed" if "reason" in found else "ok"}
    return row | figures | _compared(published, figures["measured_ulp"]) | {"cpu_seconds": clock.seconds()}


def _ignore_interrupts() -> None:
    """Ctrl-C is for the process that waits, which then ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Clock:
    """Processor time of this process and of its children that have ended."""

    def __init__(self) -> None:
        self._begin = self._now()

    def _now(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    def seconds(self) -> float:
        return self._now() - self._begin


def _task(published: Published) -> Task:
    return Task(0, _LIBM, Case(published.function, 0, "native", published.format))


def _rounded_up(error: float, like: str) -> Decimal:
    """An error rounded up to the digits of a published one."""
    return Decimal(error).quantize(Decimal(like), ROUND_CEILING)


CALIBRATION = dict.fromkeys(("function", "format", "c_library", "path", "method"), "string")
CALIBRATION |= {"comparable": "boolean", "published_ulp": "Float64", "published_input": "Float64", "there_ulp": "Float64"}
CALIBRATION |= {"measured_ulp": "Float64", "worst_input": "Float64", "worst_input_bits": "UInt64", "worst_exact": "string"}
CALIBRATION |= {"share": "Float64", "agrees": "boolean", "evaluations": "Int64", "cpu_seconds": "Float64"}
CALIBRATION |= dict.fromkeys(("status", "reason"), "string")
