"""Verdicts where GitHub's runners look for them: a summary in Markdown, and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.gate.verdict import last_line, ranked

if TYPE_CHECKING:
    from harness.gate.verdict import CaseVerdict

LARGEST = 1 << 18
"""Bytes of a summary; GitHub takes 1 MiB from all commands of a step together."""
_MOST = 10  # annotations of a kind that GitHub shows of a step
_LONGEST = 400  # characters of a cell, or of an annotation
_KINDS = {"worse": "error", "missing": "error", "undecided": "warning", "better": "notice"}
_MARKS = {"worse": "❌", "missing": "❌", "undecided": "⚠️", "better": "🎉", "ok": "✅"}


def summary(verdicts: Sequence[CaseVerdict]) -> str:
    """A table, the worst first, of at most :data:`LARGEST` bytes."""
    head = f"### lastbit: {last_line(verdicts)}\n\n| | case | why |\n|---|---|---|\n"
    size, lines, left = len(head.encode()) + 100, [head], len(verdicts)
    for verdict in ranked(verdicts):
        row = f"| {_MARKS[verdict.outcome]} {verdict.outcome} | {_cell(verdict.name)} | {_cell('; '.join(verdict.reasons))} |\n"
        size += len(row.encode())
        if size > LARGEST:
            lines.append(f"\n… and {left:,} more\n")
            break
        lines.append(row)
        left -= 1
    return "".join([*lines, "\n"])


def commands(verdicts: Sequence[CaseVerdict]) -> Iterator[str]:
    """Workflow commands that point to the lines of the file of limits, the worst first, the first few of each kind."""
    shown = dict.fromkeys(_KINDS.values(), 0)
    for verdict in ranked(verdicts):
        kind = _KINDS.get(verdict.outcome)
        if kind and shown[kind] < _MOST:
            shown[kind] += 1
            place = f"file={_property(str(verdict.path))},line={verdict.line}," if verdict.path else ""
            said = f"{verdict.outcome}: " + "; ".join(verdict.reasons)
            yield f"::{kind} {place}title={_property(_short(verdict.name))}::{_data(_short(said))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _cell(text: str) -> str:
    """As code, in which nothing is markup; a cell ends at a bar."""
    plain = " ".join(_short(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
