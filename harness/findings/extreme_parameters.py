"""The law of parameters: at the ends of its range a parameter is refused, or the function has a limit there; NaN is neither.

Each parameter of an activation is tried as 0 and as infinity, in float32, on a few numbers, and as a tiny and as a huge number,
where the results must be right. What one mode of a framework refuses the others have to refuse as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..accuracy.classification import classify
from ..case import Task
from ..catalogue import activation
from ..formats import Bits, Format
from ..frames import Row
from ..reference.exact import Exact
from .kinds import TOLERATED
from .verdicts import Verdict

LAW = "parameters"
"""Its name in the frame ``laws``."""
VALUES = (0.0, math.inf)
"""The ends of the range of any parameter."""
NUMBERS = (2.0**-100, 2.0**100)
"""Numbers almost as far out, without an error in float32; the function has results there."""
INPUTS = tuple(sign * size for size in (4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.25, 0.125) for sign in (-1.0, 1.0))
"""Where functions are tried; not at 0, which makes 0·∞ of the best intentions."""
_REFUSED = "refused"

Apply = Callable[[Task, Bits], Bits | None]


def altered(task: Task) -> Iterable[tuple[str, Task]]:
    """The task with one parameter at an end of its range, each in turn; their numbers are not those of any other task."""
    number = 0
    for name, _ in task.case.parameters:
        for value in (*VALUES, *NUMBERS):
            number -= 1
            parameters = tuple((other, value if other == name else given) for other, given in task.case.parameters)
            yield f"{name}={value:.7g}", replace(task, number=number, case=replace(task.case, parameters=parameters))


def look(task: Task, form: Format, apply: Apply) -> Verdict:
    """The verdict on a case; ``apply`` gives the results of a task on inputs, or None where they are refused."""
    inputs = form.round(INPUTS)
    told, broken, example = [], [], None
    for label, other in altered(task):
        results = apply(other, inputs)
        if results is None:
            told.append(f"{label}: {_REFUSED}")
            continue
        lost = np.flatnonzero(form.is_nan(results))
        wrong = lost if lost.size else _wrong(other, form, inputs, results)
        what = "NaN" if lost.size else "wrong"
        told.append(f"{label}: {what} on {wrong.size} of {inputs.size}" if wrong.size else f"{label}: accepted")
        if wrong.size:
            got = "NaN" if lost.size else f"{form.value(int(results[wrong[0]])):.7g}"
            broken.append(f"{label} gives {got} at x = {INPUTS[wrong[0]]}")
            example = int(inputs[wrong[0]]) if example is None else example
    steps = math.inf if broken else None
    return Verdict(len(told), len(broken), example, "; ".join(told), "; ".join(broken), steps)


def _wrong(task: Task, form: Format, inputs: Bits, results: Bits) -> NDArray[np.int64]:
    """Which results are wrong by more than the last digits; none where nobody can tell, or flushing to zero explains it."""
    case = task.case
    if case.definition or not set(VALUES).isdisjoint(value for _, value in case.parameters):
        return np.empty(0, np.int64)
    exact, found = Exact(activation(case.activation, **dict(case.parameters)), case.order), []
    for place, (x, got) in enumerate(zip(inputs.tolist(), results.tolist(), strict=True)):
        judged = classify(exact.at(form.value(x)), x, got, form)
        if judged.normal and (judged.cls in ("vanished", "overflowed") or judged.ulps > TOLERATED[form.name]):
            found.append(place)
    return np.array(found, np.int64)


def compared(rows: Iterable[Row]) -> None:
    """Note in the rows of this law of other modes what the eager mode refuses and they do not."""
    rows = [row for row in rows if row["law"] == LAW and not row["reason"]]
    eager = {_who(row): _refused(row) for row in rows if row["mode"] == "eager"}
    for row in rows:
        missed = [label for label in eager.get(_who(row), []) if label not in _refused(row)]
        if missed:
            row["where"] = "; ".join(filter(None, [*(f"{label} is refused by eager" for label in missed), row["where"]]))
            row |= {"status": "broken", "broken": row["broken"] + len(missed)}


def _who(row: Row) -> tuple[str, ...]:
    return row["backend"], row["device"], row["activation"], row["parameters"]


def _refused(row: Row) -> list[str]:
    return [text.removesuffix(f": {_REFUSED}") for text in row["got"].split("; ") if text.endswith(f": {_REFUSED}")]
