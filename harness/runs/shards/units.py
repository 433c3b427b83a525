"""Into which units of work a plan is divided: small enough to be lost, and named after all that counts.

* ``sweep``: a pass (or what one request asked of it) on a range of its inputs;
* ``edges``: the exact edges of what is wrong in a pass of several ranges, once it is finished;
* ``search``: the search of one float64 case, which needs the passes of its function to be finished;
* ``laws``: the invariances for one implementation and activation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backends import target

from ...case import Task
from ...findings import invariances
from ...reference.own import fingerprint
from ...workers.sweep import batches
from ..plan import FEW, Plan

SHARD = 1 << 27
"""Inputs of a sweep; there are 32 in an exhaustive pass of float32.

One of sigmoid's gradient, by two routes in NumPy and PyTorch, takes one processor (AMD EPYC with AVX-512) 4 s.
"""
KINDS = ("sweep", "edges", "search", "laws")
"""The kinds of units, in the order in which they are done."""
_DIGITS = 10


@dataclass(frozen=True)
class Unit:
    """A piece of a run.

    Attributes:
        kind: one of :data:`KINDS`.
        name: of the whole pass, case or group; it changes with everything that the result depends on but the environment.
        tasks: numbers in the plan.
        start, stop: of a sweep, the range.
        parts: of a sweep, how many its pass has.
    """

    kind: str
    name: str
    tasks: tuple[int, ...]
    start: int = 0
    stop: int = 0
    parts: int = 1

    @property
    def identity(self) -> str:
        """Names the unit within the run."""
        return f"{self.kind}-{self.name}" if self.parts == 1 else f"part-{self.name}-{self.start}-{self.stop}"


def divide(work: Plan, shard: int = SHARD) -> list[Unit]:
    """The units of a plan: sweeps, then edges, searches, and invariances.

    Args:
        work: the plan.
        shard: inputs of a sweep, a multiple of every block.
    """
    sweeps, edges, searches = [], [], []
    for which, tasks in grouped(work.tasks).items():
        inputs, name = work.inputs_of(tasks[0]), _name(work, tasks)
        numbers = tuple(task.number for task in tasks)
        starts = range(0, inputs.count, shard)
        for start in starts:
            sweeps.append(Unit("sweep", name, numbers, start, min(start + shard, inputs.count), len(starts)))
        if len(starts) > 1:
            edges.append(Unit("edges", name, numbers))
        if work.search and which[1][0] == "float64":
            searches += [Unit("search", _name(work, [task], work.search), (task.number,)) for task in tasks]
    return sweeps + edges + searches + (_laws(work) if work.laws else [])


def is_void(work: Plan, unit: Unit) -> bool:
    """Whether nothing can be done of a unit here: its frameworks are missing. Of a sweep the rows say so."""
    return unit.kind != "sweep" and all(work.tasks[number].status != "ok" for number in unit.tasks)


def grouped(tasks: Iterable[Task]) -> dict[tuple[int, tuple[object, ...]], list[Task]]:
    """Tasks by request and pass, in the order in which they come."""
    by_request: dict[int, list[Task]] = {}
    for task in tasks:
        by_request.setdefault(task.request, []).append(task)
    return {(request, which): group for request, those in by_request.items() for which, group in batches(those).items()}


def _laws(work: Plan) -> list[Unit]:
    groups: dict[object, list[Task]] = {}
    for task in invariances.concerned(work.tasks):
        groups.setdefault((task.request, task.implementation, task.case.activation), []).append(task)
    few = is_few(work)
    return [Unit("laws", _name(work, tasks, few), tuple(task.number for task in tasks)) for tasks in groups.values()]


def is_few(work: Plan) -> bool:
    """Whether there is time to check every law in every format."""
    return len({(task.case.activation, task.case.parameters) for task in work.tasks}) <= FEW


def _name(work: Plan, tasks: list[Task], *also: object) -> str:
    """What the tasks are about, in words, and a hash of everything that the results depend on."""
    case, inputs = tasks[0].case, work.inputs_of(tasks[0])
    asked = [[str(task.implementation), task.case.route, task.case.order, task.case.format] for task in tasks]
    own = work.definition(case).digest
    kernels = sorted({_kernel(task.implementation.substitute, task.implementation.folder) for task in tasks})
    parameters = [dict(task.case.parameters) for task in tasks]
    all_of_it = [case.activation, parameters, asked, inputs.count, inputs.seed, work.seed, own, kernels, also]
    digest = hashlib.sha256(json.dumps(all_of_it).encode()).hexdigest()[:_DIGITS]
    words = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in case.activation)
    return f"{words}-{case.order}-{case.format}-{digest}"


def _kernel(text: str, folder: str) -> str:
    """A hash of the file of the user's own function."""
    if not text:
        return ""
    return " ".join(fingerprint(str(Path(folder) / file)) for file in target.parse(text).files)
