"""What a run costs, told before it is done: core-seconds, bytes and memory, from rates that were measured.

Everything is processor time, the frameworks' compilers included. A pass costs once what prepares its cases (tracing, compiling)
and its kernels; for every input what each framework takes, and the reference and the comparison; and in the end the search for
what is wrong. Rates are means over what was measured, in ``rates.json``, which ``benchmarks/rates.py`` makes; on another
processor they are scaled by the time that NumPy's exp takes. docs/planning.md has the model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ...case import Implementation, Task
from ...findings.evidence import SIZE
from ...formats import number_format
from ...workers.implementations import OWN
from ...workers.slots import SLOTS
from ..plan import Plan
from .runner import block_length
from .store import Record
from .units import KINDS as UNITS
from .units import Unit, is_few, is_void

RATES = Path(__file__).parent / "rates.json"
KINDS = ("start", "preparation", "frameworks", "comparison", "finish", "search", "laws")
"""What core-seconds are spent on."""
_TABLES = ("start", "frameworks", "functions", "finish", "search", "laws")
_EXPONENTIALS, _ROUNDS = 1 << 16, 100  # they stay in the cache; some 10 ms in all

Key = tuple[Any, ...]


def kind(route: str) -> str:
    """Whether a route is the framework's own or a formula."""
    return "own" if route in OWN else "formula"


def exponential() -> float:
    """Processor time of one of NumPy's float64 exp on this machine, in ns: the median of many rounds."""
    import numpy as np

    values = np.linspace(-20.0, 20.0, _EXPONENTIALS)
    out, spent = np.empty_like(values), np.empty(_ROUNDS)
    for number in range(_ROUNDS):
        begin = time.thread_time()
        np.exp(values, out=out)
        spent[number] = time.thread_time() - begin
    return float(np.median(spent)) / _EXPONENTIALS * 1e9


@dataclass(frozen=True)
class Table:
    """Figures by keys; what was not measured is the mean over what agrees in the most keys, counted from the first.

    Attributes:
        rows: keys, weight, figures.
    """

    rows: Sequence[tuple[Key, float, tuple[float, ...]]]
    _known: dict[Key, tuple[float, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, *wanted: Any) -> tuple[float, ...]:
        """The figures for some keys.

        Raises:
            ValueError: for an empty table.
        """
        if wanted not in self._known:
            self._known[wanted] = self._mean(wanted)
        return self._known[wanted]

    def _mean(self, wanted: Key) -> tuple[float, ...]:
        for length in range(len(wanted), -1, -1):
            near = [row for row in self.rows if row[0][:length] == wanted[:length]]
            if near:
                weight = sum(row[1] for row in near)
                columns = zip(*(row[2] for row in near), strict=True)
                weighted = ((figure * row[1] for figure, row in zip(column, near, strict=True)) for column in columns)
                return tuple(sum(figures) / weight for figures in weighted)
        raise ValueError("no rates were measured")


@dataclass(frozen=True)
class Rates:
    """What was measured, in seconds of processor time and in bytes, and how fast this machine is.

    Attributes:
        start: by implementation, to import the framework and for what it does once.
        frameworks: by format, implementation, kind of route and order: share of the cases that there are; seconds to prepare one
            and ns per input, over all.
        functions: by format, order and activation: seconds for its kernels; ns per input of the reference, and of the comparison
            of one result; how long frameworks take for it, relative to the average.
        finish: by format, per case: seconds, bytes when finished, bytes of a part.
        search: by order, ns per evaluation.
        laws: by format and implementation, seconds per case.
        frames: bytes per row.
        exp: ns, where the rates were measured.
        passes: by format, how many were measured.
        factor: by how much this machine is slower.
    """

    start: Table
    frameworks: Table
    functions: Table
    finish: Table
    search: Table
    laws: Table
    frames: float
    exp: float
    passes: dict[str, int]
    factor: float = 1.0


@cache
def rates() -> Rates:
    """The rates on this machine."""
    fields: dict[str, Any] = json.loads(RATES.read_text())
    for name in _TABLES:
        fields[name] = Table([(tuple(key), weight, tuple(figures)) for key, weight, figures in fields[name]])
    return Rates(**fields, factor=exponential() / fields["exp"])


@dataclass(frozen=True)
class Pass:
    """What some inputs of a pass cost, in core-seconds and bytes."""

    preparation: float
    frameworks: float
    comparison: float
    finish: float
    bytes: float
    part_bytes: float


def pass_cost(work: Plan, tasks: Iterable[Task], inputs: int, known: Rates) -> Pass:
    """What so many inputs of a pass cost.

    Args:
        work: the plan.
        tasks: of the pass.
        inputs: how many of its inputs.
        known: the rates.
    """
    there = [task for task in tasks if task.status == "ok"]
    if not there:
        return Pass(*[0.0] * 6)
    case, form = there[0].case, number_format(there[0].case.format)
    block = block_length(form, work.inputs_of(there[0]).count)
    computed = -(-inputs // block) * block  # frameworks get whole blocks
    figures = [
        known.frameworks(form.name, _framework(task.implementation), kind(task.case.route), task.case.order) for task in there
    ]
    cases = sum(share for share, _, _ in figures)  # that will not be unsupported
    kernels, reference, comparison, relative = known.functions(form.name, case.order, case.activation)
    finish, size, part_size = known.finish(form.name)
    return Pass(
        known.factor * (kernels + sum(first for _, first, _ in figures)),
        known.factor * computed * relative * sum(ns for _, _, ns in figures) / 1e9,
        known.factor * inputs * (reference + cases * comparison) / 1e9,
        known.factor * finish * cases,
        size * cases,
        part_size * cases,
    )


def _framework(implementation: Implementation) -> str:
    return f"{implementation.backend}:{implementation.mode}"


def costs(work: Plan, units: Iterable[Unit], known: Rates, laboratories: int = 1) -> dict[str, float]:
    """Core-seconds by :data:`KINDS`, but for the start, of some units of a plan.

    Args:
        work: the plan.
        units: some of its units.
        known: the rates.
        laboratories: in so many processes, each of which prepares the cases for itself.
    """
    spent = dict.fromkeys(KINDS[1:], 0.0)
    sweeps: dict[str, list[Unit]] = {}
    for unit in units:
        tasks = [work.tasks[number] for number in unit.tasks]
        if unit.kind == "sweep":
            sweeps.setdefault(unit.name, []).append(unit)
        elif unit.kind == "edges":  # the cases are prepared again
            spent["preparation"] += pass_cost(work, tasks, 0, known).preparation
        elif unit.kind == "search" and not is_void(work, unit):
            spent["search"] += known.factor * work.search * known.search(tasks[0].case.order)[0] / 1e9
        elif not is_void(work, unit):
            spent["laws"] += known.factor * sum(_law(work, task, known) for task in tasks)
    for mine in sweeps.values():
        tasks = [work.tasks[number] for number in mine[0].tasks]
        cost = pass_cost(work, tasks, sum(unit.stop - unit.start for unit in mine), known)
        spent["preparation"] += cost.preparation * min(len(mine), laboratories)
        spent["frameworks"] += cost.frameworks
        spent["comparison"] += cost.comparison
        spent["finish"] += cost.finish * len(mine) / mine[0].parts
    return spent


def _law(work: Plan, task: Task, known: Rates) -> float:
    form = "float32" if is_few(work) else task.case.format  # of few activations all formats are looked at as closely
    return known.laws(form, _framework(task.implementation))[0]


def starting(work: Plan, units: Iterable[Unit], known: Rates) -> float:
    """Core-seconds to start the workers that some units need."""
    tasks = [work.tasks[number] for unit in units for number in unit.tasks]
    names = {task.implementation: _framework(task.implementation) for task in tasks if task.status == "ok"}
    return known.factor * sum(known.start(name)[0] for name in names.values())


def spent(record: Record) -> float:
    """Core-seconds that a finished unit took."""
    costs = record.circumstances.get("costs", {})
    in_workers = sum(sum(both) for both in record.circumstances.get("processor", {}).values())
    return float(in_workers + sum(costs.get(name, 0.0) for name in ("harness", "finish", "workers")))


def forecast(work: Plan, units: Sequence[Unit], known: Rates, laboratories: int = 1) -> dict[str, Any]:
    """What a run will take.

    Args:
        work: the plan.
        units: all that it is divided into.
        known: the rates.
        laboratories: processes that do the units: 1, or the workers of a cluster.

    Returns:
        ``units`` by kind; ``results``; ``core_seconds`` by :data:`KINDS`, and ``core_hours`` in all; ``bytes``: of what is
        ``finished``, of the ``parts`` of the largest pass, which are there until it is finished, and of the ``frames``;
        ``memory``: bytes of the slots; ``factor``: by how much this machine is slower than the one that was measured on.
    """
    units = [unit for unit in units if not is_void(work, unit)]
    sweeps = list({unit.name: unit for unit in units if unit.kind == "sweep"}.values())
    core = {"start": starting(work, units, known) * laboratories} | costs(work, units, known, laboratories)
    sizes = [(unit, pass_cost(work, [work.tasks[number] for number in unit.tasks], unit.stop, known)) for unit in sweeps]
    in_parts = [cost.part_bytes * unit.parts + _kept(work, unit) for unit, cost in sizes if unit.parts > 1]
    rows = sum(len(unit.tasks) for unit in sweeps)
    return {
        "units": {name: sum(unit.kind == name for unit in units) for name in UNITS},
        "results": sum((unit.stop - unit.start) * _there(work, unit) for unit in units),
        "core_seconds": {name: round(value, 3) for name, value in core.items()},
        "core_hours": round(sum(core.values()) / 3600, 4),
        "bytes": {
            "finished": round(sum(cost.bytes for _, cost in sizes)),
            "parts": round(max(in_parts, default=0.0)),
            "frames": round(rows * known.frames),
        },
        "memory": laboratories * max((_slots(work, unit) for unit in sweeps), default=0),
        "factor": round(known.factor, 3),
    }


def _there(work: Plan, unit: Unit) -> int:
    return sum(work.tasks[number].status == "ok" for number in unit.tasks)


def _kept(work: Plan, unit: Unit) -> float:
    """Bytes of the results that the parts of a pass keep, if nothing can be made of them being alike; as text."""
    return SIZE * work.inputs_of(work.tasks[unit.tasks[0]]).format.bits / 8 * 1.25 * _there(work, unit)


def _slots(work: Plan, unit: Unit) -> int:
    """Bytes of inputs and results that are in memory at a time."""
    inputs = work.inputs_of(work.tasks[unit.tasks[0]])
    return SLOTS * (_there(work, unit) + 1) * block_length(inputs.format, inputs.count) * inputs.format.bits // 8
