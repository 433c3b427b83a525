"""Which symptoms are one defect: what one framework does wrong in one way, with one function and derivative, in one region.

The formats, modes and parameters that show it make no difference, and neither does where regions are cut: a defect that
goes on across a border, or out to an infinity, is one. What a framework does with NaN, infinities and zeros in derivatives of
many functions alike is one, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..formats import number_format
from .kinds import NEAR, TOLERATED
from .severity import SEVERITIES, severity
from .symptoms import CONVENTIONS, Symptom

_FORMATS = ("float32", "float64", "bfloat16", "float16")  # the example is of the first format that shows the defect
_MIRRORED = 1.5  # so far may the ends of a mirrored defect lie apart
_TOUCHING = 1.2  # so far from a border may the inputs be that are next to it
_DIGITS = "early_underflow"  # digits that go one by one, and then all

Groups = dict[tuple[object, ...], list[Symptom]]


def defects(symptoms: Iterable[Symptom]) -> list[list[Symptom]]:
    """The symptoms of each defect; those that it is named after come first."""
    groups: Groups = {}
    for symptom in symptoms:
        groups.setdefault(_key(symptom, _DIGITS if symptom.kind == "inaccurate" else symptom.kind), []).append(symptom)
    _beyond(groups)
    _endless(groups)
    _mirrored(groups)
    _joined(groups)
    return list(_common(groups).values())


def showing(symptom: Symptom) -> tuple[float, ...]:
    """The less, the better does a symptom show its defect."""
    return (SEVERITIES.index(severity(symptom)), _FORMATS.index(symptom.case.format), -symptom.used, -symptom.count)


def _key(symptom: Symptom, defect: str) -> tuple[object, ...]:
    which = () if defect == "flush_to_zero" else (symptom.case.activation, symptom.case.order, symptom.region)
    return symptom.implementation.author(symptom.case), defect, *which


def _beyond(groups: Groups) -> None:
    """Results that are far beyond the range belong to those beside them that are wrong within it."""
    for key in [key for key in groups if key[1] == "range"]:
        other = (key[0], _DIGITS, *key[2:])
        if other in groups and any(symptom.ulps > TOLERATED[symptom.case.format] for symptom in groups[key]):
            groups[other] += groups.pop(key)


def _endless(groups: Groups) -> None:
    """What is wrong in the same way up to the largest number is the same defect at infinity, also where it only begins there."""
    for key in [key for key in groups if key[1] == "special_value"]:
        for defect in ("nan", "overflow", _DIGITS, "range"):
            before = groups.get((key[0], defect, *key[2:]), [])
            if any(_goes_on(finite, infinite) for finite in before for infinite in groups[key]):
                before += groups.pop(key)
                break


def _goes_on(before: Symptom, infinite: Symptom) -> bool:
    """Whether one symptom reaches the largest numbers on the side of another at an infinity, with results alike."""
    form = number_format(before.case.format)
    last = before.low if infinite.region == "negative" else before.high
    same = (before.implementation, before.case) == (infinite.implementation, infinite.case)
    if not same or infinite.nearest != math.inf or not form.max_finite / 2 <= abs(last) < math.inf:
        return False
    first, second = form.value(before.got), form.value(infinite.got)
    return (math.isnan(first), math.isinf(first)) == (math.isnan(second), math.isinf(second))


def _mirrored(groups: Groups) -> None:
    """A defect that begins equally far out on both sides is one."""
    for key in [key for key in groups if key[-1] == "negative"]:
        other = (*key[:-1], "positive")
        if other in groups:
            ends = [min(symptom.nearest for symptom in groups[each]) for each in (key, other)]
            if max(ends) <= _MIRRORED * min(ends):
                groups[other] += groups.pop(key)


def _joined(groups: Groups) -> None:
    """A defect that goes on across the border of the region near zero is one, if it does where it shows best."""
    for key in [key for key in groups if key[-1] == "near"]:
        for side in ("negative", "positive"):
            far = groups.get((*key[:-1], side), [])
            if far and _touching(groups[key], min(far, key=showing)):
                groups[key] += groups.pop((*key[:-1], side))


def is_common(symptoms: list[Symptom]) -> bool:
    """Whether a defect is what a framework does with special inputs of many functions alike: it has one cause.

    What derivatives are at NaN, second derivatives at infinities, which zero a result is, and which slope at a kink.
    """
    return all(_is_common(symptom) for symptom in symptoms)


def _is_common(symptom: Symptom) -> bool:
    order, kind = symptom.case.order, symptom.kind
    limit = kind == "special_value" and order == 2 and symptom.exact != "nan"
    return (kind == "nan_lost" and order > 0) or kind in CONVENTIONS or limit


def _common(groups: Groups) -> Groups:
    """The functions of such a defect together."""
    found: Groups = {}
    for key, symptoms in groups.items():
        alike = (*key[:2], symptoms[0].case.order) if is_common(symptoms) else key
        found.setdefault(alike, []).extend(symptoms)
    return found


def _touching(near: list[Symptom], far: Symptom) -> bool:
    mine = [each for each in near if (each.implementation, each.case) == (far.implementation, far.case) and each.region == "near"]
    ends = [-each.low if far.region == "negative" else each.high for each in mine]
    return far.nearest <= NEAR * _TOUCHING and max(ends, default=0.0) >= NEAR / _TOUCHING
