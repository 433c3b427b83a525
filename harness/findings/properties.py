"""Laws that a function's own graph makes for its results: they need no reference to be broken.

* ``range``: no result is beyond the least and the largest that there are;
* ``monotone``: where the function rises, no result is less than one before; a dip is as deep as the result lies below;
* ``symmetric``: results at x and -x are related as the function is (σ'(-x) = σ'(x), σ(x) + σ(-x) = 1, ...);
* ``nan``: NaN in, NaN out;
* ``limits``: at ±∞ the result is the limit;
* ``signed_zero``: a zero that the function approaches from one side, at ±0 and ±∞, has the sign of that side;
* ``modes``: a compiled mode gives the bits of the eager one; where not, the verdict says which of them is nearer to exact;
* ``composed``: a function gives the bits of the same one composed of others (silu of x times sigmoid); where not, the same. That
  they differ is no defect of either.

They are checked on the results kept of each pass, see :mod:`harness.findings.evidence`, but for those that are flushed to zero: a
policy breaks any law. How frameworks compare with each other is in the frame ``agreement``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..case import Task
from ..reference.shape import Symmetry, shape, span
from .evidence import CLASS, Evidence, Reals, unit
from .kinds import flushed
from .symptoms import USED
from .verdicts import Verdict

LAWS = ("range", "monotone", "symmetric", "nan", "limits", "signed_zero", "modes", "composed")
_COMPOSED = "composed"  # the law, and the route
_APART = 1.0  # ulp of the larger one: so far from their law may two correctly rounded results be


Verdicts = Iterator[tuple[str, Verdict]]


def verdicts(evidence: Evidence, task: Task, tasks: list[Task]) -> Verdicts:
    """The laws and the verdicts on a case of a pass with these tasks; laws that say nothing about it are left out."""
    output = _unflushed(evidence, task)
    for look in _LAWS:
        yield from look(evidence, output)
    for law, other, names in _others(task, tasks):
        if other.number in evidence.outputs:
            yield law, _compared(law, evidence, task, other, names)


def _unflushed(evidence: Evidence, task: Task) -> Reals:
    """A case's results; NaN, of which no law says anything, where they are flushed."""
    return np.where(flushed(evidence, task.number), np.nan, evidence.values(task.number))


def _range(evidence: Evidence, output: Reals) -> Verdicts:
    low, high = span(evidence.activation, evidence.order, evidence.form)
    checked = ~np.isnan(evidence.x) & ~np.isnan(output)
    nearest = np.clip(output, low, high)
    depth = _ulps(evidence, _apart(output, nearest), output, nearest)
    yield _worst("range", evidence, output, checked, depth, f"from {low!r} to {high!r}")


def _monotone(evidence: Evidence, output: Reals) -> Verdicts:
    depth, checked = np.zeros(output.size), np.zeros(output.size, bool)
    lane = np.arange(output.size)
    beyond = lane.copy()  # by input the one before it with the result that has gone furthest
    for piece in shape(evidence.activation, evidence.order).pieces:
        inside = (evidence.x > piece.low) & (evidence.x < piece.high) & ~np.isnan(output)
        checked |= inside
        for slope in (piece.slope,) if piece.slope else (1, -1):  # what is constant neither falls nor rises
            height = output[inside] * slope
            highest = np.maximum.accumulate(height)
            before, furthest = output.copy(), lane.copy()
            before[inside] = highest * slope
            furthest[inside] = lane[inside][np.maximum.accumulate(np.where(height == highest, np.arange(height.size), 0))]
            dip = _ulps(evidence, _apart(output, before), output, before)
            beyond, depth = np.where(dip > depth, furthest, beyond), np.maximum(depth, dip)
    law, verdict = _worst("monotone", evidence, output, checked, depth, "")
    if verdict.example_bits is not None:
        _blame(evidence, output, verdict, beyond)
    yield law, verdict


def _blame(evidence: Evidence, output: Reals, verdict: Verdict, beyond: NDArray[np.int_]) -> None:
    """Of the two results that make a dip, have the verdict show the one that is further from the exact result."""
    low = int(np.flatnonzero(evidence.bits == verdict.example_bits)[0])
    high = int(beyond[low])
    errors = _ulps(evidence, _apart(output, evidence.best), output, evidence.best)
    verdict.where = f"at the smaller {evidence.x[high]!s} it is {output[high]!s}"
    if errors[high] > errors[low]:
        verdict.example_bits, verdict.got = int(evidence.bits[high]), str(output[high])
        verdict.where = f"at the larger {evidence.x[low]!s} it is {output[low]!s}"


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


def _others(task: Task, tasks: list[Task]) -> Iterator[tuple[str, Task, tuple[str, str]]]:
    """Cases that give the same bits, if the law holds, as they are called beside this one."""
    for other in tasks:
        same_code = replace(other.implementation, mode=task.implementation.mode) == task.implementation
        if same_code and other.case == task.case and other.implementation.mode == "eager" != task.implementation.mode:
            yield "modes", other, ("eager", task.implementation.mode)
        if other.implementation == task.implementation and other.case == replace(task.case, route=_COMPOSED):
            yield _COMPOSED, other, (_COMPOSED, task.case.route)


def _compared(law: str, evidence: Evidence, task: Task, other: Task, names: tuple[str, str]) -> Verdict:
    """The verdict on a case beside another one; what is flushed in either of them is alike."""
    mine, theirs = evidence.values(task.number), evidence.values(other.number)
    alike = (np.isnan(mine) & np.isnan(theirs)) | flushed(evidence, task.number) | flushed(evidence, other.number)
    differ = (evidence.outputs[task.number] != evidence.outputs[other.number]) & ~alike
    depth = np.where(np.isnan(mine) | np.isnan(theirs), math.inf, _ulps(evidence, _apart(mine, theirs), mine, theirs))
    depth = np.where(differ, np.maximum(depth, np.finfo(float).tiny), 0.0)  # zeros of two signs differ, by nothing
    _, verdict = _worst(law, evidence, mine, np.ones(mine.size, bool), depth, "")
    if verdict.example_bits is not None:
        verdict.where = _nearer(evidence, task, other, names, verdict.example_bits, depth > 0)
    return verdict


def _nearer(evidence: Evidence, task: Task, other: Task, names: tuple[str, str], example: int, differ: NDArray[np.bool_]) -> str:
    """What the other case gives at an input, and which of the two is nearer to exact: there, and at how many inputs."""
    place = int(np.flatnonzero(evidence.bits == example)[0])
    first, second = (_distance(evidence, each.number) for each in (other, task))
    nearer = [differ & (first < second), differ & (second < first)]
    wrong = ["wrong altogether" if np.isinf(each[place]) else f"wrong by {each[place]:.3g} ulp" for each in (first, second)]
    here = next((name for name, at in zip(names, nearer, strict=True) if at[place]), "neither")
    counts = ", ".join(f"{name} at {np.count_nonzero(at)}" for name, at in zip(names, nearer, strict=True))
    text = f"{names[0]} {evidence.values(other.number)[place]!s}; {here} is nearer to exact: {names[0]} is {wrong[0]}"
    return f"{text}, {names[1]} {wrong[1]}; of the {np.count_nonzero(differ)} inputs that differ {counts}"


def _distance(evidence: Evidence, case: int) -> Reals:
    """A case's errors in ulps; where there is none, 0 for what is right all the same, else infinite: NaN, a wrong infinity."""
    errors, right = evidence.errors[case], evidence.classes[case] == CLASS["correct"]
    return np.where(np.isnan(errors), np.where(right, 0.0, math.inf), errors)


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
    return law, Verdict(int(checked.sum()), int(broken), bits, got, where, steps).over(evidence.x[depth > 0])
