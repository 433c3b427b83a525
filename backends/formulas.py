"""Derivatives by formula, written once and evaluated in every framework's own arithmetic.

A formula takes the framework's namespace ``xp``, its forward function and a tensor x. It uses operators, functions
that go by one name in every namespace (``sign``), and Python integers as constants, which promote in no framework; so
all its arithmetic is the framework's, in the format of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Forward = Callable[[Any], Any]
Formula = Callable[[Any, Forward, Any], Any]


def _sigmoid_gradient(xp: Any, forward: Forward, x: Any) -> Any:
    s = forward(x)
    return s * (1 - s)


def _sigmoid_second(xp: Any, forward: Forward, x: Any) -> Any:
    s = forward(x)
    return s * (1 - s) * (1 - 2 * s)


def _tanh_gradient(xp: Any, forward: Forward, x: Any) -> Any:
    t = forward(x)
    return 1 - t * t


def _tanh_second(xp: Any, forward: Forward, x: Any) -> Any:
    t = forward(x)
    return -2 * t * (1 - t * t)


def _relu_gradient(xp: Any, forward: Forward, x: Any) -> Any:
    return xp.sign(forward(x))


def _relu_second(xp: Any, forward: Forward, x: Any) -> Any:
    return 0 * xp.sign(forward(x))


FORMULAS: dict[tuple[str, int], dict[str, Formula]] = {
    ("sigmoid", 1): {"from_value": _sigmoid_gradient},
    ("sigmoid", 2): {"from_value": _sigmoid_second},
    ("tanh", 1): {"from_value": _tanh_gradient},
    ("tanh", 2): {"from_value": _tanh_second},
    ("relu", 1): {"from_value": _relu_gradient},
    ("relu", 2): {"from_value": _relu_second},
}
"""By activation and order: formulas by route."""


def routes(activation: str, order: int) -> tuple[str, ...]:
    """The routes by which a result of that order can be had."""
    if order == 0:
        return ("native",)
    return ("autodiff", *FORMULAS.get((activation, order), {}))


def compose(
    case: tuple[str, int, str], xp: Any, forward: Forward, derivative: Callable[[Forward], Forward]
) -> Callable[[Any], Any]:
    """The function for (activation, order, route), from a framework's namespace, its forward function and its derivative of one.

    Raises:
        KeyError: for a route that does not exist.
    """
    activation, order, route = case
    if route in ("native", "autodiff"):
        function = forward
        for _ in range(order):
            function = derivative(function)
        return function
    formula = FORMULAS[activation, order][route]
    return lambda x: formula(xp, forward, x)
