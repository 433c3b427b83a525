"""One input as a person looks at it: exact result, then what each implementation made of it and of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from .alike import Who, together
from .words import GLYPHS, STYLES, bound

if TYPE_CHECKING:
    from harness.findings.findings import Finding
    from harness.formats import Format
    from harness.runs.explain import Answer, Explanation

_PLACES = ("below", "the input", "above")


def show(
    console: Console,
    activation: str,
    order: int,
    explanations: Sequence[Explanation],
    findings: Sequence[Finding],
    tasks: Sequence[Any],
) -> None:
    """Print a table of the neighbour below, the input and the neighbour above, and what is known about the input."""
    here = explanations[1]
    name = f"{activation}{chr(39) * order}({here.form.show(here.input_bits).partition(' (')[0]})"
    console.print(f"[bold]{escape(name)}[/] = {here.exact}", highlight=False)
    console.print(_table(explanations))
    for finding in findings:
        console.print(f"[bold]{finding.severity}[/] {finding.kind}: {escape(finding.sentence)}", highlight=False)
    for task in tasks:
        notes = [*task.notes, "it gives other bits when it is called again"] if (task.history or {}).get("broken") else task.notes
        for note in notes:
            console.print(f"  note: {task.implementation} {task.case.route}: {note}", highlight=False, markup=False)
        if task.status != "ok":
            console.print(f"  {task.status}: {task.implementation} {task.case.route}: {escape(task.reason)}", highlight=False)


def _table(explanations: Sequence[Explanation]) -> Table:
    form = explanations[0].form
    table = Table(pad_edge=False)
    table.add_column("", overflow="fold")
    for heading in _PLACES:
        table.add_column(heading, no_wrap=True)
    table.add_row(f"x, in {form}", *(_number(form, each.input_bits) for each in explanations))
    table.add_row("exact, rounded", *(_number(form, each.rounded) for each in explanations))
    table.add_section()
    for members in _alike(explanations):
        table.add_row(_names(members, explanations[0].answers), *(_cell(each, each.answers[members[0]]) for each in explanations))
    return table


def _alike(explanations: Sequence[Explanation]) -> list[list[int]]:
    """The places of the answers, those together that are the same bits at all three inputs."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, answers in enumerate(zip(*(each.answers for each in explanations), strict=True)):
        groups.setdefault(tuple(answer.bits for answer in answers), []).append(place)
    return list(groups.values())


def _names(members: list[int], answers: Sequence[Answer]) -> str:
    """The routes, each with its implementations."""
    known: dict[str, list[Who]] = {}
    shown: dict[str, list[Who]] = {}
    for place, answer in enumerate(answers):
        mine = answer.task.implementation
        who = (mine.backend, mine.mode, mine.device, mine.substitute)
        for routes in [known, shown] if place in members else [known]:
            routes.setdefault(answer.task.case.route, []).append(who)
    return "\n".join(f"{route}: {', '.join(together(found, known[route]))}" for route, found in shown.items())


def _cell(each: Explanation, answer: Answer) -> Text:
    judged = answer.classification
    marks = [judged.cls] + ["wrong sign"] * judged.wrong_sign + ["zero sign"] * judged.zero_sign
    error = bound(judged.ulps)
    text = Text(f"{_number(each.form, answer.bits)}\n")
    text.append(f"{GLYPHS[judged.cls]} {', '.join(marks)}" + (f", {error} ulp" if error else ""), style=STYLES[judged.cls])
    return text


def _number(form: Format, encoding: int) -> str:
    """A number in decimal, and its bits."""
    return f"{form.show(encoding).partition(' (')[0]}\n0x{encoding:0{form.bits // 4}x}"
