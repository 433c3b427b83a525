"""Findings as a person reads them, the worst first: what is wrong, where, one input, the cause, who is right, how to see it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from harness.gate.files import printable

from .sections import sections, severities, summary
from .words import folded, records

STYLES = {"severe": "bold red", "moderate": "yellow", "minor": "default", "policy": "cyan"}
"""How a terminal shows each severity."""
_LABEL = 9  # letters before what is said
_INDENT = 5
_NARROW = 30  # letters that a line has at least


def groups(findings: pd.DataFrame, before: int = 0) -> list[list[dict[str, Any]]]:
    """The rows of each group together, numbered on, in the order of their first ones."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(records(findings), start=before + 1):
        found.setdefault(row["group"], []).append(row | {"number": number})
    return list(found.values())


def _differing(row: dict[str, Any], first: dict[str, Any]) -> dict[str, str]:
    """What is another in a row than in the first one of its group."""
    said = lines(first)
    return {label: words for label, words in lines(row).items() if words != said.get(label)}


def told(row: dict[str, Any], first: dict[str, Any]) -> str:
    """All that is known of the first finding of a group, and of the others what is another there."""
    if row is first:
        return str(row["sentence"])
    others = (f"{label} {words}" for label, words in _differing(row, first).items() if label != "kind")
    known = f"as no. {first['number']}, in {row['implementations']}"
    return "; ".join([f"{row['sentence'].partition(': ')[0]}: {row['headline']}: {known}", *others])


def show(console: Console, findings: pd.DataFrame) -> None:
    """Print findings in their sections: each defect once, and for every further backend that has it what is another there."""
    if findings.empty:
        console.print("[bold]findings[/]: none")
        return
    console.print(f"[bold]findings[/]: {summary(findings)}", highlight=False)
    number = 0
    for name, part in sections(findings).items():
        console.print(f"[bold]in {name}[/]: {len(part)} ({severities(part)})", highlight=False)
        for rows in groups(part, number):
            for row in rows:
                _show(console, row, rows[0])
        number += len(part)


def _show(console: Console, row: dict[str, Any], first: dict[str, Any]) -> None:
    headline = row["headline"] if row is first or row["headline"] != first["headline"] else "the same"
    title = Text(f"{row['number']:3}. ").append(row["severity"], STYLES[row["severity"]])
    console.print(title.append(f" in {row['implementations']}: {printable(headline)}"), highlight=False)
    for label, words in (lines(row) if row is first else _differing(row, first)).items():
        for place, line in enumerate(folded(words, max(console.width - _INDENT - _LABEL, _NARROW), 0)):
            console.print(Text(" " * _INDENT + f"{'' if place else label:{_LABEL}}{line}"), highlight=False)


def lines(row: dict[str, Any]) -> dict[str, str]:
    """What is known of a finding beside its headline, by what it tells; without what is not known."""
    found = {
        "where": "; ".join(filter(None, [row["places"], row["besides"], _shares(row)])),
        "example": row["evidence"],
        "also in": row["elsewhere"],
        "cause": row["diagnosis"],
        "formula": row["definition"],
        "right": (row["right"] or "none of those measured") if row["exact"] else "",
        "kind": row["kind"] + (f" ({row['also']})" if row["also"] else ""),
    }
    return {label: words for label, words in found.items() if words}


def _shares(row: dict[str, Any]) -> str:
    """On what share of the inputs, where any were counted."""
    used = "" if pd.isna(row["share_used"]) else f", {_percent(row['share_used'])} of those up to 10"
    return f"{_percent(row['share'])} of the inputs{used}" if row["inputs_affected"] else ""


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share else "none"
