"""What is wrong with one case, from the evidence of its pass: symptoms, each with its place, its worst input and its cause.

A symptom is a set of inputs of one case whose results are wrong in the same way (:mod:`harness.findings.kinds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.protocol import Case

from ..case import Implementation, Task
from ..reference.exact import Exact
from .diagnosis import diagnose
from .evidence import CLASS, Evidence
from .intervals import Interval, between
from .kinds import KINDS, Mask, kinds, other_zero, regions

CONVENTIONS = ("signed_zero", "kink")
"""The kinds where implementations may differ and all be right."""
USED = 10.0
"""Inputs people use: up to this magnitude."""
_DIGITS = 25


@dataclass(frozen=True)
class Symptom:
    """Inputs of a case that are wrong in one way.

    Attributes:
        kind: one of :data:`harness.findings.kinds.KINDS`, or of :data:`CONVENTIONS`.
        implementation, case: whose symptom it is.
        region: one of :data:`harness.findings.kinds.REGIONS` (NaNs are positive).
        count, used: how many inputs of the evidence are affected, and how many of those with abs(x) <= USED.
        total, total_used: how many there are.
        low, high: the smallest and the largest input affected (NaN where only NaN is).
        intervals: from the first to the last input affected, on either side of zero; one where zero is affected, too.
        nearest: the least magnitude of an input affected.
        bits, got: encodings of the worst of them and of the result there.
        ulps, relative, loss: the errors there: in ulps, relative to the exact result, and relative to the largest exact
            result for the inputs people use.
        exact: the exact result there, in decimal.
        size: the largest magnitude of a finite exact result among the inputs affected.
        right: implementations that are right on these inputs, or follow another convention.
        wrong_sign: whether results have the sign opposite to the exact ones.
        cause: a diagnosis, where the evidence allows one, or nothing.
    """

    kind: str
    implementation: Implementation
    case: Case
    region: str
    count: int
    used: int
    total: int
    total_used: int
    low: float
    high: float
    intervals: tuple[Interval, ...]
    nearest: float
    bits: int
    got: int
    ulps: float
    relative: float
    loss: float
    exact: str
    size: float
    right: tuple[str, ...]
    wrong_sign: bool
    cause: str

    def over(self, intervals: Iterable[Interval]) -> Symptom:
        """The same with other intervals."""
        intervals = tuple(intervals)
        ends = [end for interval in intervals for end in interval]
        nearest = 0.0 if any(low <= 0 <= high for low, high in intervals) else min(map(abs, ends))
        return replace(self, intervals=intervals, low=min(ends), high=max(ends), nearest=nearest)


def symptoms(evidence: Evidence, tasks: list[Task]) -> Iterator[Symptom]:
    """The symptoms of those tasks of a pass whose results are a framework's own; formulas only serve the diagnosis."""
    judged = own(evidence, tasks)
    for task in judged:
        found = kinds(evidence, task.number)
        for number, kind in enumerate(KINDS):
            for region, part in regions(evidence.x):
                mask = (found == number) & part
                if mask.any():
                    right = [each for each in judged if each is not task and _is_right(evidence, kind, each, mask)]
                    yield _describe(evidence, kind, region, mask, task, right, diagnose(evidence, kind, mask, task, tasks))
    yield from _conventions(evidence, judged)


def own(evidence: Evidence, tasks: list[Task]) -> list[Task]:
    """Those tasks of a pass whose results are a framework's own."""
    return [task for task in tasks if task.number in evidence.outputs and task.case.route in ("native", "autodiff")]


def shown_at(symptom: Symptom, evidence: Evidence, place: int, case: int) -> Symptom:
    """The symptom with another example."""
    return replace(symptom, **_example(evidence, place, case))


def largest(evidence: Evidence, places: NDArray[np.int64]) -> float:
    """The largest magnitude of a finite exact result."""
    sizes = np.abs(evidence.exact[places])
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _conventions(evidence: Evidence, judged: list[Task]) -> Iterator[Symptom]:
    """What the fewest implementations do where several things are right: zeros of either sign, and slopes at kinks."""
    exact = Exact(evidence.activation, evidence.order)
    for place in np.flatnonzero(np.isin(evidence.x, (0.0, *evidence.activation.kinks))):
        truth = exact.at(float(evidence.x[place]))
        right = [task for task in judged if evidence.classes[task.number][place] == CLASS["correct"]]
        camps: dict[str, list[Task]] = {}
        for task in right:
            camps.setdefault(repr(float(evidence.values(task.number)[place])), []).append(task)
        if len(camps) < 2 or not (truth.is_interval or truth.zero_sign == 0):
            continue
        kind, why = ("kink", "any slope between those of the two sides") if truth.is_interval else ("signed_zero", "either zero")
        mask = np.arange(evidence.x.size) == place
        (region,) = (name for name, part in regions(evidence.x) if part[place])
        for task in min(camps.values(), key=len):
            others = [other for other in right if other not in min(camps.values(), key=len)]
            yield _describe(evidence, kind, region, mask, task, others, f"{why} is right: a convention")


def _describe(evidence: Evidence, kind: str, region: str, mask: Mask, task: Task, right: list[Task], cause: str) -> Symptom:
    places = np.flatnonzero(mask)
    worst = int(_worst(evidence, kind, places, task.number))
    used = np.abs(evidence.x) <= USED
    x = evidence.x[places]
    output = evidence.values(task.number)
    wrong_sign = (output * np.sign(evidence.exact) < 0)[places]
    return Symptom(
        kind=kind,
        implementation=task.implementation,
        case=task.case,
        region=region,
        count=places.size,
        used=int((mask & used).sum()),
        total=evidence.x.size,
        total_used=int(used.sum()),
        low=float(x[0]),
        high=float(x[-1]),
        intervals=between(evidence.x, mask),
        nearest=float(np.abs(x).min()),
        size=largest(evidence, places),
        right=tuple(str(other.implementation) for other in right),
        wrong_sign=bool(wrong_sign.any()),
        cause=cause,
        **_example(evidence, worst, task.number),
    )


def _example(evidence: Evidence, place: int, case: int) -> dict[str, Any]:
    """The fields of a symptom that tell of one input."""
    x, truth = float(evidence.x[place]), Exact(evidence.activation, evidence.order)
    return {
        "bits": int(evidence.bits[place]),
        "got": int(evidence.outputs[case][place]),
        "ulps": float(evidence.errors[case][place]),
        "relative": float(evidence.relative(case)[place]),
        "loss": float(abs(evidence.values(case)[place] - evidence.exact[place])) / _size(evidence.setting or evidence),
        "exact": truth.at(x).decimal(_DIGITS),
    }


def _worst(evidence: Evidence, kind: str, places: NDArray[np.int64], case: int) -> int:
    """The place that shows the defect best."""
    x = np.abs(evidence.x[places])
    if kind == "inaccurate":  # the largest error, among the inputs people use where there are any
        usual = places[x <= USED]
        among = usual if usual.size else places
        return int(among[np.argmax(np.nan_to_num(evidence.errors[case][among], nan=np.inf))])
    if kind == "early_underflow":  # what is lost counts
        return int(places[np.argmax(np.abs(evidence.exact[places]))])
    return int(places[np.argmin(np.where(np.isnan(x), np.inf, x))])


def _is_right(evidence: Evidence, kind: str, task: Task, mask: Mask) -> bool:
    """Whether a case is right, but for one input in a hundred, on some inputs."""
    if kind == "signed_zero":
        return not other_zero(evidence, evidence.values(task.number))[mask].any()
    good = (evidence.classes[task.number] <= CLASS["faithful"]) | (evidence.errors[task.number] <= 2)
    return bool(np.mean(good[mask]) >= 0.99)


def _size(evidence: Evidence) -> float:
    """The largest exact result for the inputs people use; 1 where all are zero."""
    sizes = np.abs(evidence.exact[(np.abs(evidence.x) <= USED) & np.isfinite(evidence.exact)])
    return float(sizes.max(initial=0.0)) or 1.0
