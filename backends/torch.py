"""PyTorch: eager with autograd, or through torch.compile."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from .formulas import compose
from .modules import Modules, first_that_works
from .natives import native
from .operations import operations
from .protocol import CARRIERS, Case, Unsupported

FUNCTIONS = {
    "sigmoid": "torch:sigmoid",
    "tanh": "torch:tanh",
    "relu": "torch.nn.functional:relu",
    "relu6": "torch.nn.functional:relu6",
    "leaky_relu": "torch.nn.functional:leaky_relu alpha=negative_slope",
    "elu": "torch.nn.functional:elu alpha=alpha",
    "selu": "torch.nn.functional:selu",
    "celu": "torch.nn.functional:celu alpha=alpha",
    "softplus": "torch.nn.functional:softplus beta=beta [threshold=threshold]",
    "logsigmoid": "torch.nn.functional:logsigmoid",
    "silu": "torch.nn.functional:silu",
    "gelu": "torch.nn.functional:gelu",
    "gelu_tanh": "torch.nn.functional:gelu approximate='tanh'",
    "mish": "torch.nn.functional:mish",
    "softsign": "torch.nn.functional:softsign",
    "hard_sigmoid": "torch.nn.functional:hardsigmoid",
    "hard_silu": "torch.nn.functional:hardswish",
    "hard_tanh": "torch.nn.functional:hardtanh",
    "tanhshrink": "torch.nn.functional:tanhshrink",
    "softshrink": "torch.nn.functional:softshrink lambd=lambd",
    "hardshrink": "torch.nn.functional:hardshrink lambd=lambd",
    "exp": "torch:exp",
    "expm1": "torch:expm1",
    "log1p": "torch:log1p",
    "erf": "torch:erf",
}
"""The framework's own functions, see :mod:`backends.natives`."""
_LEAD, _LONGEST = 1 << 18, 1 << 26  # cycles of a CUDA device: some 0.1 ms, and 40
_SIGNED = {"uint8": "int8", "uint16": "int16", "uint32": "int32", "uint64": "int64"}  # dtypes that every operation of torch knows


class Torch(Modules):
    """torch.nn.functional, torch.autograd and torch.compile."""

    modes = ("eager", "compiled")

    def __init__(self, mode: str, device: str, guest: bool = False) -> None:
        if mode not in self.modes:
            raise Unsupported(f"PyTorch has no mode {mode!r}: choose from {', '.join(self.modes)}")
        if not guest:
            # One compiling process, this one: a pool would take longer to start than these small graphs take to compile.
            os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
        self._torch: Any = importlib.import_module("torch")
        if device not in ("cpu", "cuda") or (device == "cuda" and not self._torch.cuda.is_available()):
            raise Unsupported(f"PyTorch sees no device {device!r}")
        self.xp = operations("PyTorch", self._torch, self._torch.nn.functional)
        self._mode, self._device, self._lead = mode, device, _LEAD
        self._modules = {}
        if not guest:
            self._torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        if mode == "compiled":  # the functions of many cases share their code, and each is compiled
            dynamo: Any = importlib.import_module("torch._dynamo.config")
            dynamo.recompile_limit = dynamo.accumulated_recompile_limit = 1 << 16

    def versions(self) -> dict[str, str]:
        return {"torch": self._torch.__version__}

    def environment(self) -> dict[str, str]:
        return {"framework_path": self._torch.backends.cpu.get_cpu_capability()}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        functions = partial(native, "PyTorch", FUNCTIONS, self.xp)
        if self._mode == "compiled":
            # AOTAutograd has no second derivatives; functorch's gradient is traced into the graph instead.
            function = compose(case, self.xp, functions, self._traced_derivative)
            if case.substitute is None:
                return self._no_graph(self._torch.compile(function, fullgraph=True, dynamic=False))
            # The user's may do what cannot be in one graph, and functorch refuses an autograd.Function of the usual form.
            parts = partial(self._torch.compile, fullgraph=False, dynamic=False)
            whole, value = (
                self._no_graph(parts(function)),
                compose(case, self.xp, lambda case: parts(functions(case)), self._derivative),
            )
            return first_that_works(whole, value)
        # No graph is made for inputs that ask for no gradient; to enter no_grad at each call would slow down the framework's
        # functions beside one of the user's own, which may differentiate by itself and is left as it is.
        return compose(case, self.xp, functions, self._derivative)

    def compilations(self) -> int:
        if self._mode != "compiled":
            return 0
        counters: Any = importlib.import_module("torch._dynamo.utils").counters
        return int(counters["stats"]["unique_graphs"])

    def clear(self) -> None:
        if self._mode == "compiled":
            self._torch.compiler.reset()

    def _no_graph(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            with self._torch.no_grad():
                return function(x)

        return call

    def _derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        grad, ones_like = self._torch.autograd.grad, self._torch.ones_like

        def derivative(x: Any) -> Any:
            inner = x if x.requires_grad else x.detach().requires_grad_(True)
            y = function(inner)
            if not y.requires_grad:  # it does not depend on x any more
                return self._torch.zeros_like(y)
            # What comes from above asks for a gradient too, so that what refuses to be differentiated twice says so.
            upstream = ones_like(y).requires_grad_(x.requires_grad)
            (result,) = grad(y, inner, upstream, create_graph=x.requires_grad, allow_unused=True)
            if result is None:
                self._refuse_once(y)
                return self._torch.zeros_like(x)
            return result

        return derivative

    def _traced_derivative(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: self._torch.func.grad(lambda z: function(z).sum())(x)

    def load(self, bits: Any, format: str) -> Any:
        signed = self._torch.from_numpy(bits.view(_SIGNED[bits.dtype.name]))
        return signed.view(getattr(self._torch, format)).to(self._device)

    def synchronise(self, tensor: Any) -> Any:
        if self._device == "cuda":
            self._torch.cuda.synchronize()
        return tensor

    def device_ns(self, launch: Callable[[], Any]) -> float:
        cuda = self._torch.cuda
        while True:  # the device is kept busy until all is handed over, so that it never waits for what it has to do next
            begin, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
            cuda._sleep(self._lead)
            begin.record()
            launch()
            end.record()
            had_to_wait = begin.query()
            end.synchronize()
            if not had_to_wait:
                return float(begin.elapsed_time(end) * 1e6)
            if self._lead >= _LONGEST:
                raise Unsupported("the device's queue is too short to hand a block over before it begins")
            self._lead *= 2

    def store(self, tensor: Any, format: str) -> Any:
        if tensor.dtype != getattr(self._torch, format):
            raise TypeError(f"returned {str(tensor.dtype).removeprefix('torch.')} for {format} input")
        carrier = CARRIERS[format]
        return tensor.detach().cpu().contiguous().view(getattr(self._torch, _SIGNED[carrier])).numpy().view(carrier)
