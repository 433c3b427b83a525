"""``lastbit baseline write`` and ``lastbit baseline update``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .check import Jobs, measured, read_gate
from .common import BACKEND, app, console, usage

if TYPE_CHECKING:
    from ..gate.baseline import Baseline

baseline = typer.Typer(help="Keep figures in a text file that is reviewed, for lastbit check --baseline.", no_args_is_help=True)
app.add_typer(baseline, name="baseline")

REGRESSION = 1
File = Annotated[Path, typer.Argument(help="The baseline.")]
Limits = Annotated[Path | None, typer.Option("--limits", help="Which cases. [default: lastbit.toml, or pyproject.toml]")]


@baseline.command()
def write(file: File = Path("lastbit.baseline"), limits: Limits = None, jobs: Jobs = None) -> None:
    """Measure the cases of a file of limits, and write their figures to a new file."""
    from ..gate import baseline as baselines
    from ..gate.files import printable

    if file.exists():
        usage(f"{file} is there already: lastbit baseline update shows what has changed, and writes it")
    if not file.parent.is_dir():
        usage(f"there is no directory {file.parent}")
    now = _now(limits, jobs)
    _save(file, now)
    typer.echo(printable(f"{file}: {len(now.cases)} cases, {len(baselines.text_of(now)):,} bytes"))


@baseline.command()
def update(
    file: File = Path("lastbit.baseline"),
    limits: Limits = None,
    allow_worse: Annotated[
        bool, typer.Option("--allow-worse", help="Also if something is worse, or no longer measured.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Measure again, show what has changed, and write it, unless something is worse."""
    from ..gate import baseline as baselines
    from ..gate.against import compared
    from ..gate.files import printable
    from ..gate.verdict import ranked

    try:
        old = baselines.read(file)
    except ValueError as error:
        usage(error)
    now = _now(limits, jobs)
    verdicts = compared(old, now, exactly=True)
    from reports import gate as view

    view.show(console(), [verdict for verdict in ranked(verdicts) if verdict.outcome != "ok"])
    loose = [verdict for verdict in verdicts if verdict.outcome in ("worse", "undecided", "disappeared")]
    if loose and not allow_worse:
        said = f"lastbit: {file} is as it was: {len(loose)} cases would be held less tightly (--allow-worse)"
        typer.echo(printable(said), err=True)
        raise typer.Exit(REGRESSION)
    _save(file, now)
    typer.echo(printable(f"{file}: {len(now.cases)} cases"))


def _now(limits: Path | None, jobs: int | None) -> Baseline:
    """What is measured now; ends where a case could not be."""
    from ..gate import check as gates

    gate = read_gate(limits, needs_limits=False)
    result = measured(gate, jobs, quiet=False)
    bad = result.accuracy[result.accuracy.status != "ok"]
    if len(bad):
        first = bad.iloc[0]
        where = f"{first.backend}:{first['mode']} {first.implementation}".rstrip()
        typer.echo(f"lastbit: {len(bad)} cases could not be measured: {where}: {first.status}: {first.reason}", err=True)
        raise typer.Exit(BACKEND)
    return gates.baseline_of(gate, result)


def _save(file: Path, now: Baseline) -> None:
    from ..gate import baseline as baselines

    try:
        baselines.write(file, baselines.text_of(now))
    except ValueError as error:
        usage(error)
