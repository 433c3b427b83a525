"""The instrument: what is measured, against what, and the frames that come out.

``from harness import run`` gives the same frames as the command ``lastbit run``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .execution import run
    from .results import Run

__all__ = ["Run", "run"]


def __getattr__(name: str) -> Any:
    # Importing the package stays cheap: numba and pandas come with the first run.
    if name == "run":
        from .execution import run

        return run
    if name == "Run":
        from .results import Run

        return Run
    raise AttributeError(f"module 'harness' has no attribute {name!r}")
