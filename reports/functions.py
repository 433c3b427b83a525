"""Figures of the definitions themselves: a function as text books draw it, and what becomes of gradients in a deep chain."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.activations import Activation
from harness.catalogue import activation as defined
from harness.formats import FORMATS, number_format
from harness.reference.exact import Exact
from harness.runs.results import Run

from .drawing import BLUE, GREEN, RED, legend, panels
from .words import ORDERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REACH, _POINTS = 6.0, 385
_LAYERS, _START = 160, 0.5
_CHAINS = {"sigmoid": (BLUE, "σ"), "tanh": (RED, "tanh"), "relu": (GREEN, "relu")}
_DASHES: dict[str, Any] = {"float16": "-", "bfloat16": "--", "float32": "-.", "float64": (0, (1, 1))}

Reals = NDArray[np.float64]


def function(run: Run, activation: str = "sigmoid", parameters: str | None = None) -> Figure:
    """A function and its two derivatives, from the exact reference, from -6 to 6.

    Raises:
        ValueError: for an unknown activation.
    """
    given = json.loads(parameters) if parameters is not None else {}
    definition = defined(activation, **given)
    figure, (axis,) = panels(1)
    x = np.linspace(-_REACH, _REACH, _POINTS)
    name = "σ" if activation == "sigmoid" else "f"
    for order, (shade, dash) in enumerate(((BLUE, "-"), (RED, "-"), (GREEN, "--"))):
        y = np.array([_value(definition, order, at) for at in x.tolist()])
        axis.plot(x, y, color=shade, linestyle=dash, linewidth=1.6, label=f"{name}{'′' * order}(x): {ORDERS[order]}")
    axis.axhline(0, color="0.5", linewidth=0.6)
    axis.axvline(0, color="0.5", linewidth=0.6)
    axis.set(xlabel="x", ylabel="y", title=str(definition), xlim=(-_REACH, _REACH))
    legend(figure, [axis])
    return figure


def chain(run: Run) -> Figure:
    """The gradient through a chain of layers, h ← f(h) from h = 0.5: the product of f′(h), exact and in each format.

    In a format every value, every factor and every product is correctly rounded: no framework can do better.
    """
    figure, (axis,) = panels(1, height=3.4)
    layers = np.arange(1, _LAYERS + 1)
    for name, (shade, symbol) in _CHAINS.items():
        axis.plot(layers, exact_chain(name, _LAYERS), color=shade, linewidth=4, alpha=0.3, label=f"{symbol}: exact")
        for form in FORMATS:
            product = rounded_chain(name, form, _LAYERS)
            alive = product > 0
            axis.plot(layers[alive], product[alive], color=shade, linewidth=1.0, linestyle=_DASHES[form])
            if not alive.all():
                end = int(layers[alive][-1]), float(product[alive][-1])
                axis.plot(*end, color=shade, marker="x", markersize=7)
                words = f"{form}: 0 from layer {end[0] + 1}"
                axis.annotate(words, end, xytext=(8, 2), textcoords="offset points", fontsize=7, va="center")
    for form in FORMATS:
        axis.plot([], [], color="black", linewidth=1.0, linestyle=_DASHES[form], label=f"in {form}, all rounded correctly")
    axis.set(yscale="log", ylim=(1e-110, 1e6), xlim=(0, _LAYERS))
    axis.set(xlabel="layers L", ylabel=r"$f'(h_1)\cdot f'(h_2)\cdots f'(h_L)$")
    axis.set_title("the gradient through a chain of layers h ← f(h), from h = 0.5")
    legend(figure, [axis])
    return figure


def exact_chain(name: str, layers: int) -> Reals:
    """The exact product of the gradients of 1, 2, … layers, to float64's precision."""
    h, product, found = _START, 1.0, []
    for _ in range(layers):
        product *= _value(defined(name), 1, h)
        h = _value(defined(name), 0, h)
        found.append(product)
    return np.array(found)


@lru_cache
def rounded_chain(name: str, form: str, layers: int) -> Reals:
    """The same with every value, factor and product correctly rounded to a format."""
    number = number_format(form)
    value, gradient = Exact(name, 0), Exact(name, 1)
    h, product, found = _START, 1.0, []
    for _ in range(layers):
        factor = number.value(gradient.at(h).rounded(number))
        # Of two numbers of up to 53 digits the product is rounded once only if float64 does not round before.
        exact = number.dyadic(int(number.round([product])[0])), number.dyadic(int(number.round([factor])[0]))
        (one, low), (other, lower) = exact
        product = number.value(number.round_dyadic(one * other, low + lower))
        h = number.value(value.at(h).rounded(number))
        found.append(product)
    return np.array(found)


def _value(definition: Activation, order: int, x: float) -> float:
    """The exact result as a float64; NaN where there is none, or more than one."""
    decimal = Exact(definition, order).at(x).decimal(17)
    return float("nan") if decimal.startswith("[") else float(decimal)
