"""Broken laws as findings: one for each backend, law, activation and order.

A law of the graph (range, monotone, symmetric) that is broken where something else has been found is that defect seen
from another side, and is noted there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from backends.protocol import Case

from .findings import ORDERS, SEVERITIES, Finding, listed, told
from .reproducers import reproducer
from .symptoms import TOLERATED
from .workers import Implementation

Row = dict[str, Any]

SHAPE = ("range", "monotone", "symmetric")
"""Laws of the graph."""

_PHRASES = {
    "range": "leaves the range",
    "monotone": "is not monotone where the function is",
    "symmetric": "is not symmetric as the function is",
    "position": "depends on the place of the input in the vector",
    "repeatable": "is not the same when it is computed again",
    "threads": "depends on the number of threads",
    "promotion": "is not the same for a scalar or an integer",
}
_CAUSES = {
    "position": "body and remainder of a vector, or single inputs, are computed by different code",
    "repeatable": "not deterministic",
    "threads": "the work is split by the number of threads",
}
_LENGTHS = (1, 7, 17, 33, 67)  # of vectors in a script
_SMALL = 8.0  # steps between encodings: up to so many are the last digits of two honest kernels


def breaches(rows: Iterable[Row], found: list[Finding]) -> list[Finding]:
    """Findings, and those that the rows of the frame ``laws`` add to them."""
    found = list(found)
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row["status"] == "broken" and _counts(row):
            groups.setdefault((row["backend"], row["activation"], row["order"], row["law"]), []).append(row)
    for (*_, law), group in groups.items():
        worst = max(group, key=_steps)
        known = [number for number, finding in enumerate(found) if law in SHAPE and _explains(finding, worst)]
        if known:
            number = min(known, key=lambda number: SEVERITIES.index(found[number].severity))
            found[number] = replace(found[number], also=listed([*found[number].also.split(", "), str(law)]))
        else:
            found.append(_finding(group))
    return found


def _explains(finding: Finding, row: Row) -> bool:
    """Whether a finding is about the input of a row, or its mirror image."""
    mine = (finding.backend, finding.order) == (row["backend"], row["order"])
    if not mine or row["activation"] not in finding.activation.split(", "):
        return False
    return any(finding.concerns(x) for x in (row["example"], -row["example"]))


def _counts(row: Row) -> bool:
    """Whether a broken law can be a defect of its own; those of single inputs are symptoms, see :mod:`harness.symptoms`."""
    return row["law"] in _PHRASES and (row["law"] not in SHAPE or _steps(row) > TOLERATED)


def _finding(rows: list[Row]) -> Finding:
    best = max(rows, key=_steps)
    parameters = tuple(json.loads(best["parameters"]).items())
    case = Case(best["activation"], best["order"], best["route"], best["format"], parameters)
    implementation = Implementation(best["backend"], best["mode"], best["device"])
    x = math.nan if best["example"] is None else float(best["example"])
    cases = told(rows)
    at = "" if best["example_bits"] is None else f" at x = {x!r}"
    text = f"{best['backend']}: the {ORDERS[case.order]} of {case.activation} in {case.format} {_PHRASES[best['law']]}{at}"
    text += f": {best['where']}. Formats: {cases['format']}; in {cases['implementations']}."
    cause = _CAUSES.get(best["law"], "")
    return Finding(
        kind=best["law"],
        severity=_severity(best),
        **cases,
        inputs_affected=best["broken"],
        share=min(best["broken"] / best["checked"], 1.0),
        low=x,
        high=x,
        example_bits=best["example_bits"],
        example=x,
        got=best["got"],
        ulps=_steps(best),
        diagnosis=cause,
        sentence=text + (f" Diagnosis: {cause}." if cause else ""),
        reproducer=reproducer(implementation, case, x, _LENGTHS) if best["law"] == "position" else "",
    )


def _steps(row: Row) -> float:
    return 0.0 if row["steps"] is None else float(row["steps"])


def _severity(row: Row) -> str:
    if row["law"] == "position" and _steps(row) <= _SMALL:
        return "minor"
    return "severe" if math.isinf(_steps(row)) else "moderate"
