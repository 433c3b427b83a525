"""NumPy; its derivatives come from HIPS autograd, which traces NumPy code."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

from .formulas import compose
from .protocol import CARRIERS, Case, Unsupported


class NumPy:
    """The functions as NumPy users write them."""

    modes = ("eager",)

    def __init__(self, mode: str, device: str) -> None:
        if mode not in self.modes:
            raise Unsupported(f"NumPy has no mode {mode!r}: it has eager")
        if device != "cpu":
            raise Unsupported(f"NumPy has no device {device!r}: it has cpu")
        np.seterr(all="ignore")  # overflow and division by zero are results here, not news
        try:
            self._autograd: Any = importlib.import_module("autograd")
            self._np: Any = importlib.import_module("autograd.numpy")
        except ImportError:
            self._autograd, self._np = None, np

    def versions(self) -> dict[str, str]:
        found = {"numpy": np.__version__}
        if self._autograd:
            found["autograd"] = metadata.version("autograd")
        return found

    def environment(self) -> dict[str, str]:
        features = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
        return {"framework_path": " ".join(sorted(name for name, on in features.items() if on))}

    def _forward(self, case: Case) -> Callable[[Any], Any]:
        xp = self._np
        functions: dict[str, Callable[[Any], Any]] = {
            "sigmoid": lambda x: 1 / (1 + xp.exp(-x)),
            "tanh": xp.tanh,
            # autograd's derivative of clip keeps the dtype; that of maximum promotes to float64.
            "relu": lambda x: xp.clip(x, 0, None),
        }
        if case.activation not in functions:
            raise Unsupported(f"NumPy: no {case.activation}")
        return functions[case.activation]

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        if case.format == "bfloat16":
            raise Unsupported("NumPy has no bfloat16")
        if case.route == "autodiff" and not self._autograd:
            raise Unsupported("NumPy has no automatic differentiation: install autograd")
        return compose((case.activation, case.order, case.route), self._np, self._forward(case), self._derivative)

    def _derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        derivative: Callable[[Any], Any] = self._autograd.elementwise_grad(function)
        return derivative

    def load(self, bits: Any, format: str) -> Any:
        return bits.view(format)

    def synchronise(self, tensor: Any) -> Any:
        return tensor

    def store(self, tensor: Any, format: str) -> Any:
        if tensor.dtype != np.dtype(format):
            raise TypeError(f"returned {tensor.dtype} for {format} input")
        return np.ascontiguousarray(tensor).view(CARRIERS[format])
