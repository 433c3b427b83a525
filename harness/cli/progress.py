"""How far a run is, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..case import Task
    from ..runs.plan import Plan


def bar(quiet: bool, *columns: Any) -> Progress:
    """A progress bar on standard error; none where that is no terminal, which would only get an empty line."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)


@contextmanager
def shown_progress(work: Plan, quiet: bool) -> Iterator[Callable[[Task, int], None]]:
    """A bar while the plan is being measured; what is yielded is to be called with (task, inputs) for every block."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    rate = TextColumn("{task.fields[rate]}")
    with bar(quiet, *columns, rate, TimeRemainingColumn()) as drawn:
        total = sum(work.inputs_of(task).count for task in work.tasks if task.status == "ok")
        shown = drawn.add_task("starting", total=total, rate="")
        begin = time.monotonic()
        done, due = 0, begin

        def progress(task: Task, count: int) -> None:
            nonlocal done, due
            done += count
            if (now := time.monotonic()) >= due:  # blocks end faster than anybody reads
                due = now + 0.2
                case = task.case
                rate = f"{done / (now - begin) / 1e6:.1f} M results/s"
                drawn.update(shown, completed=done, rate=rate, description=f"{case.activation} order {case.order} {case.format}")

        yield progress
