"""One input as a person looks at it: exact result, then what each implementation made of it and of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .words import ulps

if TYPE_CHECKING:
    from harness.findings.findings import Finding
    from harness.runs.explain import Explanation

_PLACES = ("the input below", "the input", "the input above")


def show(
    console: Console,
    activation: str,
    order: int,
    explanations: Sequence[Explanation],
    findings: Sequence[Finding],
    tasks: Sequence[Any],
) -> None:
    """Print the explanations of the neighbour below, the input and the neighbour above, and what is known about it."""
    for place, each in sorted(zip(_PLACES, explanations, strict=True), key=lambda pair: pair[0] != "the input"):
        form = each.form
        digits = form.bits // 4
        console.print(f"[bold]{place}[/]: x = {form.show(each.input_bits)}, bits 0x{each.input_bits:0{digits}x}", highlight=False)
        prime = "'" * order
        console.print(f"  exact {activation}{prime}(x) = {each.exact}", highlight=False)
        console.print(f"  rounded to {form}: {form.show(each.rounded)}, bits 0x{each.rounded:0{digits}x}", highlight=False)
        table = Table(pad_edge=False)
        for heading in ("route", "implementation", "result", "bits", "error (ulp)", "class"):
            table.add_column(heading)
        for found in each.answers:
            judged = found.classification
            marks = [judged.cls] + ["wrong sign"] * judged.wrong_sign + ["zero sign"] * judged.zero_sign
            table.add_row(
                found.task.case.route,
                str(found.task.implementation),
                form.show(found.bits),
                f"0x{found.bits:0{digits}x}",
                ulps(judged.ulps),
                ", ".join(marks),
            )
        console.print(table)
    for finding in findings:
        console.print(f"[bold]{finding.severity}[/] {finding.kind}: {escape(finding.sentence)}", highlight=False)
    for task in tasks:
        notes = [*task.notes, "it gives other bits when it is called again"] if (task.history or {}).get("broken") else task.notes
        for note in notes:
            console.print(f"  note: {task.implementation} {task.case.route}: {note}", highlight=False, markup=False)
        if task.status != "ok":
            console.print(f"  {task.status}: {task.implementation} {task.case.route}: {task.reason}", highlight=False)
