"""Whether the same inputs give the same bits once more, after others: of what remembers, or is random, they do not.

NaNs count as one and the same whatever their sign and payload, -0 and +0 as two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

INFINITY = {"float16": 0x7C00, "bfloat16": 0x7F80, "float32": 0x7F80_0000, "float64": 0x7FF0_0000_0000_0000}
"""Encodings."""


class Repetition:
    """Watches the first tensor of a case.

    It is given reversed before: what keeps results for later, or returns memory that nobody has written to, has none that are
    right. And it is given once more after.

    Args:
        format: of inputs and results.
        compute: writes the results of one tensor.
    """

    def __init__(self, format: str, compute: Callable[[Any, Any], None]) -> None:
        self._format, self._compute, self._done = format, compute, False

    def before(self, inputs: Any) -> None:
        """Before the first tensor is computed."""
        if not self._done:
            self._compute(inputs[::-1], np.empty_like(inputs))

    def after(self, inputs: Any, results: Any) -> dict[str, int] | None:
        """After it, once: of ``checked`` inputs ``broken`` gave other bits; ``input``, the first, gave ``first``, ``second``."""
        if self._done:
            return None
        self._done = True
        again = np.empty_like(results)
        self._compute(inputs, again)
        one, other = canonical(results, self._format), canonical(again, self._format)
        differing = np.flatnonzero(one != other)
        found = {"checked": len(inputs), "broken": len(differing)}
        if len(differing):
            lane = differing[0]
            found |= {"input": int(inputs[lane]), "first": int(one[lane]), "second": int(other[lane])}
        return found


def canonical(bits: Any, format: str) -> Any:
    """The encodings with one NaN for all: the quiet one with an empty payload."""
    infinity = INFINITY[format]
    magnitude = bits & bits.dtype.type((1 << (8 * bits.itemsize - 1)) - 1)
    quiet = infinity | (infinity & -infinity) >> 1
    return np.where(magnitude > infinity, bits.dtype.type(quiet), bits)
