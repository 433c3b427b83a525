"""``lastbit train``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import INTERRUPTED, AsJson, app, console, records, usage
from .progress import bar

if TYPE_CHECKING:
    from ..training.execution import Progress
    from ..training.frame import Training

_KINDS = (".svg", ".pdf", ".png")


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
    steps: Annotated[int, typer.Option(help="Of gradient descent.")] = 200,
    rate: Annotated[float, typer.Option(help="Of learning.")] = 2.0**-5,
    scale: Annotated[float, typer.Option(help="Of the hidden layers' first weights; large ones saturate the units.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of the weights and the data.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Directory for the frames. [default: lastbit-train-TIME]")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the loss curves into this file: .svg, .pdf or .png.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train a small network in every framework with three gradients: autodiff, the formula, and the exactly rounded one."""
    from ..folders import fresh, prepare
    from ..training.execution import train as execute
    from ..training.setting import Setting

    setting = Setting(activation, format, tuple(backend or ()), layers, width, examples, steps, rate, scale, seed)
    try:
        setting.check()
        if figure:
            _check_figure(figure)
        folder = prepare(out) if out else fresh("train")
    except ValueError as error:
        usage(error)
    with _steps_bar(3 * len(setting.implementations()) * steps, quiet=as_json) as progress:
        try:
            result = execute(setting, progress)
        except KeyboardInterrupt:
            typer.echo("lastbit: interrupted; nothing is saved", err=True)
            raise typer.Exit(INTERRUPTED) from None
    result.save(folder)
    if figure:
        _draw(result, figure)
    if as_json:
        said = {"run_id": result.run_id, "folder": str(folder)}
        typer.echo(json.dumps(said | {"training": records(result.training), "pairs": records(result.pairs)}))
    else:
        from reports import training as view

        view.show(console(), result)
        console().print(f"  saved in {folder}", highlight=False)


def _check_figure(path: Path) -> None:
    """See that a figure can be drawn there, before anything is trained.

    Raises:
        ValueError: where it cannot.
    """
    from importlib.util import find_spec

    if path.suffix not in _KINDS:
        raise ValueError(f"figure {path}: give a file that ends in {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    if not path.parent.is_dir():
        raise ValueError(f"figure {path}: there is no directory {path.parent}")
    if find_spec("matplotlib") is None:
        raise ValueError("matplotlib is not installed: pip install 'lastbit[report]'")


def _draw(result: Training, path: Path) -> None:
    from reports import drawing
    from reports import training as view

    try:
        drawing.write(view.losses(result.training), path)
    except (OSError, ValueError) as error:  # the frames are saved
        usage(f"figure {path}: {error}")


@contextlib.contextmanager
def _steps_bar(total: int, quiet: bool) -> Iterator[Progress]:
    """A progress bar over steps, on standard error."""
    with bar(quiet) as drawn:
        shown = drawn.add_task("starting", total=total)
        yield lambda name, steps: drawn.update(shown, description=name, advance=steps)
