"""``lastbit speed``."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import (
    BACKEND,
    INTERRUPTED,
    AsJson,
    Backends,
    Implementations,
    Own,
    Routes,
    app,
    console,
    own_file,
    records,
    usage,
)
from .own import Calls, calls_own, owned
from .progress import bar

if TYPE_CHECKING:
    from ..speed.execution import Progress, Speed
    from ..speed.jobs import Request


@app.command()
@calls_own
def speed(
    activations: Annotated[
        list[str] | None, typer.Argument(help="NAME or NAME(parameter=value, ...). Default: sigmoid, or those of --activations.")
    ] = None,
    backend: Backends = None,
    format: Annotated[list[str] | None, typer.Option("--format", help="Default: float32.")] = None,
    order: Annotated[
        list[int] | None, typer.Option("--order", help="0 value, 1 gradient, 2 second derivative. Default: 0, 1.")
    ] = None,
    route: Routes = None,
    implementation: Implementations = None,
    sizes: Annotated[str, typer.Option(help="Elements in a tensor, up to 2^24.")] = "1,2^16,2^22",
    threads: Annotated[int, typer.Option(help="That frameworks may use, each on a processor of its own.")] = 1,
    budget: Annotated[float, typer.Option(help="Seconds after which no new pair of processes is started.")] = 270.0,
    versus: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B", help="Compare B with A: NAME[:MODE][/ROUTE] each, for example torch/autodiff jax/from_value."
        ),
    ] = None,
    own: Own = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the frames. [default: lastbit-speed-TIME]")] = None,
    as_json: AsJson = False,
    require_backends: Annotated[bool, typer.Option(help="Exit with 4 if a backend is missing or did not survive.")] = False,
    *,
    calls: Calls,
) -> None:
    """Time activations and their derivatives by every route, on a machine that need not be quiet."""
    from ..folders import fresh, prepare
    from ..speed.jobs import Request, parse_sizes

    try:
        own_functions = owned(activations, backend, implementation, calls)
        request = Request(
            own_functions.activations,
            own_functions.backends,
            tuple(format or ()),
            tuple(order or ()),
            tuple(route or ()),
            parse_sizes(sizes),
            threads,
            versus,
            own_file(own),
            own_functions.implementations,
        )
        check(request)
        folder = prepare(out) if out else fresh("speed")
    except ValueError as error:
        usage(error)
    result = measure(request, budget, folder, quiet=as_json)
    if as_json:
        said = {"run_id": result.run_id, "folder": str(folder), "speed": records(result.speed), "drift": result.drift}
        typer.echo(json.dumps(said))
    else:
        from reports import speed as view

        view.show(console(), result.speed, result.environments, result.drift)
        console().print(f"  saved in {folder}", highlight=False)
    if result.interrupted:
        typer.echo("lastbit: interrupted; what was finished is saved", err=True)
        raise typer.Exit(INTERRUPTED)
    bad = result.speed[~result.speed.status.isin(["ok", "unsupported", "invalid"])]
    if require_backends and len(bad):
        typer.echo(f"lastbit: {len(bad)} rows could not be timed: {bad.iloc[0].reason}", err=True)
        raise typer.Exit(BACKEND)


def check(request: Request) -> None:
    """See that a request makes sense, before anything is written.

    Raises:
        ValueError: where it does not.
    """
    from ..speed.execution import core_sets
    from ..speed.jobs import plan

    plan(request)
    core_sets(request.threads)


def measure(request: Request, budget: float, folder: Path, quiet: bool) -> Speed:
    """Time a request with a progress bar, and save it."""
    from ..speed.execution import speed as execute

    with pairs_bar(quiet) as progress:
        result = execute(request, budget, progress)
    result.save(folder)
    return result


@contextlib.contextmanager
def pairs_bar(quiet: bool) -> Iterator[Progress]:
    """A progress bar over pairs of processes, on standard error."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("pairs of processes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with bar(quiet, *columns) as drawn:
        shown = drawn.add_task("", total=None)
        yield lambda done, planned: drawn.update(shown, completed=done, total=planned)
