"""The verdicts of the gate as a person reads them: what matters most first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from harness.gate.files import printable

if TYPE_CHECKING:
    from harness.gate.baseline import Baseline
    from harness.gate.verdict import CaseVerdict

_STYLES = {"worse": "bold red", "missing": "bold red", "undecided": "yellow", "disappeared": "yellow", "appeared": "cyan"}
_STYLES |= {"better": "bold green", "ok": "green"}
_WIDTH = max(map(len, _STYLES))


def show(console: Console, verdicts: Iterable[CaseVerdict]) -> None:
    """Print verdicts, each with its reasons."""
    for verdict in verdicts:
        line = Text(f"{verdict.outcome:{_WIDTH}}", style=_STYLES[verdict.outcome])
        line.append(f"  {verdict.name}", style="default")
        if verdict.row.get("exhaustive") is False:
            line.append("  (a sample)", style="dim")  # its largest error is a lower bound
        if verdict.path and verdict.outcome != "ok":
            line.append(printable(f"  [{verdict.path}:{verdict.line}]"), style="dim")
        console.print(line, soft_wrap=True)
        for reason in verdict.reasons:
            console.print(Text(f"{'':{_WIDTH}}  {reason}"), soft_wrap=True)


def show_environments(console: Console, old: Baseline, new: Baseline) -> None:
    """Print how the environments of two runs differ."""
    for where in sorted(old.environments.keys() | new.environments.keys()):
        before, after = old.environments.get(where, {}), new.environments.get(where, {})
        facts = [f"{name} {before.get(name, 'none')} -> {after.get(name, 'none')}" for name in before | after]
        changed = [fact for fact, name in zip(facts, before | after, strict=True) if before.get(name) != after.get(name)]
        text = "; ".join(changed) or f"the same: {after.get('versions', '')}, {after.get('processor', '')}"
        console.print(Text(printable(f"{':'.join(where[:2])}@{where[2]}: {text}")), soft_wrap=True)
