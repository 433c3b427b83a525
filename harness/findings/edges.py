"""Exact edges: between which inputs a symptom shows, found by bisection with the implementations themselves.

The inputs that are kept of a pass (:mod:`harness.findings.evidence`) tell an edge to a few per cent. Between the last of them
that is not affected and the first that is, evenly spaced inputs are tried, for all edges of the pass at once; then between the
two of these where it changes; until they are neighbours in the format. Where several inputs between are such edges, as
errors of single inputs have them, the outermost that is met counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..case import Case, Implementation, Task
from ..formats import Bits, Format
from .evidence import Evidence, examine
from .intervals import spans
from .kinds import KINDS, NEAR, kinds, part_of
from .symptoms import Symptom, largest, shown_at

Ask = Callable[[Bits], dict[int, Bits]]
"""The results on some inputs, by number of the task; a task that fails on the way is left out."""

_POINTS = 1 << 12  # inputs tried in a round, for all edges together
_LEAST = 3  # for each edge
_ROUNDS = 40  # three points for an edge make it a quarter as wide: 2^64 takes 32
_CLOSE = 1 / 16  # so far from an edge, in relation to it, may a number lie that is easier to read
_SHOWN = ("nan", "overflow", "early_underflow", "flush_to_zero")  # kinds that show best at their edge, or next to it


@dataclass
class _Edge:
    """The ordered numbers of an input that is not affected and of one that is."""

    outside: int
    inside: int

    def between(self, count: int) -> list[int]:
        """So many numbers between the two, in order from outside to inside; fewer where there are not so many."""
        width = self.inside - self.outside
        steps = dict.fromkeys(width * k // (count + 1) for k in range(1, count + 1))
        return [self.outside + step for step in steps if self.outside + step not in (self.outside, self.inside)]


@dataclass
class _Found:
    """A symptom whose edges are looked for: of which task, and for each of its intervals the two ends, edges or numbers."""

    symptom: Symptom
    task: Task
    ends: list[list[_Edge | float]]

    @property
    def edges(self) -> list[_Edge]:
        return [end for ends in self.ends for end in ends if isinstance(end, _Edge)]


def sharpened(evidence: Evidence, found: Iterable[Symptom], tasks: Iterable[Task], ask: Ask) -> list[Symptom]:
    """Symptoms of a pass with exact intervals, and an input next to an edge to show them by where that shows them best.

    Args:
        evidence: of the pass.
        found: its symptoms.
        tasks: that they are of.
        ask: gives further results.
    """
    by_case = {(task.implementation, task.case): task for task in tasks}
    looked = [_Found(each, by_case[each.implementation, each.case], _ends(evidence, each, by_case)) for each in found]
    for _ in range(_ROUNDS):
        wide = [each for each in looked if any(abs(edge.inside - edge.outside) > 1 for edge in each.edges)]
        if not wide:
            break
        different = {(edge.outside, edge.inside) for each in wide for edge in each.edges}
        count = max(_POINTS // len(different), _LEAST)
        tried = _tried(evidence, {number for pair in different for number in _Edge(*pair).between(count)}, ask)
        for each in wide:
            _narrow(each, tried, count)
    form = evidence.form
    looked = [replace(each, symptom=_with_intervals(each, form)) for each in looked]
    return list(_shown(evidence, looked, ask))


def _ends(evidence: Evidence, symptom: Symptom, by_case: dict[tuple[Implementation, Case], Task]) -> list[list[_Edge | float]]:
    """The ends of a symptom's intervals as far as the evidence tells them."""
    if symptom.kind not in KINDS or symptom.kind == "signed_zero":
        return []
    number = by_case[symptom.implementation, symptom.case].number
    affected = kinds(evidence, number) == KINDS.index(symptom.kind)
    ordered = evidence.form.to_ordered(evidence.bits)
    found: list[list[_Edge | float]] = []
    for low, high in spans(evidence.x, affected & part_of(evidence.x, symptom.region)):
        ends: list[_Edge | float] = []
        for place, next_one in ((low, low - 1), (high, high + 1)):
            x = float(evidence.x[place])
            if not 0 <= next_one < evidence.x.size or math.isnan(evidence.x[next_one]) or math.isinf(x):
                ends.append(x)
            elif affected[next_one]:  # it goes on beyond the border of the region
                ends.append(math.copysign(NEAR, x))
            else:
                ends.append(_Edge(int(ordered[next_one]), int(ordered[place])))
        found.append(ends)
    return found


@dataclass
class _Tried:
    """Results on further inputs: their ordered numbers, ascending, and the kinds of their symptoms by task."""

    ordered: NDArray[np.int64]
    evidence: Evidence

    def affected(self, task: Task, kind: str, numbers: list[int]) -> list[bool]:
        """Which of these numbers, all tried, the symptom is at."""
        places = np.searchsorted(self.ordered, numbers)
        found: list[bool] = (kinds(self.evidence, task.number)[places] == KINDS.index(kind)).tolist()
        return found


def _tried(evidence: Evidence, numbers: Iterable[int], ask: Ask) -> _Tried:
    ordered = np.array(sorted(numbers), np.int64)
    bits = evidence.form.from_ordered(ordered)
    found = examine(evidence.activation, evidence.order, evidence.form, bits, ask(bits))
    found.setting = evidence
    return _Tried(ordered, found)


def _narrow(each: _Found, tried: _Tried, count: int) -> None:
    """Take for each edge the two neighbours among the inputs tried where it lies."""
    if each.task.number not in tried.evidence.outputs:
        each.ends = [[_decoded(end, tried.evidence.form) for end in ends] for ends in each.ends]
        return
    for edge in each.edges:
        numbers = edge.between(count)
        affected = [*tried.affected(each.task, each.symptom.kind, numbers), True]
        first = affected.index(True)
        all_of_them = [edge.outside, *numbers, edge.inside]
        edge.outside, edge.inside = all_of_them[first : first + 2]


def _decoded(end: _Edge | float, form: Format) -> float:
    return form.value(int(form.from_ordered(end.inside)[()])) if isinstance(end, _Edge) else end


def _with_intervals(each: _Found, form: Format) -> Symptom:
    """The symptom with its edges."""
    intervals = [(_decoded(low, form), _decoded(high, form)) for low, high in each.ends]
    return each.symptom.over(intervals) if intervals else each.symptom


def _shown(evidence: Evidence, looked: list[_Found], ask: Ask) -> Iterator[Symptom]:
    """The symptoms, each with an input next to an edge that is easy to read, and with the largest result that is lost."""
    ends = {id(each): _readable(each.symptom, evidence.form) for each in looked if each.symptom.kind in _SHOWN and each.edges}
    if not ends:
        yield from (each.symptom for each in looked)
        return
    tried = _tried(evidence, {number for those in ends.values() for pair in those for number in pair}, ask)
    for each in looked:
        shown = id(each) in ends and each.task.number in tried.evidence.outputs
        yield _at_an_end(each, tried, ends[id(each)]) if shown else each.symptom


def _at_an_end(each: _Found, tried: _Tried, ends: list[tuple[int, int]]) -> Symptom:
    """The symptom shown at one of its ends, or next to it: where most is lost, or that nearest to zero."""
    edges, next_to = (list(numbers) for numbers in zip(*ends, strict=True))
    good = tried.affected(each.task, each.symptom.kind, next_to)
    numbers = [near if is_one else edge for edge, near, is_one in zip(edges, next_to, good, strict=True)]
    places = np.searchsorted(tried.ordered, numbers)
    x, sizes = np.abs(tried.evidence.x[places]), np.abs(tried.evidence.exact[places])
    symptom = replace(each.symptom, size=max(each.symptom.size, largest(tried.evidence, np.searchsorted(tried.ordered, edges))))
    with np.errstate(divide="ignore"):
        far = np.abs(np.log2(x)) if symptom.kind == "early_underflow" else x  # of equal losses that among usual inputs
    most = sizes >= sizes.max() / 2 if symptom.kind == "early_underflow" else np.ones(x.size, bool)
    return shown_at(symptom, tried.evidence, int(places[np.argmin(np.where(most, far, np.inf))]), each.task.number)


def _readable(symptom: Symptom, form: Format) -> list[tuple[int, int]]:
    """For each end of the intervals its ordered number, and that of an affected number next to it which is easy to read."""
    both = [(end, _short(end, other)) for low, high in symptom.intervals for end, other in ((low, high), (high, low))]
    numbers = form.to_ordered(form.round([number for pair in both for number in pair])).tolist()
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _short(edge: float, other: float) -> float:
    """The shortest decimal number next to one end of an interval, on the way to the other; the end itself at 0 and infinity."""
    if not math.isfinite(edge) or edge == 0:
        return edge
    up = other > edge
    for digits in range(1, 18):
        step = 10.0 ** (math.floor(math.log10(abs(edge))) - digits + 1)
        if step == 0:
            break
        number = float(f"{(math.ceil(edge / step) if up else math.floor(edge / step)) * step:.{digits}g}")
        if abs(number - edge) <= _CLOSE * abs(edge) and min(edge, other) <= number <= max(edge, other):
            return number
    return edge
