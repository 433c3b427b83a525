"""Trained networks: a row for each implementation and gradient, all seeds together, for a terminal and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .speed import duration
from .words import implementation, undone

if TYPE_CHECKING:
    from harness.training.frame import Training

RUN = ["backend", "mode", "device"]
_CASE = [*RUN, "gradient"]
COLUMNS = (
    "several seeds: the median [least, most] of losses, the largest of distances, the medians of the rest",
    "right: share of the examples with the right sign in the last step",
    "dead: hidden units whose f' is 0 on every example, first → last step (of those in the last, 0 by the exact f' too)",
    "vanished: f' that is 0 in the last step though the exactly rounded one is not, of units × examples",
    "∣gradient∣: the norm of the gradient of the first hidden layer's weights, and of the output's, in the last step",
    "from …: first step after which any bit of the weights differs → their distance at the end, relative (framework: same f')",
    "time: of a step in one process, median and quartiles over the steps, on the machine as it was: no interval, and no verdict",
    "on which f' is faster (lastbit speed has those); autodiff computes the activation once more; where f' is handed in: none",
)


def show(console: Console, result: Training) -> None:
    """Print a row for every implementation and gradient, and what the columns are."""
    told = rows(result.training, result.layers, result.pairs)
    if told:
        names = list(told[0])
        later = [name for name in names if name.startswith("from") or name == "time"]  # a second table: a screen is not so wide
        console.print(_table(title(result.training), told, [name for name in names if name not in later]))
        console.print(_table("how far apart, and how long a step takes", told, [*names[:2], *later]))
        for line in COLUMNS:
            console.print(f"  {line}", highlight=False, markup=False, style="dim")
    for line in undone(result.training, "gradient"):
        console.print(f"  {line}", highlight=False, markup=False, style="yellow")


def title(frame: pd.DataFrame) -> str:
    """What was trained."""
    head, seeds = frame.iloc[0], frame.seed.unique().tolist()
    words = f"{head.activation}, {head.format}: {head.layers} × {head.width} hidden units, {head.examples} examples, "
    words += f"{head['rule']}, rate {head.rate:g}, scale {head['scale']:g}, bias {head.bias:g}, "
    return words + (f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}")


def rows(frame: pd.DataFrame, layers: pd.DataFrame, pairs: pd.DataFrame) -> list[dict[str, str]]:
    """The cells of those that came to their end, by heading."""
    failed = set(zip(*(frame[frame.status != "ok"][column] for column in _CASE), strict=True))
    groups = [(key, part) for key, part in frame.groupby(_CASE, sort=False) if key not in failed]
    norms = dict(list(layers.groupby(_CASE, sort=False)))
    base = implementation(groups[0][1].iloc[0]) if groups else ""
    found: list[dict[str, str]] = []
    for key, part in groups:
        first, last = (part[part.step == step] for step in (part.step.min(), part.step.max()))
        who, gradient = implementation(part.iloc[0]), str(part.gradient.iloc[0])
        dead = (f"{each.median():.0f}" for each in (first.dead, last.dead, last.dead_exactly))
        found.append(
            {
                "implementation": who,
                "f'": gradient,
                "loss": _losses(part, first, last),
                "right": f"{last.accuracy.median():.1%}",
                "dead": "{} → {} ({})".format(*dead),
                "vanished": f"{(last.vanished / (last.layers * last.width * last.examples)).median():.1%}",
                "∣gradient∣": _norms(norms[key]) if key in norms else "",
                "from exact f'": _apart(pairs, f"{who} {gradient}", f"{who} exact"),
                f"from {base}": _apart(pairs, f"{who} {gradient}", f"{base} {gradient}"),
                "time": _time(part.seconds),
            }
        )
    told = [name for name in found[0] if any(row[name] for row in found)] if found else []
    return [{name: row[name] for name in told} for row in found]


def _table(heading: str, told: list[dict[str, str]], names: list[str]) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", pad_edge=False)
    for number, name in enumerate(names):
        table.add_column(name, no_wrap=True, justify="left" if number < 2 else "right")
    before = told[0]["implementation"]
    for row in told:
        if row["implementation"] != before:
            table.add_section()
        before = row["implementation"]
        table.add_row(*(escape(row[name]) for name in names))
    return table


def _ends(losses: pd.Series[float]) -> str:
    """The last losses: of several seeds the median, the least and the most."""
    if len(losses) == 1:
        return f"{losses.iloc[0]:.6g}"
    return f"{losses.median():.4g} [{losses.min():.4g}, {losses.max():.4g}]"


def _losses(part: pd.DataFrame, first: pd.DataFrame, last: pd.DataFrame) -> str:
    """The first and the last loss, or from where on there is none."""
    begin = "NaN" if first.loss.isna().any() else f"{first.loss.median():.4g}"
    lost = last.loss.isna()
    if not lost.any():
        return f"{begin} → {_ends(last.loss)}"
    of = f" with {lost.sum()} of {len(lost)} seeds" if len(lost) > 1 else ""
    return f"{begin} → NaN from step {part.step[part.loss.isna()].min()}{of}"


def _norms(part: pd.DataFrame) -> str:
    """Of the first hidden layer and the output, in the last step."""
    end = part[part.step == part.step.max()]
    ends = (end.norm[end.layer == layer].median() for layer in (end.layer.min(), end.layer.max()))
    return ", ".join("NaN" if pd.isna(norm) else f"{norm:.1e}" for norm in ends)


def _time(seconds: pd.Series[float]) -> str:
    """The median and the quartiles of the steps, in one unit; nothing where the framework did not do all of the step."""
    if seconds.isna().all():
        return ""
    low, median, high = (float(seconds.quantile(share)) for share in (0.25, 0.5, 0.75))
    shown, unit = duration(median * 1e9).split()
    size = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    bounds = (f"{value / size:.3g}" if value < 100 * size else f"{value / size:.0f}" for value in (low, high))
    return f"{shown} [{', '.join(bounds)}] {unit}"


def _apart(pairs: pd.DataFrame, one: str, other: str) -> str:
    """How two runs differ; nothing where they are the same run, or one came to no end."""
    found = pairs[((pairs["first"] == one) & (pairs.second == other)) | ((pairs["first"] == other) & (pairs.second == one))]
    if found.empty:
        return ""
    if found.first_step.isna().all():
        return "same bits"
    end = "not finite" if found.distance.isna().any() else f"{'≤ ' * (len(found) > 1)}{found.distance.max():.1e}"
    return f"{found.first_step.min()} → {end}"
