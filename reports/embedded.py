"""What a page holds for its own programs and for whoever wants the data: the frames, and short forms of what it draws."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from harness.case import Implementation
from harness.findings.demonstrations import case_of
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
    if curves.empty:
        return pack(json.dumps({"edges": [], "lines": []}))
    ranges = curves[(curves.x_low < curves.x_high)]
    intervals = ranges[["x_low", "x_high"]].drop_duplicates().sort_values("x_low")
    place = {low: number for number, low in enumerate(intervals.x_low.tolist())}
    marks = _marks(ranges)
    table = ranges.assign(place=ranges.x_low.map(place), mark=marks)
    lines: dict[tuple[Any, ...], list[str]] = {}
    key: Any
    for key, part in table.groupby([*_CASE, "route", *WHO], sort=False):
        text = ["..."] * len(place)
        for number, mark in zip(part["place"].tolist(), part.mark.tolist(), strict=True):
            text[number] = mark
        who = implementation(dict(zip(WHO, key[5:], strict=True)))
        lines.setdefault((*key[:4], "".join(text)), []).append(f"{who} {key[4]}")
    told = [[name, parameters, int(order), form, who, text] for (name, parameters, order, form, text), who in lines.items()]
    edges = [[repr(low), repr(high)] for low, high in intervals.to_numpy().tolist()]  # JSON has no infinity
    return pack(json.dumps({"edges": edges, "lines": told}, ensure_ascii=False, separators=(",", ":")))


def _marks(ranges: pd.DataFrame) -> list[str]:
    errors = ranges.ulp.to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.rint((np.log2(errors) - _LEAST) * _STEPS)
    known = np.isfinite(errors)
    numbers = np.clip(np.nan_to_num(steps, nan=0.0, neginf=0.0), 0, 36 * 36 - 1).astype(int).tolist()
    return [
        _LETTERS[cls] + (_DIGITS[number // 36] + _DIGITS[number % 36] if number_known else "--")
        for cls, number, number_known in zip(ranges["class"].tolist(), numbers, known.tolist(), strict=True)
    ]


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
    return pack(json.dumps(found, separators=(",", ":")))
