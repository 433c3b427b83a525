"""A function of Python floats as one of tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .protocol import CARRIERS, Unsupported
from .trial import Notes


def of_floats(backend: Any, format: str, function: Callable[..., float], notes: Notes) -> Callable[..., Any]:
    """The function, called for one element after the other; its results are rounded to the format.

    Where it raises an error of arithmetic, as Python does for an overflow, its result is NaN, and that is noted.
    """

    def call(*tensors: Any) -> Any:
        try:
            bits = [backend.store(x, format) for x in tensors]
        except Exception:
            raise Unsupported("a function of Python floats is called in eager mode only") from None
        columns = (decoded(each, format).ravel().tolist() for each in bits)
        results = [_result(function, values, notes) for values in zip(*columns, strict=True)]
        return backend.load(encoded(np.array(results, "float64"), format).reshape(bits[0].shape), format)

    return call


def _result(function: Callable[..., float], values: tuple[float, ...], notes: Notes) -> float:
    try:
        result = function(*values)
        if not isinstance(result, int | float | np.floating | np.integer):
            raise TypeError(f"returned {type(result).__name__} for a float")
        return float(result)
    except (ArithmeticError, ValueError) as error:
        said = f"it raises {type(error).__name__} for some numbers, {values[-1]!r} among them: counted as NaN"
        notes.setdefault("raises", said)
        return math.nan


def decoded(bits: Any, format: str) -> Any:
    """Encodings as float64."""
    if format == "bfloat16":  # the upper half of float32
        return (bits.astype("uint32") << 16).view("float32").astype("float64")
    return bits.view(format).astype("float64")


def encoded(values: Any, format: str) -> Any:
    """float64 rounded to nearest, ties to even, as encodings of the format."""
    with np.errstate(all="ignore"):
        if format != "bfloat16":
            return values.astype(format).view(CARRIERS[format])
        single = values.astype("float32")
        # Rounded twice it would be wrong at ties: what float32 lost is kept as a last bit that is odd.
        inexact = np.isfinite(single) & (single.astype("float64") != values)
        toward_zero = np.where(np.abs(single.astype("float64")) > np.abs(values), np.nextafter(single, np.float32(0)), single)
        wide = np.where(inexact, toward_zero.view("uint32") | 1, single.view("uint32"))
        rounded = (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16
        return np.where(np.isnan(values), 0x7FC0, rounded).astype("uint16")
