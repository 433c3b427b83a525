"""Figures of how errors are distributed: over all inputs, and in each binade of x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.formats import FORMATS
from harness.runs.results import Run

from .choice import chosen, lines
from .drawing import decades, grid, legend, panels, powers, style, widely
from .matrix import OWN
from .words import ORDERS, function

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST, _MOST = 2.0**-10, 1e250  # errors beyond are drawn there; some in float64 are infinite as a float
_SHARES = {0: "0 %", 0.5: "50 %", 0.9: "90 %", 0.99: "99 %", 0.999: "99.9 %", 0.9999: "99.99 %", 1: "all"}
_ALL = 5.3  # decades from nothing to all, or to what looks like it
_FLAT = 2.0**-6  # of percentiles
_FAR = 2.0**10  # where percentiles along x end: beyond, functions are at their limits


def distribution(run: Run, activation: str = "sigmoid", order: int = 1, parameters: str | None = None) -> Figure:
    """What share of the results have an error up to so many ulp: a panel for each format, a line for all cases that share it.

    Raises:
        ValueError: where the run has no such case, or was saved without distributions.
    """
    part = chosen(_kept(run, "distribution"), activation, order, parameters)
    forms = [name for name in FORMATS if name in set(part.format)]
    formulas = [route for route in part.route.unique() if route not in OWN]
    figure, axes = panels(len(forms))
    drawn = list(lines(part, "ulp_low", ("ulp_low", "ulp_high", "count")))
    for axis, form in zip(axes, forms, strict=True):
        axis.set_xscale("log")
        for label, rows in drawn:
            errors, shares = cumulative(rows[rows.format == form])
            if len(errors):
                look = style(label, formulas)
                axis.plot(errors, rise(shares), **look)
                axis.plot(errors[-1:], rise(shares[-1:]), marker="o", markersize=3, color=look["color"])
        axis.axvline(0.5, color="black", linewidth=0.6, linestyle=":")
        axis.set(xlabel="error in ulp", ylabel="results within it", title=form, ylim=(-0.2, _ALL + 0.2))
        axis.set_yticks(rise(list(_SHARES)), list(_SHARES.values()))
        axis.set_xlim(_LEAST, max(2.0, 1.5 * axis.get_xlim()[1]))
        decades(axis.xaxis)
    told = "dotted: 0.5 ulp; a line ends at the largest error"
    figure.suptitle(f"{_title(part, activation, order)}: how many results are how wrong\n({told})")
    legend(figure, axes)
    return figure


def cumulative(rows: pd.DataFrame) -> tuple[Any, Any]:
    """The corners of the line through the steps of one case: errors, and the shares of results up to them.

    Where no result has an error the line is level.
    """
    low, high, share = (rows[name].to_numpy(np.float64) for name in ("ulp_low", "ulp_high", "share"))
    errors = np.clip(np.column_stack([low, high]).ravel(), _LEAST, _MOST)
    return errors, np.column_stack([np.concatenate([[0.0], share])[: len(share)], share]).ravel()


def rise(shares: Any) -> Any:
    """Where shares are drawn: each decade divides the rest by ten, so that the last hundredth can be read."""
    with np.errstate(divide="ignore"):
        return np.minimum(-np.log10(1 - np.asarray(shares, np.float64)), _ALL)


def percentiles(run: Run, activation: str = "sigmoid", order: int = 1, parameters: str | None = None) -> Figure:
    """Median, 99th percentile and largest error in each binade of x: a row for all implementations that share it, by format.

    Raises:
        ValueError: where the run has no such case, or was saved without percentiles.
    """
    part = chosen(_kept(run, "percentiles"), activation, order, parameters)
    own = part[part.route.isin(OWN)]
    part = own if len(own) else part
    forms = [name for name in FORMATS if name in set(part.format)]
    drawn = list(lines(part, "x_low", ("x_low", "inputs", "p50_ulp", "p99_ulp", "max_ulp")))
    figure, axes = grid([label for label, _ in drawn], forms)
    for (label, rows), across in zip(drawn, axes, strict=True):
        for axis, form in zip(across, forms, strict=True):
            shade = style(label)["color"]
            widely(axis, _FAR)
            powers(axis)
            axis.axhline(np.log10(0.5), color="black", linewidth=0.6, linestyle=":")
            here = rows[(rows.format == form) & (rows.x_low >= -_FAR) & (rows.x_high <= _FAR)]
            if here.empty:
                axis.text(0.5, 0.5, "no errors to show", transform=axis.transAxes, ha="center", color="0.4", fontsize=6)
            values = here[["x_low", "x_high", "p50_ulp", "p99_ulp", "max_ulp"]].to_numpy(np.float64)
            values[:, 2:] = np.log10(values[:, 2:].clip(_FLAT, _MOST))
            for *ends, median, most, largest in values.tolist():
                axis.fill_between(ends, median, most, color=shade, alpha=0.45, linewidth=0)
                axis.plot(ends, [median, median], color=shade, linewidth=1.2)
                axis.plot(ends, [largest, largest], color="black", linewidth=0.6)
    told = "band: median to 99th percentile; thin: largest; dotted: 0.5 ulp"
    figure.suptitle(f"{_title(part, activation, order)}: error in ulp in each binade of x\n({told})")
    return figure


def _kept(run: Run, name: str) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(run, name)
    if frame.empty:
        raise ValueError(f"this run was saved without its frame {name}: measure again to draw it")
    return frame


def _title(part: pd.DataFrame, activation: str, order: int) -> str:
    return f"{function(activation, str(part.parameters.iloc[0]))}, {ORDERS[order]}"
