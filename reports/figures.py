"""Figures for print and notebooks: vector or pixels, readable without colour, the same bytes for the same data.

Whatever was measured comes from the frames of a run; functions and chains of layers are drawn from the exact reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.formats import FORMATS, number_format
from harness.runs.results import Run

from .choice import chosen, lines
from .distributions import distribution, percentiles
from .drawing import canvas, legend, panels, points, powers, save, style, widely
from .functions import chain, function
from .matrix import OWN
from .speeds import steady
from .timings import cost, speed
from .words import ORDERS, bits, shorten, ulps
from .words import function as named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SAME = ("worst_input_bits", "worst_output_bits")
_PRIMES = {0: "f", 1: "f′", 2: "f″"}
_LEAST = 2.0**-6  # errors below are drawn there
_NEAR = 2.0**-10  # gradients that vanish nearer to 0 only are no figure: a subnormal input was flushed
_FAR = 1500.0  # where errors along x end: beyond, functions are at their limits
_LONG = {"curves": "error", "distribution": "distribution", "percentiles": "percentiles"}  # frames, each with a figure
_CROSS: dict[str, Any] = {"linestyle": "none", "marker": "x", "markersize": 3.5, "label": None}


def error(run: Run, activation: str = "sigmoid", order: int = 1, parameters: str | None = None) -> Figure:
    """The error in ulp against x of all implementations and routes, a panel for each format.

    Raises:
        ValueError: where the run has no such case, or was saved without curves.
    """
    part = _part(run, activation, order, parameters)
    forms = [name for name in FORMATS if name in set(part.format)]
    figure, axes = panels(len(forms))
    formulas = [route for route in part.route.unique() if route not in OWN]
    for axis, form in zip(axes, forms, strict=True):
        widely(axis, _FAR)
        for label, line in lines(part, "worst_input", _SAME):
            _draw_errors(axis, line[line.format == form], form, style(label, formulas))
        axis.axhline(np.log10(0.5), color="black", linewidth=0.6, linestyle=":")
        axis.set(xlabel="x", ylabel="error in ulp", title=form)
        powers(axis)
        _label_worst(axis, run.accuracy, part, form)
    name = named(activation, str(part.parameters.iloc[0]))
    figure.suptitle(f"{name}, {ORDERS[order]}: worst error in each interval of x\n(dotted: 0.5 ulp; ✕: no number)")
    legend(figure, axes)
    return figure


def vanishing(run: Run, activation: str = "sigmoid", parameters: str | None = None) -> Figure:
    """The gradient's magnitude as the frameworks compute it and as it is, on a logarithmic scale to the underflow limit.

    Raises:
        ValueError: as for :func:`error`.
    """
    part = _part(run, activation, 1, parameters)
    part = part[part.route.isin(OWN) & np.isfinite(part.worst_input)]
    forms = [name for name in FORMATS if name in set(part.format)]
    figure, axes = panels(len(forms))
    for axis, form in zip(axes, forms, strict=True):
        limit = number_format(form).min_subnormal
        here = part[(part.format == form) & (part.worst_input.abs() <= 2.0**10)].sort_values("worst_input")
        inside = here[np.abs(here.exact) >= limit]
        axis.plot(inside.worst_input, _log(inside.exact), color="black", linewidth=1.6, linestyle="--", label="exact")
        step = -np.log10(limit) / 16
        for number, (label, line) in enumerate(lines(part, "worst_input", _SAME)):
            own = line[(line.format == form) & (line.worst_input.abs() <= _reach(inside))]
            alive, dead = own[own.worst_output != 0], own[(own.worst_output == 0) & (np.abs(own.exact) >= limit)]
            axis.plot(alive.worst_input, _log(alive.worst_output), **style(label))
            level = np.full(len(dead), np.log10(limit) - step * (number + 1))
            axis.plot(dead.worst_input, level, markersize=3.5, markeredgewidth=0.6, **points(label))
        axis.axhline(np.log10(limit), color="black", linewidth=0.6, linestyle=":")
        axis.set(xlabel="x", ylabel=f"|{_PRIMES[1]}(x)|", title=form)
        powers(axis)
    name = named(activation, str(part.parameters.iloc[0]))
    figure.suptitle(f"{name}: the gradient computed and exact\n(dotted: the least number there is; below it: computed as 0)")
    legend(figure, axes)
    return figure


def _log(values: Any) -> Any:
    """Decimal logarithms of magnitudes: an axis of its own could not show anything below the least float64."""
    return np.log10(np.abs(values.to_numpy(np.float64)))


def _reach(shown: pd.DataFrame) -> float:
    """How far out a panel goes: a little beyond where the exact gradient underflows."""
    return 1.1 * float(shown.worst_input.abs().max()) if len(shown) else 1.0


def _part(run: Run, activation: str, order: int, parameters: str | None) -> pd.DataFrame:
    """The curves of one function and derivative; without parameters those that come first."""
    if run.curves.empty:
        raise ValueError("this run was saved without curves: measure again to draw errors along x")
    return chosen(run.curves, activation, order, parameters)


def _draw_errors(axis: Axes, line: pd.DataFrame, form: str, look: dict[str, Any]) -> None:
    """One line of errors, and crosses above it where the result is no number."""
    line = line[line.worst_input.abs() <= _FAR]
    known = line[line.ulp.notna()]
    axis.plot(known.worst_input, [_height(ulp) for ulp in known.ulp], **look)
    lost = line[line.ulp.isna() & ~line["class"].isin(["correct", "faithful"])]
    axis.plot(lost.worst_input, np.full(len(lost), np.log10(2.0) * (number_format(form).precision + 4)), **look | _CROSS)


def _height(ulp: float) -> float:
    """Where an error is drawn; of those in float64 some are beyond its largest number."""
    return float(np.log10(np.clip(ulp, _LEAST, np.finfo(float).max)))


def _label_worst(axis: Axes, accuracy: pd.DataFrame, part: pd.DataFrame, form: str) -> None:
    """The largest error of a panel, with the input's bits and the exact result; at the edge where it is beyond what is drawn."""
    first = part.iloc[0]
    same = (accuracy.activation == first.activation) & (accuracy.parameters == first.parameters)
    rows = accuracy[same & (accuracy.order == first.order) & (accuracy.format == form) & accuracy.max_ulp.notna()]
    if rows.empty or rows.worst_input_bits.isna().all() or not rows.max_ulp.max():
        return
    worst = rows.loc[rows.max_ulp.astype(float).idxmax()]
    words = f"{ulps(worst.max_ulp)} ulp at x = {worst.worst_input:.9g}\n({bits(worst.worst_input_bits, form)})"
    words += f", exact {shorten(worst.worst_exact)}"
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.45 * (high - low))  # room above the curves
    place = float(np.clip(worst.worst_input, -_FAR, _FAR)), min(_height(worst.max_ulp), high)
    arrow = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.35"}
    axis.annotate(words, place, xytext=(0.02, 0.97), textcoords="axes fraction", va="top", fontsize=6.5, arrowprops=arrow)


FIGURES = {"function": function, "error": error, "distribution": distribution, "percentiles": percentiles}
FIGURES |= {"vanishing": vanishing, "chain": chain, "speed": speed, "cost": cost}
"""The figures by name; each takes a run and says in its signature what can be chosen."""


def plot(run: Run, figure: str, **choice: Any) -> Figure:
    """Draw a figure of a run.

    Raises:
        ValueError: for a figure, or a choice, that there is not.
    """
    if figure not in FIGURES:
        raise ValueError(f"unknown figure {figure!r}: choose from {', '.join(FIGURES)}")
    draw: Any = FIGURES[figure]
    with canvas():
        drawn: Figure = draw(run, **choice)
    return drawn


def write(run: Run, folder: Path, activations: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Path]:
    """Write figures of a run as SVG, PDF and PNG, and return their paths.

    Args:
        run: of which.
        folder: where to.
        activations: ``NAME``, or ``NAME(parameter=value)`` as the run has it; all that it has where none is given.
        kinds: of :data:`FIGURES`; all that the run allows where none is given.

    Raises:
        ValueError: where the run has none of those that are asked for, before anything is written.
    """
    wanted = list(_possible(run, activations, kinds))
    if not wanted:
        raise ValueError(f"this run has no figure of {', '.join([*kinds, *activations])}: nothing was saved to draw it from")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    parts = {name: _by_function(getattr(run, name)) for name in _LONG}
    for name, figure, choice in wanted:
        key = (choice.get("activation"), choice.get("parameters"))
        part = replace(run, **{frame: of[key] for frame, of in parts.items() if key in of})  # type: ignore[arg-type]
        written += save(plot(part, figure, **choice), folder / name)
    return written


def _by_function(frame: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """The rows of each function: looking for them among millions takes as long as drawing them."""
    return dict(list(frame.groupby(["activation", "parameters"]))) if len(frame) else {}


def _possible(run: Run, activations: Sequence[str], kinds: Sequence[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The figures: their file's name, their kind and the choice."""
    measured = run.accuracy[run.accuracy.status == "ok"]
    known = measured[["activation", "parameters"]].drop_duplicates()
    functions = {named(name, parameters): (name, parameters) for name, parameters in known.itertuples(index=False)}
    for wanted in activations:
        if not any(wanted in (full, name) for full, (name, _) in functions.items()):
            raise ValueError(f"this run has no {wanted}: choose from {', '.join(functions)}")
    for kind in kinds:
        if kind not in FIGURES:
            raise ValueError(f"unknown figure {kind!r}: choose from {', '.join(FIGURES)}")
    timed = steady(run)
    for full, (name, parameters) in functions.items():
        if activations and not {full, name} & set(activations):
            continue
        for figure, order in _of_function(run, name, parameters, timed):
            if not kinds or figure in kinds:
                choice = {"activation": name, "parameters": parameters} | ({} if order is None else {"order": order})
                yield "-".join([figure, _stem(full), *([] if order is None else [str(order)])]), figure, choice
    if (not kinds or "chain" in kinds) and not activations:
        yield "chain", "chain", {}


def _of_function(run: Run, name: str, parameters: str, timed: pd.DataFrame) -> Iterator[tuple[str, int | None]]:
    """The kinds of figures there are of a function, with the order where there is one for each."""
    yield "function", None
    for frame, kind in _LONG.items():
        rows = getattr(run, frame)
        part = rows[(rows.activation == name) & (rows.parameters == parameters)] if len(rows) else rows
        yield from ((kind, int(order)) for order in (part.order.unique() if len(part) else ()))
    if len(run.curves):
        part = run.curves[(run.curves.activation == name) & (run.curves.parameters == parameters)]
        dead = part[(part.order == 1) & part.route.isin(OWN) & (part["class"] == "vanished")]
        if (dead.worst_input.abs() > _NEAR).any():
            yield "vanishing", None
    if len(timed):
        part = timed[(timed.activation == name) & (timed.parameters == parameters)]
        yield from ((kind, int(order)) for order in part.order.unique() for kind in ("speed", "cost"))


def _stem(name: str) -> str:
    return name.replace("(", "-").replace(")", "").replace("=", "-").replace(", ", "-")
