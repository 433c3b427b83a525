"""A framework's elementary functions under one name each, for formulas, activations of the user's own and training."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from .protocol import Unsupported

NAMES = (
    *("abs", "cosh", "einsum", "erf", "erfc", "exp", "expm1", "log1p", "ones_like", "reshape", "sigmoid", "sign", "softplus"),
    *("sqrt", "tanh", "where", "zeros_like"),
)


def operations(framework: str, *modules: Any) -> SimpleNamespace:
    """The functions of :data:`NAMES`, each from the first of the modules that has it.

    To call one that none of them has raises Unsupported.
    """
    found = {name: next((getattr(m, name) for m in modules if hasattr(m, name)), _lacking(framework, name)) for name in NAMES}
    return SimpleNamespace(**found)


def _lacking(framework: str, name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        raise Unsupported(f"{framework} has no {name}")

    return call
