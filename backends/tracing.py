"""NumPy code of the user's own under HIPS autograd, which sees only what goes through its own namespace.

While a derivative is computed, the module of the function has that namespace in the place of NumPy's.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .protocol import Unsupported

_TWINS = {"numpy": "autograd.numpy", "scipy.special": "autograd.scipy.special"}


def traced(function: Callable[[Any], Any], home: str) -> Callable[[Any], Any]:
    """A derivative of a function of the module ``home``; what autograd cannot trace has none."""

    def call(x: Any) -> Any:
        module = sys.modules.get(home)
        names = vars(module) if module else {}
        before = {name: value for name, value in names.items() if _twin(value) is not None}
        try:
            names.update({name: _twin(value) for name, value in before.items()})
            return function(x)
        except Exception as error:
            said = " ".join(str(error).split())
            raise Unsupported(f"autograd cannot differentiate it (give --gradient): {type(error).__name__}: {said}") from None
        finally:
            names.update(before)

    return call


def _twin(value: Any) -> Any:
    """What autograd has for a module or a function; None where it has nothing."""
    if isinstance(value, ModuleType):
        return _module(_TWINS[value.__name__]) if value.__name__ in _TWINS else None
    name = getattr(value, "__name__", None)
    if isinstance(value, type) or not isinstance(name, str):
        return None
    for theirs, twin in _TWINS.items():
        there = sys.modules.get(theirs)
        if there is not None and getattr(there, name, None) is value:
            return getattr(_module(twin), name, None)
    return None


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
