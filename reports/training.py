"""Trained networks: a table for a terminal, and the loss curves as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from .drawing import BLUE, GREEN, RED, canvas, legend, panels
from .speed import duration
from .words import implementation, records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.training.frame import Training

_RUN = ["backend", "mode", "device"]
_CASE = [*_RUN, "gradient"]
_COLUMNS = (
    "right: share of the examples with the right sign in the last step",
    "dead: hidden units whose f' is 0 on every example, first → last step (of those in the last, 0 by the exact f' too)",
    "vanished: f' that is 0 in the last step though the exactly rounded one is not, of units × examples",
    "from …: first step after which any bit of the weights differs → their distance at the end, relative",
    "time: of a step in one process, median and quartiles over the steps, on the machine as it was: no interval, and no verdict",
    "on which f' is faster (lastbit speed has those); autodiff computes the activation once more; where f' is handed in: none",
)
_WIDE = 10.0  # losses that span more are drawn on a log scale
_LINES: dict[str, Any] = {
    "autodiff": {"color": BLUE, "linewidth": 2.2, "linestyle": "-"},
    "formula": {"color": RED, "linewidth": 1.4, "linestyle": (0, (4, 2))},
    "exact": {"color": GREEN, "linewidth": 1.0, "linestyle": "-"},
}


def show(console: Console, result: Training) -> None:
    """Print a row for every implementation and gradient, and what the columns are."""
    frame = result.training
    undone = frame[frame.status != "ok"]
    failed = set(zip(*(undone[column] for column in _CASE), strict=True))
    groups = [part for key, part in frame.groupby(_CASE, sort=False) if key not in failed]
    if groups:
        console.print(_table(groups, result.pairs))
        for line in _COLUMNS:
            console.print(f"  {line}", highlight=False, style="dim")
    for (status, reason), part in undone.groupby(["status", "reason"], sort=False):
        names = ", ".join(f"{implementation(row)} {row['gradient']}" for row in records(part))
        console.print(f"  {names}: {status}: {reason}", highlight=False, markup=False, style="yellow")


def _table(groups: list[pd.DataFrame], pairs: pd.DataFrame) -> Table:
    head = groups[0].iloc[0]
    title = f"{head.activation}, {head.format}: {head.layers} × {head.width} hidden units, {head.examples} examples, "
    title += f"rate {head.rate:g}, scale {head.scale:g}, seed {head.seed}"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("implementation", "f'"):
        table.add_column(heading, no_wrap=True)
    base = implementation(head)
    for heading in ("loss", "right", "dead", "vanished", "from exact f'", f"from {base}, same f'", "time"):
        table.add_column(heading, justify="right")
    before = ""
    for part in groups:
        first, last = part.iloc[0], part.iloc[-1]
        who = implementation(first)
        if before and who != before:
            table.add_section()
        before = who
        table.add_row(
            who,
            first.gradient,
            _losses(part),
            f"{last.accuracy:.1%}",
            f"{first.dead} → {last.dead} ({last.dead_exactly})",
            f"{last.vanished / (last.layers * last.width * last.examples):.1%}",
            _apart(pairs, f"{who} {first.gradient}", f"{who} exact"),
            _apart(pairs, f"{who} {first.gradient}", f"{base} {first.gradient}"),
            _time(part.seconds),
        )
    return table


def _time(seconds: pd.Series[float]) -> str:
    """The median and the quartiles of the steps, in one unit; nothing where the framework did not do all of the step."""
    if seconds.isna().all():
        return ""
    low, median, high = (float(seconds.quantile(share)) for share in (0.25, 0.5, 0.75))
    shown, unit = duration(median * 1e9).split()
    size = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    bounds = (f"{value / size:.3g}" if value < 100 * size else f"{value / size:.0f}" for value in (low, high))
    return f"{shown} [{', '.join(bounds)}] {unit}"


def _losses(part: pd.DataFrame) -> str:
    """The first and the last loss, or from where on there is none."""
    lost = part.step[part.loss.isna()]
    begin = "NaN" if pd.isna(part.loss.iloc[0]) else f"{part.loss.iloc[0]:.4g}"
    return f"{begin} → " + (f"{part.loss.iloc[-1]:.6g}" if lost.empty else f"NaN from step {lost.iloc[0]}")


def _apart(pairs: pd.DataFrame, one: str, other: str) -> str:
    """How two runs differ; nothing where they are the same run, or one came to no end."""
    found = pairs[((pairs["first"] == one) & (pairs.second == other)) | ((pairs["first"] == other) & (pairs.second == one))]
    if found.empty:
        return ""
    pair = found.iloc[0]
    if pd.isna(pair.first_step):
        return "same bits"
    return f"{pair.first_step} → " + ("not finite" if pd.isna(pair.distance) else f"{pair.distance:.1e}")


def losses(frame: pd.DataFrame) -> Figure:
    """The loss at every step with the three gradients, and how far it is from that with the exact one.

    A row for each implementation.
    """
    groups = [part for _, part in frame[frame.step.notna()].groupby(_RUN, sort=False)]
    head = frame.iloc[0]
    with canvas():
        figure, axes = panels(max(2 * len(groups), 2))
        for part, left, right in zip(groups, axes[::2], axes[1::2], strict=False):
            table = part.pivot(index="step", columns="gradient", values="loss").astype(float)
            apart = table.sub(table["exact"], axis="index").abs() if "exact" in table else table.iloc[:, :0]
            for gradient, look in _LINES.items():
                if gradient in table:
                    left.plot(table.index.astype(int), table[gradient], label=f"f′: {gradient}", **look)
                if gradient in apart and gradient != "exact":
                    right.plot(apart.index.astype(int), apart[gradient].where(apart[gradient] > 0), **look)
            who = implementation(part.iloc[0])
            left.set(title=who, xlabel="step", ylabel="mean squared error")
            right.set(title=f"{who}: ∣loss − loss with exact f′∣", xlabel="step", yscale="log", xlim=left.get_xlim())
            if part.loss.max() > _WIDE * part.loss.min():
                left.set_yscale("log")
        figure.suptitle(
            f"{head.activation}, {head.format}: {head.layers} × {head.width} hidden units, first weights × {head.scale:g}"
        )
        legend(figure, axes)
    return figure
