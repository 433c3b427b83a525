"""Why results are wrong, as far as the evidence can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .evidence import Evidence
from .formats import Format
from .sweep import Task

_CLOSE = 0.04  # a threshold is known to the distance of the inputs kept: a few per cent
_CANCELLED = 16.0  # roundings of a number of the size of 1
_FLOAT32 = (2.0**-34, 2.0**-21)  # relative errors that one rounding to float32 leaves


def diagnose(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task, tasks: list[Task]) -> str:
    """A sentence, or nothing. ``mask`` says which inputs are affected; formulas among ``tasks`` may explain them."""
    if kind == "flush_to_zero":
        return "subnormal results are flushed to zero: a policy"
    if kind in ("signed_zero", "nan_lost", "special_value"):
        return ""
    found = [*_formula(evidence, task, tasks), *_float32(evidence, kind, mask, task), *_cancels(evidence, kind, mask, task)]
    if not found or kind in ("nan", "overflow"):
        found += _threshold(evidence, mask)
    return "; ".join(found)


def _formula(evidence: Evidence, task: Task, tasks: list[Task]) -> Iterator[str]:
    """Formulas that give the same bits everywhere in the implementation's own arithmetic."""
    mine = evidence.values(task.number)
    formulas = [other for other in tasks if other.case.route not in ("native", "autodiff")]
    for other in formulas:
        same = other.implementation == task.implementation and other.number in evidence.outputs
        if same and np.array_equal(mine, evidence.values(other.number), equal_nan=True):
            yield f"bit for bit the formula {other.case.route}"


def _float32(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """A relative error in float64 that rounding to float32, somewhere inside, explains and nothing else would."""
    if evidence.form.name != "float64" or kind != "inaccurate":
        return
    results, relative = evidence.values(task.number)[mask], evidence.relative(task.number)[mask]
    with np.errstate(over="ignore"):
        short = results.astype(np.float32)
    if np.array_equal(results, short):
        yield "the results are float32 numbers: computed in float32"
    elif _FLOAT32[0] < np.median(relative) < _FLOAT32[1] and np.max(relative) < 2.0**-18:
        yield f"a relative error of {np.median(relative):.1e} in the median: a constant or a step in float32"


def _cancels(evidence: Evidence, kind: str, mask: NDArray[np.bool_], task: Task) -> Iterator[str]:
    """An absolute error that is a rounding of something larger than the result."""
    if kind not in ("inaccurate", "early_underflow"):
        return
    exact = evidence.exact[mask]
    error = float(np.max(np.abs(evidence.values(task.number)[mask] - exact)))
    unit = 2.0**-evidence.form.precision
    if error <= _CANCELLED * unit and np.max(np.abs(exact)) < 2.0**-4:
        yield f"absolute errors of up to {error / unit:.2g} roundings of 1: digits cancel next to a number of that size"


def _threshold(evidence: Evidence, mask: NDArray[np.bool_]) -> Iterator[str]:
    """Where the affected inputs begin, if that is where an intermediate result leaves the format."""
    finite = np.abs(evidence.x[mask & np.isfinite(evidence.x)])
    if not finite.size:
        return
    begin = float(finite.min())
    for what, at in _thresholds(evidence.form):
        if abs(begin / at - 1) < _CLOSE:
            yield f"from |x| = {begin:.4g}, where {what} ({at:.4g})"
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
