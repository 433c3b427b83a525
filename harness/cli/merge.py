"""``lastbit merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import app, usage


@app.command()
def merge(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of runs, for example of shares of one run.")],
    out: Annotated[Path, typer.Option(help="Directory for the whole; one that has a run takes part.")],
) -> None:
    """Put runs of several machines together; what was measured in several environments has rows for each."""
    from ..runs.shards.collection import collect
    from ..runs.shards.local import pending
    from ..runs.shards.merge import merge as put_together

    try:
        work, units, store = put_together(out, runs)
        result = collect(work, units, store)
        result.save(out)
    except (ValueError, OSError) as error:
        usage(error)
    left = len(pending(units, store))
    typer.echo(f"{len(result.accuracy)} rows, {len(result.findings)} findings; saved in {out}")
    if left:
        typer.echo(f"{left} of {len(units)} units are not finished; go on with: lastbit run --resume {out}")
