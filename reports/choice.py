"""Which rows of a frame a figure shows, and which of them share a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from .matrix import OWN
from .words import WHO, implementation


def chosen(rows: pd.DataFrame, activation: str, order: int, parameters: str | None) -> pd.DataFrame:
    """The rows of one function and derivative; without parameters (JSON, as in the frames) of those that come first.

    Raises:
        ValueError: where there is none.
    """
    part = rows[(rows.activation == activation) & (rows.order == order)]
    if part.empty:
        raise ValueError(f"this run has no {activation} of order {order}: it has {', '.join(rows.activation.unique())}")
    return part[part.parameters == (part.parameters.iloc[0] if parameters is None else parameters)]


def lines(part: pd.DataFrame, along: str, same: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The different lines of the cases of a function and derivative, each with the names of those that share it in every format.

    Args:
        part: the rows.
        along: the column that they ascend by.
        same: columns that are equal, row by row, in cases that share a line.
    """
    shared: dict[tuple[Any, ...], tuple[list[str], pd.DataFrame]] = {}
    key: Any
    for key, rows in part.groupby(["route", *WHO], sort=False):
        route, *who = key
        line = rows.sort_values(["format", along])
        which = tuple(tuple(line[name]) for name in ("format", *same))
        suffix = "" if route in OWN else f" {route}"
        shared.setdefault(which, ([], line))[0].append(implementation(dict(zip(WHO, who, strict=True))) + suffix)
    for cases, line in shared.values():
        yield ", ".join(cases), line
