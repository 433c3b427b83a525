"""Runs in notebooks: registered as the views of :class:`harness.runs.results.Run` (entry-point group ``lastbit.views``)."""

from __future__ import annotations

from html import escape

from harness.runs.results import Run

from . import account
from .figures import plot
from .matrix import matrix
from .words import records

__all__ = ["html", "plot"]

_COLOURS = {"vanished": "#c2185b", "nan": "#8e24aa", "overflowed": "#8e24aa", "special": "#8e24aa", "inaccurate": "#e07b00"}
_COLOURS |= {"flushed": "#0a84a5", "faithful": "#4a9c3f", "correct": "#00796b"}
_LINES = 60


def html(run: Run) -> str:
    """The verdict, the matrix and the worst findings, to be shown below a cell."""
    columns, lines = matrix(run.accuracy)
    head = "".join(f"<th>{escape(name)}</th>" for name in ("function", "order", "format", *columns))
    rows = []
    for line in lines[:_LINES]:
        cells = [f"<td>{escape(word)}</td>" for word in (line.name, line.order, line.key[3])]
        for cell in line.cells:
            style = f' style="border-left: .4em solid {_COLOURS[cell.cls]}"' if cell and cell.cls else ""
            told = "" if cell is None else f"{cell.glyph} {cell.text} {cell.label}"
            cells.append(f'<td{style} title="{escape(cell.title) if cell else ""}">{escape(told)}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    more = f"<p>… and {len(lines) - _LINES} rows more.</p>" if len(lines) > _LINES else ""
    found = "".join(f"<li>{escape(row['severity'])}: {escape(row['sentence'])}</li>" for row in records(run.findings.head(5)))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<p>{escape(account.verdict(run))}</p>{table}{more}<ol>{found}</ol>"
