"""Findings in two lines each: the same defect of several frameworks once, and of the rest as much as there is room for, whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from rich.text import Text

from harness.findings.severity import SEVERITIES

from .findings import STYLES
from .words import folded, records

_LINES = 2


@dataclass
class Brief:
    """A finding, or several that say the same of different code.

    Attributes:
        number: of the first, as ``lastbit findings`` counts them.
        severity: of the worst of them.
        claim: what is wrong.
        rest: what else is known, the more important first.
        owners: whose code it is, by severity.
        definition: the textbook's formula, where it is not the framework's defect.
    """

    number: int
    severity: str
    claim: str
    rest: list[str]
    owners: dict[str, list[str]] = field(default_factory=dict)
    definition: str = ""


def briefs(findings: pd.DataFrame) -> list[Brief]:
    """The findings, those of the same group together, the frameworks' first; of one severity first what more of them have."""
    found: dict[str, Brief] = {}
    for number, row in enumerate(records(findings), start=1):
        claim = row["headline"] + (f", for {row['places']}" if row["places"] else "")
        one = Brief(number, row["severity"], claim, list(_rest(row)), {}, row["definition"])
        owners = found.setdefault(row["group"], one).owners.setdefault(row["severity"], [])
        owners.append(row["sentence"].partition(": ")[0])
    return sorted(
        found.values(),
        key=lambda each: (bool(each.definition), SEVERITIES.index(each.severity), -len(each.owners[each.severity])),
    )


def _rest(row: dict[str, Any]) -> Iterator[str]:
    """An example, the causes, and the other formats."""
    yield from [row["definition"]] if row["definition"] and "; " not in row["definition"] else []
    yield from [row["evidence"]] if row["evidence"] else []
    yield from filter(None, row["diagnosis"].split("; "))
    yield from [row["besides"]] if row["besides"] else []
    yield from [f"also in {row['elsewhere']}"] if row["elsewhere"] else []


def told(brief: Brief, width: int) -> Text:
    """A finding in lines of so many letters: what it says first always, of the others those that make no third line."""
    number = f"{brief.number}. "
    first, *others = (f"{severity} in {', '.join(dict.fromkeys(owners))}" for severity, owners in brief.owners.items())
    text = f"{number}{first}: {brief.claim}"
    for part in [*others, *brief.rest]:
        if len(folded(f"{text}; {part}", width, len(number))) <= _LINES:
            text = f"{text}; {part}"
    shown = Text("\n".join(folded(text, width, len(number))))
    shown.stylize(STYLES[brief.severity], len(number), len(number) + len(brief.severity))
    return shown
