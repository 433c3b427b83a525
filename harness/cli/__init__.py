"""The command ``lastbit``: one module for each subcommand. Only these look up to the reports.

Exit codes: 0 done; 1 a regression; 2 the request does not make sense; 3 something could not be decided; 4 a backend that was
required is missing or did not survive.
"""

from __future__ import annotations

from . import (
    baseline,
    calibrate,
    chain,
    check,
    compare,
    cost,
    explain,
    findings,
    list,
    merge,
    plan,
    report,
    run,
    selftest,
    speed,
    status,
    train,
)
from .common import app

__all__ = [
    "app",
    "baseline",
    "calibrate",
    "chain",
    "check",
    "compare",
    "cost",
    "explain",
    "findings",
    "list",
    "main",
    "merge",
    "report",
    "run",
]
__all__ += ["plan", "selftest", "speed", "status", "train"]


def main() -> None:
    """Run the command line."""
    app(prog_name="lastbit")
