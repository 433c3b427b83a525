"""``lastbit selftest timing``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .common import INTERRUPTED, AsJson, app, console, usage
from .speed import pairs_bar

BROKEN = 1
"""Exit code where a promise was not kept."""
tests = typer.Typer(no_args_is_help=True)
app.add_typer(tests, name="selftest", help="What the instrument itself can be trusted with, measured on this machine.")


@tests.callback()
def selftest() -> None:
    """What the instrument itself can be trusted with, measured on this machine."""


@tests.command()
def timing(
    backend: Annotated[str, typer.Option(help="NAME[:MODE] whose calls are timed.")] = "numpy",
    reports: Annotated[int, typer.Option(help="Of 12 rows each, compared at +0, +5 and +10 %.")] = 8,
    load: Annotated[bool, typer.Option("--load/--no-load", help="Keep all processors busy with other work meanwhile.")] = True,
    out: Annotated[Path | None, typer.Option(help="Directory for the frame. [default: lastbit-selftest-TIME]")] = None,
    as_json: AsJson = False,
) -> None:
    """Error bars of the stopwatch: equal things compared, injected differences found, intervals that cover."""
    from ..folders import fresh, prepare
    from ..speed.selftest import promises, timer_overhead
    from ..speed.selftest import selftest as execute
    from ..workers.implementations import parse_backend

    try:
        parse_backend(backend)
        if reports < 1:
            raise ValueError(f"reports {reports}: give a number of at least 1")
        folder = prepare(out) if out else fresh("selftest")
    except ValueError as error:
        usage(error)
    with pairs_bar(as_json) as progress:
        result = execute(backend, reports, load, progress)
    result.save(folder)
    found, overhead = promises(result.rows), timer_overhead(result.clock)
    if as_json:
        said = [vars(promise) | {"kept": promise.kept} for promise in found]
        typer.echo(json.dumps({"folder": str(folder), "timer_overhead": overhead, "promises": said}))
    else:
        from reports import selftest as view

        view.show(console(), result, found, overhead)
        console().print(f"  saved in {folder}", highlight=False)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not all(promise.kept for promise in found):
        raise typer.Exit(BROKEN)
