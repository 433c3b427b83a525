"""Correctly rounded results of any activation, in any format: what a right implementation gives.

The double-double kernels decide nearly all inputs (also of narrow formats, which the instrument itself judges by other
kernels), ball arithmetic the rest.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from harness.activations import Activation
from harness.formats import FORMATS, Bits, Format
from harness.reference import kernels
from harness.reference.exact import Exact

Reals = NDArray[np.float64]
_MARGIN = 2.0**-50  # of a result: more than the rest that its head leaves
_TIE = 2.0**-40
_NEGLIGIBLE = 2.0**-1080
DOUBLE = FORMATS["float64"]


def correct(definition: Activation, order: int, form: Format, x: Reals) -> Bits:
    """The encodings of the correctly rounded results, for inputs float64[n] that need not be numbers of the format."""
    inside = ~np.isnan(x) & (x >= (-math.inf if definition.edge is None else definition.edge.at))
    hi, lo, error, scale = np.empty(x.size), np.zeros(x.size), np.zeros(x.size), np.ones(x.size)
    kernels.wide(definition, order).function(np.where(inside, x, math.nan), hi, lo, error, scale)
    with np.errstate(all="ignore"):
        if form is DOUBLE:
            result = (hi / scale).view(np.uint64)
            size = np.abs(hi / scale)
            half = np.abs(np.nextafter(hi, np.copysign(np.inf, lo)) - hi) / 2
            decided = (np.abs(lo) + error < half * (1 - _TIE)) & ((size >= form.min_normal) | (size < _NEGLIGIBLE))
            decided |= np.isinf(hi) | ((hi == 0) & (error == 0))
        else:
            result, other = (form.round((hi * (1 + sign * _MARGIN)) / scale) for sign in (1, -1))
            decided = (result == other) & ~np.isnan(hi)
    result[~inside] = form.nan_bits
    exact = Exact(definition, order)
    open_, back = np.unique(x.view(np.uint64)[inside & ~decided], return_inverse=True)
    told = [exact.at(DOUBLE.value(bits)).rounded(form) for bits in open_.tolist()]
    result[inside & ~decided] = np.array(told, form.carrier)[back]
    return result


def values(definition: Activation, order: int, x: Reals) -> Reals:
    """The same as numbers, rounded to float64."""
    return DOUBLE.decode(correct(definition, order, DOUBLE, x))
