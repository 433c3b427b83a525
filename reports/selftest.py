"""What the stopwatch can be trusted with, as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from harness.speed.selftest import Promise, Selftest


def show(console: Console, result: Selftest, promises: list[Promise], overhead: float) -> None:
    """Print each promise beside what was seen, then verdicts and widths for each injected difference."""
    table = Table(title="promises", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("")
    for heading in ("seen", "share", "promised"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for promise in promises:
        word = "at most" if promise.most else "at least"
        share = f"{promise.seen / promise.of:.1%}" if promise.of else ""
        kept = "[green]kept[/]" if promise.kept else "[bold red]broken[/]"
        table.add_row(promise.what, f"{promise.seen} of {promise.of}", share, f"{word} {promise.limit:.0%}", kept)
    console.print(table)
    table = Table(title="comparisons", title_justify="left", title_style="bold", pad_edge=False)
    for heading in (
        "injected",
        "ratio, median",
        "interval, median",
        "slower",
        "faster",
        "same",
        "ambiguous",
        "slower among all rows",
    ):
        table.add_column(heading, justify="right")
    for injected, part in result.rows.groupby("injected"):
        counts = part.verdict.value_counts()
        words = [str(int(counts.get(verdict, 0))) for verdict in ("slower", "faster", "same", "ambiguous")]
        bounds = f"[{part.ratio_low.median():.3f}, {part.ratio_high.median():.3f}]"
        among = str(int((part.verdict_among_all == "slower").sum()))
        table.add_row(f"{injected:+.0%}", f"{part.ratio.median():.3f}", bounds, *words, among)
    console.print(table)
    clock = result.clock
    console.print(
        f"  clock: steps of {clock.step} ns, {clock.reading:.0f} ns a reading; that is at most {overhead:.2%} of a block"
        f" (at least {clock.least() / 1e3:.0f} µs)",
        highlight=False,
    )
    if len(result.rows):
        load = "with other work on all processors" if result.loaded else "without other work of its own"
        console.print(
            f"  {load}: calls waited {result.rows.run_delay.mean():.0%} of the time; {int(result.rows.pairs.median())} pairs"
            " a comparison",
            highlight=False,
        )
