"""The figures of a case that are kept and compared, and what is better or worse about later ones."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..accuracy.classification import CLASSES
from ..case import Implementation

KEY = ("activation", "parameters", "order", "route", "format", "backend", "mode", "device", "implementation")
"""The columns of the frame ``accuracy`` that say which case a row is."""
COUNTS = (*CLASSES, "wrong_sign", "zero_sign")
ERRORS = ("max_ulp", "max_ulp_normal", "mean_ulp")
LOST = ("vanished", "overflowed", "nan", "special", "wrong_sign")
"""Counts of results that are no approximation at all."""
_WORSE = (*(name for name in (*COUNTS, *ERRORS) if name not in ("correct", "faithful")),)  # the more, the worse
_SLACK = 0.01  # of the inputs: what counts of roundings may differ by in another environment

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Figures:
    """What was measured of one case.

    Attributes:
        key: which case it is, see :data:`KEY`.
        inputs, exhaustive: how many, and whether all.
        counts: by :data:`COUNTS`.
        errors: by :data:`ERRORS`, in ulps; None where no result has an error.
        digest: of inputs and results.
    """

    key: Key
    inputs: int
    exhaustive: bool
    counts: dict[str, int]
    errors: dict[str, float | None]
    digest: str

    def __str__(self) -> str:
        return case_name(self.key)

    @classmethod
    def of_row(cls, row: Any) -> Figures:
        """The figures of a row of the frame ``accuracy`` that was measured.

        Raises:
            KeyError, TypeError, ValueError: for what is no such row.
        """
        errors = {name: _real(row[name]) for name in ERRORS}
        counts = {name: int(row[name]) for name in COUNTS}
        return cls(key_of(row), int(row["inputs"]), bool(row["exhaustive"]), counts, errors, str(row["output_digest"]))


def key_of(row: Any) -> Key:
    """Which case a row of the frame ``accuracy`` is."""
    return tuple(int(row[name]) if name == "order" else str(row[name]) for name in KEY)


def case_name(key: Key) -> str:
    """A case in words, as :func:`harness.gate.demands.label`."""
    row = dict(zip(KEY, key, strict=True))
    parameters = ", ".join(f"{name}={value!r}" for name, value in json.loads(row["parameters"]).items())
    name = row["activation"] + (f"({parameters})" if parameters else "")
    where = Implementation(row["backend"], row["mode"], row["device"], row["implementation"])
    return f"{where} {name}{chr(39) * row['order']} {row['route']} {row['format']}"


def _real(value: Any) -> float | None:
    number = math.nan if value is None or str(value) == "<NA>" else float(value)
    return None if math.isnan(number) else number


def changes(old: Figures, new: Figures) -> tuple[list[str], list[str]]:
    """What is worse and what is better about the figures of a case on the same inputs, in words."""
    worse, better = [], []
    for name, before, after in _pairs(old, new):
        if name == "mean_ulp" and _without_error(old) != _without_error(new):
            continue  # a mean over other results
        # Lost results that are found again may be inaccurate; that is no loss.
        shift = _lost(old) - _lost(new) if name == "inaccurate" else 0
        text = f"{name} {_shown(before)} -> {_shown(after)}"
        if after > max(before, before + shift):
            worse.append(text)
        elif after < min(before, before + shift):
            better.append(text)
    # Nothing in the other columns: results only moved between correct and faithful.
    if not worse and not better and old.counts["correct"] != new.counts["correct"]:
        text = f"correct {old.counts['correct']:,} -> {new.counts['correct']:,}"
        (worse if new.counts["correct"] < old.counts["correct"] else better).append(text)
    return worse, better


def _lost(figures: Figures) -> int:
    return sum(figures.counts[name] for name in LOST if name != "wrong_sign")


def _without_error(figures: Figures) -> int:
    return sum(figures.counts[name] for name in ("nan", "special", "overflowed", "flushed"))


def beyond(old: Figures, new: Figures) -> list[str]:
    """What is worse than another environment explains, in words.

    Errors may be twice as large and 1 ulp more, lost results (:data:`LOST`) twice as many, other counts twice as many and
    1 % of the inputs more.
    """
    found = []
    for name, before, after in _pairs(old, new):
        slack = 1.0 if name in ERRORS else 0.0 if name in LOST else _SLACK * new.inputs
        if after > 2 * before + slack:
            found.append(f"{name} {_shown(before)} -> {_shown(after)}")
    return found


def _pairs(old: Figures, new: Figures) -> Iterator[tuple[str, float, float]]:
    """Figures of which more is worse, before and after; an error is 0 where no result has one."""
    for name in _WORSE:
        if name in ERRORS:
            yield name, old.errors[name] or 0.0, new.errors[name] or 0.0
        else:
            yield name, old.counts[name], new.counts[name]


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
