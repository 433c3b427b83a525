"""Measure what a file of limits demands, and judge it."""

from __future__ import annotations

import json

from ..accuracy.inputs import choose_inputs
from ..case import Task
from ..formats import number_format
from ..runs.execution import Progress, execute
from ..runs.plan import Plan
from ..runs.results import Run
from ..workers.implementations import mark_missing
from .against import compared_case
from .baseline import Baseline, of_rows
from .demands import Demand, Gate
from .figures import Key, case_name, key_of
from .judgement import judge
from .likeness import Likeness
from .rows import Rows, rows
from .verdict import CaseVerdict


def work_of(gate: Gate) -> Plan:
    """The plan that measures the demands of a gate, in their order, and what they are compared with."""
    names = dict.fromkeys(demand.case.format for demand in gate.demands)
    inputs = {name: choose_inputs(number_format(name), gate.inputs, gate.seed) for name in names}
    wanted = [(demand.implementation, demand.case) for demand in gate.demands]
    wanted += [each for each in dict.fromkeys(demand.against for demand in gate.demands) if each and each not in wanted]
    tasks = [Task(number, *each) for number, each in enumerate(wanted)]
    mark_missing(tasks)
    return Plan(tasks, inputs, seed=gate.seed)


def measure(gate: Gate, work: Plan, jobs: int | None = None, progress: Progress = lambda task, inputs: None) -> Run:
    """Measure the plan of a gate.

    Raises:
        ValueError: for a number of jobs that cannot be.
    """
    return execute(work, jobs=jobs, start_limit=gate.timeout, progress=progress)


def baseline_of(gate: Gate, run: Run) -> Baseline:
    """What a run of a gate would have a baseline be."""
    return of_rows(rows_of(gate, run), rows(run.environments), gate.seed)


def rows_of(gate: Gate, run: Run) -> Rows:
    """The rows of the demands; after them come those that are only compared with."""
    return rows(run.accuracy)[: len(gate.demands)]


def verdicts(gate: Gate, run: Run, baseline: Baseline | None = None) -> list[CaseVerdict]:
    """The verdicts on the cases of a gate, in their order; then those that only the baseline has."""
    laws: dict[Key, Rows] = {}
    for row in rows(run.laws):
        laws.setdefault(key_of(row), []).append(row)
    now = baseline_of(gate, run)
    found = []
    likeness = Likeness(run)
    for demand, row in zip(gate.demands, rows_of(gate, run), strict=True):
        key = key_of(row)
        verdict = judge(demand, gate.path, row, laws.get(key, []))
        likeness.judge(verdict, demand)
        if baseline and key in now.cases:
            _join(verdict, compared_case(baseline, now, key, exactly=False))
        found.append(verdict)
    asked = {_key(demand) for demand in gate.demands}
    for key in sorted((baseline or Baseline()).cases.keys() - asked):
        verdict = CaseVerdict(case_name(key), path=gate.path)
        verdict.add("undecided", ["in the baseline, but not in the file of limits"])
        found.append(verdict)
    return found


def _join(verdict: CaseVerdict, other: CaseVerdict) -> None:
    if other.outcome == "appeared":
        verdict.add("undecided", ["not in the baseline: lastbit baseline update"])
    else:
        verdict.add(other.outcome, other.reasons)


def _key(demand: Demand) -> Key:
    case, implementation = demand.case, demand.implementation
    parameters = json.dumps(dict(case.parameters))
    return (
        *(case.activation, parameters, case.order, case.route, case.format),
        *(implementation.backend, implementation.mode, implementation.device, implementation.substitute),
    )
