"""What is said of each case: whether it holds its limits, and how it compares with a baseline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..catalogue import activation
from ..formats import number_format
from ..frames import Row
from ..reference.exact import Exact
from .demands import COUNTS, LAWS, Demand, described
from .files import printable

OUTCOMES = ("worse", "missing", "undecided", "disappeared", "appeared", "better", "ok")
"""What can be said of a case, what matters most first; cases appear and disappear from one run to another only."""
HOLDS, REGRESSION, UNDECIDED, MISSING = 0, 1, 3, 4
"""Exit codes."""
_DIGITS = 2.0**-30  # errors in the frame are right to 2^-34 of themselves
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


def judge(demand: Demand, path: Path, row: Row, laws: Iterable[Row]) -> CaseVerdict:
    """Hold a case against its limits.

    Args:
        demand: the limits.
        path: the file that has them.
        row: of the frame ``accuracy``, with None for missing figures.
        laws: the rows of the frame ``laws`` of the case.
    """
    verdict = CaseVerdict(described(demand), row=row, path=path, line=demand.line)
    if row["status"] != "ok":
        verdict.add(STATUSES.get(row["status"], "missing"), [f"{row['status']}: {row['reason']}"])
        return verdict
    by_law = {law["law"]: law for law in laws}
    for name, limit in demand.limits.items():
        if name in LAWS:
            _hold_law(verdict, name, limit, by_law.get(LAWS[name]))
        elif row[name] is None:
            verdict.add("worse", [f"{name}: no result has an error, so that none is within {limit:g}"])
        elif _above(name, row, limit):
            shown = f"{row[name]:,}" if name in COUNTS else f"{row[name]:.6g}"
            verdict.add("worse", [f"{name} {shown} is above {limit:g}{_where(name, row)}"])
    return verdict


def _above(name: str, row: Row, limit: float) -> bool:
    """Whether a figure is above its limit; the largest error, where the digits of the frame cannot tell, by ball arithmetic."""
    if name == "max_ulp" and limit and abs(row[name] - limit) <= _DIGITS * limit:
        form = number_format(row["format"])
        exact = Exact(activation(row["activation"], **json.loads(row["parameters"])), row["order"])
        truth = exact.at(form.value(row["worst_input_bits"]))
        return truth.compare_error(row["worst_output_bits"], form, Fraction(limit)) > 0
    return bool(row[name] > limit)


def _hold_law(verdict: CaseVerdict, name: str, limit: float, law: dict[str, Any] | None) -> None:
    if law is None:
        verdict.add("undecided", [f"{name}: the law {LAWS[name]} is not checked for this case"])
    elif law["steps"] is not None and law["steps"] > limit:
        verdict.add("worse", [f"{name} {law['steps']:.6g} is above {limit:g}: at x = {law['example']!r} it is {law['got']}"])


def _where(name: str, row: Row) -> str:
    """Where it is that bad, as far as the row tells."""
    if name == "max_ulp" and row["worst_input_bits"] is not None:
        digits = number_format(row["format"]).bits // 4
        x, got = f"{row['worst_input']!r} (0x{row['worst_input_bits']:0{digits}x})", f"0x{row['worst_output_bits']:0{digits}x}"
        return f": at x = {x} it is {got}, exact is {row['worst_exact']}"
    ends = [row["first_vanished_negative"], row["first_vanished_positive"]]
    found = [f"{end:.6g}" for end in ends if end is not None]
    return f": from x = {', '.join(found)} on" if name == "vanished" and found else ""


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
