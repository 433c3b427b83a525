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

from .evidence import Evidence, Reals
from .exact import Exact
from .formats import Format
from .results import Verdict
from .shape import Symmetry, shape
from .sweep import Task

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
    low, high = shape(evidence.activation, evidence.order).span(Exact(evidence.activation, evidence.order), evidence.form)
    checked = ~np.isnan(evidence.x) & ~np.isnan(output)
    with np.errstate(invalid="ignore"):
        beyond = np.where(output > high, output - high, np.where(output < low, low - output, 0.0))
    yield _worst("range", evidence, output, checked, _ulps(beyond, output, evidence.form), f"from {low!r} to {high!r}")


def _monotone(evidence: Evidence, output: Reals) -> Verdicts:
    dips = np.zeros(output.size)
    checked = np.zeros(output.size, bool)
    for piece in shape(evidence.activation, evidence.order).pieces:
        inside = np.flatnonzero((evidence.x > piece.low) & (evidence.x < piece.high) & ~np.isnan(output))
        checked[inside] = True
        results = output[inside] * (piece.slope or 1)
        with np.errstate(invalid="ignore"):
            dips[inside] = np.nan_to_num(np.maximum.accumulate(results) - results, nan=0.0)
            if piece.slope == 0:
                dips[inside] = np.maximum(dips[inside], np.nan_to_num(results - np.minimum.accumulate(results), nan=0.0))
    dips[dips <= evidence.honest] = 0.0
    yield _worst(
        "monotone", evidence, output, checked, _ulps(dips, output, evidence.form), "at a smaller input it had gone beyond"
    )


def _symmetric(evidence: Evidence, output: Reals) -> Verdicts:
    symmetry = shape(evidence.activation, evidence.order).symmetry
    if symmetry is None:
        return
    x = evidence.x
    finite = np.flatnonzero(np.isfinite(x) & (x > 0) & ~np.isin(x, np.abs(evidence.activation.kinks)))
    mirrored = np.searchsorted(x, -x[finite])
    paired = x[mirrored] == -x[finite]
    plus, minus = finite[paired], mirrored[paired]
    apart = np.zeros(output.size)
    with np.errstate(all="ignore"):
        apart[plus] = np.abs(_residue(symmetry, x[plus], output[plus], output[minus]))
    size = np.zeros(output.size)
    size[plus] = np.maximum(np.abs(output[plus]), np.abs(output[minus]))
    apart[np.isnan(apart) | (apart <= evidence.honest)] = 0.0
    depth = _ulps(apart, size, evidence.form)
    if symmetry.identity in ("sum", "difference"):
        depth[depth <= _APART] = 0.0
    checked = np.isin(np.arange(output.size), plus)
    law, verdict = _worst("symmetric", evidence, output, checked, depth, str(symmetry))
    if verdict.example_bits is not None:
        other = evidence.bits == verdict.example_bits ^ evidence.form.sign_bit
        verdict.got += f", at -x {output[other][0]!s}"
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
    exact = Exact(evidence.activation, evidence.order)
    places = np.flatnonzero(((evidence.x == 0) | np.isinf(evidence.x)) & (output == 0))
    signs = np.zeros(output.size)
    signs[places] = [exact.at(float(evidence.x[place])).zero_sign for place in places]
    wrong = (signs != 0) & ((signs < 0) != np.signbit(output))
    if (signs != 0).any():
        text = "the zero of the side that the function comes from"
        yield _worst("signed_zero", evidence, output, signs != 0, np.where(wrong, math.inf, 0.0), text)


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
            with np.errstate(all="ignore"):
                size = np.maximum(np.abs(output), np.abs(eager))
                depth = np.nan_to_num(_ulps(np.abs(output - eager), size, evidence.form), nan=math.inf)
            depth = np.where(differ, np.maximum(depth, np.finfo(float).tiny), 0.0)  # zeros of two signs differ, by nothing
            law, verdict = _worst("modes", evidence, output, np.ones(output.size, bool), depth, "")
            if verdict.example_bits is not None:
                verdict.where = f"eager {eager[evidence.bits == verdict.example_bits][0]!s}"
            yield law, verdict


def _ulps(distance: Reals, size: Reals, form: Format) -> Reals:
    """Distances in ulps of numbers of some size; of those that are infinite, infinite."""
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(np.where(np.isfinite(size), size, 1.0))[1] - 1, form.emin)
        found: Reals = distance / np.ldexp(1.0, exponent - form.precision + 1)
    return found


def _worst(
    law: str, evidence: Evidence, output: Reals, checked: NDArray[np.bool_], depth: Reals, where: str
) -> tuple[str, Verdict]:
    broken = checked & (depth > 0)
    count = int(checked.sum())
    if not broken.any():
        return law, Verdict(count)
    deepest = np.where(broken, depth, -1.0)
    usual = broken & (np.abs(evidence.x) <= 10)  # of equals one that people use
    place = int(np.argmax(deepest if not (usual & (deepest == deepest.max())).any() else np.where(usual, deepest, -1.0)))
    return law, Verdict(count, int(broken.sum()), int(evidence.bits[place]), str(output[place]), where, float(depth[place]))
