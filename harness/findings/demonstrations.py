"""What a script has to do to show a broken law, or a failure: on which inputs, and what it compares with what."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .findings import case_of, implementation
from .reproducers import LENGTH, alike, attempt, copies, literal, modes, reproducer

Row = dict[str, Any]

_LENGTHS = (1, 7, 17, 33, LENGTH)  # of vectors, where the place matters
# Of texts in the column ``where``: the other one of two inputs, the parameter, and the integer that are told there.
_OTHER = re.compile(r"at the (?:smaller|larger) (\S+) it is")
_PARAMETER = re.compile(r"(\w+)=(\S+) gives")
_INTEGER = re.compile(r"(int32|int64|bool) (-?\d+):")


def failure(row: Row) -> str:
    """A script that shows a case failing, from its row of the frame ``accuracy``."""
    return reproducer(implementation(row), case_of(row), attempt(1.0))


def demonstration(row: Row) -> str:
    """A script that shows a law broken, from its row of the frame ``laws``; empty where none can be written."""
    case, where = case_of(row), row["where"]
    x = float("nan") if row["example"] is None else float(row["example"])
    shown = ""
    if row["law"] == "position":
        shown = copies(x, lengths=_LENGTHS)
    elif row["law"] == "layout":
        shown = alike(*_lying(literal(x)))
    elif row["law"] == "modes":
        shown = modes(x)
    elif row["law"] == "promotion" and row["example"] is not None:
        shown = alike(f"tensor({literal(x)})", f"tensor([{literal(x)}])")
    elif row["law"] == "promotion" and (told := _INTEGER.search(where)):
        shown = alike(f'tensor([{told[2]}], "{told[1]}")', f"tensor([{told[2]}])")
    elif row["law"] == "parameters" and (told := _PARAMETER.search(where)):
        extreme = ((name, float(told[2]) if name == told[1] else value) for name, value in case.parameters)
        case, shown = replace(case, parameters=tuple(extreme)), copies(x)
    elif row["law"] == "symmetric":
        shown = copies(x, -x)
    elif row["law"] == "monotone" and (told := _OTHER.search(where)):
        shown = copies(x, float(told[1]))
    elif row["law"] == "range":
        shown = copies(x)
    return reproducer(implementation(row), case, shown) if shown else ""


def _lying(x: str) -> tuple[str, ...]:
    """Tensors of copies of an input that lie in memory, and have shapes, as the law of layout tries them, and an empty one."""
    long, longer = f"tensor([{x}] * {2 * LENGTH})", f"tensor([{x}] * {LENGTH + 1})"
    four = f"tensor([[[[{x}] * {LENGTH // 8}] * 2] * 2] * 2)"
    return f"tensor([{x}] * {LENGTH})", f"{long}[::2]", f"{longer}[1:]", f"tensor([[{x}] * {LENGTH}])", four, "tensor([])"
