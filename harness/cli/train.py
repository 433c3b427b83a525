"""``lastbit train``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import INTERRUPTED, AsJson, app, console, records, usage
from .places import check_figure, draw, place
from .progress import bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..training.execution import Progress
    from ..training.frame import Training


@app.command()
def train(
    activation: Annotated[str, typer.Argument(help="NAME or NAME(parameter=value, ...), of the hidden layers.")] = "sigmoid",
    backend: Annotated[
        list[str] | None, typer.Option("--backend", help="NAME[:MODE][@DEVICE]; default: every installed one, eager.")
    ] = None,
    format: Annotated[str, typer.Option(help="Of weights, data and everything computed.")] = "float32",
    layers: Annotated[int, typer.Option(help="Hidden layers.")] = 3,
    width: Annotated[int, typer.Option(help="Units in each hidden layer.")] = 16,
    examples: Annotated[int, typer.Option(help="Points on the two spirals; every step uses them all.")] = 64,
    steps: Annotated[int, typer.Option(help="Of gradient descent.")] = 100,
    rate: Annotated[float, typer.Option(help="Of learning.")] = 2.0**-5,
    scale: Annotated[float, typer.Option(help="Of the hidden layers' first weights; large ones saturate the units.")] = 1.0,
    bias: Annotated[float, typer.Option(help="The hidden units' first biases; far from 0 all units are saturated.")] = 0.0,
    rule: Annotated[str, typer.Option(help="descent, or sign: steps of one size against the gradient's sign.")] = "descent",
    seed: Annotated[int, typer.Option(help="Of the weights and the data.")] = 0,
    seeds: Annotated[int, typer.Option(help="How many, from --seed on: results are told with their spread.")] = 3,
    out: Annotated[Path | None, typer.Option(help="Directory for the frames. [default: lastbit-train-TIME]")] = None,
    run: Annotated[Path | None, typer.Option(help="Directory of a run, to save with it: its report has a section then.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the curves into this file: .svg, .pdf or .png.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a small network in every framework with three gradients: autodiff, the formula, and the exactly rounded one."""
    from ..training.execution import train as execute
    from ..training.setting import Setting

    chosen = {"layers": layers, "width": width, "examples": examples, "steps": steps, "rate": rate, "rule": rule}
    chosen |= {"scale": scale, "bias": bias, "seed": seed, "seeds": seeds}
    setting = Setting(activation, format, tuple(backend or ()), **chosen)  # type: ignore[arg-type]
    try:
        setting.check()
        if figure:
            check_figure(figure)
        folder = place("train", out, run)
    except ValueError as error:
        usage(error)
    with _steps_bar(3 * len(setting.implementations()) * steps * seeds, quiet=as_json) as progress:
        try:
            result = execute(setting, progress)
        except KeyboardInterrupt:
            typer.echo("lastbit: interrupted; nothing is saved", err=True)
            raise typer.Exit(INTERRUPTED) from None
    result.save(folder)
    if figure:
        draw(lambda: _curves(result), figure)
    if as_json:
        said = {"run_id": result.run_id, "folder": str(folder)}
        frames = {"training": result.training, "layers": result.layers, "pairs": result.pairs}
        typer.echo(json.dumps(said | {name: records(frame) for name, frame in frames.items()}))
    else:
        from reports import training as view

        view.show(console(), result)
        console().print(f"  saved in {folder}", highlight=False)


def _curves(result: Training) -> Figure:
    from reports.curves import training

    return training(result.training, result.layers)


@contextlib.contextmanager
def _steps_bar(total: int, quiet: bool) -> Iterator[Progress]:
    """A progress bar over steps, on standard error."""
    with bar(quiet) as drawn:
        shown = drawn.add_task("starting", total=total)
        yield lambda name, steps: drawn.update(shown, description=name, advance=steps)
