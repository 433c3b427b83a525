"""What a run found in one screen: the verdict, the matrix, the worst findings, what did not run, how fast, and where more is."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from harness.runs.results import Run

from . import account, cost, details, findings
from .brief import briefs, told
from .grid import grid, legend, meaning, table
from .matrix import OWN
from .sections import summary
from .speeds import steady
from .verdict import verdicts
from .words import ORDERS, folded, function, implementation, records

WIDTH = 100
"""Letters in a line where nobody says."""
_LINES = 45  # of a screen
_MOST, _LEAST = 5, 3  # findings; so many as there are lines for
_REASONS = 4  # for what did not run
_TIMES = 12  # rows of times


def render(run: Run) -> str:
    """The screen as plain text."""
    out = io.StringIO()
    show(Console(file=out, width=WIDTH, color_system=None), run)
    return out.getvalue()


def show(console: Console, run: Run) -> None:
    """Print the screen."""
    above = [*_verdicts(run, console.width), *_matrix(run, console.width)]
    below = [*_notes(run, console.width), *_not_run(run, console.width), *_times(run), *_more(run)]
    used = sum(len(console.render_lines(part, pad=False)) for part in [*above, *below])
    for part in [*above, *_findings(run, console.width, _LINES - used), *below]:
        console.print(part, highlight=False, soft_wrap=isinstance(part, Text))  # a path is longer than a line, but one word


def show_details(console: Console, run: Run) -> None:
    """Print all tables and findings, then the screen."""
    details.show(console, run.accuracy, run.agreement, run.environments)
    if not steady(run).empty:
        cost.show(console, run.accuracy, run.speed)
    findings.show(console, run.findings)
    console.rule()
    show(console, run)


def _verdicts(run: Run, width: int) -> Iterator[Text]:
    for sentence in verdicts(run.accuracy):
        text = Text("\n".join(folded(sentence, width)))
        text.stylize("bold", 0, sentence.index(":"))
        yield text


def _matrix(run: Run, width: int) -> Iterator[RenderableType]:
    found = grid(run.accuracy)
    drawn, words = table(found, width)
    yield Text("")
    yield drawn
    for line in [*([] if words else folded(legend(found), width)), *folded(meaning(found), width)]:
        yield Text(line, style="dim")


def _findings(run: Run, width: int, room: int) -> Iterator[Text]:
    """As many findings as there is room for, the worst first."""
    yield Text("")
    if run.findings.empty:
        yield Text("findings: none")
        return
    head = folded(f"findings: {summary(run.findings)}, the worst:", width)
    yield Text("\n".join(head))
    for each in briefs(run.findings)[: max(_LEAST, min(_MOST, (room - 1 - len(head)) // 2))]:
        yield told(each, width)


def _notes(run: Run, width: int) -> Iterator[Text]:
    """What is to be known about the user's own functions."""
    for own, note in account.notes(run.accuracy):
        yield Text("\n".join(folded(f"note: {own}: {note}", width)), style="yellow")


def _not_run(run: Run, width: int) -> Iterator[Text]:
    """What was asked for and gave no result, failures first."""
    missing = account.not_run(run.accuracy)
    reasons: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in sorted(missing, key=lambda row: row["status"] == "unsupported"):
        reasons.setdefault((row["status"], row["reason"]), []).append(row)
    for (status, reason), rows in list(reasons.items())[:_REASONS]:
        names = ", ".join(dict.fromkeys(str(row["who"]) for row in rows))
        cases = sum(int(str(row["cases"])) for row in rows)
        line = f"not run: {names}: {reason} ({status}, {cases} case{'s' if cases > 1 else ''})"
        yield Text("\n".join(folded(line, width)), style="yellow")
    if len(reasons) > _REASONS:
        yield Text(f"not run: {len(reasons) - _REASONS} other reasons, with --details", style="yellow")


def _times(run: Run) -> Iterator[RenderableType]:
    """How long the frameworks' own functions take, where that was measured."""
    timed = steady(run)
    if timed.empty:
        return
    timed = timed[timed.route.isin(OWN) & (timed.n == timed.n.max())]
    several = len(timed[["activation", "parameters"]].drop_duplicates()) > 1
    names = list(dict.fromkeys(map(implementation, records(timed))))
    drawn = Table(box=None, pad_edge=False, padding=(0, 0, 0, 2), header_style="")
    drawn.add_column(f"how fast (ns per element of {int(timed.n.max()):,})")
    for name in names:
        drawn.add_column(name, justify="right", overflow="fold")
    rows: dict[str, dict[str, str]] = {}
    for row in records(timed):
        what = f"{function(row['activation'], row['parameters'])} " if several else ""
        cells = rows.setdefault(f"  {what}{ORDERS[int(row['order'])]}, {row['format']}", {})
        cells[implementation(row)] = f"{row['ns_per_element']:.3g}"
    for name, cells in list(rows.items())[:_TIMES]:
        drawn.add_row(name, *(cells.get(who, "") for who in names))
    yield drawn
    if len(rows) > _TIMES:
        yield Text(f"  and {len(rows) - _TIMES} others: lastbit cost {run.folder}")


def _more(run: Run) -> Iterator[Text]:
    if run.folder:
        yield Text(f"saved in {run.folder}; all findings: lastbit findings {run.folder}")
        yield Text(f"a page: lastbit report {run.folder} --open; full tables: with --to text --details")
