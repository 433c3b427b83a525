"""``lastbit status``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson, app, usage
from .plan import amount


@app.command()
def status(run: Annotated[Path, typer.Argument(help="Directory of a run.")], as_json: AsJson = False) -> None:
    """How far a run is: the units that are finished, where, and what that took against the plan."""
    from ..runs.shards.state import state

    try:
        found = state(run)
    except ValueError as error:
        usage(error)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for kind, (done, all_) in found["units"].items():
        if all_:
            typer.echo(f"{kind:7} {done:6} of {all_:6} finished")
    typer.echo(f"results {found['results_finished']:.4g} of {found['results']:.4g}")
    seconds = {name: amount(value) for name, value in found["core_seconds"].items()}
    typer.echo(f"core-seconds {seconds['spent']} spent, {seconds['planned']} planned for what is finished")
    if not found["complete"]:
        typer.echo(f"left {seconds['left']} as planned, {seconds['left_at_this_pace']} at this pace")
    for name, count in found["environments"].items():
        typer.echo(f"environment {name}: {count} units")
    typer.echo("complete" if found["complete"] else f"go on with: lastbit run --resume {run}")
