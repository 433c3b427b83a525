"""``lastbit report``."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from .common import Details, app, screen, usage

_FIGURES = ("function", "error", "distribution", "percentiles", "vanishing", "chain", "speed", "cost")
_KINDS = ("html", "text", "latex", "markdown", "csv", "figures")


@app.command()
def report(
    folder: Annotated[Path | None, typer.Argument(help="Of a run. [default: the last one here]")] = None,
    to: Annotated[str, typer.Option(help=f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}.")] = "html",
    out: Annotated[
        Path | None,
        typer.Option(help="File, or directory for csv and figures; - for standard output. [default: with the run; text: -]"),
    ] = None,
    activation: Annotated[
        list[str] | None, typer.Option("--activation", metavar="NAME[(parameter=value, ...)]", help="Of figures. [default: all]")
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(
            "--figure",
            metavar="KIND",
            help=f"{', '.join(_FIGURES[:-1])} or {_FIGURES[-1]}. [default: all]",
        ),
    ] = None,
    details: Details = False,
    opened: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Make a report of a run: one HTML file, a screen of text, LaTeX or Markdown tables, CSV, or figures (SVG, PDF, PNG).

    All figures of a run of everything are some 320, which takes minutes: choose with --activation and --figure.
    """
    from ..runs.saved import load, newest

    if to not in _KINDS:
        usage(f"unknown kind of report {to!r}: choose from {', '.join(_KINDS)}")
    if (activation or figure) and to != "figures":
        usage(f"--activation and --figure choose figures: lastbit report --to figures, not {to}")
    if opened and (to != "html" or out == Path("-")):
        usage("--open shows the page: lastbit report --to html, with a file for --out or none")
    if details and (to != "text" or out):
        usage("--details prints full tables: lastbit report --to text, without --out")
    try:
        folder = folder or newest()
        run = load(folder)
        from reports import files

        kind = files.KINDS[to]
        if to == "text" and out is None:
            screen(run, details)
            return
        if out == Path("-"):
            if kind.text is None:
                raise ValueError(f"{to} are several files: give a directory with --out")
            typer.echo(kind.text(run), nl=False)
            return
        choice = {"activations": activation or (), "kinds": figure or ()} if to == "figures" else {}
        written = files.write(run, to, out or folder / kind.place, **choice)
    except ModuleNotFoundError as error:
        usage(f"{error.name} is not installed: pip install 'lastbit[report]'")
    except ValueError as error:
        usage(error)
    typer.echo(written[0] if len(written) == 1 else f"{len(written)} files in {written[0].parent}")
    if opened and not webbrowser.open(written[0].resolve().as_uri()):
        typer.echo(f"lastbit: there is no browser here: open {written[0]} in one", err=True)
