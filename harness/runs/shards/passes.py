"""A pass whose parts are all there: the rows of its cases, what is wrong with them, and how their errors run along x."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from backends.protocol import Case

from ...case import Implementation, Task
from ...findings.curves import Curve, curve
from ...findings.evidence import encodings, examine
from ...findings.history import HISTORY, remembered
from ...findings.properties import verdicts
from ...findings.symptoms import Symptom, own, symptoms
from ...findings.verdicts import law_row
from ..plan import Plan
from ..results import accuracy_row, agreement_row
from .parts import Part, Row, case_name


@dataclass
class Finished:
    """A finished pass, as far as one environment has measured it.

    Attributes:
        accuracy: rows by case.
        agreement, laws: rows.
        symptoms: of its cases.
        hellos: what the workers said of themselves, by implementation.
        curves: each with the cases that have it.
        ranges, digests, peaks: see :class:`harness.runs.shards.parts.Part`.
        seconds, processor: the same.
        costs: the same, and ``finish``: processor seconds of what comes after the last part.
    """

    accuracy: dict[str, Row] = field(default_factory=dict)
    agreement: list[Row] = field(default_factory=list)
    laws: list[Row] = field(default_factory=list)
    symptoms: list[Symptom] = field(default_factory=list)
    hellos: dict[str, Row] = field(default_factory=dict)
    curves: list[tuple[list[str], Curve]] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    processor: dict[str, tuple[float, float]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)

    def curve(self, task: Task) -> Curve | None:
        """The curve of a task."""
        return next((curve for cases, curve in self.curves if case_name(task) in cases), None)


def finish(work: Plan, tasks: Iterable[Task], part: Part) -> Finished:
    """The account of a pass.

    Args:
        work: the plan.
        tasks: all cases of the pass; they are not touched.
        part: what its parts add up to.
    """
    busy = time.process_time()
    tasks = [replace(task, status=part.statuses[case_name(task)][0], reason=part.statuses[case_name(task)][1]) for task in tasks]
    inputs, case = work.inputs_of(tasks[0]), tasks[0].case
    definition, names = work.definition(case), {task.number: case_name(task) for task in tasks}
    hellos = {task.number: part.hellos.get(str(task.implementation)) for task in tasks}
    rows = {
        names[task.number]: accuracy_row(task, inputs, definition, part.tallies.get(names[task.number]), hellos[task.number])
        for task in tasks
    }
    for name, notes in part.notes.items():
        rows[name]["definition_note"] = "; ".join(notes)
    by_name = dict(zip(names.values(), tasks, strict=True))
    pairs = [agreement_row(by_name[one], by_name[other], inputs, found) for (one, other), found in part.agreements.items()]
    outputs = {number: part.kept[name] for number, name in names.items() if name in part.kept}
    evidence = examine(definition, case.order, inputs.format, encodings(inputs, part.ranges), outputs)
    measured = [task for task in tasks if task.status == "ok"]
    found = list(symptoms(evidence, measured))
    laws = [
        law_row(task, hellos[task.number], law, verdict)
        for task in own(evidence, measured)
        for law, verdict in verdicts(evidence, task, measured)
    ]
    for task in measured:
        if names[task.number] in part.histories:
            verdict = remembered(part.histories[names[task.number]], inputs.format)
            laws.append(law_row(task, hellos[task.number], HISTORY, verdict))
    shared: dict[str, tuple[list[str], Curve]] = {}  # eager and compiled results are often the same
    for task in measured:
        if task.number in evidence.outputs:
            line = curve(evidence, task.number)
            shared.setdefault(json.dumps(line), ([], line))[0].append(case_name(task))
    curves = list(shared.values())
    done = Finished(rows, pairs, laws, found, part.hellos, curves, part.ranges, part.digests, part.seconds, part.processor)
    done.peaks = part.peaks
    done.costs = part.costs | {"finish": round(time.process_time() - busy, 6)}
    return done


def to_json(finished: Finished) -> tuple[Row, Row]:
    """What is the same every time, and what is not, as JSON has it."""
    said = asdict(finished)
    return said, {name: said.pop(name) for name in ("seconds", "processor", "costs", "peaks")}


def from_json(said: Row, circumstances: Row) -> Finished:
    """The pass that was written so."""
    fields: dict[str, Any] = said | {"symptoms": [_symptom(each) for each in said["symptoms"]]}
    fields["ranges"] = [(start, stop) for start, stop in said["ranges"]]
    fields["seconds"] = {case: (spent, framework) for case, (spent, framework) in circumstances["seconds"].items()}
    fields["processor"] = {case: (first, further) for case, (first, further) in circumstances["processor"].items()}
    return Finished(**fields, costs=circumstances["costs"], peaks=circumstances["peaks"])


def _symptom(fields: dict[str, Any]) -> Symptom:
    case, implementation = dict(fields["case"]), Implementation(**fields["implementation"])
    case["parameters"] = tuple((name, value) for name, value in case["parameters"])
    changed = {"case": Case(**case), "implementation": implementation, "right": tuple(fields["right"])}
    return Symptom(**{**fields, **changed})
