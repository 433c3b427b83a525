"""Figures of time: how long every route takes, and what its results are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.formats import FORMATS
from harness.runs.results import Run

from .choice import chosen
from .drawing import decades, legend, panels, points
from .matrix import OWN
from .speeds import steady
from .words import ORDERS, WHO, function, implementation, records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = "osv^Dpx*"
_LEAST, _MOST = 2.0**-6, 1e250  # errors beyond are drawn there; some in float64 are infinite as a float


def speed(run: Run, activation: str = "sigmoid", order: int = 1, parameters: str | None = None) -> Figure:
    """The time of every case at the largest size, with its 99 % interval: a panel for each format, a line for each case.

    Grey: the ratio to what the case is compared with is not decided.

    Raises:
        ValueError: where it was not timed.
    """
    part = _timed(run, activation, order, parameters)
    forms = [name for name in FORMATS if name in set(part.format)]
    lines = [part[part.format == form] for form in forms]
    figure, axes = panels(len(forms), height=0.7 + 0.17 * max(map(len, lines)))
    for axis, form, rows in zip(axes, forms, lines, strict=True):
        names = []
        for place, row in enumerate(records(rows)):
            who = implementation(row)
            names.append(f"{who} {row['route']}")
            look = points(who) | ({"color": "0.6"} if row["verdict"] == "ambiguous" else {})
            look |= {"markerfacecolor": look["color"] if row["mode"] == "eager" else "none"}
            if not pd.isna(row["low"]):
                axis.plot([float(row["low"]), float(row["high"])], [place, place], color=look["color"], linewidth=1.2)
            axis.plot(float(row["ns_per_element"]), place, markersize=4, **look)
        axis.set_yticks(range(len(names)), names, fontsize=6.5)
        axis.invert_yaxis()
        axis.set(xscale="log", xlabel="time in ns per element", title=form)
        decades(axis.xaxis)
    told = "bars: 99 % intervals, from 8 pairs on; grey: compared, undecided; hollow: compiled"
    figure.suptitle(f"{_title(part, activation, order)}\n{told}", fontsize=8)
    return figure


def cost(run: Run, activation: str = "sigmoid", order: int = 1, parameters: str | None = None) -> Figure:
    """Worst error against time per element at the largest size: a panel for each format, a point for each timed case.

    Raises:
        ValueError: where it was not timed.
    """
    part = _timed(run, activation, order, parameters)
    part = part[part.max_ulp.notna()]
    forms = [name for name in FORMATS if name in set(part.format)]
    routes = list(dict.fromkeys(part.route))
    colours: dict[str, str] = {}
    figure, axes = panels(len(forms))
    for axis, form in zip(axes, forms, strict=True):
        for row in records(part[part.format == form]):
            who = implementation(row)
            look = points(who) | {"marker": _MARKERS[routes.index(row["route"]) % len(_MARKERS)]}
            colours.setdefault(f"{row['backend']} {row['implementation']}".rstrip(), look["color"])
            look["label"] = f"_{who} {row['route']}"  # the legend has colours and markers, not each point
            axis.plot(float(row["ns_per_element"]), min(max(float(row["max_ulp"]), _LEAST), _MOST), **look)
        axis.set(xscale="log", yscale="log", xlabel="time in ns per element", ylabel="worst error in ulp", title=form)
        decades(axis.xaxis)
        decades(axis.yaxis)
    for owner, colour in colours.items():
        axes[0].plot([], [], color=colour, marker="$■$", linestyle="none", label=owner)
    for number, route in enumerate(routes):
        axes[0].plot([], [], color="black", marker=_MARKERS[number % len(_MARKERS)], linestyle="none", label=route)
    figure.suptitle(f"{_title(part, activation, order)}: accuracy against cost\n(hollow: compiled)", fontsize=8)
    legend(figure, axes)
    return figure


def _timed(run: Run, activation: str, order: int, parameters: str | None) -> pd.DataFrame:
    """What was timed of one function and derivative, at the largest size; the framework's own results first."""
    timed = steady(run)
    if timed.empty:
        raise ValueError("this run has no timings: there is no figure of them")
    part = chosen(timed, activation, order, parameters)
    part = part[part.n == part.n.max()]
    groups = [
        group.sort_values("route", key=lambda route: ~route.isin(OWN), kind="stable")
        for _, group in part.groupby([*WHO], sort=False)
    ]
    found: pd.DataFrame = pd.concat(groups)
    return found


def _title(part: pd.DataFrame, activation: str, order: int) -> str:
    return f"{function(activation, str(part.parameters.iloc[0]))}, {ORDERS[order]}, {int(part.n.iloc[0]):,} elements"
