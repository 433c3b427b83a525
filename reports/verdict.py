"""The verdict on a function: a sentence of what its values and derivatives are like at their worst, and where."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from harness.formats import FORMATS

from .alike import Who, together, who
from .matrix import OWN
from .sections import of_frameworks
from .words import DEFECTS, bound, function, records, worst_class, worst_error

_NOUNS = {0: "values", 1: "gradients", 2: "second derivatives"}
_PHRASES = {"vanished": "die", "nan": "are NaN", "overflowed": "overflow", "special": "are wrong at special inputs"}
_FEW = 10.0  # ulps up to which a result is called right to so many
_NEAR = 2.0**-10  # results that vanish nearer to 0 do so around it: nothing begins there
_NEAR_ZERO, _FROM, _DOWN = "near x = 0 ", "from x = {} ", "from x = {} down "
_USUAL = "float32"


def verdicts(accuracy: pd.DataFrame) -> list[str]:
    """For each function a sentence on the frameworks' own results, all formats together."""
    told = []
    key: Any
    for key, part in accuracy.groupby(["activation", "parameters"], sort=False):
        own = of_frameworks(part[part.route.isin(OWN)])
        phrases = [_phrase(int(str(order)), records(rows)) for order, rows in own.groupby("order")]
        told.append(f"{function(*key)}: {'; '.join(filter(None, phrases)) or 'nothing was measured'}")
    return told


def _phrase(order: int, rows: list[dict[str, Any]]) -> str:
    """What the results of one order are like; nothing where there are none."""
    measured = [row for row in rows if row["status"] == "ok"]
    classes = {worst_class(row) for row in measured}
    worst = next((name for name in (*DEFECTS, "faithful", "correct") if name in classes), "")
    if not worst:
        return ""
    if worst in _PHRASES:
        return f"{_NOUNS[order]} {_PHRASES[worst]} {_where(worst, measured)}"
    best = "faithful" if any(row["faithful"] for row in measured) else "correctly rounded"
    if worst != "inaccurate":
        return f"{_NOUNS[order]} {best}{' but for flushed subnormals' if worst == 'flushed' else ''}"
    error = max(error for row in measured if not math.isnan(error := worst_error(row)))
    return f"{_NOUNS[order]} {'right to' if error <= _FEW else 'off by up to'} {bound(error)} ulp"


def _where(worst: str, measured: list[dict[str, Any]]) -> str:
    """In which implementations results are of a class and, for those that vanish, from where on: in float32 if they do there."""
    known = list(dict.fromkeys(map(who, measured)))
    places: dict[tuple[str, str], dict[Who, float]] = {}
    for one in known:
        bad = [row for row in measured if who(row) == one and worst_class(row) == worst]
        for row in sorted(bad, key=lambda row: (row["format"] != _USUAL, _rank(row["format"])))[:1]:
            side, begin = _begin(row)
            places.setdefault((side, row["format"] if "{" in side else ""), {})[one] = begin
    forms = {form for _, form in places if form}
    phrases = []
    for (side, form), members in sorted(places.items(), key=lambda place: -len(place[1])):
        names = "every implementation" if len(members) == len(known) > 1 else _listed(together(members, known))
        begins = {f"{begin:.3g}": abs(begin) for begin in members.values()}
        where = side.format(min(begins, key=begins.__getitem__)) + ("at the earliest " if "{" in side and len(begins) > 1 else "")
        phrases.append(f"{where}in {names}" + (f" ({form})" if form and len(forms) > 1 else ""))
    return ", ".join(phrases) + (f" ({form})" if len(forms) == 1 and (form := next(iter(forms))) else "")


def _rank(form: str) -> int:
    return list(FORMATS).index(form)


def _begin(row: dict[str, Any]) -> tuple[str, float]:
    """Where results begin to vanish, in words and as a number; nothing for another class."""
    ends = [float(row[name]) for name in ("first_vanished_positive", "first_vanished_negative") if not pd.isna(row[name])]
    if worst_class(row) != "vanished" or not ends:
        return "", 0.0
    begin = min(ends, key=abs)
    return (_NEAR_ZERO if abs(begin) < _NEAR else _FROM if begin > 0 else _DOWN), begin


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
