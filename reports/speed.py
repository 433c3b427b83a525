"""How fast, as a person reads it in a terminal: a row for each size, implementation and route, with its ratio and interval."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backends.timing import DEVICE, LAUNCH
from harness.speed.statistics import looks

from .words import ORDERS, WHO, function, implementation

SIGNS = {"slower": "▲", "faster": "▼", "same": "=", "ambiguous": "?"}
"""Of the verdicts."""
REGIMES = {LAUNCH: ", with its launch", DEVICE: ", the device alone"}
_FIGURE = r"(?<=ran on )[\d.]+"  # of effective threads
_STYLES = {"faster": "green", "slower": "red", "same": "default", "ambiguous": "yellow"}


def show(console: Console, speed: pd.DataFrame, environments: pd.DataFrame, drift: float | None = None) -> None:
    """Print a table for each activation, order and format, what a start costs, and what really ran."""
    steady = speed[speed.phase == "steady"]
    key: Any
    for key, part in steady[steady.ns_per_element.notna()].groupby(["activation", "parameters", "order", "format"], sort=False):
        console.print(_table(key, part))
    if said := legend(steady.verdict.dropna()):
        console.print(f"  {said}", highlight=False)
    _print_starts(console, speed)
    _print_footer(console, steady, environments, drift)


def duration(ns: float) -> str:
    """A time with three digits and the unit that suits it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def ratio(row: Any) -> Text:
    """A ratio with its interval (none from fewer than 8 pairs) and the sign of its verdict, in the verdict's colour."""
    if pd.isna(row.ratio):
        return Text("")
    bounds = "" if pd.isna(row.ratio_low) else f" [{row.ratio_low:.3g}, {row.ratio_high:.3g}]"
    return Text(f"{row.ratio:.3g}×{bounds} {SIGNS[row.verdict]}", style=_STYLES[row.verdict])


def legend(verdicts: Any) -> str:
    """The signs of the verdicts that occur."""
    present = set(verdicts)
    return ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items() if verdict in present)


def too_few(steady: pd.DataFrame) -> str:
    """That there are too few pairs for any row to be told apart among all, or nothing."""
    compared = steady[steady.verdict.notna()]
    needed = looks(len(compared))[0]
    if compared.empty or compared.pairs.min() >= needed:
        return ""
    fewest = int(compared.pairs.min())
    some = f"{fewest} pair{' is' if fewest == 1 else 's are'} too few for verdicts on {len(compared)} rows at once"
    return f"{some}: {needed} are needed; a larger --budget of `lastbit speed` makes more"


def _table(key: Any, part: pd.DataFrame) -> Table:
    name, parameters, order, form = key
    title = f"{function(name, parameters)}: {ORDERS[order]}, {form}"
    bases = list(part.ratio_to.dropna().unique())
    if len(bases) == 1:  # otherwise each row says its own
        title += f" (× is over the time of {bases[0]})"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("n", justify="right", no_wrap=True)
    for heading in ("implementation", "route"):
        table.add_column(heading, overflow="fold")
    table.add_column("per element", justify="right", no_wrap=True)
    table.add_column("×", no_wrap=True)
    if len(bases) > 1:
        table.add_column("compared with", overflow="fold")
    table.add_column("of a copy's\nbandwidth", justify="right", no_wrap=True)
    for _, rows in part.groupby("n", sort=True):
        for number, (_, row) in enumerate(rows.iterrows()):
            table.add_row(
                "" if number else f"{row.n:,}",
                implementation(row),
                route(row),
                _time(row),
                ratio(row),
                *([str(row.ratio_to) if pd.notna(row.ratio_to) else ""] if len(bases) > 1 else []),
                f"{row.copy_bandwidth_share:.0%}" if pd.notna(row.copy_bandwidth_share) else "",
            )
        table.add_section()
    return table


def route(row: Any) -> str:
    """The route; on a device also what of a call was timed."""
    return str(row.route) + REGIMES.get(row.get("regime"), "")


def _time(row: Any) -> Text:
    text = duration(row.ns_per_element)
    return Text(text) if row.status == "ok" else Text(f"({text}) {row.status}", style="yellow")


def _print_starts(console: Console, speed: pd.DataFrame) -> None:
    """Import, and the slowest first call, of every implementation."""
    console.print("[bold]before the steady state[/] (medians)")
    for who, part in speed.groupby([*WHO], sort=False):
        imports, calls = part[part.phase == "import"], part[(part.phase == "first_call") & part.seconds.notna()]
        if len(imports) and len(calls):
            slow, fast = calls.seconds.max() * 1e9, calls.seconds.min() * 1e9
            text = f"import {imports.seconds.iloc[0]:.2f} s, first call {duration(fast)} to {duration(slow)}"
            again = part.recompilations.sum()
            text += f"; compiled again {int(again)} times in the steady state" if pd.notna(again) and again else ""
            console.print(f"  {implementation(dict(zip(WHO, who, strict=True)))}: {text}", highlight=False)


def _print_footer(console: Console, steady: pd.DataFrame, environments: pd.DataFrame, drift: float | None) -> None:
    console.print("[bold]what ran[/]")
    for _, row in environments.iterrows():
        console.print(f"  {row.backend}:{row['mode']}@{row.device}  {row.versions}"[:150], highlight=False)
    done = steady[steady.pairs.notna()]
    if len(environments) and len(done):
        first = environments.iloc[0]
        low, high, threads = int(done.pairs.min()), int(done.pairs.max()), int(done.threads_requested.iloc[0])
        count = f"{low}" if low == high else f"{low} to {high}"
        console.print(
            f"  {first.processor}; {threads} thread{'s' if threads > 1 else ''}; results in fresh memory; {count} pairs of fresh"
            f" processes; intervals 99 %; others held the processors for {done.run_delay.mean():.0%} of the time (taken out)",
            highlight=False,
        )
        if said := too_few(done):
            console.print(f"  {said}", style="yellow")
    if drift is not None:
        console.print(f"  the rows that were not told apart lean one way, {drift:.3g}×: the machine drifted", style="yellow")
    _print_failures(console, steady[steady.status != "ok"])


def _print_failures(console: Console, rows: pd.DataFrame) -> None:
    """Print why rows have no times, or times that are not what was asked for; reasons that differ in a figure are one."""
    for (status, _), part in rows.groupby(["status", rows.reason.str.replace(_FIGURE, "", regex=True)], sort=False):
        figures = sorted({float(found) for reason in part.reason for found in re.findall(_FIGURE, reason)})
        reason = str(part.reason.iloc[0])
        if len(figures) > 1:
            reason = re.sub(_FIGURE, f"{figures[0]:.2f} to {figures[-1]:.2f}", reason, count=1)
        what = sorted({f"{implementation(row)} {route(row)} n = {row.n}" for _, row in part.iterrows()})
        few = "; ".join(what[:3]) + (f"; and {len(what) - 3} more" if len(what) > 3 else "")
        console.print(Text(f"  {status}: {reason} [{few}]", style="yellow"), highlight=False)
