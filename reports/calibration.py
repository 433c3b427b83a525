"""What was published of the C library beside what was measured, in a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.runs.calibration import BEFORE, PUBLISHED, SOURCE

_DIGITS = {(each.function, each.format): each.ulp for each in PUBLISHED}


def show(console: Console, rows: pd.DataFrame) -> None:
    """Print a table for each path of the library, and what the figures are."""
    key: Any
    for key, part in rows.groupby(["c_library", "path"], sort=False):
        library, path = key
        console.print(_table(library, path, part))
    console.print(f"  published: {SOURCE}", highlight=False)
    before = ".".join(map(str, BEFORE))
    if not rows.comparable.all():
        text = f"  the published figures are of glibc before {before} on x86-64: this is another library"
        console.print(Text(text, style="yellow"), highlight=False)
    console.print(
        "  they are rounded up to the digits given, and lower bounds in float64, as what a search found (≥)", highlight=False
    )


def _table(library: str, path: str, part: pd.DataFrame) -> Table:
    title = f"{library}, instruction sets it may use: {path}" if path else library
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("function", "format", "method"):
        table.add_column(heading, no_wrap=True)
    for heading in ("published", "measured", "share", "at the input published"):
        table.add_column(heading, justify="right")
    table.add_column("worst input found", no_wrap=True)
    for heading in ("evaluations", "CPU s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for _, row in part.iterrows():
        bound = "" if row.method == "exhaustive" else "≥ "
        single = "f" if row.format == "float32" else ""
        table.add_row(
            row.function + single,
            row.format,
            row.method,
            _DIGITS[row.function, row.format] or "",
            row.reason if row.status != "ok" else f"{bound}{row.measured_ulp:.5f}",
            _share(row),
            "" if pd.isna(row.there_ulp) else f"{row.there_ulp:.5f}",
            "" if pd.isna(row.worst_input) else _hex(row.worst_input),
            "" if pd.isna(row.evaluations) else f"{int(row.evaluations):,}",
            f"{row.cpu_seconds:.0f}",
        )
    return table


def _share(row: Any) -> Text:
    if pd.isna(row.share):
        return Text("")
    words = "agrees, " if row.agrees else ""
    return Text(f"{words}{100 * row.share:.1f} %", style="green" if row.agrees or row.share >= 0.97 else "yellow")


def _hex(value: float) -> str:
    significand, exponent = float(value).hex().split("p")
    return f"{significand.rstrip('0').rstrip('.')}p{exponent}"
