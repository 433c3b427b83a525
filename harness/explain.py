"""One input under the microscope: what every implementation makes of it, and of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .catalogue import parse
from .exact import Exact
from .execution import processors
from .formats import Format
from .judge import Judgement, judge
from .plan import Request, plan
from .single import collect
from .sweep import Task
from .workers import Worker

DIGITS = 40
"""Significant digits of the exact result."""


@dataclass(frozen=True)
class Finding:
    """What one implementation returned at one input, and the judgement.

    Attributes:
        task: implementation and case.
        bits: encoding of the result.
        judgement: class and error.
    """

    task: Task
    bits: int
    judgement: Judgement


@dataclass(frozen=True)
class Explanation:
    """One input, its exact result, and what the implementations say; then the same for the neighbours.

    Attributes:
        form: format of input and results.
        input_bits: the input.
        exact: the exact result in decimal, or an interval at a kink.
        rounded: encoding of the correctly rounded result.
        findings: of the implementations.
    """

    form: Format
    input_bits: int
    exact: str
    rounded: int
    findings: list[Finding]


def explain(request: Request, form: Format, input_bits: int) -> tuple[list[Explanation], list[Task]]:
    """Explain an input and its two neighbours.

    Args:
        request: one activation, one format, one order; backends and routes as for a run.
        form: the format.
        input_bits: encoding of the input.

    Returns:
        The explanations of the neighbour below, the input and the neighbour above, and the tasks, of which those that
        are not ``ok`` have a reason.
    """
    work = plan(request)
    below, above = (int(neighbour[()]) for neighbour in form.neighbours(np.asarray(input_bits, form.carrier)))
    points = [below, input_bits, above]
    # One block as a run would see it: position matters to frameworks, so every lane holds one of the three.
    inputs = np.resize(np.array(points, form.carrier), 1024)
    workers = {task.implementation: Worker(task.implementation) for task in work.tasks if task.status == "ok"}
    results = collect(work.tasks, workers, form, inputs, processors())
    order = work.tasks[0].case.order
    exact = Exact(parse(request.activations[0]), order)
    explanations = []
    for position, bits in enumerate(points):
        truth = exact.at(form.value(bits))
        findings = [
            Finding(task, int(results[task.number][position]), judge(truth, bits, int(results[task.number][position]), form))
            for task in work.tasks
            if task.number in results
        ]
        explanations.append(Explanation(form, bits, truth.decimal(DIGITS), truth.rounded(form), findings))
    return explanations, work.tasks
