"""Errors that follow the function itself: what a wrong constant does to results.

A constant that multiplies the result, or the input, or is added, leaves errors in proportion to f, to x f', or to 1. Where
one proportion fits all the affected inputs, to about the rounding of the results, the constant is found, and how wrong it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..reference import kernels
from .evidence import Evidence, Reals, unit

_ENOUGH = 8  # inputs that a proportion must fit
_SLACK = (2.0, 0.02)  # ulps, and share of an error, that it may miss
_SINGLE = (2.0**-29, 2.0**-24)  # relative errors of constants in float32; fewer than one in ten is smaller


def constants(evidence: Evidence, mask: NDArray[np.bool_], case: int) -> Iterator[str]:
    """What is wrong by a constant, in words; nothing where no proportion fits."""
    x, exact = evidence.x, evidence.exact
    chosen = np.flatnonzero(mask & np.isfinite(evidence.errors[case]) & np.isfinite(exact))
    if chosen.size < _ENOUGH:
        return
    with np.errstate(all="ignore"):
        ulp = unit(evidence.form, np.frexp(exact[chosen])[1] - 1)
        errors = (evidence.values(case) - exact)[chosen] / ulp
        fitting = []
        for words, pattern in _patterns(evidence, x[chosen], exact[chosen]):
            if (found := _proportion(errors, pattern / ulp)) is not None:
                fitting.append((*found, words))
    if fitting:
        _, ratio, words = min(fitting, key=lambda each: each[0])  # of equals the first
        yield words.format(ratio=ratio, times=1 + ratio) + _single(evidence, ratio)


def _patterns(evidence: Evidence, x: Reals, exact: Reals) -> Iterator[tuple[str, Reals]]:
    yield "the results are {times:.10g} times the exact ones: a wrong factor", exact
    yield "the results are the exact ones plus {ratio:.3g}: a wrong term", np.ones(x.size)
    if evidence.order < 2:
        slope = _slope(evidence, x)
        words = "the results are those of x times {times:.10g}: a wrong factor of the input"
        yield words, x * slope
        if evidence.order:
            yield words, exact + x * slope  # differentiated with the factor


def _slope(evidence: Evidence, x: Reals) -> Reals:
    """The next derivative; NaN where the kernels do not decide."""
    y = np.empty(x.size)
    if evidence.form.bits < 64:
        kernels.narrow(evidence.activation, evidence.order + 1).function(x.astype(np.float32), y)
        return y
    scale = np.empty(x.size)
    kernels.wide(evidence.activation, evidence.order + 1).function(x, y, np.empty(x.size), np.empty(x.size), scale)
    return y / scale


def _proportion(errors: Reals, pattern: Reals) -> tuple[float, float] | None:
    """By how much, on average, the errors miss a multiple of the pattern (all in ulps), and which; None where it does not fit."""
    usable = np.isfinite(pattern) & (pattern != 0)
    if np.count_nonzero(usable) < max(_ENOUGH, 0.9 * errors.size):
        return None
    ratio = float(np.median(errors[usable] / pattern[usable]))
    missed = np.abs(errors - ratio * pattern)[usable]
    fits = missed <= _SLACK[0] + _SLACK[1] * np.abs(errors[usable])
    return (float(np.mean(missed)), ratio) if np.mean(fits) > 0.98 else None


def _single(evidence: Evidence, ratio: float) -> str:
    return ", as a constant in float32 has" if evidence.form.bits == 64 and _SINGLE[0] < abs(ratio) <= _SINGLE[1] else ""
