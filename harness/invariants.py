"""Laws that a function's own graph makes for its results: they need no reference to be broken.

* ``range``: no result is beyond the least and the largest that there are;
* ``monotone``: where the function rises, no result is less than one before; a dip is as deep as the result lies below;
* ``symmetric``: results at x and -x are related as the function is (σ'(-x) = σ'(x), σ(x) + σ(-x) = 1, ...);
* ``nan``: NaN in, NaN out;
* ``limits``: at ±∞ the result is the limit;
* ``signed_zero``: a zero that the function approaches from one side, at ±0 and ±∞, has the sign of that side;
* ``modes``: a compiled mode gives the bits of the eager one.

They are checked on the results kept of each pass, see :mod:`harness.evidence`. How frameworks compare with each other is
in the frame ``agreement``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from .evidence import Evidence, Reals, unit
from .results import Verdict
from .shape import Symmetry, shape, span
from .sweep import Task
from .symptoms import USED

LAWS = ("range", "monotone", "symmetric", "nan", "limits", "signed_zero", "modes")
_APART = 1.0  # ulp of the larger one: so far from their law may two correctly rounded results be


Verdicts = Iterator[tuple[str, Verdict]]


def verdicts(evidence: Evidence, task: Task, tasks: list[Task]) -> Verdicts:
    """The laws and the verdicts on a case of a pass with these tasks; laws that say nothing about it are left out."""
    output = evidence.values(task.number)
    for look in _LAWS:
        yield from look(evidence, output)
    yield from _modes(evidence, task, tasks)


def _range(evidence: Evidence, output: Reals) -> Verdicts:
    low, high = span(evidence.activation, evidence.order, evidence.form)
    checked = ~np.isnan(evidence.x) & ~np.isnan(output)
    nearest = np.clip(output, low, high)
    depth = _ulps(evidence, _apart(output, nearest), output, nearest)
    yield _worst("range", evidence, output, checked, depth, f"from {low!r} to {high!r}")


def _monotone(evidence: Evidence, output: Reals) -> Verdicts:
    depth, checked = np.zeros(output.size), np.zeros(output.size, bool)
    for piece in shape(evidence.activation, evidence.order).pieces:
        inside = (evidence.x > piece.low) & (evidence.x < piece.high) & ~np.isnan(output)
        checked |= inside
        for slope in (piece.slope,) if piece.slope else (1, -1):  # what is constant neither falls nor rises
            before = output.copy()
            before[inside] = np.maximum.accumulate(output[inside] * slope) * slope
            depth = np.maximum(depth, _ulps(evidence, _apart(output, before), output, before))
    yield _worst("monotone", evidence, output, checked, depth, "at a smaller input it had gone beyond")


def _symmetric(evidence: Evidence, output: Reals) -> Verdicts:
    symmetry = shape(evidence.activation, evidence.order).symmetry
    if symmetry is None:
        return
    x = evidence.x
    finite = np.flatnonzero(np.isfinite(x) & (x > 0) & ~np.isin(x, np.abs(evidence.activation.kinks)))
    mirrored = np.searchsorted(x, -x[finite])
    paired = x[mirrored] == -x[finite]
    plus, minus = finite[paired], mirrored[paired]
    other, distance = output.copy(), np.zeros(output.size)
    other[plus] = output[minus]
    with np.errstate(all="ignore"):
        distance[plus] = np.nan_to_num(np.abs(_residue(symmetry, x[plus], output[plus], output[minus])), nan=0.0, posinf=math.inf)
    depth = _ulps(evidence, distance, output, other)
    if symmetry.identity in ("sum", "difference"):
        depth[depth <= _APART] = 0.0
    checked = np.isin(np.arange(output.size), plus)
    law, verdict = _worst("symmetric", evidence, output, checked, depth, str(symmetry))
    if verdict.example_bits is not None:
        verdict.got += f", at -x {other[evidence.bits == verdict.example_bits][0]!s}"
    yield law, verdict


def _residue(symmetry: Symmetry, x: Reals, plus: Reals, minus: Reals) -> Reals:
    """By how much two results miss the identity; sums are exact but for a last rounding."""
    if symmetry.identity == "even":
        return plus - minus
    if symmetry.identity == "odd":
        return plus + minus
    first, second, target = (plus, minus, symmetry.constant) if symmetry.identity == "sum" else (plus, -minus, x)
    total = first + second
    rest = total - first
    lost = (first - (total - rest)) + (second - rest)  # Knuth's two-sum
    return (total - target) + lost


def _nan(evidence: Evidence, output: Reals) -> Verdicts:
    checked = np.isnan(evidence.x)
    yield _worst("nan", evidence, output, checked, np.where(np.isnan(output), 0.0, math.inf), "NaN")


def _limits(evidence: Evidence, output: Reals) -> Verdicts:
    form, limits = evidence.form, evidence.activation.limits[evidence.order]
    wanted = np.where(evidence.x > 0, *(float(form.decode(form.round([limit]))[0]) for limit in reversed(limits)))
    right = (output == wanted) | (np.isnan(output) & np.isnan(wanted))
    text = f"{limits[0]!r} at -inf, {limits[1]!r} at inf"
    yield _worst("limits", evidence, output, np.isinf(evidence.x), np.where(right, 0.0, math.inf), text)


def _signed_zero(evidence: Evidence, output: Reals) -> Verdicts:
    checked = (evidence.zero_signs != 0) & (output == 0)
    wrong = np.signbit(output) != (evidence.zero_signs < 0)
    if checked.any():
        text = "the zero of the side that the function comes from"
        yield _worst("signed_zero", evidence, output, checked, np.where(wrong, math.inf, 0.0), text)


_LAWS: tuple[Callable[[Evidence, Reals], Verdicts], ...] = (*(_range, _monotone, _symmetric, _nan, _limits, _signed_zero),)


def _modes(evidence: Evidence, task: Task, tasks: list[Task]) -> Verdicts:
    mine = task.implementation
    for other in tasks:
        theirs = other.implementation
        alike = (theirs.backend, theirs.device, other.case) == (mine.backend, mine.device, task.case)
        if alike and theirs.mode == "eager" != mine.mode and other.number in evidence.outputs:
            output, eager = evidence.values(task.number), evidence.values(other.number)
            both_nan = np.isnan(output) & np.isnan(eager)
            differ = (evidence.outputs[task.number] != evidence.outputs[other.number]) & ~both_nan
            depth = np.where(np.isnan(output) | np.isnan(eager), math.inf, _ulps(evidence, _apart(output, eager), output, eager))
            depth = np.where(differ, np.maximum(depth, np.finfo(float).tiny), 0.0)  # zeros of two signs differ, by nothing
            law, verdict = _worst("modes", evidence, output, np.ones(output.size, bool), depth, "")
            if verdict.example_bits is not None:
                verdict.where = f"eager {eager[evidence.bits == verdict.example_bits][0]!s}"
            yield law, verdict


def _apart(one: Reals, other: Reals) -> Reals:
    """The distance of two results; 0 for the same infinity, and where either is NaN."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(one - other), nan=0.0, posinf=math.inf)


def _ulps(evidence: Evidence, distance: Reals, one: Reals, other: Reals) -> Reals:
    """A distance of two results in ulps of the larger one; 0 where it is honest."""
    size = np.fmax(np.abs(one), np.abs(other))
    exponents = np.where(np.isfinite(size), np.frexp(size)[1] - 1, evidence.form.emin)
    with np.errstate(over="ignore"):
        return np.where(distance <= evidence.honest, 0.0, distance / unit(evidence.form, exponents))


def _worst(
    law: str, evidence: Evidence, output: Reals, checked: NDArray[np.bool_], depth: Reals, where: str
) -> tuple[str, Verdict]:
    """The verdict; of inputs that break a law equally the first that people use stands for all."""
    depth = np.where(checked, depth, 0.0)
    broken = np.count_nonzero(depth)
    if not broken:
        return law, Verdict(int(checked.sum()))
    deepest = np.flatnonzero(depth == depth.max())
    place = deepest[np.argmax(np.abs(evidence.x[deepest]) <= USED)]
    bits, got, steps = int(evidence.bits[place]), str(output[place]), float(depth[place])
    return law, Verdict(int(checked.sum()), int(broken), bits, got, where, steps)
