"""How the facts of the frames are put in words, the same in every view."""

from __future__ import annotations

import json
import math
from decimal import ROUND_CEILING, Context, Decimal
from textwrap import wrap
from typing import Any

import pandas as pd

from harness.activations import label
from harness.gate.files import printable

HEX_DIGITS = {"float16": 4, "bfloat16": 4, "float32": 8, "float64": 16}
ORDERS = {0: "value", 1: "gradient", 2: "second derivative"}
DEFECTS = ("vanished", "nan", "overflowed", "special", "inaccurate", "flushed")
"""The classes that are not right, the worst first."""
GLYPHS = {"vanished": "✕", "nan": "?", "overflowed": "∞", "special": "◆", "inaccurate": "▲", "flushed": "▽"}
GLYPHS |= {"faithful": "◐", "correct": "●", "": "–"}
"""A sign for each class, and for a case that was not measured: colour alone tells nobody who does not see it."""
STYLES = {"vanished": "bold red", "nan": "bold red", "overflowed": "bold red", "special": "bold red", "inaccurate": "yellow"}
STYLES |= {"flushed": "cyan", "faithful": "green", "correct": "bold green", "": "dim"}
"""How a terminal shows each class."""
SEVERITIES = {"severe": "✕", "moderate": "▲", "minor": "△", "policy": "◇"}
"""A sign for each severity of a finding."""


_UP = Context(prec=3, rounding=ROUND_CEILING)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame."""
    rows: Any = frame.to_dict("records")
    found: list[dict[str, Any]] = rows
    return found


def function(name: str, parameters: str) -> str:
    """The activation with its parameters, which the frames have as JSON."""
    return label(name, json.loads(parameters).items())


WHO = ("backend", "mode", "device", "implementation")
"""The columns that tell implementations apart."""


def implementation(row: Any) -> str:
    """Backend and mode of a row; the device where it is not the processor, and the function where it is the user's own."""
    device, own = row["device"], row.get("implementation", "")
    return f"{row['backend']}:{row['mode']}" + ("" if device == "cpu" else f"@{device}") + (f" {own}" if own else "")


def share(count: int, of: int) -> str:
    """A count and its percentage, for people."""
    percentage = 100 * count / of
    return f"{count:,} ({percentage:.2g} %)" if percentage >= 0.01 else f"{count:,}"


def shorten(decimal: str) -> str:
    """A long decimal with its first ten digits."""
    mantissa, mark, exponent = decimal.partition("e")
    return mantissa[:11] + mark + exponent


def ulps(value: float) -> str:
    """An error in ulps with the digits that matter."""
    if pd.isna(value):
        return ""
    return f"{value:.3f}" if value < 1000 else f"{value:.3g}"


def rounded_up(error: float) -> Decimal:
    """Three digits that are no less than an error: bounds are rounded up."""
    return _UP.create_decimal(Decimal(error)).normalize(_UP)


def bound(error: float) -> str:
    """An error in ulps, rounded up, where there is little room."""
    if pd.isna(error):
        return ""
    digits = _UP.create_decimal(Decimal(error))
    return f"{digits:f}" if 0.001 <= digits < 1000 or not digits else f"{digits:e}".replace("e+", "e")


def bits(encoding: int, form: str) -> str:
    """An encoding in hexadecimal, with all digits of its format."""
    return f"0x{int(encoding):0{HEX_DIGITS[form]}x}"


def undone(frame: pd.DataFrame, what: str) -> list[str]:
    """Who has no result, or none to the end, for which ``what`` (a column), and why: a line for each reason."""
    lines = []
    for (status, reason), part in frame[frame.status != "ok"].groupby(["status", "reason"], sort=False):
        names = dict.fromkeys(f"{implementation(row)} {row[what]}" for row in records(part))
        lines.append(f"{', '.join(names)}: {status}: {reason}")
    return lines


def worst_class(row: Any) -> str:
    """The worst class that any input of a case is in; nothing where the case was not measured."""
    if row["status"] != "ok":
        return ""
    counted = next(name for name in (*DEFECTS, "faithful", "correct") if row[name])
    return "inaccurate" if counted in ("faithful", "correct") and worst_error(row) >= 1 else counted  # as a search found


def worst_error(row: Any) -> float:
    """The largest error that is known of a case: of the inputs measured, or what a search found beside them; NaN for none."""
    known = [float(error) for error in (row["max_ulp"], row.get("search_max_ulp")) if not pd.isna(error)]
    return max(known, default=math.nan)


def folded(text: str, width: int, indent: int = 2) -> list[str]:
    """A text in lines of so many letters, broken between words only, and not in "x = 1".

    It is without orders to a terminal: reasons come from anywhere.
    """
    whole: Any = {"break_long_words": False, "break_on_hyphens": False}
    tied = printable(" ".join(text.split())).replace(" = ", "\xa0=\xa0")
    return [line.replace("\xa0", " ") for line in wrap(tied, width, subsequent_indent=" " * indent, **whole)]
