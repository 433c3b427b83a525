"""Why results are wrong, as far as the evidence can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..case import Task
from ..formats import FORMATS, Format
from .evidence import Evidence, Reals
from .models import constants

_CLOSE = 0.04  # a threshold is known to the distance of the inputs kept: a few per cent
_BEFORE = 0.01  # nothing begins much before its cause
_GAP = 1.3  # so far apart may the inputs be that a threshold lies between
_CANCELLED = (0.25, 16.0)  # roundings of a number of the size of 1
_SEVERAL = 8  # different results or inputs that make a pattern
_SHORT = 12  # binary digits that numbers which come up anywhere may have
_FEW = 8.0  # ulps that roundings alone may make
_FLOAT32 = (2.0**-34, 2.0**-21)  # relative errors that one rounding to float32 leaves


def diagnose(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task, tasks: list[Task]) -> str:
    """A sentence, or nothing. ``mask`` says which inputs are affected; formulas among ``tasks`` may explain them."""
    if kind == "flush_to_zero":
        return "subnormal results are flushed to zero: a policy"
    if kind in ("signed_zero", "nan_lost", "special_value"):
        return ""
    if kind == "range" and (evidence.errors[task.number][mask] > _FEW).all():  # it has a cause as any large error has
        kind = "inaccurate"
    if kind != "nan" and _subnormal(evidence, mask):
        return "only subnormal inputs are affected, as where they are taken for zeros"
    found = [*_formula(evidence, task, tasks)]
    for look in (_limit, _narrower, _constant, _float32):  # each rules out the next
        if said := list(look(evidence, kind, mask, task)):
            found += said
            break
    found += _cancels(evidence, kind, mask, task)
    if not found or kind in ("nan", "overflow"):
        found += _threshold(evidence, mask)
    return "; ".join(found)


def _subnormal(evidence: Evidence, mask: NDArray[np.bool_]) -> bool:
    x = np.abs(evidence.x[mask])
    return bool(((x > 0) & (x < evidence.form.min_normal)).all())


def _formula(evidence: Evidence, task: Task, tasks: list[Task]) -> Iterator[str]:
    """Formulas that give the same bits everywhere in the implementation's own arithmetic, in whatever mode."""
    mine = evidence.values(task.number)
    formulas = [other for other in tasks if other.case.route not in ("native", "autodiff")]
    same = {
        other.case.route: None
        for other in formulas
        if replace(other.implementation, mode=task.implementation.mode) == task.implementation
        and other.number in evidence.outputs
        if np.array_equal(mine, evidence.values(other.number), equal_nan=True)
    }
    if same:
        yield f"bit for bit the formula{'s' if len(same) > 1 else ''} {' and '.join(same)}"


def _limit(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """Results that are the limit at an infinity long before they should be."""
    x, results = evidence.x[mask], evidence.values(task.number)[mask]
    low, high = evidence.activation.limits[evidence.order]
    for side, limit in ((x < 0, low), (x > 0, high)):
        if kind == "inaccurate" and side.all() and math.isfinite(limit) and limit != 0:
            rounded = float(evidence.form.decode(evidence.form.round([limit]))[0])
            if (results == rounded).all():
                yield f"it equals the limit {rounded!r} there: it saturates too early"


def _narrower(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """Results with no more digits than a narrower format has."""
    if kind not in ("inaccurate", "early_underflow"):
        return
    results = evidence.values(task.number)
    finite = results[np.isfinite(results) & (mask if kind == "inaccurate" else True)]  # zeros alone tell nothing
    for form in (FORMATS[name] for name in ("bfloat16", "float16", "float32")):
        if form.bits < evidence.form.bits and np.array_equal(finite, form.decode(form.round(finite))):
            if np.unique(finite).size >= _SEVERAL or _digits(finite) > _SHORT:
                yield f"the results are {form.name} numbers: computed in {form.name}"
            return


def _digits(numbers: Reals) -> int:
    """The most binary digits that one of them has."""
    significand = np.ldexp(np.frexp(numbers)[0], 53).astype(np.int64)
    return int(53 - np.log2(np.maximum(significand & -significand, 1)).min(where=significand != 0, initial=53.0))


def _constant(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    if kind == "inaccurate":
        yield from constants(evidence, mask, task.number)


def _float32(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """A relative error in float64 that rounding to float32, somewhere inside, explains and nothing else would."""
    if evidence.form.name != "float64" or kind != "inaccurate":
        return
    relative = evidence.relative(task.number)[mask]
    if _FLOAT32[0] < np.median(relative) < _FLOAT32[1] and np.max(relative) < 2.0**-18:
        yield f"a relative error of {np.median(relative):.1e} in the median: a constant or a step in float32"


def _cancels(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """An absolute error that is a rounding of something larger than the result."""
    if kind not in ("inaccurate", "early_underflow"):
        return
    exact = evidence.exact[mask]
    error = float(np.max(np.abs(evidence.values(task.number)[mask] - exact)))
    unit = 2.0**-evidence.form.precision
    if _CANCELLED[0] <= error / unit <= _CANCELLED[1] and np.max(np.abs(exact)) < 2.0**-4 and exact.size >= _SEVERAL:
        yield f"absolute errors of up to {error / unit:.2g} roundings of 1: digits cancel next to a number of that size"


def _threshold(evidence: Evidence, mask: NDArray[np.bool_]) -> Iterator[str]:
    """Where the affected inputs begin, if that is where an intermediate result leaves the format."""
    finite = np.abs(evidence.x[mask & np.isfinite(evidence.x)])
    if not finite.size:
        return
    begin = float(finite.min())
    side = np.abs(evidence.x[~mask & np.isfinite(evidence.x) & (np.sign(evidence.x) == np.sign(evidence.x[mask][0]))])
    before = float(side[side < begin].max(initial=0.0))
    last = begin if begin > _GAP * before else before  # the threshold lies between this and the beginning
    for what, at in _thresholds(evidence.form):
        if last * (1 - _CLOSE) < at <= begin * (1 + _BEFORE):
            yield f"it begins where {what} (|x| = {at:.5g})"
            return


def _thresholds(form: Format) -> Iterator[tuple[str, float]]:
    largest, normal, least = math.log(form.max_finite), -math.log(form.min_normal), -math.log(form.min_subnormal)
    yield "e^|x| overflows", largest
    yield "e^-|x| becomes subnormal", normal
    yield "e^-|x| underflows", least
    yield "e^2|x| overflows", largest / 2
    yield "e^-|x| is lost beside 1", form.precision * math.log(2)
    yield "e^-2|x| is lost beside 1", form.precision * math.log(2) / 2
    yield "x² overflows", math.exp(largest / 2)
    yield "x³ overflows", math.exp(largest / 3)
    if form.bits == 16:
        yield "e^|x| overflows in float32", 88.72
