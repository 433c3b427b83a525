"""Cases that gave no result as findings: one for each backend, activation, order and way to fail.

What a framework lacks is no defect, and neither is what the user interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .demonstrations import failure
from .findings import Finding, listed, named, told
from .wording import ORDERS

Row = dict[str, Any]

_PHRASES = {"failed": "cannot be computed", "crashed": "ends the process", "timeout": "does not end within its time limit"}


def failures(rows: Iterable[Row]) -> list[Finding]:
    """The findings that rows of the frame ``accuracy`` amount to."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row["status"] in _PHRASES:
            groups.setdefault((row["backend"], row["implementation"], row["activation"], row["order"], row["status"]), []).append(
                row
            )
    return [_finding(group) for group in groups.values()]


def _finding(rows: list[Row]) -> Finding:
    status, reason = rows[0]["status"], rows[0]["reason"]
    cases = told(rows)
    name = f"the {ORDERS[cases['order']]} of {cases['activation']}"
    return Finding(
        kind=status,
        severity="severe" if status == "crashed" else "moderate",
        group=named(status, cases["activation"], cases["order"]),
        **cases,
        inputs_affected=0,
        share=1.0,
        diagnosis=reason,
        headline=f"{name} in {rows[0]['format']} {_PHRASES[status]}",
        elsewhere=listed(each for each in cases["format"].split(", ") if each != rows[0]["format"]),
        reproducer=failure(rows[0]),
    )
