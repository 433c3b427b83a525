"""SciPy's special functions: those activations that it has, by value; derivatives by formula."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Arrays
from .formulas import compose
from .natives import native
from .operations import operations
from .protocol import Case, Unsupported
from .textbook import FORMULAS, evaluated, formula

FUNCTIONS = {
    "sigmoid": "scipy.special:expit",
    "softplus": "scipy.special:softplus beta=1",
    "logsigmoid": "scipy.special:log_expit",
    "erf": "scipy.special:erf",
    "expm1": "scipy.special:expm1",
    "log1p": "scipy.special:log1p",
}
"""Its own functions, see :mod:`backends.natives`; its exp and tanh are NumPy's, gelu is in :mod:`backends.textbook`."""
_FORMATS = ("float32", "float64")


class SciPy(Arrays):
    """scipy.special, whose functions are NumPy's ufuncs."""

    modes = ("eager",)

    def __init__(self, mode: str, device: str, guest: bool = False) -> None:
        if mode not in self.modes:
            raise Unsupported(f"SciPy has no mode {mode!r}: it has eager")
        if device != "cpu":
            raise Unsupported(f"SciPy has no device {device!r}: it has cpu")
        self._special: Any = importlib.import_module("scipy.special")
        if not guest:
            np.seterr(all="ignore")  # overflow and division by zero are results here, not news
        self.xp = operations("SciPy", self._special, np)
        self.xp.sigmoid = self._special.expit

    def versions(self) -> dict[str, str]:
        return {"scipy": importlib.import_module("scipy").__version__, "numpy": np.__version__}

    def environment(self) -> dict[str, str]:
        return {}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        given = case.definition or case.substitute
        if not given and case.activation not in FUNCTIONS | FORMULAS["scipy"]:
            raise Unsupported(f"SciPy has no {case.activation}")
        if case.format not in _FORMATS:
            raise Unsupported(f"SciPy has no functions for {case.format}: it has them for {' and '.join(_FORMATS)}")
        return compose(case, self.xp, self._native, _derivative)

    def _native(self, case: Case) -> Callable[[Any], Any]:
        text = formula("scipy", case.activation, dict(case.parameters))
        if text and not (case.definition or case.substitute):
            return evaluated(text, self._special, {})
        return native("SciPy", FUNCTIONS, self.xp, case)


def _derivative(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    raise Unsupported("SciPy has no automatic differentiation")
