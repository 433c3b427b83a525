"""A measured case held against its limits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..catalogue import activation
from ..findings.history import HISTORY
from ..formats import number_format
from ..frames import Row
from ..reference.exact import Exact
from .demands import COUNTS, ERRORS, LAWS, STEPS, SUBNORMAL, Demand, described
from .verdict import STATUSES, CaseVerdict

_DIGITS = 2.0**-30  # errors in the frame are right to 2^-34 of themselves
_WITHOUT_ERROR = ("nan", "overflowed")
"""Results that have no error in ulps, and so are within no limit of errors; unless the file says how many there may be."""
_LOST = ("vanished", "flushed", "overflowed", "nan", "special")
_NOTHING = 0.125  # of the inputs: the share lost of results of which the others are all right, as zeros are in a tail


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
    limits = demand.limits
    if limits.keys() & set(ERRORS):
        limits = dict.fromkeys(_WITHOUT_ERROR, 0) | limits
    for name, limit in limits.items():
        if name in LAWS:
            _hold_law(verdict, name, limit, by_law.get(LAWS[name]))
        elif name not in STEPS:
            _hold(verdict, name, _figure(name, limits), limit)
    if said := [*_nothing(row), *_unsteady(by_law.get(HISTORY))]:
        verdict.add("worse", said)
    if row["implementation"] and row["definition_note"]:
        verdict.add("ok", [f"note: {row['definition_note']}"])
    return verdict


def _figure(name: str, limits: dict[str, float]) -> str:
    """The column that a limit is about."""
    if name == SUBNORMAL:
        return "max_ulp"
    return "max_ulp_normal" if name == "max_ulp" and SUBNORMAL in limits else name


def _hold(verdict: CaseVerdict, name: str, figure: str, limit: float) -> None:
    row = verdict.row
    if row[figure] is None:
        if name != SUBNORMAL:
            verdict.add("worse", [f"{name}: no result has an error, so that none is within {limit:g}"])
        return
    if name == SUBNORMAL and row["max_ulp"] == row["max_ulp_normal"]:
        return  # no subnormal result is worse than a normal one, whose budget is smaller
    if _above(figure, row, limit):
        shown = f"{row[figure]:,}" if name in COUNTS else f"{row[figure]:.6g}"
        verdict.add("worse", [f"{name} {shown} is above {limit:g}{_where(figure, row)}"])


def _above(name: str, row: Row, limit: float) -> bool:
    """Whether a figure is above its limit; the largest error, where the digits of the frame cannot tell, by ball arithmetic."""
    if _is_worst(name, row) and limit and abs(row[name] - limit) <= _DIGITS * limit:
        form = number_format(row["format"])
        exact = Exact(activation(row["activation"], **json.loads(row["parameters"])), row["order"])
        truth = exact.at(form.value(row["worst_input_bits"]))
        return truth.compare_error(row["worst_output_bits"], form, Fraction(limit)) > 0
    return bool(row[name] > limit)


def _is_worst(name: str, row: Row) -> bool:
    """Whether a figure is the error of the worst input that the row tells of."""
    return name in ("max_ulp", "max_ulp_normal") and row[name] == row["max_ulp"] and row["worst_input_bits"] is not None


def _hold_law(verdict: CaseVerdict, name: str, limit: float, law: dict[str, Any] | None) -> None:
    if law is None:
        verdict.add("undecided", [f"{name}: the law {LAWS[name]} is not checked for this case"])
    elif law["steps"] is not None and law["steps"] > limit:
        verdict.add("worse", [f"{name} {law['steps']:.6g} is above {limit:g}: at x = {law['example']!r} it is {law['got']}"])


def _where(name: str, row: Row) -> str:
    """Where it is that bad, as far as the row tells."""
    if _is_worst(name, row):
        digits = number_format(row["format"]).bits // 4
        x, got = f"{row['worst_input']!r} (0x{row['worst_input_bits']:0{digits}x})", f"0x{row['worst_output_bits']:0{digits}x}"
        return f": at x = {x} it is {got}, exact is {row['worst_exact']}"
    ends = [row["first_vanished_negative"], row["first_vanished_positive"]]
    found = [f"{end:.6g}" for end in ends if end is not None]
    return f": from x = {', '.join(found)} on" if name == "vanished" and found else ""


def _nothing(row: Row) -> list[str]:
    """Why results are none whatever the limits allow: zeros, NaNs, or memory that nobody has written to."""
    lost = sum(row[name] for name in _LOST)
    if not row["faithful"] and not row["inaccurate"] and lost > _NOTHING * row["inputs"]:
        return [f"nothing was computed: {lost:,} of {row['inputs']:,} results are zero, infinite or NaN and should not be"]
    if row["p50_ulp"] is not None and row["p50_ulp"] >= 2.0 ** (number_format(row["format"]).precision - 1):
        return [f"nothing was computed: half of the results have no right digit (p50_ulp {row['p50_ulp']:.3g})"]
    return []


def _unsteady(law: dict[str, Any] | None) -> list[str]:
    """What is said of a function whose bits change from call to call."""
    if law is None or not law["broken"]:
        return []
    told = f"{law['broken']:,} of {law['checked']:,} results change from call to call"
    return [f"history: {told}: at x = {law['example']!r} {law['where']}"]
