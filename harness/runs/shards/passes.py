"""A pass whose parts are all there: the rows of its cases, what is wrong with them, and how their errors run along x."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from backends.protocol import Case

from ...accuracy.distribution import distribution
from ...case import Implementation, Task
from ...findings.curves import curve
from ...findings.edges import Ask, sharpened
from ...findings.evidence import encodings, examine
from ...findings.history import HISTORY, remembered
from ...findings.percentiles import percentiles
from ...findings.properties import verdicts
from ...findings.symptoms import Symptom, own, symptoms
from ...findings.verdicts import law_row
from ...frames import Columns
from ..plan import Plan
from ..results import accuracy_row, agreement_row
from .parts import Part, Row, case_name

SERIES = ("curves", "distribution", "percentiles")
"""Frames that have several rows of each case."""
Shared = list[tuple[list[str], Columns]]
"""Columns, each with the cases that have them: eager and compiled results are often the same."""


@dataclass
class Finished:
    """A finished pass, as far as one environment has measured it.

    Attributes:
        accuracy: rows by case.
        agreement, laws: rows.
        symptoms: of its cases.
        hellos: what the workers said of themselves, by implementation.
        curves, distribution, percentiles: the columns of those frames.
        ranges, digests, peaks: see :class:`harness.runs.shards.parts.Part`.
        seconds, processor: the same.
        costs: the same, and ``finish``: processor seconds of what comes after the last part, in the workers, too.
    """

    accuracy: dict[str, Row] = field(default_factory=dict)
    agreement: list[Row] = field(default_factory=list)
    laws: list[Row] = field(default_factory=list)
    symptoms: list[Symptom] = field(default_factory=list)
    hellos: dict[str, Row] = field(default_factory=dict)
    curves: Shared = field(default_factory=list)
    distribution: Shared = field(default_factory=list)
    percentiles: Shared = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    processor: dict[str, tuple[float, float]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)

    def has(self, symptom: Symptom) -> bool:
        """Whether it is one of a case that was measured on all inputs."""
        return bool(self.accuracy[f"{symptom.implementation} {symptom.case.route}"]["status"] == "ok")

    def of(self, task: Task, series: str) -> list[Columns]:
        """What a frame of :data:`SERIES` has of a task: nothing, or its columns."""
        shared: Shared = getattr(self, series)
        return [columns for cases, columns in shared if case_name(task) in cases]


def finish(work: Plan, tasks: Iterable[Task], part: Part, ask: Ask | None = None) -> Finished:
    """The account of a pass.

    Args:
        work: the plan.
        tasks: all cases of the pass; they are not touched.
        part: what its parts add up to.
        ask: gives further results of the same tasks, so that edges are exact; None: nobody is there to ask.
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
    found = sharpened(evidence, found, measured, ask) if ask else found
    laws = [
        law_row(task, hellos[task.number], law, verdict)
        for task in own(evidence, measured)
        for law, verdict in verdicts(evidence, task, measured)
    ]
    for task in measured:
        if names[task.number] in part.histories:
            verdict = remembered(part.histories[names[task.number]], inputs.format)
            laws.append(law_row(task, hellos[task.number], HISTORY, verdict))
    alike: dict[bytes, list[int]] = {}
    for task in measured:
        if task.number in evidence.outputs:
            alike.setdefault(evidence.outputs[task.number].tobytes(), []).append(task.number)
    done = Finished(rows, pairs, laws, found, part.hellos, ranges=part.ranges, digests=part.digests)
    kept = [([names[number] for number in numbers], numbers[0]) for numbers in alike.values()]
    tallies = [(names[task.number], part.tallies[names[task.number]]) for task in measured]
    done.curves = _shared((cases, curve(evidence, number)) for cases, number in kept)
    done.percentiles = _shared((cases, percentiles(evidence, number)) for cases, number in kept)
    done.distribution = _shared(([case], distribution(tally)) for case, tally in tallies)
    done.seconds, done.processor, done.peaks = part.seconds, part.processor, part.peaks
    done.costs = part.costs | {"finish": round(time.process_time() - busy, 6)}
    return done


def symptoms_with_edges(work: Plan, tasks: list[Task], ask: Ask) -> list[Symptom]:
    """The symptoms of a pass, asked for the inputs that are kept of it: with exact edges.

    Args:
        work: the plan.
        tasks: all cases of the pass.
        ask: gives results of those that there are.
    """
    inputs, case = work.inputs_of(tasks[0]), tasks[0].case
    bits = encodings(inputs, [(0, inputs.count)])
    evidence = examine(work.definition(case), case.order, inputs.format, bits, ask(bits))
    return sharpened(evidence, symptoms(evidence, tasks), tasks, ask)


def _shared(found: Iterable[tuple[list[str], Columns]]) -> Shared:
    shared: dict[str, tuple[list[str], Columns]] = {}
    for cases, columns in found:
        shared.setdefault(json.dumps(columns), ([], columns))[0].extend(cases)
    return list(shared.values())


def to_json(finished: Finished) -> tuple[Row, Row]:
    """What is the same every time, and what is not, as JSON has it."""
    said = asdict(finished)
    return said, {name: said.pop(name) for name in ("seconds", "processor", "costs", "peaks")}


def from_json(said: Row, circumstances: Row) -> Finished:
    """The pass that was written so."""
    fields: dict[str, Any] = said | {"symptoms": [symptom_from_json(each) for each in said["symptoms"]]}
    fields["ranges"] = [(start, stop) for start, stop in said["ranges"]]
    fields["seconds"] = {case: (spent, framework) for case, (spent, framework) in circumstances["seconds"].items()}
    fields["processor"] = {case: (first, further) for case, (first, further) in circumstances["processor"].items()}
    return Finished(**fields, costs=circumstances["costs"], peaks=circumstances["peaks"])


def symptom_from_json(fields: dict[str, Any]) -> Symptom:
    case, implementation = dict(fields["case"]), Implementation(**fields["implementation"])
    case["parameters"] = tuple((name, value) for name, value in case["parameters"])
    changed: dict[str, Any] = {"case": Case(**case), "implementation": implementation, "right": tuple(fields["right"])}
    changed["intervals"] = tuple((low, high) for low, high in fields["intervals"])
    return Symptom(**{**fields, **changed})
