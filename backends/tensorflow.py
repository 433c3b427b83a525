"""TensorFlow: eager, tf.function, or tf.function through XLA."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from .formulas import compose
from .layers import Layers
from .natives import native
from .operations import operations
from .protocol import CARRIERS, Case, Unsupported

FUNCTIONS = {
    "sigmoid": "tensorflow:nn.sigmoid",
    "tanh": "tensorflow:nn.tanh",
    "relu": "tensorflow:nn.relu",
    "relu6": "tensorflow:nn.relu6",
    "leaky_relu": "tensorflow:nn.leaky_relu alpha=alpha",
    "elu": "tensorflow:keras.activations.elu alpha=alpha",
    "selu": "tensorflow:nn.selu",
    "celu": "tensorflow:keras.activations.celu alpha=alpha",
    "softplus": "tensorflow:nn.softplus beta=1",
    "logsigmoid": "tensorflow:math.log_sigmoid",
    "silu": "tensorflow:nn.silu",
    "gelu": "tensorflow:nn.gelu approximate=False",
    "gelu_tanh": "tensorflow:nn.gelu approximate=True",
    "mish": "tensorflow:keras.activations.mish",
    "softsign": "tensorflow:nn.softsign",
    "hard_sigmoid": "tensorflow:keras.activations.hard_sigmoid",
    "hard_silu": "tensorflow:keras.activations.hard_silu",
    "hard_tanh": "tensorflow:keras.activations.hard_tanh",
    "tanhshrink": "tensorflow:keras.activations.tanh_shrink",
    "softshrink": "tensorflow:keras.activations.soft_shrink lambd=threshold",
    "hardshrink": "tensorflow:keras.activations.hard_shrink lambd=threshold",
    "squareplus": "tensorflow:keras.activations.squareplus b=b",
    "exp": "tensorflow:math.exp",
    "expm1": "tensorflow:math.expm1",
    "log1p": "tensorflow:math.log1p",
    "erf": "tensorflow:math.erf",
}
"""The framework's own functions, see :mod:`backends.natives`."""
_UNNEEDED = ("PIL", "jax", "matplotlib", "pandas", "pyarrow", "scipy")
"""What Keras and TensorFlow Lite import where they find it: a third of the time that the import takes."""


class TensorFlow(Layers):
    """tf.nn, tf.GradientTape and tf.function."""

    modes = ("eager", "compiled", "xla")

    def __init__(self, mode: str, device: str, guest: bool = False) -> None:
        if mode not in self.modes:
            raise Unsupported(f"TensorFlow has no mode {mode!r}: choose from {', '.join(self.modes)}")
        if guest:
            self._tf: Any = importlib.import_module("tensorflow")
        else:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            with out_of_sight(_UNNEEDED):
                self._tf = importlib.import_module("tensorflow")
            threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
            self._tf.config.threading.set_intra_op_parallelism_threads(threads)
            self._tf.config.threading.set_inter_op_parallelism_threads(1)
        kind = {"cpu": "CPU", "cuda": "GPU"}.get(device, device)
        if not self._tf.config.list_physical_devices(kind):
            raise Unsupported(f"TensorFlow sees no device {device!r}")
        self.xp = operations("TensorFlow", self._tf, self._tf.math, self._tf.nn)
        self._mode, self._device = mode, f"/{kind}:0"
        self._functions: list[Any] = []
        self._layers = {}
        self._traced = 0  # in functions that are not kept any more

    def versions(self) -> dict[str, str]:
        return {"tensorflow": self._tf.__version__}

    def environment(self) -> dict[str, str]:
        flags = self._tf.sysconfig.get_build_info().get("cpu_compiler_flags", "")
        return {"framework_path": f"oneDNN {os.environ.get('TF_ENABLE_ONEDNN_OPTS', 'default')} {flags}".strip()}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        function = compose(case, self.xp, partial(native, "TensorFlow", FUNCTIONS, self.xp), self._derivative)
        if self._mode == "eager":
            return function
        # No control flow but the user's depends on a tensor, and AutoGraph cannot read every lambda.
        own = case.substitute is not None
        compiled: Callable[[Any], Any] = self._tf.function(function, autograph=own, jit_compile=self._mode == "xla")
        self._functions.append(compiled)
        return compiled

    def compilations(self) -> int:
        return self._traced + sum(int(function.experimental_get_tracing_count()) for function in self._functions)

    def clear(self) -> None:
        self._traced = self.compilations()
        self._functions.clear()
        self._tf.keras.backend.clear_session()
        importlib.import_module("tensorflow.python.eager.context").context().clear_kernel_cache()

    def _derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def derivative(x: Any) -> Any:
            with self._tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return tape.gradient(y, x, unconnected_gradients=self._tf.UnconnectedGradients.ZERO)

        return derivative

    def load(self, bits: Any, format: str) -> Any:
        with self._tf.device(self._device):
            return self._tf.constant(bits.view(self._tf.dtypes.as_dtype(format).as_numpy_dtype))

    def synchronise(self, tensor: Any) -> Any:
        self._tf.test.experimental.sync_devices()
        return tensor

    def store(self, tensor: Any, format: str) -> Any:
        if tensor.dtype != self._tf.dtypes.as_dtype(format):
            raise TypeError(f"returned {tensor.dtype.name} for {format} input")
        # numpy() would copy; but of a bfloat16 scalar it is the only one of the two that NumPy can take.
        return np.asarray(tensor if tensor.shape.rank else tensor.numpy()).view(CARRIERS[format])


@contextmanager
def out_of_sight(names: Iterable[str]) -> Iterator[None]:
    """Modules that cannot be imported meanwhile, unless they are already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
