"""The command ``lastbit``.

Exit codes: 0 done; 2 the request does not make sense; 4 a backend that was required is missing or did not survive.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from .plan import Plan, Request
    from .results import Run

app = typer.Typer(
    name="lastbit",
    help="How right, to the last bit, are activation functions and their gradients in PyTorch, JAX, TensorFlow and NumPy?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_USAGE, _BACKEND = 2, 4
_SHOWN = 5  # findings after a run; `lastbit findings` has them all
_NUMBERS: dict[str, Any] = {"ignore_unknown_options": True}  # an argument may be a negative number

Backends = Annotated[list[str] | None, typer.Option("--backend", help="NAME[:MODE][@DEVICE]; default: every installed one.")]
Routes = Annotated[list[str] | None, typer.Option("--route", help="native, autodiff or a formula; default: all.")]


def main() -> None:
    """Run the command line."""
    app()


def _usage(problem: object) -> NoReturn:
    typer.echo(f"lastbit: {problem}", err=True)
    raise typer.Exit(_USAGE)


@app.command()
def run(
    activations: Annotated[list[str] | None, typer.Argument(help="NAME or NAME(parameter=value, ...). Default: sigmoid.")] = None,
    backend: Backends = None,
    format: Annotated[list[str] | None, typer.Option("--format", help="Default: all four.")] = None,
    order: Annotated[list[int] | None, typer.Option("--order", help="0 value, 1 gradient, 2 second derivative.")] = None,
    route: Routes = None,
    inputs: Annotated[str, typer.Option(help="'exhaustive' or a number. [default: all 2^16, or 2^22 sampled]")] = "",
    seed: Annotated[int, typer.Option(help="Of the samples.")] = 0,
    laws: Annotated[
        bool | None, typer.Option(help="Check what must make no difference: place, repetition, threads. [default: with --all]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the frames. [default: lastbit-run-TIME]")] = None,
    require_backends: Annotated[bool, typer.Option(help="Exit with 4 if a backend is missing or did not survive.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Workers that compute at a time. [default: processors]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A machine-readable summary on standard output.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All activations, with less common parameters too.")] = False,
    resume: Annotated[Path | None, typer.Option(help="Go on with the interrupted run in this directory.")] = None,
) -> None:
    """Measure activations and their derivatives on every input, or a sample, against the exact result."""
    from .execution import prepare_folder
    from .journal import begin, load_request
    from .plan import EVERYTHING, Request

    chosen = (
        EVERYTHING if everything else tuple(activations or ["sigmoid"]),
        tuple(backend or ()),
        tuple(format or ()),
        tuple(order or ()),
        tuple(route or ()),
    )
    request = Request(*chosen, inputs=inputs, seed=seed, laws=everything if laws is None else laws)
    try:
        if everything and activations:
            raise ValueError("--all measures every activation: give either names or --all")
        if resume and (activations or everything or request != Request()):
            raise ValueError("--resume goes on with what was asked before: give no activations or choices with it")
        request = load_request(resume) if resume else request
        work = _plan(request)
        folder = resume or prepare_folder(out or _fresh_folder())
        if not resume:
            begin(folder, request)
    except ValueError as error:
        _usage(error)
    result = _execute(work, jobs, folder, quiet=as_json)
    result.save(folder)
    if as_json:
        typer.echo(json.dumps(_summary(result)))
    else:
        _show(result)
    bad = result.accuracy[~result.accuracy.status.isin(["ok", "unsupported"])]
    if "interrupted" in set(bad.status):
        typer.echo(f"lastbit: interrupted; go on with: lastbit run --resume {folder}", err=True)
        raise typer.Exit(130)
    if require_backends and len(bad):
        typer.echo(f"lastbit: {len(bad)} cases could not be measured: {bad.iloc[0].reason}", err=True)
        raise typer.Exit(_BACKEND)


def _fresh_folder() -> Path:
    from datetime import datetime

    return Path(f"lastbit-run-{datetime.now():%Y%m%d-%H%M%S}")


def _plan(request: Request) -> Plan:
    from .plan import plan

    try:
        return plan(request)
    except ValueError as error:
        _usage(error)


def _execute(work: Plan, jobs: int | None, folder: Path, quiet: bool) -> Run:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from .execution import execute

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    rate = TextColumn("{task.fields[rate]}")
    with Progress(*columns, rate, TimeRemainingColumn(), console=console, transient=True, disable=quiet) as bar:
        total = sum(work.inputs_of(task).count for task in work.tasks if task.status == "ok")
        shown = bar.add_task("starting", total=total, rate="")
        begin = time.monotonic()
        done, due = 0, begin

        def progress(task: Any, count: int) -> None:
            nonlocal done, due
            done += count
            if (now := time.monotonic()) >= due:  # blocks end faster than anybody reads
                due = now + 0.2
                case = task.case
                rate = f"{done / (now - begin) / 1e6:.1f} M results/s"
                bar.update(shown, completed=done, rate=rate, description=f"{case.activation} order {case.order} {case.format}")

        try:
            return execute(work, jobs=jobs, progress=progress, folder=folder)
        except ValueError as error:
            bar.stop()
            _usage(error)


def _show(result: Run) -> None:
    from rich.console import Console

    from reports import findings, terminal

    console = Console() if sys.stdout.isatty() else Console(width=150)
    terminal.show(console, result.accuracy, result.agreement, result.environments)
    findings.show(console, result.findings, most=_SHOWN)
    console.print(f"  saved in {result.folder}; all findings: lastbit findings {result.folder}", highlight=False)


def _summary(result: Run) -> dict[str, Any]:
    rows = json.loads(result.accuracy.to_json(orient="records", double_precision=15))
    pairs = json.loads(result.agreement.to_json(orient="records", double_precision=15))
    defects = json.loads(result.findings.to_json(orient="records", double_precision=15))
    return {"run_id": result.run_id, "folder": str(result.folder), "accuracy": rows, "agreement": pairs, "findings": defects}


@app.command(context_settings=_NUMBERS)
def explain(
    activation: Annotated[str, typer.Argument(help="For example sigmoid.")],
    x: Annotated[str, typer.Argument(help="The input: decimal, hex float, or bits (0x…).")],
    format: Annotated[str, typer.Option("--format")] = "float32",
    order: Annotated[int, typer.Option("--order", help="0 value, 1 gradient, 2 second derivative.")] = 0,
    backend: Backends = None,
    route: Routes = None,
) -> None:
    """Put one input under the microscope: every implementation, the exact result, the errors, the neighbours."""
    from .formats import number_format
    from .notation import parse_input
    from .plan import Request

    try:
        form = number_format(format)
        bits = parse_input(x, form)
    except ValueError as error:
        _usage(error)
    request = Request((activation,), tuple(backend or ()), (format,), (order,), tuple(route or ()), inputs="1024")
    _plan(request)
    from rich.console import Console

    from reports import microscope

    from .explain import explain as examine

    explanations, known, tasks = examine(request, form, bits)
    console = Console() if sys.stdout.isatty() else Console(width=150)
    microscope.show(console, activation, order, explanations, known, tasks)


@app.command()
def findings(
    folder: Annotated[Path | None, typer.Argument(help="Of a run. [default: the last one here]")] = None,
    severity: Annotated[str | None, typer.Option(help="Only these: severe, moderate, minor or policy.")] = None,
    script: Annotated[int | None, typer.Option(help="Print the script that reproduces the finding of that number.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All columns, on standard output.")] = False,
) -> None:
    """What is wrong, in words: the defects that a run found, the worst first."""
    from .findings import SEVERITIES, load

    try:
        found = load(folder)
    except ValueError as error:
        _usage(error)
    if severity is not None:
        if severity not in SEVERITIES:
            _usage(f"unknown severity {severity!r}: choose from {', '.join(SEVERITIES)}")
        found = found[found.severity == severity]
    if script is not None:
        if not 1 <= script <= len(found):
            _usage(f"there is no finding {script}: there are {len(found)}")
        typer.echo(found.reproducer.iloc[script - 1])
    elif as_json:
        typer.echo(found.to_json(orient="records", double_precision=15))
    else:
        from rich.console import Console

        from reports import findings as view

        view.show(Console() if sys.stdout.isatty() else Console(width=150), found)


@app.command("list")
def list_() -> None:
    """List activations, backends with their versions or why they are not there, modes and formats."""
    from backends.formulas import routes
    from backends.registry import installed_version, specs

    from .activations import ORDERS
    from .catalogue import activation, names
    from .formats import FORMATS
    from .plan import modes

    typer.echo("activations")
    for name in names():
        typer.echo(f"  {activation(name)}: " + "; ".join(f"order {order}: {', '.join(routes(name, order))}" for order in ORDERS))
    typer.echo("backends")
    for spec in specs().values():
        version = installed_version(spec)
        try:
            known = ", ".join(modes(spec))
        except ValueError as error:
            known = str(error)
        typer.echo(f"  {spec.name}: {version or f'not installed (pip install {spec.distribution})'}; modes {known}")
    typer.echo("formats")
    for form in FORMATS.values():
        typer.echo(f"  {form.name}: {form.bits} bits, precision {form.precision}, exponents {form.emin} to {form.emax}")
