"""NumPy; its derivatives come from HIPS autograd, which traces NumPy code."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

from .arrays import Arrays
from .formulas import compose
from .operations import operations
from .own import expression
from .protocol import Case, Unsupported
from .textbook import gates, textbook
from .tracing import traced

FUNCTIONS = {"tanh": "numpy:tanh", "exp": "numpy:exp", "expm1": "numpy:expm1", "log1p": "numpy:log1p"}
"""Its own, see :mod:`backends.natives`; the others are textbooks' formulas, see :mod:`backends.textbook`."""


class NumPy(Arrays):
    """The functions that NumPy has, and what its users write for the others."""

    modes = ("eager",)

    def __init__(self, mode: str, device: str, guest: bool = False) -> None:
        if mode not in self.modes:
            raise Unsupported(f"NumPy has no mode {mode!r}: it has eager")
        if device != "cpu":
            raise Unsupported(f"NumPy has no device {device!r}: it has cpu")
        if not guest:
            np.seterr(all="ignore")  # overflow and division by zero are results here, not news
        try:
            self._autograd: Any = importlib.import_module("autograd")
            self._np: Any = importlib.import_module("autograd.numpy")
        except ImportError:
            self._autograd, self._np = None, np
        self.xp = operations("NumPy", self._np, gates(self._np))

    def versions(self) -> dict[str, str]:
        found = {"numpy": np.__version__}
        if self._autograd:
            found["autograd"] = metadata.version("autograd")
        return found

    def environment(self) -> dict[str, str]:
        features = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
        return {"framework_path": " ".join(sorted(name for name, on in features.items() if on))}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        if case.format == "bfloat16":
            raise Unsupported("NumPy has no bfloat16")
        if case.route == "autodiff" and not self._autograd:
            raise Unsupported("NumPy has no automatic differentiation: install autograd")
        function = compose(case, self.xp, self._native, self._derivative)
        return traced(function, case.substitute.home) if case.substitute and case.route == "autodiff" else function

    def adopt(self, thing: Any, format: str, anew: Callable[[], Any] | None) -> Callable[..., Any]:
        if format == "bfloat16":
            raise Unsupported("NumPy has no bfloat16")
        function: Callable[..., Any] = thing
        return function

    def copy(self, tensor: Any) -> Any:
        return tensor.copy() if isinstance(tensor, np.ndarray) else tensor  # what autograd traces cannot be changed

    def _native(self, case: Case) -> Callable[[Any], Any]:
        if case.substitute:
            return case.substitute.bound(case)
        if case.definition:
            return expression(self.xp, case)
        function: Callable[[Any], Any] | None = getattr(self._np, case.activation) if case.activation in FUNCTIONS else None
        return function or textbook(self._np, case)

    def _derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        derivative: Callable[[Any], Any] = self._autograd.elementwise_grad(function)
        return derivative
