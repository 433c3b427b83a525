"""``lastbit cost``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import AsJson, app, console, records, usage

if TYPE_CHECKING:
    import pandas as pd

_FRAMES = ("accuracy", "speed")


@app.command()
def cost(
    folders: Annotated[list[Path], typer.Argument(help="Of `lastbit run --speed`, or one of `run` and one of `speed`.")],
    as_json: AsJson = False,
) -> None:
    """Accuracy against cost: what is wrong with each route beside what it takes."""
    accuracy, speed = (_load(name, folders) for name in _FRAMES)
    from reports import cost as view

    rows = view.joined(accuracy, speed)
    if rows.empty:
        usage("no case was measured for accuracy and for speed: run both on the same activations, formats and backends")
    if as_json:
        typer.echo(json.dumps(records(rows)))
    else:
        view.show(console(), accuracy, speed)


def _load(name: str, folders: list[Path]) -> pd.DataFrame:
    from ..runs.saved import read

    found = [folder for folder in folders if (folder / f"{name}.parquet").is_file()]
    if len(found) != 1:
        places = ", ".join(map(str, folders))
        usage(f"{'several' if found else 'no'} {name}.parquet in {places}: give the directory of one run of each")
    try:
        return read(found[0], name)
    except ValueError as error:
        usage(error)
