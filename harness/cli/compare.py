"""``lastbit compare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import AsJson, app, console, usage

if TYPE_CHECKING:
    from ..gate.verdict import CaseVerdict


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(help="Directory of a run.")],
    run_b: Annotated[Path, typer.Argument(help="Directory of a later one.")],
    as_json: AsJson = False,
) -> None:
    """What became better, worse, faster, slower, appeared or disappeared from one saved run to another.

    Exit codes: 0 nothing is worse, 1 something is, 2 usage, 3 a case disappeared, was measured on other inputs, or its times are
    ambiguous.
    """
    from ..gate.against import compared
    from ..gate.files import printable
    from ..gate.saved import saved_figures
    from ..gate.speeds import compared_times, has_times, saved_times
    from ..gate.verdict import exit_code, ranked

    folders = (run_a, run_b)
    timed = [folder for folder in folders if has_times(folder)]
    measured = [folder for folder in folders if (folder / "accuracy.parquet").is_file()]
    verdicts: list[CaseVerdict] = []
    try:
        if len(timed) == 2:
            before, after = (saved_times(folder) for folder in folders)
            verdicts += compared_times(before, after)
            old, new = before.about, after.about
        if len(measured) == 2 or len(timed) < 2:  # else there are only times to compare
            old, new = (saved_figures(folder) for folder in folders)
            verdicts = compared(old, new, exactly=True) + verdicts
    except ValueError as error:
        usage(error)
    if as_json:
        typer.echo(json.dumps([{"name": each.name, "outcome": each.outcome, "reasons": each.reasons} for each in verdicts]))
    else:
        from reports import gate as view

        view.show_environments(console(), old, new)
        view.show(console(), [verdict for verdict in ranked(verdicts) if verdict.outcome != "ok" or verdict.reasons])
        for having, what in ((timed, "times"), (measured, "accuracies")):
            if len(having) == 1:
                typer.echo(printable(f"only {having[0]} has {what}"))
        counts = {outcome: sum(each.outcome == outcome for each in verdicts) for outcome in _COUNTED}
        typer.echo(", ".join(f"{count} {'same' if outcome == 'ok' else outcome}" for outcome, count in counts.items()))
    raise typer.Exit(exit_code(verdicts, strict=False))


_COUNTED = ("ok", "worse", "better", "undecided", "appeared", "disappeared")
