"""The matrix for a terminal: for each order the rows are implementations and formulas, or functions; the columns are formats."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from harness.formats import FORMATS

from .alike import alike, together, who
from .matrix import OWN, Cell, cell
from .sections import of_frameworks
from .words import DEFECTS, GLYPHS, ORDERS, STYLES, bound, function, records

_GAP = 2
_FORMULA, _TEXTBOOK = "formula ", "textbook "
_LABEL = 20  # letters of a row's name before it goes on in a second line, where there is little room
_CLASSES = (*DEFECTS, "faithful", "correct", "")


@dataclass(frozen=True)
class Row:
    """What has a line of its own, with a cell for each format (None: it was not asked).

    Attributes:
        name: in words.
        cells: in the order of the formats.
    """

    name: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class Grid:
    """The matrix.

    Attributes:
        formats: with how many of their inputs were measured: all, or a sample; empty where nothing was.
        parts: the rows by order.
        several: whether rows are functions, each with the worst of all implementations.
    """

    formats: dict[str, str]
    parts: dict[int, list[Row]]
    several: bool


def grid(accuracy: pd.DataFrame) -> Grid:
    """The matrix of a run: of one function the implementations and the formulas, of several the functions."""
    several = len(accuracy[["activation", "parameters"]].drop_duplicates()) > 1
    formats = [name for name in FORMATS if name in set(accuracy.format)]
    parts = {}
    for order, part in accuracy.groupby("order"):
        parts[int(str(order))] = (_functions if several else _implementations)(part, formats)
    measured = {form: accuracy.exhaustive[(accuracy.format == form) & (accuracy.status == "ok")] for form in formats}
    inputs = {form: "" if some.empty else "all" if some.all() else "sampled" for form, some in measured.items()}
    return Grid(inputs, {order: rows for order, rows in parts.items() if rows}, several)


def _implementations(part: pd.DataFrame, formats: list[str]) -> list[Row]:
    """The frameworks' own results, those with the same bits together, textbooks' after them; of each formula the worst of all."""
    own = part[part.route.isin(OWN)]
    known = [who(row) for row in records(own)]
    rows = []
    for some, mark in ((own[own.definition == ""], ""), (own[own.definition != ""], _TEXTBOOK)):
        for members, held in alike(some):
            names = [f"{mark}{name}" for name in together(members, known)]
            rows.append(Row(", ".join(names), _by_format([cell(row) for row in held], held, formats)))
    for route, several in part[~part.route.isin(OWN)].groupby("route", sort=False):
        rows.append(Row(f"{_FORMULA}{route}", _worst_of(several, formats)))
    return rows


def _functions(part: pd.DataFrame, formats: list[str]) -> list[Row]:
    """Of each function the worst of the frameworks' own results."""
    own = of_frameworks(part[part.route.isin(OWN)])
    groups: Any = own.groupby(["activation", "parameters"], sort=False)
    return [Row(function(*key), _worst_of(held, formats)) for key, held in groups]


def _by_format(cells: list[Cell], rows: list[dict[str, Any]], formats: list[str]) -> list[Cell | None]:
    found = {row["format"]: each for each, row in zip(cells, rows, strict=True)}
    return [found.get(form) for form in formats]


def _worst_of(rows: pd.DataFrame, formats: list[str]) -> list[Cell | None]:
    """The worst class, and the largest error, in each format."""
    cells: list[Cell | None] = []
    for form in formats:
        held = [cell(row) for row in records(rows[rows.format == form])]
        worst = min(held, key=lambda each: _CLASSES.index(each.cls), default=None)
        errors = [each.worst for each in held if not math.isnan(each.worst)]
        cells.append(replace(worst, worst=max(errors)) if worst and errors else worst)
    return cells


def table(found: Grid, width: int) -> tuple[Table, bool]:
    """The matrix in so many letters, and whether classes are there in words: where there is no room for them, by sign alone."""
    names = [row.name for rows in found.parts.values() for row in rows] + [ORDERS[order] for order in found.parts]
    longest = max(map(cell_len, names), default=0)
    words = min(longest, _LABEL) + sum(_GAP + size for size in _widths(found, True)) <= width
    sizes = _widths(found, words)
    room = min(longest, width - sum(_GAP + size for size in sizes))
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 0, 0, _GAP), expand=False)
    drawn.add_column(overflow="fold")
    for _ in sizes:
        drawn.add_column(no_wrap=True)
    for order, rows in found.parts.items():
        title = f"{ORDERS[order]} ".ljust(room, "─")
        drawn.add_row(*(Text(text, style="bold") for text in [title, *_headings(found, words)]))
        for row in rows:
            drawn.add_row(row.name, *(_drawn(each, words, size) for each, size in zip(row.cells, sizes, strict=True)))
    return drawn, words


def _headings(found: Grid, words: bool) -> list[str]:
    return [f"{form}, {inputs}" if inputs and words else form for form, inputs in found.formats.items()]


def _widths(found: Grid, words: bool) -> list[int]:
    columns = zip(*(row.cells for rows in found.parts.values() for row in rows), strict=True)
    sizes = [max(cell_len(_drawn(each, words).plain) for each in column) for column in columns]
    return [max(size, len(heading)) for size, heading in zip(sizes, _headings(found, words), strict=True)]


def _drawn(each: Cell | None, words: bool, width: int = 0) -> Text:
    """A cell: the class on the left, the error on the right."""
    if each is None:
        return Text("")
    if not each.cls:
        return Text(f"{each.glyph} {each.text}" if words else each.glyph, style=STYLES[""])
    left = f"{each.glyph} {each.cls if words else ''}".rstrip()
    right = bound(each.worst)
    return Text(f"{left} {right.rjust(width - len(left) - 1)}".rstrip(), style=STYLES[each.cls])


def legend(found: Grid) -> str:
    """The signs that there are, in words."""
    present = {each.cls for rows in found.parts.values() for row in rows for each in row.cells if each}
    return "  ".join(f"{GLYPHS[name]} {name or 'not measured'}" for name in _CLASSES if name in present)


def meaning(found: Grid) -> str:
    """What is not plain about the rows and figures that there are."""
    names = [name for rows in found.parts.values() for row in rows for name in row.name.split(", ")]
    formulas = [name for name in names if name.startswith(_FORMULA)]
    marked = {*formulas, *(name for name in names if name.startswith(_TEXTBOOK))}
    if found.several:
        said = "The worst of the frameworks"
    else:
        said = "One row, the same bits"
        said += "; no mode: in all modes" if any(":" not in name.split()[0] for name in {*names} - marked) else ""
        said += "; formula: the worst of all" if formulas else ""
    return f"{said}. In ulp{'; sampled: at least' if 'sampled' in found.formats.values() else ''}."
