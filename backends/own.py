"""Activations of the user's own: functions in a Python file, evaluated as they stand in a framework's arithmetic.

Every function of the file without a leading underscore is one: ``name(x, f, parameter=number, ...)``, an expression of x
over ``+ - * /``, numbers and the operations of f (:class:`harness.activations.Operations`).
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Literal

from .protocol import Case


class Arithmetic:
    """The operations of expressions, in a framework's arithmetic; numbers are Python floats.

    Args:
        xp: the framework's elementary functions, see :mod:`backends.operations`.
    """

    pi = math.pi

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self.exp, self.expm1, self.log1p, self.erf, self.erfc = xp.exp, xp.expm1, xp.log1p, xp.erf, xp.erfc

    def number(self, decimal: str, /) -> float:
        """The nearest float64."""
        return float(decimal)

    def sqrt(self, u: Any, /) -> Any:
        """The square root of a tensor or of a number."""
        return math.sqrt(u) if isinstance(u, int | float) else self._xp.sqrt(u)

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        """Both sides are evaluated, and each input gets its own: what ``where`` does, and its derivative too."""
        return self._xp.where(x <= at if value == "left" else x < at, self._tensor(x, left()), self._tensor(x, right()))

    def _tensor(self, x: Any, given: Any) -> Any:
        return self._xp.zeros_like(x) + given if isinstance(given, int | float) else given


def expression(xp: Any, case: Case) -> Callable[[Any], Any]:
    """The user's function for a case, in a framework's arithmetic."""
    function, operations, parameters = load(case.definition)[case.activation], Arithmetic(xp), dict(case.parameters)
    return lambda x: function(x, operations, **parameters)


def load(file: str) -> dict[str, Callable[..., Any]]:
    """The activations of a file, by name.

    Raises:
        ValueError: where there are none, or something in the file is wrong; the message is one line.
    """
    try:
        code = compile(Path(file).read_bytes(), file, "exec")
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror or error}") from None
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{file} is not Python: {error}") from None
    module = ModuleType(f"lastbit_own_{abs(hash(file))}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # where compilers look for what a function refers to
    try:
        exec(code, module.__dict__)
    except BaseException as error:  # it is the user's, and may raise anything
        raise ValueError(f"{file} raises {type(error).__name__}: {_line(error)}") from None
    functions: dict[str, Callable[..., Any]] = {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, FunctionType) and found.__module__ == module.__name__ and not name.startswith("_")
    }
    if not functions:
        raise ValueError(f"{file} has no activations: write each as a function NAME(x, f), without a leading underscore")
    for name, function in functions.items():
        _check(file, name, function)
    return functions


def _check(file: str, name: str, function: Callable[..., Any]) -> None:
    first, *rest = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    numbers = [p.kind in kinds and isinstance(p.default, int | float) for p in rest[1:]]
    if not rest or first.default is not first.empty or rest[0].default is not rest[0].empty or not all(numbers):
        raise ValueError(
            f"{file}: {name}{inspect.signature(function)} is no activation: give it the parameters (x, f, NAME=NUMBER, ...), "
            "or a leading underscore"
        )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
