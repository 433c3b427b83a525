"""The reference for float64: numbers with error bounds from tapes, and from what is known close to zero and far out."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...activations import Activation
from .. import cells, ends
from ..ends import Far, Near
from . import beside, cellwise
from .elementary import two_product_sum
from .lanes import LANES
from .machine import kernel, routine
from .numbers import add, multiply, normal, power
from .tape import tapes

Reals = NDArray[np.float64]
Program = Callable[[Reals], Reals]

_DOUBTFUL = 2.0**-58  # relative error from which on the exact reference is asked at once
_BESIDE = -200.0  # a rest smaller than the lead by more binades than these counts as so small
_LEFT_OUT = 2.0**-108  # more than what far out is negligible
_HUGE, _ALMOST = 1025.0, 1022.0  # binades that are infinite, or may be
_LOWEST, _SCALE = -700.0, 600  # results below 2^-700 carry a factor of 2^600
_NEGLIGIBLE = -1130.0  # binades that stand for less


@routine
def _beside(lead: Any, rest: Any) -> Any:
    """lead + rest, with the rest's side kept however small it is."""
    if lead[0] != 0.0 and rest[3] < lead[3] + _BESIDE:
        rest = (math.copysign(1.0, rest[0]), 0.0, 0.5, lead[3] + _BESIDE)
    return add(lead, rest)


@kernel
def _near(x: Any, exponent: Any, slope: Any, constant: Any, first: Any, coefficients: Any, bound: Any, out: Any) -> None:
    for i in range(x.size):
        number = (x[i], 0.0, 0.0, exponent[i])
        plain = x[i] * power(np.int64(max(exponent[i], -1000.0)))
        q = (coefficients[coefficients.shape[0] - 1, 0], coefficients[coefficients.shape[0] - 1, 1])
        for n in range(coefficients.shape[0] - 2, -1, -1):
            q = two_product_sum(plain, q, coefficients[n, 0], coefficients[n, 1])
        rest = normal(q[0], q[1], abs(q[0]) * bound, 0.0)
        for _ in range(first):
            rest = multiply(rest, number)
        out[0, i], out[1, i], out[2, i], out[3, i] = _beside(
            normal(constant, 0.0, 0.0, 0.0), _beside(normal(slope * x[i], 0.0, 0.0, exponent[i]), rest)
        )


@kernel
def _far(x: Any, exponent: Any, slope: Any, constant: Any, above: Any, out: Any) -> None:
    for i in range(x.size):
        rest = (np.float64(above), 0.0, 0.5, -5000.0)
        out[0, i], out[1, i], out[2, i], out[3, i] = _beside(
            normal(slope * x[i], 0.0, 0.0, exponent[i]), _beside(normal(constant, 0.0, 0.0, 0.0), rest)
        )
        if slope != 0.0 and constant != 0.0:  # not the rest's side alone is told
            out[2, i] += _LEFT_OUT


@kernel
def _finish(numbers: Any, places: Any, shift: Any, hi: Any, lo: Any, error: Any, scale: Any) -> None:
    """Numbers times 2^shift as (hi + lo) / scale, with the error of hi + lo; NaN where the exact reference is to be asked."""
    for i in range(places.size):
        at = places[i]
        h, rest, r, e = numbers[0, i], numbers[1, i], numbers[2, i], numbers[3, i] + shift
        hi[at], lo[at], error[at], scale[at] = math.nan, 0.0, 0.0, 1.0
        if h == 0.0:
            if r == 0.0:
                hi[at] = 0.0
        elif r < _DOUBTFUL and not _ALMOST <= e < _HUGE:
            if e >= _HUGE:
                hi[at] = math.copysign(math.inf, h)
            elif e < _NEGLIGIBLE:
                factor = power(np.int64(_NEGLIGIBLE) + _SCALE)
                hi[at] = math.copysign(factor, h)
                lo[at], error[at], scale[at] = hi[at] * 2.0**-60, factor * 2.0**-61, power(np.int64(_SCALE))
            else:
                carried = np.int64(_SCALE) if e < _LOWEST else np.int64(0)
                factor = power(np.int64(e) + carried)
                hi[at], lo[at], error[at], scale[at] = h * factor, rest * factor, r * factor, power(carried)


def _normalised(x: Reals) -> tuple[Reals, Reals]:
    significand, exponent = np.frexp(x)
    return 2 * significand, exponent - 1.0


def _from_near(found: Near) -> Program:
    coefficients = np.array(found.coefficients)

    def program(x: Reals) -> Reals:
        out = np.empty((4, x.size))
        _near(*_normalised(x), found.lead.slope, found.lead.constant, found.first, coefficients, ends.BOUND, out)
        return out

    return program


def _from_far(found: Far) -> Program:
    def program(x: Reals) -> Reals:
        out = np.empty((4, x.size))
        if found.size:
            out[:] = np.array([found.above, 0.0, 0.0, 5000.0 * found.size])[:, None]
        else:
            _far(*_normalised(x), found.lead.slope, found.lead.constant, found.above, out)
        return out

    return program


class Line:
    """The real line in parts, each with what computes an activation's derivative there."""

    def __init__(self, activation: Activation, order: int) -> None:
        """Find the parts, and what is known at the ends of the range."""
        self._activation, self._terms = activation, order + 1
        self._bounds: list[float] = []
        self._programs: list[tuple[Program, int]] = []  # with the binary logarithm of the factorial that is missing
        missing = 1 if order == 2 else 0
        between = tapes(activation, -math.inf, math.inf)
        cuts = [abs(tape.high) for tape in between[:-1]] + [abs(kink) for kink in activation.kinks]
        if activation.edge:
            cuts.append(abs(activation.edge.at))
        cuts = [cut for cut in cuts if cut > 0]
        close = {sign: ends.near(activation, order, sign, min(cuts, default=math.inf)) for sign in (-1, 1)}
        away = {sign: ends.far(activation, order, sign, max(cuts, default=0.0)) for sign in (-1, 1)}
        self.cuts = tuple(sorted({tape.high for tape in between[:-1]} | set(activation.kinks) - {0.0}))
        self.ends = np.array(
            [
                [
                    beside.near(activation, order, sign, close[sign], min(cuts, default=math.inf)),
                    beside.far(activation, order, sign, away[sign], max(cuts, default=0.0)),
                ]
                for sign in (-1, 1)
            ]
        )
        low = {sign: found.reach if found else 0.0 for sign, found in close.items()}
        high = {sign: found.begin if found else math.inf for sign, found in away.items()}
        parts: list[tuple[float, Program, int]] = []
        for sign in (-1, 1):
            for tape in between:
                first, last = sorted((sign * low[sign], sign * high[sign]))
                first, last = max(first, tape.low), min(last, tape.high)
                if first < last:
                    parts.append((first, self._of(tape), missing))
            if (found := close[sign]) is not None:
                parts.append((min(sign * found.reach, 0.0), _from_near(found), 0))
            if (outer := away[sign]) is not None:
                parts.append((-math.inf if sign < 0 else outer.begin, _from_far(outer), 0))
        for first, program, factor in sorted(parts, key=lambda part: part[0]):
            self._bounds.append(first)
            self._programs.append((program, factor))

    def _of(self, tape: Any) -> Program:
        return lambda x: tape.run(x, self._terms)

    def begins(self, side: int) -> float:
        """From which magnitude on results of negative (0) or positive (1) inputs are told by what is known far out."""
        limit, mode = self.ends[side, 1, cellwise.LIMIT], self.ends[side, 1, cellwise.MODE]
        return math.inf if mode == cellwise.LINEAR else float(limit)

    def fill(self, x: Reals, hi: Reals, lo: Reals, error: Reals, scale: Reals) -> None:
        """Write the exact results for x, float64[n], as (hi + lo) / scale, with the error of hi + lo.

        hi is infinite where the result lies beyond the format, and NaN where only the exact reference may answer. Where lo is
        larger than the error it lies on the right side, however small it is; with both 0 the result is hi. A rest of less
        than 2^-109 of the result may tell its side alone: then lo is less than 2^-190 of hi.
        """
        hi[:], lo[:], error[:], scale[:] = math.nan, 0.0, 0.0, 1.0
        usable = np.isfinite(x) & (x != 0)
        for kink in self._activation.kinks:
            usable &= x != kink
        if self._activation.edge:
            usable &= x > self._activation.edge.at
        part = np.searchsorted(self._bounds, x, side="right") - 1
        part[~usable] = -1
        for number, (program, factor) in enumerate(self._programs):
            places = np.flatnonzero(part == number)
            if places.size:
                _finish(program(x[places]), places, factor, hi, lo, error, scale)


@lru_cache(64)
def line(activation: Activation, order: int) -> Line:
    """The real line in parts; it takes up to a second or two."""
    return Line(activation, order)


@lru_cache(64)
def reference(activation: Activation, order: int) -> Callable[..., None]:
    """``function(x, hi, lo, error, scale)``, see :meth:`Line.fill`."""
    return line(activation, order).fill


def fast_reference(activation: Activation, order: int, made: cells.Cells) -> Callable[..., None]:
    """The same, with cells for most inputs."""
    parts, kinks = line(activation, order), [kink for kink in activation.kinks if kink != 0.0]
    rows = made.rows[order]

    def fill(x: Reals, hi: Reals, lo: Reals, error: Reals, scale: Reals) -> None:
        x = np.ascontiguousarray(x)
        whole = x.size // LANES * LANES
        evaluate(*(part[:whole] for part in (x, hi, lo, error, scale)))
        if whole < x.size:
            last = np.ones((5, LANES))
            last[0, : x.size - whole] = x[whole:]
            evaluate(*last)
            for part, found in zip((hi, lo, error, scale), last[1:], strict=True):
                part[whole:] = found[: x.size - whole]

    def evaluate(x: Reals, hi: Reals, lo: Reals, error: Reals, scale: Reals) -> None:
        left, places = np.empty(x.size, np.int64), np.empty(LANES, np.int64)
        left = left[: cellwise.evaluate(x, parts.ends, made.binades, made.places, rows, hi, lo, error, scale, left, places)]
        if left.size:
            some = tuple(np.empty(left.size) for _ in range(4))
            parts.fill(x[left], *some)
            for array, found in zip((hi, lo, error, scale), some, strict=True):
                array[left] = found
        for kink in kinks:
            hi[x == kink] = math.nan

    return fill
