"""Fast reference kernels and the fused comparison: the vectorised part of the instrument.

A reference kernel for formats of up to 32 bits takes inputs (float32 or float64, exact) and writes a float64 y for each,
with one of three meanings:

* y even (last bit of the significand 0): the exact result lies within ``bound * |y|`` of y.
* y odd: the exact result lies strictly on the same side as y of *every* number of at most 25 significant bits, so that
  every rounding and every comparison with a half or a whole ulp of a format with p <= 24 comes out the same. This is
  rounding to odd (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", IEEE Trans. Computers 57(4),
  2008); it decides at once the inputs near zero and in saturation, where the exact result is a short number plus a tiny
  term and millions of inputs lie within 1e-7 ulp of a tie.
* y NaN: only the exact reference may answer (zeros whose sign is a convention, kinks, infinities); NaN inputs too.

Below 2^-200 y stands for "not zero, and far below half of every format's least subnormal".

A kernel for float64 writes hi and lo with the exact result in (hi + lo)(1 +- bound) / scale, and lo on the right side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kernel:
    """A compiled reference kernel.

    Attributes:
        function: ``function(x, y)`` for formats up to 32 bits, ``function(x, hi, lo, scale)`` for float64.
        bound: relative error bound of the results that are not marked as exact or one-sided.
    """

    function: Callable[..., Any]
    bound: float


def narrow(activation: str, order: int) -> Kernel | None:
    """The float64 kernel for formats of up to 32 bits, or None where there is none."""
    from . import logistic, piecewise

    table = {
        "sigmoid": (logistic.SIGMOID, logistic.BOUND),
        "tanh": (logistic.TANH, logistic.BOUND),
        "relu": (piecewise.RELU, 0.0),
    }
    return _kernel(table, activation, order)


def wide(activation: str, order: int) -> Kernel | None:
    """The double-double kernel for float64, or None where there is none."""
    from . import logistic_wide, piecewise

    table = {
        "sigmoid": (logistic_wide.SIGMOID, logistic_wide.BOUND),
        "tanh": (logistic_wide.TANH, logistic_wide.BOUND),
        "relu": (piecewise.RELU_WIDE, 0.0),
    }
    return _kernel(table, activation, order)


def _kernel(table: dict[str, tuple[tuple[Callable[..., Any], ...], float]], activation: str, order: int) -> Kernel | None:
    if activation not in table:
        return None
    functions, bound = table[activation]
    return Kernel(functions[order], bound)
