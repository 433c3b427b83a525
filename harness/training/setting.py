"""What is trained: the network, its first weights, and two spirals to be told apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backends.formulas import CACHED, FORMULAS, routes
from backends.training import EXACT

from ..activations import Activation
from ..case import Implementation
from ..catalogue import names, parse
from ..formats import Format, number_format
from ..workers.implementations import default_implementations, parse_backend

GRADIENTS = {"autodiff": "autodiff", "formula": CACHED, "exact": EXACT}
"""Where f' comes from, and the route that a worker knows it by."""
RULES = ("descent", "sign")
"""How weights follow the gradient: by the rate times it, or by the rate against its sign, however small it is. The latter is what
is left of Adam and its kin when a gradient keeps its sign: they divide it by its own size."""
LIMITS = {
    "layers": (1, 64),
    "width": (1, 1024),
    "examples": (2, 4096),
    "steps": (1, 100_000),
    "seed": (0, 2**32 - 1),
    "seeds": (1, 1000),
}
_TURNS, _NOISE = 1.25, 0.02  # of each spiral, and how far its points are off it


@dataclass(frozen=True)
class Setting:
    """What the user asks for.

    Attributes:
        activation: of the hidden layers, ``NAME`` or ``NAME(parameter=value, ...)``; its gradient has a formula from the value.
        format: of weights, data and everything computed.
        backends: ``NAME[:MODE][@DEVICE]``; without a mode eager; default every installed one.
        layers, width: hidden layers, and units in each.
        examples: points on the two spirals together; every step uses them all.
        steps: of gradient descent.
        rate: of learning.
        rule: of :data:`RULES`.
        scale: of the hidden layers' first weights, which are normal with a standard deviation of scale / √(units before them);
            large ones saturate the units. The output's begin with scale 1.
        bias: all first biases of the hidden layers; one far from 0 puts every unit where the activation is flat.
        seed: of the weights and the data.
        seeds: how many, from that one on, each a network of its own.
    """

    activation: str = "sigmoid"
    format: str = "float32"
    backends: tuple[str, ...] = ()
    layers: int = 3
    width: int = 16
    examples: int = 64
    steps: int = 100
    rate: float = 2.0**-5
    rule: str = "descent"
    scale: float = 1.0
    bias: float = 0.0
    seed: int = 0
    seeds: int = 1

    def each(self) -> Iterator[Setting]:
        """The setting of each seed."""
        return (replace(self, seed=self.seed + number, seeds=1) for number in range(self.seeds))

    @property
    def sizes(self) -> list[int]:
        """Units of every layer, from the two coordinates of a point to the one output."""
        return [2, *[self.width] * self.layers, 1]

    @property
    def form(self) -> Format:
        """The format."""
        return number_format(self.format)

    def definition(self) -> Activation:
        """The activation.

        Raises:
            ValueError: where it does not parse, or there is no formula for its gradient from its value alone.
        """
        found = parse(self.activation)
        known = [name for name in names() if "from_value" in FORMULAS.get((name, 1), {}) and not parse(name).edge]
        if found.name not in known or "from_value" not in routes(found.name, 1, found.parameters):
            raise ValueError(f"{found} has no gradient from its value: choose from {', '.join(known)}")
        return found

    def implementations(self) -> list[Implementation]:
        """Where it is trained: one mode of each backend.

        Raises:
            ValueError: for an unknown backend, mode or device.
        """
        if not self.backends:
            return [found for found in default_implementations() if found.mode == "eager"]
        return list(dict.fromkeys(parse_backend(text)[0] for text in self.backends))

    def check(self) -> None:
        """See that it makes sense.

        Raises:
            ValueError: where it does not; the message names the choices.
        """
        self.definition()
        self.implementations()
        number_format(self.format)
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} {getattr(self, name)}: give a number from {low} to {high}")
        for name in ("rate", "scale"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} {getattr(self, name)}: give a positive number")
        if self.rule not in RULES:
            raise ValueError(f"unknown rule {self.rule!r}: choose from {', '.join(RULES)}")
        if not math.isfinite(self.bias):
            raise ValueError(f"bias {self.bias}: give a finite number")


def parameters(setting: Setting) -> NDArray[np.float64]:
    """The first weights and biases, layer by layer, not yet rounded; the output's bias is 0."""
    rng = np.random.default_rng(setting.seed)
    parts = []
    for layer, (before, units) in enumerate(pairwise(setting.sizes)):
        scale, bias = (setting.scale, setting.bias) if layer < setting.layers else (1.0, 0.0)
        parts += [rng.standard_normal(before * units) * (scale / math.sqrt(before)), np.full(units, bias)]
    return np.concatenate(parts)


def spirals(setting: Setting) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points on two spirals that wind around each other, of shape (examples, 2), and which one each is on, as 1 or -1."""
    rng = np.random.default_rng([setting.seed, 1])
    side = np.where(np.arange(setting.examples) % 2, 1.0, -1.0)
    radius = np.sqrt(rng.uniform(0.01, 1.0, setting.examples))
    angle = 2 * math.pi * _TURNS * radius + np.where(side > 0, math.pi, 0.0)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + _NOISE * rng.standard_normal(points.shape), side
