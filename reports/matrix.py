"""The matrix: for every function, order and format what each implementation's own results are like at their worst."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .words import DEFECTS, GLYPHS, ORDERS, function, implementation, records, share, ulps, worst_class, worst_error

OWN = ("native", "autodiff")
"""The routes by which a framework gives results of its own."""
_KEY = ["activation", "parameters", "order", "format"]


@dataclass(frozen=True)
class Cell:
    """One case.

    Attributes:
        cls: its worst class; empty where it was not measured.
        glyph: a sign for the class.
        text: the worst error, or the status.
        label: the class in words.
        title: all that is wrong, in words.
        worst: the worst error in ulp; NaN where there is none.
    """

    cls: str
    glyph: str
    text: str
    label: str
    title: str
    worst: float


@dataclass(frozen=True)
class Line:
    """A function, an order and a format, with a cell for each implementation (None: it was not asked).

    Attributes:
        key: activation, parameters (JSON), order and format, as in the frames.
        name: the function in words.
        order: in words.
        cells: by implementation.
    """

    key: tuple[str, str, int, str]
    name: str
    order: str
    cells: list[Cell | None]


def matrix(accuracy: pd.DataFrame) -> tuple[list[str], list[Line]]:
    """The implementations, and the lines in the order of the frame."""
    own = accuracy[accuracy.route.isin(OWN)]
    names = own.apply(implementation, axis=1) if len(own) else pd.Series([], dtype=str)
    columns = list(dict.fromkeys(names))
    lines = []
    key: Any
    for key, part in own.assign(who=names).groupby(_KEY, sort=False):
        cells = {row["who"]: cell(row) for row in records(part)}
        name, parameters, order, form = key
        exact_key = (str(name), str(parameters), int(order), str(form))
        lines.append(Line(exact_key, function(name, parameters), ORDERS[int(order)], [cells.get(who) for who in columns]))
    return columns, sorted(lines, key=lambda line: (_position(lines, line), line.key[2]))


def _position(lines: list[Line], line: Line) -> int:
    """Where the function first comes: formats are the frame's outermost order, which is no order for people."""
    return next(number for number, other in enumerate(lines) if other.key[:2] == line.key[:2])


def cell(row: Any) -> Cell:
    """The cell of a row of the frame ``accuracy``."""
    cls = worst_class(row)
    if not cls:
        return Cell("", GLYPHS[""], str(row["status"]), "", str(row["reason"]), math.nan)
    size = worst_error(row)
    worst = ulps(size)
    wrong = [f"{name} {share(int(row[name]), int(row['inputs']))}" for name in DEFECTS if row[name]]
    wrong += [f"by {row['definition']}"] if row["definition"] else []
    told = "; ".join([*wrong, f"worst error {worst or 'none'} ulp of {int(row['inputs']):,} inputs"])
    label = "correctly rounded" if cls == "correct" else cls
    return Cell(cls, GLYPHS[cls], worst, label, told, size)
