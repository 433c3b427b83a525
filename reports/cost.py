"""Accuracy against cost: for each activation and implementation the routes, what is wrong with each beside what it takes."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backends.formulas import CACHED

from .details import wrong
from .speed import duration, legend, ratio, too_few
from .speeds import errors, of_calls
from .words import ORDERS, WHO, function, implementation, ulps

_CASE = ["activation", "parameters", "order", "format", *WHO, "route"]
_ERRORS = ["inputs", "correct", "faithful", "inaccurate", "vanished", "flushed", "overflowed", "nan", "special", "wrong_sign"]
_ERRORS += ["zero_sign", "max_ulp", "mean_ulp", "first_vanished_positive", "first_vanished_negative"]
_TIMES = ["n", "ns_per_element", "low", "high", "ratio_to", "ratio", "ratio_low", "ratio_high", "verdict"]


def joined(accuracy: pd.DataFrame, speed: pd.DataFrame) -> pd.DataFrame:
    """A row per case and size, with its errors and its times; only what was measured in both frames."""
    return of_calls(speed)[_CASE + _TIMES].merge(errors(accuracy)[_CASE + _ERRORS], on=_CASE, how="inner")


def show(console: Console, accuracy: pd.DataFrame, speed: pd.DataFrame) -> None:
    """Print a table for each activation, order and format, and the price of every other route where a value is at hand."""
    rows = joined(accuracy, speed)
    key: Any
    for key, part in rows.groupby(["activation", "parameters", "order", "format"], sort=False):
        console.print(_table(key, part))
    show_prices(console, of_calls(speed))
    for said in (legend(rows.verdict.dropna()), too_few(of_calls(speed))):
        if said:
            console.print(f"  {said}", highlight=False)


def _table(key: Any, part: pd.DataFrame) -> Table:
    name, parameters, order, form = key
    title = f"{function(name, parameters)}: {ORDERS[order]}, {form}: accuracy against cost"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("implementation", "route", "what is wrong"):
        table.add_column(heading, no_wrap=True)
    for heading in ("max ulp", "mean"):
        table.add_column(heading, justify="right", no_wrap=True)
    sizes = sorted(part.n.unique())
    for n in sizes:
        table.add_column(f"n = {n:,}\nper " + ("call" if n == 1 else "element"), justify="right", no_wrap=True)
    table.add_column(f"n = {sizes[-1]:,}\ntimes that of", overflow="fold")
    for who, group in part.groupby([*WHO], sort=False):
        for route, rows in group.groupby("route", sort=False):
            by_size = {row.n: row for _, row in rows.iterrows()}
            first, last = rows.iloc[0], by_size.get(sizes[-1])
            times = [duration(by_size[n].ns_per_element) if n in by_size else "" for n in sizes]
            compared = Text("") if last is None or pd.isna(last.ratio) else ratio(last) + Text(f" {last.ratio_to}", style="dim")
            table.add_row(
                Text(implementation(dict(zip(WHO, who, strict=True)))),
                str(route),
                wrong(first),
                ulps(first.max_ulp),
                ulps(first.mean_ulp),
                *times,
                compared,
            )
        table.add_section()
    return table


def show_prices(console: Console, times: pd.DataFrame) -> None:
    """Print how many times as long every other route takes as the formula from the cached value.

    Args:
        console: where to.
        times: as :func:`of_calls` gives them.
    """
    paid = times[(times.ratio_to == CACHED) & times.ratio.notna()]
    key: Any
    for key, part in paid.groupby(["activation", "parameters", "order", "format"], sort=False):
        name, parameters, order, form = key
        title = f"{function(name, parameters)}: {ORDERS[order]}, {form}: times the formula from the cached value"
        table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
        table.add_column("implementation", no_wrap=True)
        table.add_column("n", justify="right", no_wrap=True)
        routes = list(dict.fromkeys(part.route))
        for route in routes:
            table.add_column(str(route), no_wrap=True)
        for who, group in part.groupby([*WHO], sort=False):
            for n, rows in group.groupby("n", sort=True):
                by_route = {row.route: row for _, row in rows.iterrows()}
                cells = [ratio(by_route[route]) if route in by_route else "" for route in routes]
                table.add_row(Text(implementation(dict(zip(WHO, who, strict=True)))), f"{n:,}", *cells)
            table.add_section()
        console.print(table)
