"""What users of PyTorch hand in as their own function: modules, autograd functions, and what graphs they make."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .protocol import Unsupported
from .signatures import like, positional


class Modules:
    """The part of PyTorch's adapter that takes them."""

    _torch: Any
    _device: str
    _modules: dict[tuple[int, str], tuple[Any, Any]]  # by what it is a copy of, which is kept too, and format

    def adopt(self, thing: Any, format: str, anew: Callable[[], Any] | None) -> Callable[..., Any]:
        base: Any = self._torch.autograd.Function
        if base in getattr(thing, "__mro__", ()):
            thing = thing.apply
        owner: Any
        owner, name = getattr(thing, "__self__", thing), getattr(thing, "__name__", "")
        if isinstance(owner, self._torch.nn.Module):
            moved = self._module(owner, format)
            return like(moved, moved.forward) if owner is thing else like(getattr(moved, name), getattr(moved, name))
        if name == "apply" and base in getattr(owner, "__mro__", ()):
            with_context = owner.setup_context is base.setup_context
            return positional(thing, owner.forward, skipped=int(with_context))
        function: Callable[..., Any] = thing
        return function

    def _module(self, module: Any, format: str) -> Any:
        """A module in a format, the same each time: its methods may share what it keeps."""
        if (id(module), format) not in self._modules:
            moved = copy.deepcopy(module).to(device=self._device, dtype=getattr(self._torch, format)).eval()
            self._modules[id(module), format] = moved, module
        return self._modules[id(module), format][0]

    def depends(self, function: Callable[[Any], Any], x: Any) -> bool:
        return bool(function(x.detach().requires_grad_(True)).requires_grad)

    def copy(self, tensor: Any) -> Any:
        return tensor.clone()

    def _refuse_once(self, tensor: Any) -> None:
        """What is marked @once_differentiable is cut off from its input, and fails only if it is asked for more.

        Raises:
            Unsupported: where the tensor comes from there.
        """
        nodes, seen = [tensor.grad_fn], set()
        while nodes:
            node = nodes.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if "Error" in node.name():
                raise Unsupported("its gradient is marked @once_differentiable")
            nodes += [following for following, _ in node.next_functions]


def first_that_works(*functions: Callable[[Any], Any]) -> Callable[[Any], Any]:
    left = list(functions)

    def call(x: Any) -> Any:
        while len(left) > 1:
            try:
                return left[0](x)
            except Exception:
                left.pop(0)
        return left[0](x)

    return call
