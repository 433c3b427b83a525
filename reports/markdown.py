"""A run in Markdown: for issues, and for the summary of a CI job."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pandas as pd

from harness.runs.plan import FEW
from harness.runs.results import Run

from . import account
from .findings import groups, told
from .matrix import Line, matrix
from .sections import sections
from .verdict import verdicts
from .words import DEFECTS

_FINDINGS, _LEAST = 20, 5  # in all, and of a section that comes after others
_LIMIT = 65_000  # characters; an issue or a comment on GitHub has at most 65,536


def render(run: Run) -> str:
    """The verdict, what was not measured, the matrix, the worst findings, and how to do it again.

    Of a matrix that is too long for an issue the worst rows are there, and how many others there are.
    """
    columns, lines = matrix(run.accuracy)
    each = verdicts(run.accuracy)
    told = [f"{_escape(sentence)}." for sentence in each] if len(each) <= FEW else []
    parts = [f"## lastbit run {run.run_id}", *told, account.verdict(run)]
    missing = [[row["who"], row["status"], row["reason"], row["cases"]] for row in account.not_run(run.accuracy)]
    if missing:
        parts += ["Not measured:", _table(["implementation", "status", "reason", "cases"], missing)]
    parts += [f"Note: {_escape(own)}: {_escape(note)}." for own, note in account.notes(run.accuracy)]
    parts += ["\n".join(f"- {line}" for line in account.sampled(run.accuracy))]
    parts += ["### Worst error in ulp, and worst class"]
    place = len(parts)
    parts += _findings(run.findings)
    if commands := account.commands(run):
        parts += ["### The same again", "\n".join(["```sh", *commands, "```"])]
    kept = _worst(lines, _LIMIT - sum(len(part) + 2 for part in parts) - 500)  # room for the head and the sentence below
    parts.insert(place, _table(["function", "order", "format", *columns], map(_cells, kept)))
    if len(kept) < len(lines):
        parts.insert(place + 1, f"The {len(kept)} worst of {len(lines)} rows; all are in `lastbit report`, the HTML page.")
    return "\n\n".join(filter(None, parts)) + "\n"


def _findings(findings: pd.DataFrame) -> Iterator[str]:
    """A heading for each section, and the worst findings of it, numbered as in the frame."""
    before, left = 0, _FINDINGS
    for name, part in sections(findings).items():
        yield f"### Findings in {name}: {len(part)}"
        yield "\n".join(
            f"{row['number']}. **{row['severity']}** {_escape(row['kind'])}: {_escape(told(row, rows[0]))}"
            for rows in groups(part.head(left), before)
            for row in rows
        )
        if len(part) > left:
            yield f"… and {len(part) - left} more."
        before, left = before + len(part), max(left - len(part), _LEAST)


def _worst(lines: list[Line], room: int) -> list[Line]:
    """The worst lines that so many characters hold, in their order."""
    kept = set()
    for line in sorted(lines, key=_badness):
        room -= len(_row(_cells(line))) + 1
        if room < 0:
            break
        kept.add(line.key)
    return [line for line in lines if line.key in kept]


def _badness(line: Line) -> tuple[int, float]:
    """Sorts the worst line first: by its worst class, then by its largest error."""
    cells = [cell for cell in line.cells if cell and cell.cls]
    worst = min(((*DEFECTS, "faithful", "correct").index(cell.cls) for cell in cells), default=len(DEFECTS) + 2)
    return worst, -max((cell.worst for cell in cells if not math.isnan(cell.worst)), default=0.0)


def _cells(line: Line) -> list[object]:
    shown = ["" if cell is None else f"{cell.glyph} {cell.text} {cell.label}".strip() for cell in line.cells]
    return [line.name, line.order, line.key[3], *shown]


def _table(headings: list[str], rows: Iterable[list[object]]) -> str:
    lines: list[list[object]] = [[*headings], ["---"] * len(headings), *rows]
    return "\n".join(map(_row, lines))


def _row(words: list[object]) -> str:
    return "| " + " | ".join(_escape(str(word)) for word in words) + " |"


def _escape(text: str) -> str:
    """Text that Markdown shows as it is: no columns, emphasis or HTML of its own."""
    for sign in "\\|*_<`":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
