"""``lastbit findings``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson, app, console, usage


@app.command()
def findings(
    folder: Annotated[Path | None, typer.Argument(help="Of a run. [default: the last one here]")] = None,
    severity: Annotated[str | None, typer.Option(help="Only these: severe, moderate, minor or policy.")] = None,
    script: Annotated[int | None, typer.Option(help="Print the script that reproduces the finding of that number.")] = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong, in words: the defects that a run found, the worst first."""
    from ..findings.severity import SEVERITIES
    from ..runs.saved import load_findings

    try:
        found = load_findings(folder)
    except ValueError as error:
        usage(error)
    if severity is not None:
        if severity not in SEVERITIES:
            usage(f"unknown severity {severity!r}: choose from {', '.join(SEVERITIES)}")
        found = found[found.severity == severity]
    if script is not None:
        if not 1 <= script <= len(found):
            usage(f"there is no finding {script}: there are {len(found)}")
        typer.echo(found.reproducer.iloc[script - 1])
    elif as_json:
        typer.echo(found.to_json(orient="records", double_precision=15))
    else:
        from reports import findings as view

        view.show(console(), found)
