"""``lastbit run``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    BACKEND,
    INTERRUPTED,
    Activations,
    AsJson,
    Backends,
    Details,
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
    records,
    screen,
    usage,
)
from .own import Calls, calls_own, owned
from .progress import shown_progress
from .speed import measure

if TYPE_CHECKING:
    from ..runs.plan import Plan, Request
    from ..runs.results import Run
    from ..speed.jobs import Request as TimingRequest

SHORT_SIZES, SHORT_BUDGET = (1 << 16,), 17.0
"""Elements, and seconds after which no pair of processes is started, of the timing in a run."""
SHORT_BACKENDS = ("numpy", "torch:eager", "jax:compiled", "tensorflow:eager")
"""What a run times unless backends are named: each framework as it is mostly used. torch.compile would take most of the time."""


@app.command()
@calls_own
def run(
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
    out: Annotated[Path | None, typer.Option(help="Directory for the frames, new or empty. [default: lastbit-run-TIME]")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that --out holds; other files stay.")] = False,
    require_backends: Annotated[bool, typer.Option(help="Exit with 4 if a backend is missing or did not survive.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Workers that compute at a time. [default: processors]")] = None,
    as_json: AsJson = False,
    details: Details = False,
    everything: Everything = False,
    own: Own = None,
    timed: Annotated[
        bool | None,
        typer.Option("--speed/--no-speed", help="Time the cases too, at 2^16 elements. [default: where nothing else is chosen]"),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this directory; with activations or choices, extend it by those.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Do it on a Dask cluster of so many workers on this machine.")] = 0,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="Do it on the Dask cluster there: tcp://HOST:PORT.")] = "",
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Do only the I-th of N shares of the run; put them together with `lastbit merge`.")
    ] = "",
    *,
    calls: Calls,
) -> None:
    """Measure activations and their derivatives on every input, or a sample, against the exact result."""
    from ..runs.shards import manifest

    try:
        _check_place(out, resume, shard, overwrite)
        mine = owned(activations, backend, implementation, calls)
        request = asked(everything, mine, format, order, route, inputs, seed, laws, search, own)
        requests = _requests(request, resume)
        work = manifest.plan_all(requests)
        engine: dict[str, Any] = {"jobs": jobs, "share": parse_share(shard), "workers": workers, "scheduler": scheduler}
        engine |= {"requests": requests, "fresh": not (resume or shard), "overwrite": overwrite}
        if workers < 0 or (workers and scheduler):
            raise ValueError(f"workers {workers}: give a number of at least 1, and no --scheduler with it")
        folder = _folder(out, resume, shard, overwrite)
    except (ValueError, OSError) as error:
        usage(error)
    result = _execute(work, folder, as_json, engine)
    interrupted = result.interrupted
    also = timed_too(request) and not (resume or shard or workers or scheduler) if timed is None else timed
    times = measure(timing_of(requests[-1]), SHORT_BUDGET, folder, quiet=as_json) if also and not interrupted else None
    if as_json:
        typer.echo(json.dumps(_summary(result) | ({"speed": records(times.speed)} if times else {})))
    else:
        if times:
            result.speed = times.speed
        screen(result, details)
    bad = result.accuracy[~result.accuracy.status.isin(["ok", "unsupported"])]
    if interrupted or (times and times.interrupted):
        typer.echo(f"lastbit: interrupted; go on with: lastbit run --resume {folder}", err=True)
        raise typer.Exit(INTERRUPTED)
    if require_backends and len(bad):
        typer.echo(f"lastbit: {len(bad)} cases could not be measured: {bad.iloc[0].reason}", err=True)
        raise typer.Exit(BACKEND)


def _requests(request: Request, resume: Path | None) -> list[Request]:
    """What is asked of the run: this, or what was asked before and, if it is anything, this."""
    from ..runs.plan import Request
    from ..runs.shards import manifest

    if resume is None:
        return [request]
    before = manifest.load(resume)
    return before if request == Request() or request in before else [*before, request]


def _check_place(out: Path | None, resume: Path | None, shard: str, overwrite: bool) -> None:
    """See that what is said of the run's directory does not contradict itself.

    Raises:
        ValueError: where it does.
    """
    if overwrite and (resume or shard or not out):
        raise ValueError("--overwrite replaces the run in a directory: give that with --out, and neither --resume nor --shard")
    if resume and out:
        raise ValueError(f"--resume {resume} goes on in that directory: give no --out")


def _folder(out: Path | None, resume: Path | None, shard: str, overwrite: bool) -> Path:
    """Where the run is to be.

    Raises:
        ValueError: where the directory is taken.
    """
    from .. import folders

    if resume:
        return resume
    if out is None:
        return folders.fresh("run")
    if shard and (out / folders.REQUEST).exists():  # several shares may be done in one directory
        return folders.make(out)
    hint = f"--resume {out} goes on with a run, --overwrite replaces it; or give another directory"
    return folders.prepare(out, overwrite=overwrite, hint=hint)


def parse_share(text: str) -> tuple[int, int]:
    """``I/N`` as numbers; all for nothing.

    Raises:
        ValueError: for anything else.
    """
    if not text:
        return 1, 1
    first, _, second = text.partition("/")
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise ValueError(f"shard {text!r}: give I/N with 1 <= I <= N, for example 1/4")
    return int(first), int(second)


def _execute(work: Plan, folder: Path, quiet: bool, engine: dict[str, Any]) -> Run:
    from ..runs.execution import execute

    try:
        with shown_progress(work, quiet) as progress:
            result = execute(work, progress=progress, folder=folder, **engine)
        result.save(folder)
    except ValueError as error:
        usage(error)
    except OSError as error:
        said = error if isinstance(error, ConnectionError) else f"cannot write to {folder}: {error.strerror}"
        typer.echo(f"lastbit: {said}; go on with: lastbit run --resume {folder}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    return result


def timed_too(request: Request) -> bool:
    """Whether a run is timed if nobody says: a few activations are asked for, and nothing else is chosen."""
    from ..runs.plan import FEW, Request

    return request == Request(request.activations) and len(request.activations) <= FEW


def timing_of(request: Request) -> TimingRequest:
    """What a run times: its cases (float32 unless formats are named), on one size that fits the caches."""
    from backends.formulas import CACHED

    from ..speed.jobs import Request as TimingRequest

    routes = request.routes + ((CACHED,) if "from_value" in request.routes else ())
    chosen = (request.activations, request.backends or SHORT_BACKENDS, request.formats, request.orders, routes)
    return TimingRequest(*chosen, sizes=SHORT_SIZES, own=request.own, implementations=request.implementations)


def _summary(result: Run) -> dict[str, Any]:
    frames = {name: records(getattr(result, name)) for name in ("accuracy", "agreement", "findings")}
    return {"run_id": result.run_id, "folder": str(result.folder)} | frames
