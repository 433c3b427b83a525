"""``lastbit calibrate``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .common import AsJson, app, console, usage
from .progress import bar


@app.command()
def calibrate(
    functions: Annotated[list[str] | None, typer.Argument(help="exp, expm1, log1p, tanh, erf. Default: all.")] = None,
    inputs: Annotated[str, typer.Option(help="'exhaustive' or a number, of float32.")] = "exhaustive",
    search: Annotated[int, typer.Option(help="Evaluations of each search in float64; six times as many with seeds.")] = 1 << 28,
    seed: Annotated[int, typer.Option(help="Of samples and searches.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure the C library, whose largest errors are published, and print published beside measured."""
    from ..runs.calibration import calibrate as measure

    with bar(as_json) as drawn:
        shown = drawn.add_task("starting", total=None)

        def progress(task: Any, count: int) -> None:
            drawn.update(shown, description=f"{task.case.activation} {task.case.format}", advance=count)

        try:
            rows = measure(*functions or (), inputs=inputs, search=search, seed=seed, progress=progress)
        except ValueError as error:
            drawn.stop()
            usage(error)
    if as_json:
        typer.echo(rows.to_json(orient="records", double_precision=15))
    else:
        from reports import calibration

        calibration.show(console(), rows)
