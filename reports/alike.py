"""Implementations that give the same bits: which they are, and what they are called together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from .words import WHO, implementation, records

Who = tuple[str, ...]
"""An implementation: its values of :data:`reports.words.WHO`."""


def who(row: Any) -> Who:
    """The implementation of a row."""
    return tuple(str(row[name]) for name in WHO)


def alike(rows: pd.DataFrame) -> list[tuple[list[Who], list[dict[str, Any]]]]:
    """The implementations in rows of one function, order and route: those together that give the same bits in every format.

    Where one of them was not measured, the other was not either.

    Returns:
        For each group its implementations, and the rows of the first of them.
    """
    whole: dict[Who, list[dict[str, Any]]] = {}
    for row in records(rows):
        whole.setdefault(who(row), []).append(row)
    groups: dict[frozenset[tuple[str, str]], list[Who]] = {}
    for each, held in whole.items():
        results = frozenset((row["format"], row["output_digest"] if row["status"] == "ok" else row["status"]) for row in held)
        groups.setdefault(results, []).append(each)
    return [(members, whole[members[0]]) for members in groups.values()]


def together(some: Iterable[Who], known: Iterable[Who]) -> list[str]:
    """The names of some of the known implementations; a framework has no mode where all its modes, two or more, are there."""
    modes: dict[Who, set[str]] = {}
    for backend, mode, *others in known:
        modes.setdefault((backend, *others), set()).add(mode)
    here: dict[Who, list[str]] = {}
    for backend, mode, *others in some:
        here.setdefault((backend, *others), []).append(mode)
    names: list[str] = []
    for (backend, *others), found in here.items():
        rows = [dict(zip(WHO, (backend, mode, *others), strict=True)) for mode in found]
        whole = len(found) > 1 and set(found) == modes[(backend, *others)]
        names += [implementation(rows[0]).replace(f":{found[0]}", "", 1)] if whole else map(implementation, rows)
    return names
