"""One input under the microscope: what every implementation makes of it, and of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..accuracy.classification import Classification, classify
from ..accuracy.inputs import sampled
from ..case import Task
from ..findings.evidence import examine
from ..findings.findings import Finding, findings, ranked
from ..findings.symptoms import symptoms
from ..formats import Format
from ..reference.exact import Exact
from ..workers.process import Worker
from ..workers.single import collect
from .execution import processors
from .plan import Request, plan

_AROUND = 1 << 12  # inputs measured: those explained, and a sample that shows what they have in common with others
DIGITS = 40
"""Significant digits of the exact result."""


@dataclass(frozen=True)
class Answer:
    """What one implementation returned at one input, and the classification.

    Attributes:
        task: implementation and case.
        bits: encoding of the result.
        classification: class and error.
    """

    task: Task
    bits: int
    classification: Classification


@dataclass(frozen=True)
class Explanation:
    """One input, its exact result, and what the implementations say; then the same for the neighbours.

    Attributes:
        form: format of input and results.
        input_bits: the input.
        exact: the exact result in decimal, or an interval at a kink.
        rounded: encoding of the correctly rounded result.
        answers: of the implementations.
    """

    form: Format
    input_bits: int
    exact: str
    rounded: int
    answers: list[Answer]


def explain(request: Request, form: Format, input_bits: int) -> tuple[list[Explanation], list[Finding], list[Task]]:
    """Explain an input and its two neighbours.

    Args:
        request: one activation, one format, one order; backends and routes as for a run.
        form: the format.
        input_bits: encoding of the input.

    Returns:
        The explanations of the neighbour below, the input and the neighbour above; the findings, from a sample of inputs
        measured with them, that concern the input; and the tasks, of which those that are not ``ok`` have a reason.
    """
    work = plan(request)
    below, above = (int(neighbour[()]) for neighbour in form.neighbours(np.asarray(input_bits, form.carrier)))
    points = [below, input_bits, above]
    around = sampled(form, _AROUND - len(points), request.seed).block(0, _AROUND - len(points))
    # One block as a run would see it: the three stand in the body of a vector.
    inputs = np.concatenate([np.array(points, form.carrier), around])
    workers = {task.implementation: Worker(task.implementation) for task in work.tasks if task.status == "ok"}
    results = collect(work.tasks, workers, form, inputs, processors())
    order = work.tasks[0].case.order
    definition = work.definition(work.tasks[0].case)
    exact = Exact(definition, order)
    explanations = []
    for position, bits in enumerate(points):
        truth = exact.at(form.value(bits))
        answers = [
            Answer(task, int(results[task.number][position]), classify(truth, bits, int(results[task.number][position]), form))
            for task in work.tasks
            if task.number in results
        ]
        explanations.append(Explanation(form, bits, truth.decimal(DIGITS), truth.rounded(form), answers))
    measured = [task for task in work.tasks if task.number in results]
    found = ranked(findings(symptoms(examine(definition, order, form, inputs, results), measured)))
    return explanations, [each for each in found if each.concerns(form.value(input_bits))], work.tasks
