"""What a page holds for its own programs and for whoever wants the data: the frames, and short forms of what it draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.case import Implementation
from harness.findings.findings import case_of
from harness.findings.reproducers import copies, reproducer
from harness.runs.results import Run

from .tidy import pack, to_columns
from .words import WHO, implementation, records

FRAMES = ("accuracy", "findings", "special_values", "environments", "speed", "agreement", "laws")
"""The frames a page holds as they are, the most needed first; of ``curves`` all of the special inputs, else what it draws."""
_MARKUP = 200  # characters of the page, at most, that a frame needs around it
_STAND_IN = 0.12345678901234567
_CASE = ["activation", "parameters", "order", "format"]
_LETTERS = {"correct": "c", "faithful": "f", "inaccurate": "i", "vanished": "v", "flushed": "u"}
_LETTERS |= {"overflowed": "o", "nan": "n", "special": "s"}
_STEPS, _LEAST = 4, -20  # an error is drawn to a quarter of a binary digit, from 2^-20 ulp on
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def frames(run: Run, room: int) -> tuple[dict[str, str], list[str]]:
    """The frames there are, packed, see :func:`reports.tidy.to_columns`.

    Args:
        run: whose.
        room: characters that there are for them.

    Returns:
        By name the packed frames, and the names of those for which the room is too small.
    """
    packed: dict[str, str] = {}
    left: list[str] = []
    for name in FRAMES:
        frame = special_values(run.curves) if name == "special_values" else getattr(run, name)
        if frame.empty:
            continue
        text = pack(to_columns(frame))
        if len(text) + _MARKUP > room:
            left.append(name)
        else:
            packed[name] = text
            room -= len(text) + _MARKUP
    return packed, left


def special_values(curves: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``curves`` for ±0, ±∞ and NaN."""
    if curves.empty:
        return curves
    return curves[(curves.x_low == curves.x_high) | curves.x_low.isna()]


def drawn(curves: pd.DataFrame) -> str:
    """The errors along x, packed JSON.

    ``edges`` are the intervals of inputs, as decimals; ``lines`` have activation, parameters, order, format, the cases that
    share the line, and for each interval three characters: the class (a letter) and the error in quarters of a binary digit above
    2^-20 ulp (two digits to the base 36, ``--`` where there is no number), or three dots.
    """
    ranges = curves[curves.x_low < curves.x_high] if len(curves) else curves
    if ranges.empty:
        return _packed({"edges": [], "lines": []})
    edges, place = _intervals(ranges)
    errors = ranges.ulp.to_numpy(np.float64)
    steps = [digits if known else "--" for digits, known in zip(_digits(errors), np.isfinite(errors).tolist(), strict=True)]
    marks = [_LETTERS[cls] + step for cls, step in zip(ranges["class"].tolist(), steps, strict=True)]
    lines = _shared(ranges.assign(place=place, mark=marks), lambda part: [_row(part, len(edges), "...")])
    return _packed({"edges": edges, "lines": lines})


def percentiles(frame: pd.DataFrame) -> str:
    """The percentiles in each binade of x, packed JSON.

    ``edges`` and ``lines`` are as those of :func:`drawn`, but for each interval there are six characters: median, 99th
    percentile and largest error, or six dots; and then the numbers of inputs, 0 where there are dots.
    """
    if frame.empty:
        return _packed({"edges": [], "lines": []})
    edges, place = _intervals(frame)
    digits = zip(*(_digits(frame[name].to_numpy(np.float64)) for name in ("p50_ulp", "p99_ulp", "max_ulp")), strict=True)

    def told(part: pd.DataFrame) -> list[Any]:
        counts = [0] * len(edges)
        for number, inputs in zip(part["place"].tolist(), part["inputs"].tolist(), strict=True):
            counts[number] = int(inputs)
        return [_row(part, len(edges), "......"), counts]

    return _packed({"edges": edges, "lines": _shared(frame.assign(place=place, mark=list(map("".join, digits))), told)})


def distributions(frame: pd.DataFrame) -> str:
    """The distributions of errors, packed JSON: ``lines`` as above, but with the rows of the frame: both ends and the count."""
    if frame.empty:
        return _packed({"lines": []})
    ends = frame[["ulp_low", "ulp_high"]].clip(upper=np.finfo(float).max)  # JSON has no infinity
    known = frame.assign(ulp_low=ends.ulp_low, ulp_high=ends.ulp_high)
    names = ("ulp_low", "ulp_high", "count")
    return _packed({"lines": _shared(known, lambda part: [part[name].tolist() for name in names])})


def _packed(data: dict[str, Any]) -> str:
    return pack(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def _shared(frame: pd.DataFrame, told: Callable[[pd.DataFrame], list[Any]]) -> list[list[Any]]:
    """What is told of each case, once for all of one function, order and format of which the same is told, with their names."""
    lines: dict[str, tuple[list[Any], list[str], list[Any]]] = {}
    key: Any
    for key, part in frame.groupby([*_CASE, "route", *WHO], sort=False):
        name, parameters, order, form, route, *who = key
        case, facts = [name, parameters, int(order), form], told(part)
        alike = lines.setdefault(json.dumps([case, facts]), (case, [], facts))
        alike[1].append(f"{implementation(dict(zip(WHO, who, strict=True)))} {route}")
    return [[*case, who, *facts] for case, who, facts in lines.values()]


def _intervals(frame: pd.DataFrame) -> tuple[list[list[str]], list[int]]:
    """The intervals of x, ascending, and the place of each row among them."""
    intervals = frame[["x_low", "x_high"]].drop_duplicates().sort_values("x_low")
    places = {low: number for number, low in enumerate(intervals.x_low.tolist())}
    edges = [[repr(low), repr(high)] for low, high in intervals.to_numpy().tolist()]  # JSON has no infinity
    return edges, [places[low] for low in frame.x_low.tolist()]


def _row(part: pd.DataFrame, length: int, nothing: str) -> str:
    marks = [nothing] * length
    for number, mark in zip(part["place"].tolist(), part["mark"].tolist(), strict=True):
        marks[number] = mark
    return "".join(marks)


def _digits(errors: NDArray[np.float64]) -> list[str]:
    """Errors in quarters of a binary digit above 2^-20 ulp, two digits to the base 36; those beyond the ends stand there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.rint((np.log2(errors) - _LEAST) * _STEPS)
    most = 36 * 36 - 1
    numbers = np.clip(np.nan_to_num(steps, nan=0.0, neginf=0.0, posinf=most), 0, most).astype(int).tolist()
    return [_DIGITS[number // 36] + _DIGITS[number % 36] for number in numbers]


def scripts(accuracy: pd.DataFrame) -> str:
    """Packed JSON: by implementation, activation, parameters and order a script that computes with the framework alone.

    In it ``@X@`` stands for the input and ``@FORMAT@`` for the format.
    """
    columns = [*WHO, "activation", "parameters", "order", "route"]
    found = {}
    for row in records(accuracy[accuracy.status == "ok"][columns].drop_duplicates()):
        case = case_of(row | {"format": "@FORMAT@"})
        script = reproducer(Implementation(*(row[name] for name in WHO)), case, copies(_STAND_IN))
        if script:
            key = f"{implementation(row)}|{row['activation']}|{row['parameters']}|{int(row['order'])}"
            found[key] = script.replace(repr(_STAND_IN), "@X@")
    return _packed(found)
