"""What is said of each case: whether it holds its limits, and how it compares with a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..frames import Row
from .files import printable

OUTCOMES = ("worse", "missing", "undecided", "disappeared", "appeared", "better", "ok")
"""What can be said of a case, what matters most first; cases appear and disappear from one run to another only."""
HOLDS, REGRESSION, UNDECIDED, MISSING = 0, 1, 3, 4
"""Exit codes."""
STATUSES = {"unsupported": "undecided", "interrupted": "undecided", "invalid": "undecided"}
"""Outcomes of cases that have no figures; of all other statuses: missing."""


@dataclass
class CaseVerdict:
    """The verdict on a case.

    Attributes:
        name: the case in words.
        outcome: one of :data:`OUTCOMES`.
        reasons: why, in words.
        row: its row of the frame ``accuracy``, empty where there is none.
        path, line: where the case is demanded.
    """

    name: str
    outcome: str = "ok"
    reasons: list[str] = field(default_factory=list)
    row: Row = field(default_factory=dict)
    path: Path | None = None
    line: int = 1

    def __post_init__(self) -> None:
        # Names and reasons come from files and modules that others wrote, and end up in terminals.
        self.name, self.reasons = printable(self.name), [printable(reason) for reason in self.reasons]

    def add(self, outcome: str, reasons: Iterable[str]) -> None:
        """One more thing to say; the outcome that matters most stays."""
        self.reasons += [printable(reason) for reason in reasons]
        self.outcome = min(self.outcome, outcome, key=OUTCOMES.index)


def ranked(verdicts: Iterable[CaseVerdict]) -> list[CaseVerdict]:
    """What matters most first."""
    return sorted(verdicts, key=lambda verdict: OUTCOMES.index(verdict.outcome))


def last_line(verdicts: Sequence[CaseVerdict]) -> str:
    """How many cases there are of each outcome."""
    counts = {outcome: sum(verdict.outcome == outcome for verdict in verdicts) for outcome in OUTCOMES}
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("ok", "worse", "better", "undecided", "missing"))


def exit_code(verdicts: Iterable[CaseVerdict], strict: bool) -> int:
    """0 all hold, 1 a regression, 3 something could not be decided (1 if strict), 4 a backend is missing or did not survive."""
    outcomes = {verdict.outcome for verdict in verdicts}
    open_ = REGRESSION if strict else UNDECIDED
    codes = {"worse": REGRESSION, "missing": MISSING, "undecided": open_, "disappeared": open_}
    return next((code for outcome, code in codes.items() if outcome in outcomes), HOLDS)
