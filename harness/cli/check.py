"""``lastbit check``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from .common import BACKEND, INTERRUPTED, USAGE, AsJson, app, console, usage
from .progress import shown_progress
from .speed import pairs_bar

if TYPE_CHECKING:
    from ..gate.demands import Gate
    from ..gate.times import Stopwatch
    from ..gate.verdict import CaseVerdict
    from ..runs.results import Run

Jobs = Annotated[int | None, typer.Option(help="Workers that compute at a time. [default: processors]")]


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Of limits. [default: lastbit.toml, or pyproject.toml]")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Compare with this baseline, too.")] = None,
    strict: Annotated[bool, typer.Option(help="What could not be decided is a regression.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write SARIF.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the frames.")] = None,
    require_backends: Annotated[
        bool, typer.Option(help="Measure nothing, and exit with 4, where a backend that the file names is not installed.")
    ] = False,
    jobs: Jobs = None,
    suggest: Annotated[
        Path | None,
        typer.Option(help="Judge nothing: write a new file of the same cases with the smallest limits that hold now."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure, and time, the cases of a file of limits and judge them.

    Exit codes: 0 all hold, 1 a regression, 2 usage, 3 something could not be decided, 4 a backend is missing or crashed.
    """
    from ..folders import make, prepare
    from ..gate import baseline as baselines
    from ..gate import check as gates
    from ..gate import verdict as judging
    from ..gate.demands import sources
    from ..gate.times import Stopwatch

    gate = read_gate(file, needs_limits=baseline is None and suggest is None)
    if suggest:
        _suggest(gate, suggest, jobs, require_backends)
    try:
        old = None if baseline is None else baselines.read(baseline)
        for path in filter(None, (junit, sarif)):
            make(path.parent)
            if path.is_dir() or (path.exists() and not os.access(path, os.W_OK)):
                raise ValueError(f"cannot write to {path}")
        _keep_apart(filter(None, (junit, sarif)), [*sources(gate), *filter(None, [baseline])])
        folder = None if out is None else prepare(out)
    except ValueError as error:
        usage(error)
    result = measured(gate, jobs, quiet=as_json, needs_backends=require_backends)
    if folder:
        result.save(folder)
    verdicts = gates.verdicts(gate, result, old)
    _time(Stopwatch(gate, verdicts), folder, quiet=as_json)
    complete = _publish(verdicts, junit, sarif, quiet=as_json)
    if as_json:
        typer.echo(json.dumps([_plain(verdict) for verdict in verdicts]))
    else:
        from reports import gate as view

        view.show(console(), judging.ranked(verdicts))
        typer.echo(judging.last_line(verdicts))
    raise typer.Exit(judging.exit_code(verdicts, strict) or (judging.HOLDS if complete else USAGE))


def _suggest(gate: Gate, path: Path, jobs: int | None, needs_backends: bool) -> NoReturn:
    """Write the smallest limits that hold; ends."""
    from ..gate.baseline import write
    from ..gate.files import printable
    from ..gate.suggestion import suggested

    if path.exists():
        usage(f"{path} is there already: give a new file to --suggest")
    if not path.parent.is_dir():
        usage(f"there is no directory {path.parent}")
    if path.parent.resolve() != gate.path.parent.resolve():
        usage(f"{path} must be where {gate.path} is: paths of implementations begin there")
    result = measured(gate, jobs, quiet=False, needs_backends=needs_backends)
    try:
        write(path, suggested(gate, result))
    except ValueError as error:
        usage(error)
    missing = int((result.accuracy.status != "ok").sum())
    typer.echo(
        printable(f"{path}: {len(gate.demands)} cases" + (f", {missing} of them could not be measured" if missing else ""))
    )
    raise typer.Exit(BACKEND if missing else 0)


def read_gate(file: Path | None, needs_limits: bool) -> Gate:
    """The file of limits; ends with one line where there is anything wrong with it."""
    from ..gate import limits
    from ..gate.files import Complaint

    try:
        gate = limits.load(limits.find(file))
        for demand in gate.demands if needs_limits else ():
            if not demand.limits and not demand.time:
                raise Complaint(gate.path, demand.line, "the case has no limits: give some, or a baseline")
    except ValueError as error:
        usage(error)
    return gate


def _keep_apart(written: Iterable[Path], read: Iterable[Path]) -> None:
    """See that no report is written over a file that is read, or over another report.

    Raises:
        ValueError: where one would be.
    """
    taken = {path.resolve() for path in read}
    for path in written:
        if path.resolve() in taken:
            raise ValueError(f"cannot write to {path}: it is read, or written, already")
        taken.add(path.resolve())


def measured(gate: Gate, jobs: int | None, quiet: bool, needs_backends: bool = False) -> Run:
    """Measure what a gate demands; ends where that makes no sense, was interrupted, or a backend that is needed is missing."""
    from ..gate import check as gates

    work = gates.work_of(gate)
    if needs_backends and (missing := [task.reason for task in work.tasks if task.status == "missing"]):
        typer.echo(f"lastbit: {missing[0]}", err=True)
        raise typer.Exit(BACKEND)
    try:
        with shown_progress(work, quiet) as progress:
            result = gates.measure(gate, work, jobs, progress)
    except ValueError as error:
        usage(error)
    if "interrupted" in set(result.accuracy.status):
        _end_interrupted()
    return result


def _time(stopwatch: Stopwatch, folder: Path | None, quiet: bool) -> None:
    """Take the times that have limits, if any, and save them; the verdicts then have what is said of them."""
    if stopwatch:
        with pairs_bar(quiet) as progress:
            times = stopwatch.run(progress)
        if folder:
            times.save(folder)
        if times.interrupted:
            _end_interrupted()


def _end_interrupted() -> NoReturn:
    typer.echo("lastbit: interrupted", err=True)
    raise typer.Exit(INTERRUPTED)


def _publish(verdicts: list[CaseVerdict], junit: Path | None, sarif: Path | None, quiet: bool) -> bool:
    """Files for those who asked for them, and what GitHub's runners look for; returns whether all could be written."""
    from reports import github
    from reports import junit as junit_report
    from reports import sarif as sarif_report

    from ..gate.files import printable

    complete = True
    for path, document in ((junit, junit_report.document), (sarif, sarif_report.document)):
        if path:
            try:
                path.write_bytes(document(verdicts))
            except OSError as error:  # the verdicts have taken minutes, and are still to be shown
                typer.echo(printable(f"lastbit: cannot write {path}: {error.strerror}"), err=True)
                complete = False
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a") as page:
                page.write(github.summary(verdicts))
        except OSError as error:
            typer.echo(f"lastbit: no step summary: {error.strerror}", err=True)
    if os.environ.get("GITHUB_ACTIONS") == "true" and not quiet:
        for line in github.commands(verdicts):
            typer.echo(line)
    return complete


def _plain(verdict: CaseVerdict) -> dict[str, Any]:
    return vars(verdict) | {"path": str(verdict.path or "")}
