"""What a mutation does to right results: each takes a :class:`Right` and gives other values, and where they hold.

Values are float64 and are rounded to the format at last. ``low`` and ``high`` bound the inputs concerned, both included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from correct import Reals, correct, values
from numpy.typing import NDArray

from harness.activations import Activation
from harness.catalogue import activation
from harness.formats import FORMATS, Bits, Format

Change = tuple[Any, NDArray[np.bool_]]


@dataclass
class Right:
    """Right results for some inputs.

    Attributes:
        definition, order, form: of what.
        bits: the inputs, encoded.
    """

    definition: Activation
    order: int
    form: Format
    bits: Bits

    @cached_property
    def x(self) -> Reals:
        """The inputs as numbers."""
        return self.form.decode(self.bits)

    @cached_property
    def best(self) -> Bits:
        """The results, encoded."""
        return correct(self.definition, self.order, self.form, self.x)

    @cached_property
    def y(self) -> Reals:
        """The results as numbers."""
        return self.form.decode(self.best)

    def within(self, low: float, high: float) -> NDArray[np.bool_]:
        """The finite inputs from low to high."""
        return np.isfinite(self.x) & (self.x >= low) & (self.x <= high)


def constant(right: Right, value: float, low: float = -math.inf, high: float = math.inf) -> Change:
    """One value for all: a branch that is taken too early, a saturated result, 0, an infinity or NaN."""
    return np.full(right.x.size, value), right.within(low, high)


def at(right: Right, place: float, value: float) -> Change:
    """Another value at one input, which may be NaN, infinite, or a zero with its sign."""
    same = np.isnan(right.x) if math.isnan(place) else (right.x == place) & (np.signbit(right.x) == np.signbit(place))
    return np.full(right.x.size, value), same


def polynomial(right: Right, terms: tuple[float, ...], low: float, high: float) -> Change:
    """The first terms of a series, or a line; zeros stay as they are."""
    return np.polynomial.polynomial.polyval(right.x, terms), right.within(low, high) & (right.x != 0)


def instead(right: Right, name: str, low: float = -math.inf, high: float = math.inf, **parameters: float) -> Change:
    """Another function, or other parameters."""
    inside = right.within(low, high)
    return _only(inside, right.x, lambda x: values(activation(name, **parameters), right.order, x)), inside


def argument(right: Right, by: float, low: float = -math.inf, high: float = math.inf) -> Change:
    """The function of x(1 + by): a wrong constant that the input is multiplied with."""
    inside = right.within(low, high)
    return _only(inside, right.x, lambda x: values(right.definition, right.order, x * (1 + by))), inside


def factor(right: Right, by: float, low: float = -math.inf, high: float = math.inf) -> Change:
    """Results times 1 + by: a wrong constant that they are multiplied with."""
    with np.errstate(over="ignore"):
        return right.y * (1 + by), right.within(low, high)


def added(right: Right, by: float, low: float, high: float) -> Change:
    """Results plus a number: a wrong constant that is added."""
    return right.y + by, right.within(low, high)


def grid(right: Right, step: float, low: float = -math.inf, high: float = math.inf) -> Change:
    """Results in steps, as a difference of larger numbers has."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.rint(right.y / step) * step, right.within(low, high) & (np.abs(right.y) < step * 2.0**52)


def narrowed(right: Right, form: str, low: float = -math.inf, high: float = math.inf) -> Change:
    """Results that went through a narrower format."""
    other = FORMATS[form]
    return other.decode(other.round(right.y)), right.within(low, high) & (np.abs(right.y) < other.max_finite)


def ulps(right: Right, by: int, low: float, high: float) -> Change:
    """Results further from zero by some steps between encodings."""
    return _moved(right, np.full(right.x.size, by)), right.within(low, high)


def apart(right: Right, below: int, above: int, place: float, reach: float) -> Change:
    """Results moved one way below a place and another way above it: a dip, or an asymmetry."""
    return _moved(right, np.where(right.x < place, below, above)), right.within(place - reach, place + reach)


def truncated(right: Right, digits: int, low: float = -math.inf, high: float = math.inf) -> Change:
    """Results without their last binary digits."""
    return right.form.decode(right.best >> digits << digits), right.within(low, high)


def flushed(right: Right) -> Change:
    """Subnormal results as zeros."""
    return np.copysign(0.0, right.y), np.abs(right.y) < right.form.min_normal


def denormals_are_zero(right: Right) -> Change:
    """Subnormal inputs taken as zeros."""
    small = (np.abs(right.x) < right.form.min_normal) & (right.x != 0)
    zeros = np.copysign(0.0, right.x)
    return _only(small, zeros, lambda x: values(right.definition, right.order, x)), small


MUTATIONS: dict[str, Callable[..., Change]] = {
    change.__name__: change
    for change in (
        *(constant, at, polynomial, instead, argument, factor, added, grid, narrowed, ulps, apart, truncated, flushed),
        denormals_are_zero,
    )
}


def mutate(right: Right, mutation: str, parameters: dict[str, Any]) -> Bits:
    """The encodings of the results after a mutation."""
    changed, where = MUTATIONS[mutation](right, **parameters)
    return np.where(where, right.form.round(changed), right.best)


def faithful(right: Right) -> Bits:
    """Every other result, by lot, is one step nearer to zero: within 3/2 ulp, and as right as most implementations are.

    Limits at infinity stay: they are what results must be there, and often the least or the largest there are.
    """
    limits = right.form.decode(right.form.round(right.definition.limits[right.order]))
    normal = np.isfinite(right.y) & (np.abs(right.y) >= 2 * right.form.min_normal) & ~np.isin(right.y, limits)
    lot = (right.bits.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(63)
    return np.where(normal, right.best - lot.astype(right.best.dtype), right.best)


def _moved(right: Right, by: NDArray[np.int64]) -> Reals:
    carrier = right.best.dtype
    sign, size = right.best & carrier.type(right.form.sign_bit), right.best & carrier.type(right.form.sign_bit - 1)
    return right.form.decode(sign | np.maximum(size.astype(np.int64) + by, 0).astype(carrier))


def _only(where: NDArray[np.bool_], x: Reals, function: Callable[[Reals], Reals]) -> Reals:
    out = np.zeros(x.size)
    out[where] = function(x[where])
    return out
