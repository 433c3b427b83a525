"""What adapters have in common whose tensors are NumPy's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .protocol import CARRIERS


class Arrays:
    """Three of the methods of :class:`backends.protocol.Backend`."""

    def load(self, bits: Any, format: str) -> Any:
        return bits.view(format)

    def synchronise(self, tensor: Any) -> Any:
        return tensor

    def store(self, tensor: Any, format: str) -> Any:
        if tensor.dtype != np.dtype(format):
            raise TypeError(f"returned {tensor.dtype} for {format} input")
        return np.ascontiguousarray(tensor).view(CARRIERS[format])
