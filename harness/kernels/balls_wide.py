"""The float64 reference straight from ball arithmetic: slow, some 10^4 inputs a second, for any activation."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from .. import balls
from ..activations import Activation

BOUND = 2.0**-100
_PRECISIONS = (256, 768, 2400)  # bits; from the second on a rest is kept apart, however small, and so its sign
_LOWEST, _HIGHEST = -900, 1000  # exponents between which nothing is scaled
_SCALE = 600  # smaller results are scaled up by 2^600
_NEGLIGIBLE = -1400  # exponent of what stands for anything far below the least subnormal


def fill(activation: Activation, order: int, x: Any, hi: Any, lo: Any, scale: Any) -> None:
    """Write the exact results for x, float64[n], as (hi + lo) / scale; NaN where only the exact reference may answer."""
    for index, value in enumerate(x.tolist()):
        hi[index], lo[index], scale[index] = _one(activation, order, value)


@lru_cache(1 << 15)  # a pass asks twice, for the tally and for the evidence
def _one(activation: Activation, order: int, x: float) -> tuple[float, float, float]:
    ask = math.nan, 0.0, 1.0
    edge = activation.edge
    if not math.isfinite(x) or x == 0 or x in activation.kinks or (edge and x <= edge.at):
        return ask
    for precision in _PRECISIONS:
        found = balls.derivative(activation, order, x, 1 if order else 0, precision)
        parts = None if found is None else _split(found)
        if parts is not None:
            return parts
    return ask


def _split(found: balls.Enclosure) -> tuple[float, float, float] | None:
    """The number in an enclosure, scaled; None where it is too wide to give all digits, or the sign of what hi leaves."""
    low, high, exponent = found
    if low == 0 or high == 0 or (low > 0) != (high > 0):
        return None
    size = max(low.bit_length(), high.bit_length()) + exponent
    if size > _HIGHEST or (size >= _NEGLIGIBLE and low != high and (high - low).bit_length() > low.bit_length() - 104):
        return None
    if size < _NEGLIGIBLE:
        tiny = math.ldexp(1.0 if low > 0 else -1.0, _NEGLIGIBLE + _SCALE)
        return tiny, tiny * 2.0**-60, math.ldexp(1.0, _SCALE)
    power = _SCALE if size < _LOWEST else 0
    shift = max(low.bit_length() - 53, 0)
    head = (low + (1 << shift >> 1)) >> shift
    below, above = low - (head << shift), high - (head << shift)
    if below < 0 < above:
        return None
    return math.ldexp(float(head), shift + exponent + power), _rest(below or above, exponent + power), math.ldexp(1.0, power)


def _rest(number: int, exponent: int) -> float:
    """number·2^exponent to 53 bits; where that is too small for a float64, something tiny of its sign."""
    shift = max(number.bit_length() - 54, 0)
    value = math.ldexp(float(number >> shift), shift + exponent)
    return value or math.copysign(2.0**-1060, number >> shift) * bool(number)
