"""The gradient through chains of layers, as it is computed and as it is: a table for a terminal or a page, and a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from harness.formats import FORMATS

from .drawing import BACKENDS, canvas, legend, panels
from .words import implementation, records, undone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WHO = ["backend", "mode", "device"]
_DASHES = dict(zip(FORMATS, ("-", "--", "-.", (0, (1, 1))), strict=True))
EXPLAINED = (
    "0 from L: with so many layers or more the gradient is exactly 0; behind it how far off it was with one layer less, relative "
    "to the exact gradient. Else how far off it is at the end. The exact gradient is never 0."
)


def show(console: Console, frame: pd.DataFrame) -> None:
    """Print a row for each activation and format, and a column for each implementation."""
    names, lines = table(frame)
    if lines:
        drawn = Table(title="the gradient through L layers h ← f(h), from h = 0.5", title_justify="left", title_style="bold")
        for number, name in enumerate(names):
            drawn.add_column(name, no_wrap=number < 2)
        for line in lines:
            drawn.add_row(*line)
        console.print(drawn)
        console.print(f"  {EXPLAINED}", highlight=False, style="dim")
    for words in undone(frame, "format"):
        console.print(f"  {words}", highlight=False, markup=False, style="yellow")


def table(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: what became of the gradient."""
    done = frame[frame.status == "ok"]
    who = {implementation(row): tuple(row[name] for name in _WHO) for row in records(done.drop_duplicates(_WHO))}
    parts = dict(list(done.groupby(["activation", "format", *_WHO])))
    forms = [form for form in FORMATS if form in set(done.format)]
    lines = [
        [str(name), form, *(_told(parts.get((name, form, *key))) for key in who.values())]
        for name in done.activation.unique()
        for form in forms
    ]
    return ["activation", "format", *who], lines


def _told(part: pd.DataFrame | None) -> str:
    if part is None:
        return "–"
    alive = part[part.gradient != 0]
    off = "right" if alive.empty or not alive.relative_error.iloc[-1] else f"{alive.relative_error.iloc[-1]:.1e} off"
    if len(alive) == len(part):
        return off
    return f"0 from {part.layers[part.gradient == 0].min()}; {off}"


def chains(frame: pd.DataFrame) -> Figure:
    """The magnitude of the gradient against the number of layers, and how far off it is: a row of panels for each activation."""
    done = frame[frame.status == "ok"]
    with canvas():
        figure, axes = panels(2 * done.activation.nunique(), height=3.0)
        for (name, part), left, right in zip(done.groupby("activation", sort=False), axes[::2], axes[1::2], strict=True):
            first = part[part.run_id.notna()].drop_duplicates("layers")
            exact = [float(word) for word in first.exact]
            left.plot(first.layers.astype(int), exact, color="black", linewidth=4, alpha=0.25, label="exact")
            for (form, _), line in part.groupby(["format", "backend"], sort=False):
                _draw(left, right, line, str(form))
            left.set(title=f"{name}: the gradient", xlabel="layers", yscale="log")
            if not part.relative_error.any():
                right.text(0.5, 0.5, "none", transform=right.transAxes, ha="center")
            right.set(title=f"{name}: relative error", xlabel="layers", yscale="log", ylim=(1e-17, 3), xlim=left.get_xlim())
        for form in dict.fromkeys(done.format):
            axes[0].plot([], [], color="black", linewidth=0.9, linestyle=_DASHES[form], label=f"in {form} (✕: 0 from here on)")
        legend(figure, axes)
    return figure


def _draw(left: Axes, right: Axes, line: pd.DataFrame, form: str) -> None:
    """One implementation in one format, to the last layer at which there is a gradient."""
    _, colour, _ = BACKENDS.get(str(line.backend.iloc[0]), ("d", "#000000", "-"))
    layers, found, off = (line[name].to_numpy(np.float64) for name in ("layers", "gradient", "relative_error"))
    alive = found != 0
    left.plot(layers[alive], np.abs(found[alive]), color=colour, linestyle=_DASHES[form], linewidth=0.9)
    shown = alive & (off > 0)
    label = implementation(line.iloc[0])
    right.plot(layers[shown], off[shown], color=colour, linestyle=_DASHES[form], linewidth=0.7, label=label)
    if alive.any() and not alive.all():
        for axis, height in ((left, np.abs(found)), (right, off)):
            axis.plot(layers[alive][-1:], height[alive][-1:], color=colour, marker="x", markersize=5)
