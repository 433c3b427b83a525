"""Values and derivatives by formula, written once and evaluated in every framework's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..protocol import Case, Unsupported
from .bounded import OTHERS, SIGMOID, TANH
from .elementary import ELEMENTARY
from .formula import Formula, Formulas, Forward, Means, namespace
from .gated import GATED
from .rectifiers import SMOOTH, STRAIGHT

__all__ = ["CACHED", "FORMULAS", "Formula", "Parameters", "compose", "routes", "timed_routes"]

FORMULAS: Formulas = {**SIGMOID, **TANH, **STRAIGHT, **SMOOTH, **GATED, **OTHERS, **ELEMENTARY}
"""By activation and order: formulas by route."""
CACHED = "cached"
"""The formula ``from_value`` where a forward pass has left the value behind: its function takes a pair (x, value). It is there
to be timed only; its results are those of ``from_value``."""
_THRESHOLD = "threshold"  # the parameter of softplus

Parameters = tuple[tuple[str, float], ...]


def routes(activation: str, order: int, parameters: Parameters = ()) -> tuple[str, ...]:
    """The routes by which a result of that order can be had; no formula knows a threshold."""
    formulas = {} if _THRESHOLD in dict(parameters) else FORMULAS.get((activation, order), {})
    return ("autodiff" if order else "native", *formulas)


def timed_routes(activation: str, order: int, parameters: Parameters = ()) -> tuple[str, ...]:
    """The routes that can be timed: those by which a result can be had, and the formula from the cached value."""
    found = routes(activation, order, parameters)
    return (*found, CACHED) if "from_value" in found else found


def compose(
    case: Case, xp: Any, functions: Callable[[Case], Forward], derivative: Callable[[Forward], Forward]
) -> Callable[[Any], Any]:
    """The function for a case.

    Args:
        case: activation, order, route and parameters.
        xp: the framework's elementary functions, see :mod:`backends.operations`.
        functions: gives the framework's own function for a case.
        derivative: gives the framework's derivative of a function.

    Raises:
        KeyError: for a route that does not exist.
        Unsupported: where the framework lacks the function, or the formula is for one without a parameter of the case.
    """
    if case.route in ("native", "autodiff"):
        function = functions(case)
        for _ in range(case.order):
            function = derivative(function)
        return function
    if _THRESHOLD in dict(case.parameters):
        raise Unsupported(f"the formula {case.route} for {case.activation} knows no threshold")
    if case.route == CACHED:
        rule, p = FORMULAS[case.activation, case.order]["from_value"].rule, namespace(case.parameters)
        return lambda given: rule(Means(xp, lambda _: given[1], p), given[0])
    formula = FORMULAS[case.activation, case.order][case.route]
    means = Means(xp, functions(case) if formula.asks_value else _unasked, namespace(case.parameters))
    return lambda x: formula.rule(means, x)


def _unasked(x: Any) -> Any:
    raise AssertionError("a formula that uses the value says so")
