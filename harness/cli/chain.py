"""``lastbit chain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import INTERRUPTED, AsJson, app, console, records, usage
from .places import check_figure, draw, place
from .progress import bar

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@app.command()
def chain(
    backend: Annotated[
        list[str] | None, typer.Option("--backend", help="NAME[:MODE][@DEVICE]; default: every installed one, eager.")
    ] = None,
    format: Annotated[list[str] | None, typer.Option("--format", help="Default: all.")] = None,
    layers: Annotated[int, typer.Option(help="Of each chain.")] = 160,
    out: Annotated[Path | None, typer.Option(help="Directory for the frame. [default: lastbit-chain-TIME]")] = None,
    run: Annotated[Path | None, typer.Option(help="Directory of a run, to save with it: its report has it then.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the gradients into this file: .svg, .pdf or .png.")] = None,
    as_json: AsJson = False,
) -> None:
    """The gradient through a chain of sigmoid, tanh or relu: from which depth on is it 0, and how far off before?"""
    from ..frames import write
    from ..training.chain import ACTIVATIONS, Chains, compute

    asked = Chains(tuple(format or ()), tuple(backend or ()), layers)
    try:
        asked.check()
        if figure:
            check_figure(figure)
        folder = place("chain", out, run)
    except ValueError as error:
        usage(error)
    with bar(as_json) as drawn:
        total = len(asked.implementations()) * len(asked.forms()) * len(ACTIVATIONS)
        shown = drawn.add_task("starting", total=total)
        try:
            frame = compute(asked, lambda name: drawn.update(shown, description=name, advance=1))
        except KeyboardInterrupt:
            typer.echo("lastbit: interrupted; nothing is saved", err=True)
            raise typer.Exit(INTERRUPTED) from None
    write(frame, folder / "chain.parquet")
    frame.to_csv(folder / "chain.csv", index=False)
    if figure:
        draw(lambda: _figure(frame), figure)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "chain": records(frame)}))
    else:
        from reports import chains as view

        view.show(console(), frame)
        console().print(f"  saved in {folder}", highlight=False)


def _figure(frame: pd.DataFrame) -> Figure:
    from reports.chains import chains

    return chains(frame)
