"""Reference kernels for relu in float64: its results are inputs, ones and zeros, hence exact.

NaN (ask the exact reference) at 0, where the derivative has a kink and the sign of zero is free, and at infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .machine import kernel


def _wide(slope: float, constant: float) -> Callable[..., Any]:
    @kernel
    def reference(x: Any, hi: Any, lo: Any, scale: Any) -> None:
        for i in range(x.size):
            v = x[i]
            scale[i] = 2.0**512 if abs(v) < 2.0**-500 and slope != 0.0 else 1.0
            exact = v * scale[i] * slope + constant if v > 0 else 0.0
            hi[i] = exact if abs(v) < math.inf and v != 0 else math.nan
            lo[i] = 0.0

    return reference


_PIECES = ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))  # slope and constant for x > 0, by order

RELU_WIDE = tuple(_wide(*piece) for piece in _PIECES)
