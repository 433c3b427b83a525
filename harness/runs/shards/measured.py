"""Rates from what ``benchmarks/rates.py`` measured."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
_DIGITS = 4


def reduce(rows: Iterable[Row], frames: float) -> dict[str, Any]:
    """The fields of :class:`harness.runs.shards.cost.Rates`, from rows of single measurements.

    Args:
        rows: passes (with ``cases``), ``start``, ``search`` and ``laws``.
        frames: bytes per row of the frames.
    """
    rows = list(rows)
    passes = [row for row in rows if "cases" in row and "alone" in row]
    cases = defaultdict(list)
    for row in passes:
        for implementation, kind, there, first, further in row["cases"]:
            cases[row["format"], implementation, kind, row["order"]].append((row, there, first, further))
    frameworks = {key: _framework(found) for key, found in sorted(cases.items())}
    functions = defaultdict(list)
    for row in passes:
        functions[row["format"], row["order"], row["activation"]].append([*_reference(row), _relative(row, frameworks)])
    finish = defaultdict(list)
    for row in passes:
        count = _cases(row)
        if count:
            finish[row["format"]].append((row["done"], row["part_bytes"] / count, count))
    complete = [found for those in finish.values() for found in those if found[0]]
    starts = [each for row in rows if "start" in row for each in row["start"].items()]
    search = [((row["order"],), row["search"], 1e9 * (row["harness"] + row["workers"])) for row in rows if "search" in row]
    return {
        "start": _table((((name,), 1, (spent,)) for name, spent in starts)),
        "frameworks": [[key, len(cases[key]), _rounded(found)] for key, found in frameworks.items()],
        "functions": [[key, len(found), _means(found)] for key, found in sorted(functions.items())],
        "finish": [[(form,), 1, _rounded(_finish(found, complete))] for form, found in sorted(finish.items())],
        "search": _table((key, count, (total / count,)) for key, count, total in search),
        "laws": _laws(rows),
        "frames": round(frames),
        "exp": round(statistics.median(row["exp"] for row in passes), _DIGITS),
        "passes": {form: sum(row["format"] == form for row in passes) for form in sorted({row["format"] for row in passes})},
    }


def renew(old: Mapping[str, Any], rows: Iterable[Row], exp: float) -> dict[str, Any]:
    """Rates with laws as they are measured now, on a machine where one of NumPy's exp takes ``exp`` ns."""
    now = [[key, weight, _rounded([figures[0] * old["exp"] / exp])] for key, weight, figures in _laws(rows)]
    by_key = {tuple(row[0]): [list(row[0]), *row[1:]] for row in (*old["laws"], *now)}
    return {**old, "laws": [by_key[key] for key in sorted(by_key)]}


def _laws(rows: Iterable[Row]) -> list[Any]:
    laws = [((row["format"], row["laws"]), row["cases"], row["harness"] + row["workers"]) for row in rows if "laws" in row]
    return _table((key, count, (total / count,)) for key, count, total in laws)


def _cases(row: Row) -> int:
    return sum(there for _, _, there, _, _ in row["cases"])


def _framework(found: list[tuple[Row, bool, float, float]]) -> list[float]:
    """Share of cases that are there, seconds of preparation per case, ns per input: of all cases, so that sums come out right."""
    ns = 1e9 * sum(further for *_, further in found) / sum(row["inputs"] for row, *_ in found)
    first = sum(first - row["first_inputs"] * ns / 1e9 for row, _, first, _ in found) / len(found)
    return [sum(there for _, there, _, _ in found) / len(found), max(first, 0.0), ns]


def _reference(row: Row) -> list[float]:
    """Seconds of preparation, ns per input of the reference and of the comparison of a case: from many cases, and from one."""
    all_, one, count = row["harness"] / row["inputs"], row["alone"]["harness"] / row["alone"]["inputs"], _cases(row)
    fewer = _cases(row["alone"])
    comparison = max((all_ - one) / (count - fewer), 0.0) if count > fewer > 0 else 0.0
    first = row["harness_first"] - row["first_inputs"] * all_
    return [max(first, 0.0), 1e9 * max(all_ - count * comparison, 0.0), 1e9 * comparison]


def _relative(row: Row, frameworks: Mapping[Any, list[float]]) -> float:
    """How long the frameworks take for this function, relative to what they take on average."""
    expected = sum(frameworks[row["format"], name, kind, row["order"]][2] for name, kind, *_ in row["cases"])
    return 1e9 * sum(further for *_, further in row["cases"]) / row["inputs"] / expected if expected else 1.0


def _finish(found: list[Any], complete: list[Any]) -> list[float]:
    """Seconds and bytes per case; a format of which no pass was finished has those of the others."""
    mine = [each for each in found if each[0]] or complete
    count = sum(each[2] for each in mine)
    seconds, size = (sum(each[0][which] for each in mine) / count for which in (0, 1))
    return [seconds, size, statistics.mean(part for _, part, _ in found)]


def _table(rows: Iterable[tuple[tuple[Any, ...], float, tuple[float, ...]]]) -> list[Any]:
    """One row per key."""
    groups = defaultdict(list)
    for key, weight, figures in rows:
        groups[key].append((weight, figures))
    table = []
    for key, found in sorted(groups.items()):
        whole = sum(weight for weight, _ in found)
        table.append([key, whole, _rounded([sum(weight * figures[0] for weight, figures in found) / whole])])
    return table


def _means(found: list[list[float]]) -> list[float]:
    return _rounded([statistics.mean(column) for column in zip(*found, strict=True)])


def _rounded(figures: Iterable[float]) -> list[float]:
    return [float(f"{figure:.{_DIGITS}g}") for figure in figures]
