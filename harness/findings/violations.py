"""Broken laws as findings: one for each backend, law, activation and order.

A property (range, monotone, symmetric, modes) that is broken where something else has been found is that defect
seen from another side, and is noted there. What is not the same when it is computed again says nothing about places and
threads: where repetition fails, that is the defect.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..formats import FORMATS, number_format
from .demonstrations import demonstration
from .findings import Finding, author, case_of, implementation, listed, named, told
from .intervals import Interval, joined
from .kinds import TOLERATED
from .layout import flushed
from .severity import FAR, SEVERITIES
from .wording import ORDERS, and_others, elsewhere, ranges, shortest, where

Row = dict[str, Any]

SHAPE = ("range", "monotone", "symmetric", "modes")
"""Laws that most defects break as well."""
_COARSE = ("monotone", "modes")  # laws that a value in 16 bits has to obey more strictly: its ulps are per cents
_FAITHFUL = 1.0  # ulp that two faithful results may break them by
_UNSTEADY = ("position", "layout", "threads", "history")  # laws that a result which changes by itself breaks too
_ALIKE = ("monotone", "symmetric", "modes", "position", "layout", "promotion", "threads")  # laws that many functions break alike
_CODE = ("position", "layout", "promotion", "threads")  # of them those that are broken by how vectors are gone through
_DIGITS = ("position", "layout", "promotion")  # laws that two kernels, both honest, break in the last digits

_PHRASES = {
    "range": "leaves the range",
    "monotone": "is not monotone where the function is",
    "symmetric": "is not symmetric as the function is",
    "modes": "is not the same when it is compiled",
    "position": "depends on the place of the input in the vector",
    "layout": "depends on how the tensor lies in memory, or on its shape",
    "repeatable": "is not the same when it is computed again",
    "recomputed": "is not the same when another process computes it again",
    "history": "depends on what was computed before",
    "threads": "depends on the number of threads",
    "promotion": "is not the same for a scalar or an integer",
    "parameters": "is wrong for an extreme parameter, which is not refused",
}
_CAUSES = {
    "position": "body and remainder of a vector, or single inputs, are computed by different code",
    "repeatable": "not deterministic",
    "recomputed": "not deterministic",
    "history": "it is random, or keeps something from one call to the next",
    "threads": "the work is split by the number of threads",
}
_NAMES = {"modes": "eager_vs_compiled", "parameters": "parameter"}  # of findings, where it is not the law's
_NEAR = 2.0**-6  # of two inputs that break a law together, one may be the last that is right
_SMALL = 8.0  # steps between encodings: up to so many are the last digits of two honest kernels


def violations(rows: Iterable[Row], found: list[Finding]) -> list[Finding]:
    """Findings, and those that the rows of the frame ``laws`` add to them."""
    found = list(found)
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row["status"] != "broken" or not _counts(row):
            continue
        known = [number for number, finding in enumerate(found) if row["law"] in SHAPE and _explains(finding, row)]
        if known:
            number = min(known, key=lambda number: SEVERITIES.index(found[number].severity))
            also = [] if _name(row) == found[number].kind else [_name(row)]
            found[number] = replace(found[number], also=listed([*found[number].also.split(", "), *also]))
        else:
            groups.setdefault((author(row), row["activation"], row["order"], row["law"]), []).append(row)
    left = {key: group for key, group in groups.items() if not _implied(key, groups)}
    return found + [_finding(group) for group in _common(left).values()]


def _common(groups: dict[tuple[object, ...], list[Row]]) -> dict[tuple[object, ...], list[Row]]:
    """The groups, those of several functions together that break a law alike, if not severely: it is the same code that does."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for (who, activation, order, law), rows in groups.items():
        how = _severity(max(rows, key=_steps))
        alike = law in _ALIKE if how == "minor" else law in _CODE and how == "moderate"
        found.setdefault((who, order, law, how, None if alike else activation), []).extend(rows)
    return found


def _implied(key: tuple[object, ...], groups: dict[tuple[object, ...], list[Row]]) -> bool:
    """Whether a law is broken only because another one is."""
    *who, law = key
    if law in _UNSTEADY and (*who, "repeatable") in groups:
        return True
    # Elements that are not side by side are often computed by the code of the remainder.
    place = groups.get((*who, "position"), [])
    return law == "layout" and bool(place) and max(map(_steps, groups[key])) <= max(map(_steps, place))


def _explains(finding: Finding, row: Row) -> bool:
    """Whether a finding is about the input of a row, or its mirror image."""
    own = finding.implementations.split(", ")[0].partition(" ")[2]
    mine = (finding.backend, own, finding.order) == (row["backend"], row["implementation"], row["order"])
    if not mine or finding.kind == "flush_to_zero" or row["activation"] not in finding.activation.split(", "):
        return False
    x = math.nan if row["example"] is None else float(row["example"])
    return any(finding.concerns(near * x) for near in (1, 1 - _NEAR, 1 + _NEAR, -1, _NEAR - 1, -1 - _NEAR))


def _counts(row: Row) -> bool:
    """Whether a broken law can be a defect of its own; those of single inputs are symptoms."""
    form = number_format(row["format"])
    coarse = row["law"] in _COARSE and row["order"] == 0 and form.bits == 16
    return row["law"] in _PHRASES and (row["law"] not in SHAPE or _steps(row) > (_FAITHFUL if coarse else TOLERATED[form.name]))


def _finding(rows: list[Row]) -> Finding:
    best = max(rows, key=_steps)
    functions = list(dict.fromkeys(row["activation"] for row in rows))
    alone = functions[0] if len(functions) == 1 else ""
    x = math.nan if best["example"] is None else float(best["example"])
    cases, how = told(rows), _severity(best)
    form, name = number_format(best["format"]), and_others(best["activation"], functions)
    intervals = _intervals(rows)
    at_nan = {row["format"] for row in rows if row["example"] is not None and math.isnan(row["example"])}
    low, high = _known(rows, "low"), _known(rows, "high")
    shown = f"{best['got']}; " if best["law"] in SHAPE else ""
    at = "" if best["example_bits"] is None else f"at x = {shortest(x, form)}: "
    return Finding(
        kind=_name(best),
        severity=how,
        group=named(_name(best), alone, best["order"], "" if alone else how, implementation(best).definition(case_of(best))),
        **cases,
        inputs_affected=best["broken"],
        share=min(best["broken"] / best["checked"], 1.0),
        ranges=ranges(intervals, at_nan),
        low=min(low, default=x),
        high=max(high, default=x),
        example_bits=best["example_bits"],
        example=x,
        got=best["got"],
        ulps=_steps(best),
        diagnosis=_flush(best) or _CAUSES.get(best["law"], ""),
        headline=f"the {ORDERS[best['order']]} of {name} in {best['format']} {_PHRASES[best['law']]}",
        places=" and ".join(filter(None, [where(intervals.get(best["format"], [])), "NaN" if best["format"] in at_nan else ""])),
        elsewhere=elsewhere(intervals, cases["format"].split(", "), best["format"]),
        evidence=f"{at}{shown}{best['where']}",
        reproducer=demonstration(best),
        intervals=tuple(dict.fromkeys(interval for those in intervals.values() for interval in those)),
    )


def _intervals(rows: list[Row]) -> dict[str, list[Interval]]:
    """For each format from the least to the largest of the inputs that broke the law; of several rows all together."""
    found: dict[str, list[Interval]] = {}
    for row in rows:
        if row.get("low") is not None and not math.isnan(row["low"]):
            found.setdefault(row["format"], []).append((float(row["low"]), float(row["high"])))
    return {name: joined(found[name], FORMATS[name]) for name in FORMATS if name in found}


def _known(rows: list[Row], column: str) -> list[float]:
    return [float(row[column]) for row in rows if row.get(column) is not None]


def _name(row: Row) -> str:
    return _NAMES.get(row["law"], str(row["law"]))


def _steps(row: Row) -> float:
    return 0.0 if row["steps"] is None else float(row["steps"])


def _flush(row: Row) -> str:
    """The cause, where results are a subnormal number in one place and zero in another."""
    results = {int(bits, 16) for bits in re.findall(r"\(0x([0-9a-f]+)\)", row["got"])}
    alike = flushed(results, number_format(row["format"]))
    return "subnormal numbers are flushed to zero in one place and not in another" if alike else ""


def _severity(row: Row) -> str:
    steps = _steps(row)
    if row["law"] == "history":
        return "severe"
    if row["law"] == "parameters" or (row["law"] in _UNSTEADY and _flush(row)):
        return "minor"
    half = 2.0 ** (number_format(row["format"]).precision / 2)  # of the digits are right
    few = half if row["law"] in SHAPE else _SMALL if row["law"] in _DIGITS else -math.inf
    if 0 < steps <= few:
        return "minor"
    usual = row["example"] is not None and abs(float(row["example"])) < FAR
    return "severe" if math.isinf(steps) and usual else "moderate"
