"""How right, to the last bit, and how fast every framework computes activation functions and their gradients.

``lastbit.run`` measures, as the command ``lastbit run`` does, and returns a :class:`lastbit.Run`, whose frames are pandas'.
``lastbit.load`` reads a run that was saved. ``lastbit.implementation`` is the decorator by which a function of your own says
what it implements. :mod:`lastbit.testing` is for test suites.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backends.declaration import implementation
    from harness.runs.execution import run
    from harness.runs.results import Run
    from harness.runs.saved import load

__all__ = ["Run", "implementation", "load", "run"]
_HOMES = {"Run": "harness.runs.results", "load": "harness.runs.saved", "run": "harness.runs.execution"}
_HOMES |= {"implementation": "backends.declaration"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:  # importing the package stays cheap: numba and pandas come with the first use
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'lastbit' has no attribute {name!r}")
