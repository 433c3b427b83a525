"""Exactly rounded results for arrays of inputs: what a perfect implementation would return."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..activations import Activation
from ..formats import Bits, Format
from . import kernels
from .exact import Exact

_SPARE = 2.0**-50  # relative to the low word: more than what adding its error can lose


class Rounded:
    """The correctly rounded results (nearest, ties to even) of an activation's derivative.

    The fast reference decides all inputs whose result is not too close to a tie; ball arithmetic is asked for the others.

    Args:
        activation: defined on the whole real line.
        order: 0 value, 1 gradient, 2 second derivative.
        format: of inputs and results.
    """

    def __init__(self, activation: Activation, order: int, format: Format) -> None:
        self._format, self._exact = format, Exact(activation, order)
        self._wide = format.bits == 64
        self._kernel = (kernels.wide if self._wide else kernels.narrow)(activation, order)

    def __call__(self, inputs: Bits) -> Bits:
        """Encodings of the results for encodings of inputs (any shape)."""
        distinct, places = np.unique(inputs, return_inverse=True)
        low, high, known = self._bounds(distinct)
        results = self._format.round(low)
        open_ones = np.flatnonzero(~known | (results != self._format.round(high)))
        for place in open_ones.tolist():
            results[place] = self._exact.at(self._format.value(int(distinct[place]))).rounded(self._format)
        return np.asarray(results[places].reshape(inputs.shape))

    def _bounds(self, inputs: Bits) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Numbers that the exact results lie between, or that round as they do, and which of them are to be trusted."""
        x = self._format.decode(inputs)
        if self._wide:
            hi, lo, error, scale = (np.empty(x.size) for _ in range(4))
            self._kernel.function(x, hi, lo, error, scale)
            error = error + _SPARE * np.abs(lo)
            low, high = (hi + (lo - error)) / scale, (hi + (lo + error)) / scale
            # Subnormal numbers would be rounded twice.
            return low, high, (np.abs(low) > 2 * self._format.min_normal) | ((low == 0) & (error == 0))
        y = np.empty(x.size)
        self._kernel.function(x.astype(np.float32), y)
        marks = y.view(np.uint64) & np.uint64(3)  # see the kernels: 10 stands for a bound, 1 for one side, 00 for exact
        margin = np.where(marks == 2, self._kernel.bound, 0.0) * np.abs(y)
        return y - margin, y + margin, np.isfinite(y)
