"""Cases that gave no result as findings: one for each backend, activation, order and way to fail.

What a framework lacks is no defect, and neither is what the user interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .findings import ORDERS, Finding, listed
from .formats import FORMATS
from .workers import Implementation

Row = dict[str, Any]

_PHRASES = {"failed": "cannot be computed", "crashed": "ends the process", "timeout": "does not come to an end"}


def failures(rows: Iterable[Row]) -> list[Finding]:
    """The findings that rows of the frame ``accuracy`` amount to."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row["status"] in _PHRASES:
            groups.setdefault((row["backend"], row["activation"], row["order"], row["status"]), []).append(row)
    return [_finding(group) for group in groups.values()]


def _finding(rows: list[Row]) -> Finding:
    first = rows[0]
    formats = listed(name for name in FORMATS if any(row["format"] == name for row in rows))
    where = listed(str(Implementation(row["backend"], row["mode"], row["device"])) for row in rows)
    name = f"{first['backend']}: the {ORDERS[first['order']]} of {first['activation']}"
    return Finding(
        kind=first["status"],
        severity="severe" if first["status"] == "crashed" else "moderate",
        backend=first["backend"],
        activation=first["activation"],
        parameters=listed(" ".join(f"{n}={v!r}" for n, v in json.loads(row["parameters"]).items()) for row in rows),
        order=first["order"],
        route=listed(row["route"] for row in rows),
        format=formats,
        implementations=where,
        inputs_affected=0,
        share=1.0,
        diagnosis=first["reason"],
        sentence=f"{name} {_PHRASES[first['status']]}: {first['reason']}. Formats: {formats}; in {where}.",
    )
