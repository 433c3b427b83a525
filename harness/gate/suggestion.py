"""A file of limits with the smallest ones that hold now, to be reviewed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from backends.target import parse

from ..frames import Row
from ..runs.results import Run
from .check import rows_of
from .demands import Demand, Gate, label
from .likeness import Likeness

_COUNTS = ("inaccurate", "vanished", "flushed", "overflowed", "nan", "special", "wrong_sign", "zero_sign")
_DIGITS = 6  # of an error, rounded up


def suggested(gate: Gate, run: Run) -> str:
    """The text of the file: the cases of a gate, one by one, each with the limits that its results just hold.

    What could not be measured is a comment with the reason.
    """
    head = [f"{name} = {_toml(value)}" for name, value in (("inputs", gate.inputs), ("seed", gate.seed)) if value]
    likeness = Likeness(run)
    cases = ["\n".join(_case(demand, row, likeness)) for demand, row in zip(gate.demands, rows_of(gate, run), strict=True)]
    return "\n\n".join([*filter(None, ["\n".join(head)]), *cases]) + "\n"


def _case(demand: Demand, row: Row, likeness: Likeness) -> Iterator[str]:
    if row["status"] != "ok":
        yield f"# {label(demand.implementation, demand.case)}: {row['status']}: {row['reason']}"
        return
    case, implementation = demand.case, demand.implementation
    parameters = ", ".join(f"{name}={value!r}" for name, value in case.parameters)
    yield "[[case]]"
    yield f"activation = {_toml(case.activation + (f'({parameters})' if parameters else ''))}"
    if implementation.substitute:
        yield from _called(implementation.substitute)
    device = "" if implementation.device == "cpu" else f"@{implementation.device}"
    yield f"backend = {_toml(f'{implementation.backend}:{implementation.mode}{device}')}"
    yield f"format = {_toml(case.format)}"
    yield f"order = {case.order}"
    yield f"route = {_toml(case.route)}"
    for name in _COUNTS:
        yield f"{name} = {row[name]}"
    if row["max_ulp"] is not None:
        yield f"max_ulp = {rounded_up(row['max_ulp'])}"
    if demand.against and (steps := likeness.figures(demand, row)):
        yield f"against = {_toml(str(demand.against[0]).partition(' ')[2] or str(demand.against[0]))}"
        yield from (f"{name} = {steps[name]}" for name in steps)


def _called(text: str) -> Iterator[str]:
    """The keys of a function of the user's own."""
    target = parse(text)
    yield f"implementation = {_toml(f'{target.module}:{target.function}')}"
    if target.gradient:
        yield f"gradient = {_toml(f'{target.gradient_module or target.module}:{target.gradient}')}"
        yield f"gradient_takes = {_toml(target.takes)}"
    for key, arguments in (("gradient_with", target.gradient_fixed), ("with", target.fixed)):
        if arguments:
            yield f"{key} = {{ {', '.join(f'{name} = {_toml(value)}' for name, value in arguments)} }}"
    if target.item is not None:
        yield f"item = {target.item}"
    if target.elementwise:
        yield "elementwise = true"


def rounded_up(error: float) -> str:
    """An error in a few digits, no smaller than it is."""
    if not error:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(error)) - _DIGITS + 1)
    shown = f"{error:.{_DIGITS}g}"
    return shown if float(shown) >= error else f"{error + unit:.{_DIGITS}g}"


def _toml(value: Any) -> str:
    return json.dumps(value)  # of texts, numbers, truth values and lists the same
