"""JAX: operation by operation, or through jax.jit."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .formulas import compose
from .natives import native
from .operations import operations
from .protocol import CARRIERS, Case, Unsupported

FUNCTIONS = {
    "sigmoid": "jax.nn:sigmoid",
    "tanh": "jax.nn:tanh",
    "relu": "jax.nn:relu",
    "relu6": "jax.nn:relu6",
    "leaky_relu": "jax.nn:leaky_relu alpha=negative_slope",
    "elu": "jax.nn:elu alpha=alpha",
    "selu": "jax.nn:selu",
    "celu": "jax.nn:celu alpha=alpha",
    "softplus": "jax.nn:softplus beta=1",
    "logsigmoid": "jax.nn:log_sigmoid",
    "silu": "jax.nn:silu",
    "gelu": "jax.nn:gelu approximate=False",
    "gelu_tanh": "jax.nn:gelu approximate=True",
    "mish": "jax.nn:mish",
    "softsign": "jax.nn:soft_sign",
    "hard_sigmoid": "jax.nn:hard_sigmoid",
    "hard_silu": "jax.nn:hard_silu",
    "hard_tanh": "jax.nn:hard_tanh",
    "squareplus": "jax.nn:squareplus b=b",
    "exp": "jax.numpy:exp",
    "expm1": "jax.numpy:expm1",
    "log1p": "jax.numpy:log1p",
    "erf": "jax.scipy.special:erf",
}
"""The framework's own functions, see :mod:`backends.natives`."""


class Jax:
    """jax.nn, jax.vjp and jax.jit, with 64-bit types enabled."""

    modes = ("eager", "compiled")

    def __init__(self, mode: str, device: str, guest: bool = False) -> None:
        if mode not in self.modes:
            raise Unsupported(f"JAX has no mode {mode!r}: choose from {', '.join(self.modes)}")
        self._jax: Any = importlib.import_module("jax")
        if not guest:
            self._jax.config.update("jax_enable_x64", True)
        try:
            self._device = self._jax.devices(device)[0]
        except RuntimeError:
            raise Unsupported(f"JAX sees no device {device!r}") from None
        self.xp = operations("JAX", *map(importlib.import_module, ("jax.numpy", "jax.scipy.special", "jax.nn")))
        self._mode, self._compilations = mode, 0
        importlib.import_module("jax.monitoring").register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, seconds: float, **words: Any) -> None:
        self._compilations += event == "/jax/core/compile/backend_compile_duration"

    def compilations(self) -> int:
        return self._compilations

    def clear(self) -> None:
        self._jax.clear_caches()

    def versions(self) -> dict[str, str]:
        return {"jax": self._jax.__version__, "jaxlib": importlib.import_module("jaxlib").__version__}

    def environment(self) -> dict[str, str]:
        return {"framework_path": "XLA for " + str(self._device.device_kind)}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        function = compose(case, self.xp, partial(native, "JAX", FUNCTIONS, self.xp), self._derivative)
        compiled: Callable[[Any], Any] = self._jax.jit(function) if self._mode == "compiled" else function
        return compiled

    def _derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def derivative(x: Any) -> Any:
            y, pull_back = self._jax.vjp(function, x)
            return pull_back(self._jax.numpy.ones_like(y))[0]

        return derivative

    def load(self, bits: Any, format: str) -> Any:
        return self._jax.device_put(bits.view(self._jax.numpy.dtype(format)), self._device)

    def synchronise(self, tensor: Any) -> Any:
        return self._jax.block_until_ready(tensor)

    def store(self, tensor: Any, format: str) -> Any:
        if tensor.dtype != self._jax.numpy.dtype(format):
            raise TypeError(f"returned {tensor.dtype} for {format} input")
        return np.asarray(tensor).view(CARRIERS[format])
