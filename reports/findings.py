"""Findings as a person reads them: the worst first, each with its sentence, its cause and how to see it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape

from .sections import sections, severities, summary

STYLES = {"severe": "bold red", "moderate": "yellow", "minor": "default", "policy": "cyan"}
"""How a terminal shows each severity."""


def show(console: Console, findings: pd.DataFrame) -> None:
    """Print findings in their sections, numbered from 1 as in the frame."""
    if findings.empty:
        console.print("[bold]findings[/]: none")
        return
    console.print(f"[bold]findings[/]: {summary(findings)}", highlight=False)
    number = 0
    for name, part in sections(findings).items():
        console.print(f"[bold]in {name}[/]: {len(part)} ({severities(part)})", highlight=False)
        for _, row in part.iterrows():
            number += 1
            _show(console, number, row)


def _show(console: Console, number: int, row: Any) -> None:
    title = f"[{STYLES[row.severity]}]{row.severity}[/] {row.kind}" + (f" ({row.also})" if row.also else "")
    console.print(f"{number:3}. {title}: {row.share:.2g} of the inputs, {row.share_used:.2g} of those up to 10", highlight=False)
    console.print(f"     {escape(row.sentence)}", highlight=False)
