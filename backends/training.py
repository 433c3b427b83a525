"""A small network trained in a framework's own arithmetic, with the activation's gradient left open.

Dense layers with one activation between them, a linear output, the mean squared error, all examples at once, gradient descent or
steps against the gradient's sign. The backward pass is written out once for all frameworks, over their own tensors in the format
of the case, so that runs of one framework differ in nothing but where f' comes from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .protocol import CARRIERS, Case, Unsupported

EXACT = "exact"
"""The route of gradients that are not computed here, but handed in."""


class Network:
    """A network on the tensors of a framework.

    It shares files of encodings with who asks, in a folder: ``parameters`` (weights and biases layer by layer: read once, written
    after every step), ``data`` (inputs, then targets), ``inner`` (what the activation is applied to in all hidden layers) and
    ``outputs``, both written by the forward pass, ``slopes`` (f' at ``inner``), written by the backward pass, or read
    there where the route is :data:`EXACT`, and ``uphill``, the gradient of the loss in the order of the parameters.

    Args:
        backend: the adapter.
        case: the activation and the format; its route says where f' comes from.
        command: ``sizes``, the units of every layer from the inputs to the one output; ``examples``; ``rate``, of learning;
            ``rule``, ``descent`` or ``sign``; ``folder``.

    Raises:
        Unsupported: where the framework lacks the activation, or the adapter has nothing to train with.
    """

    def __init__(self, backend: Any, case: Case, command: dict[str, Any]) -> None:
        if not hasattr(backend, "xp"):
            raise Unsupported(f"the adapter {type(backend).__name__} has no functions to train with")
        self._backend, self._case, self._rate = backend, case, command["rate"]
        self._direction: Callable[[Any], Any] = backend.xp.sign if command["rule"] == "sign" else lambda gradient: gradient
        self._examples, sizes = command["examples"], command["sizes"]
        self._value = backend.prepare(replace(case, order=0, route="native"))
        self._slope: Callable[[Any], Any] | None = None if case.route == EXACT else backend.prepare(case)
        hidden = self._examples * sum(sizes[1:-1])
        shapes = [shape for rows, columns in pairwise(sizes) for shape in ((rows, columns), (columns,))]
        counts = {"parameters": sum(map(np.prod, shapes)), "data": self._examples * (sizes[0] + 1)}
        counts |= {"inner": hidden, "slopes": hidden, "outputs": self._examples, "uphill": counts["parameters"]}
        carrier, folder = CARRIERS[case.format], Path(command["folder"])
        self._files = {name: np.memmap(folder / name, carrier, "r+", shape=(int(count),)) for name, count in counts.items()}
        flat = iter(self._loaded("parameters", shapes))
        self._layers = list(zip(flat, flat, strict=True))
        self._data, self._targets = self._loaded("data", [(self._examples, sizes[0]), (self._examples, 1)])
        self._widths = [(self._examples, width) for width in sizes[1:-1]]

    def forward(self, command: dict[str, Any]) -> dict[str, Any]:
        """All examples through the network.

        Returns:
            ``seconds`` in the framework.
        """
        xp, signal, begin = self._backend.xp, self._data, time.perf_counter()
        self._signals, self._hidden = [signal], []
        for weights, biases in self._layers[:-1]:
            inner = xp.reshape(xp.einsum("ni,ij->nj", signal, weights) + biases, (-1,))  # adapters know tensors of one dimension
            value = self._value(inner)
            signal = xp.reshape(value, (self._examples, -1))
            self._hidden.append((inner, value))
            self._signals.append(signal)
        weights, biases = self._layers[-1]
        self._output = self._backend.synchronise(xp.einsum("ni,ij->nj", signal, weights) + biases)
        seconds = time.perf_counter() - begin
        self._stored("inner", [inner for inner, _ in self._hidden])
        self._stored("outputs", [self._output])
        return {"seconds": seconds}

    def backward(self, command: dict[str, Any]) -> dict[str, Any]:
        """The gradient of the loss after :meth:`forward`, and a step against it.

        Returns:
            ``seconds`` in the framework; where f' is handed in, without what that takes.
        """
        given = self._loaded("slopes", self._widths) if self._slope is None else []
        xp, begin = self._backend.xp, time.perf_counter()
        slopes: list[Any] = []
        gradients: list[Any] = []
        delta = (self._output - self._targets) * (2 / self._examples)
        for number in reversed(range(len(self._layers))):
            weights, biases = self._layers[number]
            if number < len(self._hidden):
                slopes.insert(0, given[number] if self._slope is None else self._slope_of(number))
                delta = delta * slopes[0]
            uphill = xp.einsum("ni,nj->ij", self._signals[number], delta), xp.einsum("nj->j", delta)
            gradients[:0] = uphill
            steps = [self._rate * self._direction(gradient) for gradient in uphill]
            self._layers[number] = weights - steps[0], biases - steps[1]
            if number:
                delta = xp.einsum("nj,ij->ni", delta, weights)
        parameters = [self._backend.synchronise(tensor) for layer in self._layers for tensor in layer]
        seconds = time.perf_counter() - begin
        self._stored("parameters", parameters)
        self._stored("uphill", gradients)
        if self._slope:
            self._stored("slopes", slopes)
        return {"seconds": seconds}

    def _slope_of(self, number: int) -> Any:
        """f' of a hidden layer: the formula from the value takes the value that the forward pass left behind."""
        assert self._slope
        inner = self._hidden[number]
        return self._backend.xp.reshape(self._slope(inner[0] if self._case.route == "autodiff" else inner), (self._examples, -1))

    def _loaded(self, name: str, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        """The tensors in a file."""
        tensors, low = [], 0
        for shape in shapes:
            high = low + int(np.prod(shape))
            bits = np.array(self._files[name][low:high])  # a copy: the file changes, and tensors may share memory
            tensors.append(self._backend.xp.reshape(self._backend.load(bits, self._case.format), shape))
            low = high
        return tensors

    def _stored(self, name: str, tensors: list[Any]) -> None:
        low = 0
        for tensor in tensors:
            bits = np.ravel(self._backend.store(tensor, self._case.format))
            self._files[name][low : low + bits.size] = bits
            low += bits.size
