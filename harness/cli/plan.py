"""``lastbit plan``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from .common import (
    Activations,
    AsJson,
    Backends,
    Everything,
    Formats,
    Implementations,
    InputsChoice,
    Laws,
    Orders,
    Own,
    Routes,
    SearchBudget,
    Seed,
    app,
    asked,
    usage,
)
from .own import Calls, calls_own, owned


@app.command()
@calls_own
def plan(
    activations: Activations = None,
    backend: Backends = None,
    format: Formats = None,
    order: Orders = None,
    route: Routes = None,
    implementation: Implementations = None,
    inputs: InputsChoice = "",
    seed: Seed = 0,
    laws: Laws = None,
    search: SearchBudget = None,
    as_json: AsJson = False,
    everything: Everything = False,
    own: Own = None,
    workers: Annotated[int, typer.Option(help="On a Dask cluster of so many workers, of one processor each.")] = 0,
    *,
    calls: Calls,
) -> None:
    """Tell what `lastbit run` with these choices will take: units, core-hours, bytes."""
    from ..runs.execution import processors
    from ..runs.plan import plan as make
    from ..runs.shards.cost import forecast, rates
    from ..runs.shards.units import divide

    try:
        if workers < 0:
            raise ValueError(f"workers {workers}: give a number of at least 1")
        mine = owned(activations, backend, implementation, calls)
        work = make(asked(everything, mine, format, order, route, inputs, seed, laws, search, own))
    except ValueError as error:
        usage(error)
    cores = workers or processors()
    found = forecast(work, divide(work), rates(), max(workers, 1))
    found |= {"processors": cores, "hours": round(found["core_hours"] / cores, 4)}
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    units = ", ".join(f"{count} {kind}" for kind, count in found["units"].items() if count)
    shares = ", ".join(f"{kind} {amount(seconds)}" for kind, seconds in found["core_seconds"].items() if seconds)
    sizes = ", ".join(f"{kind} {_size(size)}" for kind, size in found["bytes"].items() if size)
    typer.echo(f"units         {units or 'none'}")
    typer.echo(f"results       {found['results']:.4g}")
    typer.echo(f"core-seconds  {amount(3600 * found['core_hours'])}: {shares}")
    typer.echo(f"time          {amount(3600 * found['hours'])} on {found['processors']} processors that have nothing else to do")
    typer.echo(f"on disk       {sizes}")
    typer.echo(f"in memory     {_size(found['memory'])} of inputs and results, besides frameworks and harness")
    typer.echo(f"this machine takes {found['factor']:.2f} times as long as the one that was measured")


def amount(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _size(count: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"
