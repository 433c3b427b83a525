"""A function of the user's own, tried on a few numbers: as what it wants to be called, and what it does besides.

It is called with a vector. Where it refuses that, it gets a tensor of more dimensions and one row; where it changes its input
it gets a copy each time. Either is noted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .protocol import CARRIERS

Notes = dict[str, str]
"""What is to be said of how a function is called, by kind."""
_DIMENSIONS = (2, 3, 4)
_ROOTS = {"torch": "torch", "jax": "jax", "jaxlib": "jax", "tensorflow": "tensorflow", "numpy": "numpy"}
"""Frameworks by the package that their tensors' types are of."""


def numbers(format: str) -> Any:
    """Encodings of 512 numbers from -8 to 8, which every format has."""
    values = np.repeat(np.arange(-32, 32, dtype="float32") / 4, 8)
    if format == "bfloat16":  # the upper half of float32
        return (values.view("uint32") >> 16).astype("uint16")
    return values.astype(format).view(CARRIERS[format])


def conforming(backend: Any, function: Callable[[Any], Any], format: str, item: int | None, notes: Notes) -> Callable[[Any], Any]:
    """The function as it is to be called.

    Args:
        backend: the adapter.
        function: from a tensor, of whatever dimensions it wants.
        format: of the tensors.
        item: of a tuple that it returns, the item that is meant.
        notes: takes up what is to be said.

    Raises:
        TypeError: where it returns no tensor of its framework.
        Exception: whatever the function raises.
    """
    if item is not None:
        function = _item(function, item)
    given = numbers(format)
    try:
        x = backend.load(given.copy(), format)
        y = function(x)
    except Exception as error:
        found = _of_more_dimensions(backend, function, given, format)
        if found is None and _takes_numbers(function):
            said = f"it takes single numbers and no tensors ({type(error).__name__}): say --elementwise"
            raise TypeError(said) from None
        if found is None:
            raise
        function, x, y, dimensions = found
        notes["dimensions"] = (
            f"it takes no vector ({type(error).__name__}), so it gets one as a tensor of {dimensions} dimensions"
        )
    _check(x, y)
    if tuple(y.shape) != given.shape:
        shape = f"it returns shape {tuple(y.shape)} for {given.shape}"
        notes["shape"] = shape
        if math.prod(y.shape) == given.size:
            notes["shape"], reshape = f"{shape}, so its elements are taken in their order", backend.xp.reshape
            function = _in_order(function, reshape)
    try:
        backend.store(y, format)
    except TypeError as error:
        notes["dtype"] = f"its value is of another type: {error}"
    copy = getattr(backend, "copy", None)
    if copy and not np.array_equal(np.ravel(backend.store(x, format)), given):
        notes["in_place"] = "it changes its input in place, so it gets a copy each time"
        return lambda x: function(copy(x))
    return function


def _of_more_dimensions(
    backend: Any, function: Callable[[Any], Any], given: Any, format: str
) -> tuple[Callable[[Any], Any], Any, Any, int] | None:
    for dimensions in _DIMENSIONS:
        wrapped = _row(function, (None,) * (dimensions - 1), (0,) * (dimensions - 1))
        try:
            x = backend.load(given.copy(), format)
            y = wrapped(x)
            if tuple(y.shape) == given.shape:
                return wrapped, x, y, dimensions
        except Exception:  # the first refusal is what is told
            continue
    return None


def _takes_numbers(function: Callable[[Any], Any]) -> bool:
    try:
        return isinstance(function(0.5), int | float)
    except Exception:
        return False


def _in_order(function: Callable[[Any], Any], reshape: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: reshape(function(x), x.shape)


def _row(function: Callable[[Any], Any], more: tuple[None, ...], first: tuple[int, ...]) -> Callable[[Any], Any]:
    return lambda x: function(x[more])[first]


def _item(function: Callable[[Any], Any], item: int) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        result = function(x)
        if not isinstance(result, tuple | list):
            return result
        if not -len(result) <= item < len(result):
            raise IndexError(f"returned {len(result)} things: there is no item {item}")
        return result[item]

    return call


def _check(x: Any, y: Any) -> None:
    """See that a result is a tensor of the input's framework; of which type and shape is seen when it is stored."""
    if isinstance(y, tuple | list) and any(hasattr(each, "dtype") for each in y):
        raise TypeError(f"returned a {type(y).__name__} of {len(y)}: say which item is meant (--item 0)")
    if y is None:
        raise TypeError("returned None")
    mine, its = (_ROOTS.get(type(each).__module__.partition(".")[0]) for each in (x, y))
    if not hasattr(y, "dtype") or not hasattr(y, "shape") or (mine and its and mine != its):
        raise TypeError(f"returned {_named(y)} for {_named(x)}")


def _named(thing: Any) -> str:
    kind = type(thing)
    root = kind.__module__.partition(".")[0]
    return kind.__name__ if root == "builtins" else f"{root}.{kind.__name__}"
