"""``lastbit explain``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .common import (
    Backends,
    Implementations,
    Own,
    Routes,
    app,
    console,
    own_file,
    planned,
    usage,
)
from .own import Calls, calls_own, owned

_NUMBERS: dict[str, Any] = {"ignore_unknown_options": True}  # an argument may be a negative number


@app.command(context_settings=_NUMBERS)
@calls_own
def explain(
    activation: Annotated[str, typer.Argument(help="For example sigmoid.")],
    x: Annotated[str, typer.Argument(help="The input: decimal, hex float, or bits (0x…).")],
    format: Annotated[str, typer.Option("--format")] = "float32",
    order: Annotated[int, typer.Option("--order", help="0 value, 1 gradient, 2 second derivative.")] = 0,
    backend: Backends = None,
    route: Routes = None,
    own: Own = None,
    implementation: Implementations = None,
    *,
    calls: Calls,
) -> None:
    """Put one input under the microscope: every implementation, the exact result, the errors, the neighbours."""
    from ..formats import number_format
    from ..notation import parse_input
    from ..runs.plan import Request

    try:
        form = number_format(format)
        bits = parse_input(x, form)
        own_functions = owned([activation], backend, implementation, calls)
    except ValueError as error:
        usage(error)
    chosen = ((activation,), own_functions.backends, (format,), (order,), tuple(route or ()))
    request = Request(*chosen, inputs="1024", own=own_file(own), implementations=own_functions.implementations)
    planned(request)
    from reports import explain as microscope

    from ..runs.explain import explain as examine

    explanations, known, tasks = examine(request, form, bits)
    microscope.show(console(100), activation, order, explanations, known, tasks)
