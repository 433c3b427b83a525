"""What a pass looks like input by input: some of its results kept, each with its error and class.

Tallies say how many and how bad; to say where, what they have in common and which implementations are right takes the results
themselves. They are kept for a fixed set of at most 2^16 inputs of every pass: of a sample the special inputs, whole
rounds through the binades, from one end of them to the other, and more from the binades between 2^-4 and 2^6; all of a 16-bit
format; and one of every 2^16 consecutive inputs of exhaustive float32.
Classes and errors here come from the fast reference without its last word on ties; counts in tallies do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..accuracy.classification import CLASSES, classify
from ..accuracy.inputs import Inputs, round_length, special_inputs
from ..activations import Activation
from ..formats import Bits, Format
from ..reference import kernels
from ..reference.exact import Exact
from ..workers.streams import Consumer

SIZE = 1 << 16
"""Inputs kept of a pass."""
_EXTRA = 1 << 13  # of them are from the binades with exponents in this range
_USED = (-4, 6)
_HONEST = 32.0  # roundings of the size of the function around a zero that an honest evaluation may make
CLASS = {name: number for number, name in enumerate(CLASSES)}
"""Numbers that stand for the classes in arrays."""

Reals = NDArray[np.float64]


def chosen(inputs: Inputs) -> NDArray[np.int64]:
    """Indices of the inputs whose results are kept, ascending."""
    if inputs.count <= SIZE:
        return np.arange(inputs.count)
    if inputs.seed is not None:
        special, length, used = len(special_inputs(inputs.format)), round_length(inputs.format), _used(inputs.format)
        rounds = (inputs.count - special) // length
        parts = _evenly(rounds, min(rounds, _EXTRA // used.size))[:, None] * length + used
        whole = _evenly(rounds, (SIZE - special - parts.size) // length)[:, None] * length + np.arange(length)
        return np.union1d(np.arange(special), special + np.concatenate([whole.ravel(), parts.ravel()]))
    windows = np.arange(SIZE, dtype=np.int64)
    step = inputs.count // SIZE
    spread = windows * step + (windows * 40503) % step  # one of each window, not always the one with the roundest bits
    return np.union1d(spread, special_inputs(inputs.format).astype(np.int64))


def encodings(inputs: Inputs, ranges: Iterable[tuple[int, int]]) -> Bits:
    """The chosen inputs that lie in some ranges (start, stop) of the indices, ascending."""
    indices = chosen(inputs)
    parts = [np.empty(0, inputs.format.carrier)]
    for start, stop in ranges:
        low, high = np.searchsorted(indices, (start, stop))
        mine = indices[low:high]
        for run in np.split(mine, np.flatnonzero(np.diff(mine) != 1) + 1) if mine.size else ():
            parts.append(inputs.block(int(run[0]), int(run[-1]) + 1))
    return np.concatenate(parts)


def _evenly(rounds: int, wanted: int) -> NDArray[np.int64]:
    """So many of the rounds, from the first to the last: round t has the t-th part of every binade."""
    return (2 * np.arange(wanted) + 1) * rounds // (2 * wanted)


def _used(form: Format) -> NDArray[np.int64]:
    """Where in a round the binades stand in which functions turn and saturate."""
    first = form.precision - 1 + _USED[0] - form.emin  # behind those of subnormal numbers
    return np.arange(2 * first, 2 * (first + _USED[1] - _USED[0]))


class Samples:
    """A consumer of blocks that keeps the chosen results and hands everything on."""

    def __init__(self, inputs: Inputs, then: Consumer) -> None:
        self._then, self._chosen = then, chosen(inputs)
        self._wanted = 0
        self._kept: dict[int, list[Bits]] = {}

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Keep what is wanted of a block; blocks come in order."""
        low, high = np.searchsorted(self._chosen, (start, start + len(inputs)))
        if low < high:
            wanted = self._chosen[low:high] - start
            self._wanted += wanted.size
            for number, bits in results.items():
                self._kept.setdefault(number, []).append(bits[wanted])
        self._then.add(start, inputs, results, executor)

    def kept(self) -> dict[int, Bits]:
        """By case the results on all chosen inputs that came by; cases that did not finish are left out."""
        found = {number: np.concatenate(parts) for number, parts in self._kept.items()}
        return {number: bits for number, bits in found.items() if bits.size == self._wanted}


@dataclass
class Evidence:
    """Inputs of a pass in ascending order (NaNs last) with every case's results.

    Attributes:
        activation, order, form: of the pass.
        bits, x: the inputs, encoded and as numbers.
        exact: the exact results to about 2^-46 (2^-52 in float64), NaN where there is none; at kinks one of those allowed.
        best: the correctly rounded results, as numbers.
        outputs: by case the encodings of the results.
        errors: by case the errors in ulps; NaN where there is none.
        classes: by case the classes, as numbers (:data:`CLASS`).
        kinds, loses: by case what :mod:`harness.findings.kinds` has found out.
        setting: other evidence of the same pass, which these few inputs add to: where zeros are, it tells.
    """

    activation: Activation
    order: int
    form: Format
    bits: Bits
    x: Reals
    exact: Reals
    best: Reals
    outputs: dict[int, Bits]
    errors: dict[int, Reals] = field(default_factory=dict)
    classes: dict[int, NDArray[np.int8]] = field(default_factory=dict)
    kinds: dict[int, NDArray[np.int8]] = field(default_factory=dict)
    loses: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    setting: Evidence | None = None

    @cached_property
    def honest(self) -> Reals:
        """For each input the absolute error that is honest next to a zero of the exact result: roundings of the size there."""
        allowed = np.zeros(self.x.size)
        for zero, error in (self.setting or self).zeros:
            around = _around(self.x, zero)
            allowed[around] = np.maximum(allowed[around], error)
        return allowed

    @cached_property
    def zeros(self) -> list[tuple[float, float]]:
        """The zeros of the exact result, but for one at 0, each with the error that is honest around it."""
        return list(_zeros(self))

    @cached_property
    def zero_signs(self) -> NDArray[np.int8]:
        """The sign, -1 or 1, that a zero must have at ±0 and ±∞; 0 where either is right or the exact result is no zero."""
        exact, signs = Exact(self.activation, self.order), np.zeros(self.x.size, np.int8)
        for place in np.flatnonzero((self.x == 0) | np.isinf(self.x)):
            signs[place] = exact.at(float(self.x[place])).zero_sign
        return signs

    def values(self, case: int) -> Reals:
        """A case's results as numbers."""
        return self.form.decode(self.outputs[case])

    def relative(self, case: int) -> Reals:
        """A case's errors relative to the exact results; infinite or NaN where a result is, or the exact one is zero."""
        with np.errstate(all="ignore"):
            return np.abs(self.values(case) / self.exact - 1)


def examine(activation: Activation, order: int, form: Format, bits: Bits, outputs: dict[int, Bits]) -> Evidence:
    """Work out errors and classes of some results."""
    x = form.decode(bits)
    ascending = np.argsort(x, kind="stable")
    x, bits = x[ascending], bits[ascending]
    exact, rest, scale = _reference(activation, order, form, x)
    best = form.decode(form.round(exact / scale))
    endless = np.isinf(exact) & np.any([form.decode(b[ascending]) != best for b in outputs.values()], axis=0)
    open_ = (np.isnan(exact) & ~np.isnan(x)) | endless
    found = Evidence(activation, order, form, bits, x, exact / scale, best, {n: b[ascending] for n, b in outputs.items()})
    for case, output in found.outputs.items():
        found.errors[case], found.classes[case] = _measure(found, form.decode(output), exact, rest, scale)
    _ask(found, np.flatnonzero(open_))
    return found


def unit(form: Format, exponents: NDArray[np.int_]) -> Reals:
    """One ulp of numbers in the binades 2^e."""
    units: Reals = np.ldexp(1.0, np.maximum(exponents, form.emin) - form.precision + 1)
    return units


def _reference(activation: Activation, order: int, form: Format, x: Reals) -> tuple[Reals, Reals, Reals]:
    """(hi + lo) / scale; NaN where only the exact reference may answer, and where there is no result."""
    inside = x if activation.edge is None else np.where(x < activation.edge.at, np.nan, x)
    hi, lo, scale = np.empty(x.size), np.zeros(x.size), np.ones(x.size)
    if form.bits < 64:
        kernels.narrow(activation, order).function(inside.astype(np.float32), hi)
    else:
        kernels.wide(activation, order).function(inside, hi, lo, np.empty(x.size), scale)
    return hi, lo, scale


def _measure(found: Evidence, output: Reals, hi: Reals, lo: Reals, scale: Reals) -> tuple[Reals, NDArray[np.int8]]:
    form = found.form
    with np.errstate(all="ignore"):
        significand, exponent = np.frexp(hi)
        inward = (np.abs(significand) == 0.5) & (hi * lo < 0)  # the exact result lies in the binade below
        exponent -= 1 + inward + np.frexp(scale)[1] - 1
        ulp = unit(form, np.where(hi == 0, form.emin, exponent))
        errors = np.abs((output * scale - hi) - lo) / (ulp * scale)
    finite = np.isfinite(output)
    errors[~finite] = np.nan
    dead, normal = (output == 0) & (found.best != 0), np.abs(found.best) >= form.min_normal
    rules = (
        (np.isnan(found.x) | _outside(found), np.where(np.isnan(output), CLASS["correct"], CLASS["special"])),
        (np.isnan(output), CLASS["nan"]),
        (output == found.best, CLASS["correct"]),
        (~finite, np.where(np.isinf(found.best), CLASS["inaccurate"], CLASS["overflowed"])),
        (dead & np.isfinite(found.best), np.where(normal, CLASS["vanished"], CLASS["flushed"])),
        (errors < 1, CLASS["faithful"]),
    )
    conditions, classes = zip(*rules, strict=True)
    return errors, np.select(conditions, classes, CLASS["inaccurate"]).astype(np.int8)


def _zeros(evidence: Evidence) -> Iterator[tuple[float, float]]:
    """See :attr:`Evidence.zeros`; a zero lies in the middle of the inputs between which the sign changes."""
    x, y = evidence.x, evidence.exact
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0))
    signs = np.sign(y[usable])
    for left in np.flatnonzero(signs[:-1] * signs[1:] < 0):
        before, after = usable[left], usable[left + 1]
        if not x[before] < 0 < x[after]:
            zero = float(x[before] / 2 + x[after] / 2)
            size = float(np.nanmax(np.abs(y[_around(x, zero) & np.isfinite(y)])))
            yield zero, _HONEST * size * 2.0**-evidence.form.precision


def _around(x: Reals, zero: float) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.abs(x - zero) <= abs(zero) / 2
    return found


def _outside(found: Evidence) -> NDArray[np.bool_]:
    edge = found.activation.edge
    return found.x < (-math.inf if edge is None else edge.at)


def _ask(found: Evidence, places: NDArray[np.int64]) -> None:
    """Have the exact reference answer where the fast one may not."""
    exact, form = Exact(found.activation, found.order), found.form
    for place in places.tolist():
        truth = exact.at(float(found.x[place]))
        rounded = truth.rounded(form)
        found.best[place] = form.value(rounded)
        found.exact[place] = found.best[place]
        known: dict[int, tuple[float, str]] = {}
        for case, outputs in found.outputs.items():
            output = int(outputs[place])
            if output not in known:
                judged = classify(truth, int(found.bits[place]), output, form)
                known[output] = judged.ulps, judged.cls
            found.errors[case][place], found.classes[case][place] = known[output][0], CLASS[known[output][1]]
