"""Findings as a person reads them: the worst first, each with its sentence, its cause and how to see it."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.markup import escape

STYLES = {"severe": "bold red", "moderate": "yellow", "minor": "default", "policy": "cyan"}
"""How a terminal shows each severity."""


def show(console: Console, findings: pd.DataFrame, most: int | None = None) -> None:
    """Print findings, numbered from 1 as in the frame; at most so many."""
    if findings.empty:
        console.print("[bold]findings[/]: none")
        return
    counts = findings.severity.value_counts()
    summary = ", ".join(f"{counts[name]} {name}" for name in STYLES if name in counts)
    console.print(f"[bold]findings[/]: {len(findings)} ({summary})", highlight=False)
    for number, (_, row) in enumerate(findings.iterrows(), start=1):
        if most is not None and number > most:
            console.print(f"  … and {len(findings) - most} more", highlight=False)
            break
        title = f"[{STYLES[row.severity]}]{row.severity}[/] {row.kind}" + (f" ({row.also})" if row.also else "")
        console.print(
            f"{number:3}. {title}: {row.share:.2g} of the inputs, {row.share_used:.2g} of those up to 10", highlight=False
        )
        console.print(f"     {escape(row.sentence)}", highlight=False)
