"""The frames of a run as full tables in a terminal: what is wrong first."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .words import HEX_DIGITS, ORDERS, STYLES, function, share, shorten, ulps

_DEFECTS = ("vanished", "nan", "special", "overflowed", "inaccurate", "flushed")
_FAILED = ("status", "reason", "backend", "mode", "implementation")  # what rows of one line in the footer share


def show(console: Console, accuracy: pd.DataFrame, agreement: pd.DataFrame, environments: pd.DataFrame) -> None:
    """Print tables by activation, order and route, the agreement, and what really ran."""
    measured = accuracy[accuracy.status == "ok"]
    key: Any  # pandas types group keys as anything hashable
    for key, part in measured.groupby(["activation", "parameters", "order"], sort=False):
        name, parameters, order = key
        console.print(_accuracy_table(function(name, parameters), int(order), part))
    if len(agreement):
        _print_agreement(console, agreement)
    _print_footer(console, accuracy, environments)


def _accuracy_table(name: str, order: int, part: pd.DataFrame) -> Table:
    table = Table(title=f"{name}: {ORDERS[order]}", title_justify="left", title_style="bold", pad_edge=False, expand=False)
    for heading in ("format", "route", "implementation", "what is wrong"):
        table.add_column(heading, no_wrap=True)
    for heading in ("max ulp", "mean", "p99"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("worst input, result, exact result", overflow="fold")
    ranks: Any = [_rank(row) for _, row in part.iterrows()]
    rows = part.assign(rank=ranks)
    for (form, route), group in rows.groupby(["format", "route"], sort=False):
        for _, same in group.sort_values("rank", kind="stable", ascending=False).groupby("output_digest", sort=False):
            row = same.iloc[0]
            names = [
                f"{each.backend}:{each['mode']}"
                + ("" if each.device == "cpu" else f"@{each.device}")
                + (f"\n  {each.implementation}" if each.implementation else "")
                for _, each in same.iterrows()
            ]
            table.add_row(str(form), str(route), "\n".join(names), wrong(row), *_numbers(row, same.search_max_ulp.max()))
        table.add_section()
    return table


def _rank(row: Any) -> tuple[float, ...]:
    return (*(float(row[name]) for name in _DEFECTS), float(row.max_ulp) if pd.notna(row.max_ulp) else 0.0)


def wrong(row: Any) -> Text:
    """The share of the inputs in each class that is not right, worst class first; or how good it is."""
    text = Text()
    for name in _DEFECTS:
        if row[name]:
            text.append(f"{name} {share(int(row[name]), int(row.inputs))}\n", style=STYLES[name])
    for column in ("wrong_sign", "zero_sign"):
        if row[column]:
            text.append(f"{column.replace('_', ' ')} {share(int(row[column]), int(row.inputs))}\n", style="magenta")
    if not any(row[name] for name in _DEFECTS):
        best = "faithful" if row.faithful else "correct"
        text.append("correctly rounded\n" if best == "correct" else "faithful\n", style=STYLES[best])
    if pd.notna(row.first_vanished_positive) or pd.notna(row.first_vanished_negative):
        ends = [row.first_vanished_negative, row.first_vanished_positive]
        text.append("zero from x = " + ", ".join(f"{end:.4g}" for end in ends if pd.notna(end)) + "\n", style="red")
    text.rstrip()
    return text


def _numbers(row: Any, searched: Any) -> tuple[str, ...]:
    """The figures of a row; what a search found is a lower bound."""
    found = "" if pd.isna(searched) else f"\n≥ {ulps(searched)} (search)"
    if pd.isna(row.worst_input_bits):
        return (found.strip(), "", "", "")
    digits = HEX_DIGITS[row.format]
    where = f"x = {row.worst_input:.9g} (0x{int(row.worst_input_bits):0{digits}x})"
    got = f"got 0x{int(row.worst_output_bits):0{digits}x}, exact {shorten(row.worst_exact)}"
    return (ulps(row.max_ulp) + found, ulps(row.mean_ulp), ulps(row.p99_ulp), f"{where}\n{got}")


def _print_agreement(console: Console, agreement: pd.DataFrame) -> None:
    """Who computes the same bits as whom, and the largest disagreements."""
    console.print("[bold]agreement[/] (bit for bit, two NaNs count as equal)")
    key: Any
    for key, part in agreement.groupby(["activation", "parameters", "order", "format"], sort=False):
        name, parameters, order, form = key
        same = part[part.differing == 0]
        groups: list[set[str]] = []
        for first, second in zip(same["first"], same["second"], strict=True):
            found = next((group for group in groups if first in group or second in group), None)
            if found is None:
                groups.append({str(first), str(second)})
            else:
                found |= {str(first), str(second)}
        head = f"  {function(name, parameters)} {ORDERS[int(order)]} {form}, {int(part.inputs.iloc[0]):,} inputs: "
        console.print(head + ("no two agree everywhere" if not groups else "the same on every input:"), highlight=False)
        for group in groups:
            console.print("    " + " = ".join(sorted(group)), highlight=False)
        other = part[part.differing > 0]
        if len(other):
            worst = other.sort_values("differing", kind="stable").iloc[-1]
            on = share(int(worst.differing), int(worst.inputs))
            distance = int(worst.largest_distance)
            how = f"up to {distance:,} steps apart" if distance else "zeros of either sign, or NaN against a number"
            place = "NaN" if pd.isna(worst.example) else f"{worst.example:.9g}"
            text = f"    most different: {worst['first']} and {worst['second']}, on {on}, {how}, at x = {place}"
            console.print(text, highlight=False)


def _print_footer(console: Console, accuracy: pd.DataFrame, environments: pd.DataFrame) -> None:
    """What ran, in which versions, and what did not, with the reason."""
    console.print("[bold]what ran[/]")
    for _, row in environments.iterrows():
        name = f"{row.backend}:{row['mode']}@{row.device}  {row.implementation}".rstrip()
        console.print(f"  {name}  {row.versions}  {row.framework_path}"[:150], highlight=False)
    if len(environments):
        first = environments.iloc[0]
        console.print(f"  {first.processor}, {first.instruction_sets}; {first.c_library}", highlight=False)
    measured = accuracy[accuracy.status == "ok"]
    console.print(
        f"  {len(measured)} of {len(accuracy)} cases measured, {int(measured.inputs.sum()):,} results compared", highlight=False
    )
    missing = accuracy[accuracy.status != "ok"]
    for (status, reason, backend, mode, own), part in missing.groupby([*_FAILED], sort=False):
        what = sorted(
            {
                f"{function(row.activation, row.parameters)} order {row.order} {row.route} {row.format}"
                for _, row in part.iterrows()
            }
        )
        few = "; ".join(what[:3]) + (f"; and {len(what) - 3} more" if len(what) > 3 else "")
        console.print(
            Text(f"  {status}: {backend}:{mode}{' ' * bool(own)}{own}: {reason} [{few}]", style="yellow"), highlight=False
        )
