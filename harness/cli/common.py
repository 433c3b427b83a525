"""What the commands share: the application, its exit codes, options that several have."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from ..runs.plan import Plan, Request
    from ..runs.results import Run
    from .own import Owned

_UsageError: Any = typer.BadParameter.__base__  # the parser's own errors


_ORDER: tuple[str, ...] = (
    "run",
    "report",
    "findings",
    "explain",
    "list",
    "speed",
    "cost",
    "check",
    "baseline",
    "compare",
    "train",
    "chain",
)
_ORDER += ("plan", "status", "merge", "calibrate", "selftest")


class Commands(TyperGroup):
    """Lists first what people need first, and says in one line what is wrong with a command line, as the commands do."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the help."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)

    def make_context(self, *given: Any, **extra: Any) -> Any:
        """Parse what comes before the command."""
        return _in_one_line(super().make_context, *given, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Parse what comes after it, and run it."""
        return _in_one_line(super().invoke, ctx)


def _in_one_line(step: Callable[..., Any], *given: Any, **extra: Any) -> Any:
    try:
        return step(*given, **extra)
    except _UsageError as error:
        said = error.format_message()
        if "\n" in said:  # the help, where nothing was asked for
            raise
        usage(f"{said[:1].lower()}{said[1:].rstrip('.')}; see {error.ctx.command_path} --help")


app = typer.Typer(
    name="lastbit",
    cls=Commands,
    help="How right, to the last bit, are activation functions and their gradients in PyTorch, JAX, TensorFlow and NumPy?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # square brackets in helps are themselves
)

USAGE, BACKEND, INTERRUPTED = 2, 4, 130
"""Exit codes."""

Activations = Annotated[
    list[str] | None, typer.Argument(help="NAME or NAME(parameter=value, ...). [default: sigmoid, or those of --activations]")
]
Backends = Annotated[list[str] | None, typer.Option("--backend", help="NAME[:MODE][@DEVICE]; default: every installed one.")]
Routes = Annotated[list[str] | None, typer.Option("--route", help="native, autodiff or a formula; default: all.")]
Formats = Annotated[list[str] | None, typer.Option("--format", help="Default: all four.")]
Orders = Annotated[list[int] | None, typer.Option("--order", help="0 value, 1 gradient, 2 second derivative.")]
InputsChoice = Annotated[
    str,
    typer.Option(
        "--inputs", help="'exhaustive' or a number. [default: all 2^16, or 2^22 sampled; 2^20 of more than 4 activations]"
    ),
]
Seed = Annotated[int, typer.Option(help="Of the samples.")]
Laws = Annotated[
    bool | None, typer.Option(help="Check what must make no difference: place, repetition, threads. [default: with --all]")
]
SearchBudget = Annotated[
    int | None,
    typer.Option(
        "--search",
        show_default=False,
        help="Evaluations of a search for the worst input of each float64 case; 0: none. "
        "[default: 2^18 where no inputs are named, of up to 4 activations]",
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="All activations, with less common parameters and in every mode too.")]
Own = Annotated[
    Path | None,
    typer.Option("--activations", metavar="FILE", help="Python file with activations of your own; see docs/own-activations.md."),
]
Implementations = Annotated[
    list[str] | None,
    typer.Option(
        "--implementation", help="FILE.py:FUNCTION or MODULE:FUNCTION: your own, on one backend; see docs/own-kernels.md."
    ),
]
Details = Annotated[bool, typer.Option("--details", help="The full tables too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")]


def usage(problem: object) -> NoReturn:
    """End with one line that says what is wrong with the request; what it quotes may come from anybody's files."""
    from ..gate.files import printable

    typer.echo(f"lastbit: {printable(str(problem))}", err=True)
    raise typer.Exit(USAGE)


def own_file(given: Path | None) -> str:
    """The option ``--activations`` as a request has it."""
    return str(given.resolve()) if given else ""


def asked(
    everything: bool,
    own_functions: Owned,
    format: list[str] | None,
    order: list[int] | None,
    route: list[str] | None,
    inputs: str,
    seed: int,
    laws: bool | None,
    search: int | None,
    own: Path | None,
) -> Request:
    """What the options of ``lastbit run`` and ``lastbit plan`` mean.

    Raises:
        ValueError: where some activations and all are asked for.
    """
    from ..accuracy.search import LEAST
    from ..runs.plan import EVERYTHING, Request
    from ..workers.implementations import every_mode

    activations, backends = own_functions.activations, own_functions.backends
    if everything and activations:
        raise ValueError("--all measures every activation: give either names or --all")
    if search is not None and search < 0:
        raise ValueError(f"search {search}: give at least {LEAST} evaluations, or 0")
    return Request(
        EVERYTHING if everything else activations,
        backends or (every_mode() if everything else ()),
        tuple(format or ()),
        tuple(order or ()),
        tuple(route or ()),
        inputs,
        seed,
        everything if laws is None else laws,
        own=own_file(own),
        search=-1 if search is None else search,
        implementations=own_functions.implementations,
    )


def records(frame: pd.DataFrame) -> Any:
    """The rows of a frame for JSON."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def console(width: int = 150) -> Console:
    """Standard output, as wide as it is; where it is no terminal, of so many letters: enough for every table."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=width)


def screen(run: Run, details: bool) -> None:
    """Print what a run found: in one screen, with the full tables or without."""
    from reports import terminal

    if details:
        terminal.show_details(console(), run)
    else:
        terminal.show(console(terminal.WIDTH), run)


def planned(request: Request) -> Plan:
    """What a request means; ends with one line where it makes no sense."""
    from ..runs.plan import plan

    try:
        return plan(request)
    except ValueError as error:
        usage(error)
