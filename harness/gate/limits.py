"""What must hold: ``lastbit.toml``, or ``[tool.lastbit]`` of a ``pyproject.toml``; its form is checked strictly.

inputs = 100000                # optional: of formats wider than 16 bits, as for lastbit run
[defaults]                     # limits of all cases
nan = 0
[defaults.sigmoid]             # of an activation
max_ulp = 1.0
[[case]]
activation = "sigmoid"
implementation = "kernels.py:fast_sigmoid"  # optional; the backend's own function otherwise
backend = "torch:eager"
format = ["float16", "bfloat16"]
order = 0
vanished = 0
max_time_ratio = 1.15         # of the time of the framework's own function, or of what `against` names
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from backends.formulas import timed_routes
from backends.protocol import Case

from ..accuracy.inputs import choose_inputs
from ..activations import ORDERS, Activation
from ..case import Implementation
from ..catalogue import names, parse
from ..formats import number_format
from ..speed.jobs import LARGEST as MOST_ELEMENTS
from ..workers.implementations import ROUTES, parse_backend, routes_of
from ..workers.own import own_implementation
from .demands import COUNTS, LIMITS, Demand, Gate, TimeLimit, described, label
from .files import Complaint, read_text
from .lines import Lines, Place

LARGEST = 1 << 20
"""Bytes of a file of limits."""
_LONGEST_WAIT = 86400  # seconds
_LARGEST_NUMBER = 1 << 63
_TOP = ("inputs", "seed", "timeout", "time_budget", "defaults", "case")
_CASE = ("activation", "implementation", "backend", "format", "order", "route")
_NEEDED = ("activation", "backend", "format")
_RATIO, _BESIDE = "max_time_ratio", ("against", "elements")
_ELEMENTS = 1 << 16  # unless the file says others


def find(given: Path | None) -> Path:
    """The file of limits: the one given, or the one of the current directory.

    Raises:
        ValueError: where there is none.
    """
    if given:
        return given
    for path in (Path("lastbit.toml"), Path("pyproject.toml")):
        if path.is_file() and (path.name == "lastbit.toml" or _tool(_parsed(path)[0]) is not None):
            return path
    raise ValueError("no lastbit.toml, and no pyproject.toml with [tool.lastbit]: give the file of limits")


def load(path: Path) -> Gate:
    """Read a file of limits.

    Raises:
        ValueError: where there is anything wrong with it; the message is one line with the file and the line's number.
    """
    table, text = _parsed(path)
    at: Place = ()
    if path.name == "pyproject.toml":
        at = ("tool", "lastbit")
        table = _tool(table)
        if not isinstance(table, dict):
            raise Complaint(path, 1, "has no table [tool.lastbit]")
    return _Reader(path, Lines(text), at).gate(table)


def _tool(project: dict[str, Any]) -> Any:
    tool = project.get("tool")
    return tool.get("lastbit") if isinstance(tool, dict) else None


def _parsed(path: Path) -> tuple[dict[str, Any], str]:
    text = read_text(path, LARGEST)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        raise Complaint(path, line, str(error)[: where.start()] if where else str(error)) from None
    except (ValueError, RecursionError) as error:
        raise Complaint(path, 1, f"is no TOML that can be read ({type(error).__name__})") from None


class _Reader:
    """Turns tables into demands; knows where each key stands."""

    def __init__(self, path: Path, lines: Lines, at: Place) -> None:
        self._path, self._lines, self._at = path, lines, at
        self._folder = "" if path.parent == Path() else str(path.parent)

    def _complain(self, where: Place, problem: object) -> Complaint:
        return Complaint(self._path, self._lines[self._at + where], str(problem))

    def gate(self, table: dict[str, Any]) -> Gate:
        self._known(table, (), _TOP)
        gate = Gate(self._path)
        if "inputs" in table:
            gate.inputs = str(table["inputs"])
            if not isinstance(table["inputs"], str) and not _whole(table["inputs"]):
                raise self._complain(("inputs",), f"inputs {table['inputs']!r}: give 'exhaustive' or a number")
        if "seed" in table:
            gate.seed = int(self._number(table, "seed", (), whole=True))
        if "timeout" in table:
            gate.timeout = self._number(table, "timeout", (), whole=False)
            if not 0 < gate.timeout <= _LONGEST_WAIT:
                said = f"timeout {gate.timeout:g}: give the seconds, up to {_LONGEST_WAIT}, that a worker may take to start"
                raise self._complain(("timeout",), said)
        if "time_budget" in table:
            gate.time_budget = self._number(table, "time_budget", (), whole=False)
        general, special = self._defaults(table.get("defaults", {}))
        cases = table.get("case", [])
        if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
            raise self._complain(("case",), "there are no cases: give tables [[case]]")
        for number, case in enumerate(cases):
            gate.demands += self._demands(case, ("case", number), general, special, gate)
        lines: dict[tuple[Implementation, Case], int] = {}
        for demand in gate.demands:
            first = lines.setdefault((demand.implementation, demand.case), demand.line)
            if first != demand.line:
                raise Complaint(self._path, demand.line, f"the same case as on line {first}: {described(demand)}")
        return gate

    def _defaults(self, table: Any) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Limits of all cases, and by activation."""
        if not isinstance(table, dict):
            raise self._complain(("defaults",), "defaults is a table: [defaults]")
        self._known(table, ("defaults",), (*LIMITS, *names()))
        special = {}
        for name in table.keys() & set(names()):
            if not isinstance(table[name], dict):
                raise self._complain(("defaults", name), f"defaults of {name} are a table: [defaults.{name}]")
            self._known(table[name], ("defaults", name), LIMITS)
            special[name] = self._limits(table[name], ("defaults", name))
        return self._limits(table, ("defaults",)), special

    def _demands(
        self,
        table: dict[str, Any],
        where: Place,
        general: dict[str, float],
        special: dict[str, dict[str, float]],
        gate: Gate,
    ) -> list[Demand]:
        self._known(table, where, (*_CASE, *LIMITS, _RATIO, *_BESIDE))
        for key in _NEEDED:
            if key not in table:
                raise self._complain(where, f"a case needs {', '.join(_NEEDED)}: this one has no {key}")
        definition = self._each(table, "activation", where, parse, single=True)[0]
        forms = self._each(table, "format", where, number_format)
        frameworks = [found for words in self._each(table, "backend", where, parse_backend) for found in words]

        if "implementation" in table and len({framework.backend for framework in frameworks}) > 1:
            raise self._complain((*where, "backend"), "an implementation of your own needs one backend: whose tensors it takes")

        def mine(text: str) -> list[Implementation]:
            return [own_implementation(text, framework, self._folder) for framework in frameworks]

        implementations = (
            self._each(table, "implementation", where, mine, single=True)[0] if "implementation" in table else frameworks
        )
        orders = table.get("order", 0)
        orders = orders if isinstance(orders, list) else [orders]
        if not orders:
            raise self._complain((*where, "order"), "order is an empty list")
        for order in orders:
            if not _whole(order) or order not in ORDERS:
                raise self._complain((*where, "order"), f"unknown order {order!r}: choose from {', '.join(map(str, ORDERS))}")
        for form in forms:
            try:
                choose_inputs(form, gate.inputs, gate.seed)
            except ValueError as error:
                raise self._complain(("inputs",), error) from None
        limits = general | special.get(definition.name, {}) | self._limits(table, where)
        line = self._lines[self._at + where]
        wanted = [
            (implementation, Case(definition.name, order, route, form.name, definition.parameters))
            for implementation in dict.fromkeys(implementations)
            for order in dict.fromkeys(orders)
            for route in self._routes(table, where, implementation, definition, order)
            for form in forms
        ]
        return [Demand(*each, limits, line, self._time_limit(table, where, *each)) for each in wanted]

    def _time_limit(self, table: dict[str, Any], where: Place, implementation: Implementation, case: Case) -> TimeLimit | None:
        """The limit of the time of a case, if there is one."""
        for key in _BESIDE:
            if key in table and _RATIO not in table:
                raise self._complain((*where, key), f"{key} belongs to {_RATIO}, which this case does not have")
        if _RATIO not in table:
            return None
        ratio = self._number(table, _RATIO, where, whole=False)
        elements = int(self._number({"elements": _ELEMENTS} | table, "elements", where, whole=True))
        if not ratio:
            raise self._complain((*where, _RATIO), f"{_RATIO} 0: give a number above 0")
        if not 1 <= elements <= MOST_ELEMENTS:
            raise self._complain((*where, "elements"), f"elements {elements}: give a number from 1 to {MOST_ELEMENTS}")
        framework = replace(implementation, substitute="", folder="")
        known = timed_routes(case.activation, case.order, case.parameters)

        def other(text: str) -> tuple[Implementation, str]:
            if ":" in text:
                mine = own_implementation(text, framework, self._folder)
                return mine, routes_of(mine, case.activation, case.order, case.parameters)[0]
            if text not in known:
                choices = f"choose from {', '.join(known)}, or give FILE.py:FUNCTION"
                raise ValueError(f"against {text!r}: no route by which this order can be timed: {choices}")
            return framework, text

        if "against" in table:
            against, route = self._each(table, "against", where, other, single=True)[0]
        elif implementation.substitute:
            against, route = framework, routes_of(framework, case.activation, case.order, case.parameters)[0]
        else:
            said = f"{_RATIO} needs against, the route to compare with: choose from {', '.join(known)}"
            raise self._complain((*where, _RATIO), said)
        base = replace(case, route=route)
        if (against, base) == (implementation, case):
            raise self._complain(
                (*where, "against"), f"against {table['against']!r} is the case itself: {label(implementation, case)}"
            )
        return TimeLimit(ratio, against, base, elements)

    def _routes(
        self, table: dict[str, Any], where: Place, implementation: Implementation, definition: Activation, order: int
    ) -> list[str]:
        """The routes asked for, or the plain one."""
        known = routes_of(implementation, definition.name, order, definition.parameters)
        if "route" not in table:
            return [known[0]]

        def chosen(name: str) -> str:
            if name not in known:
                there = "for this order" if name in ROUTES else ""
                raise ValueError(f"unknown route {name!r} {there}".rstrip() + f": choose from {', '.join(known)}")
            return name

        return self._each(table, "route", where, chosen)

    def _each(self, table: dict[str, Any], key: str, where: Place, read: Callable[[str], Any], single: bool = False) -> list[Any]:
        """What a text, or each of a list of texts, stands for; each once."""
        given = table[key] if isinstance(table[key], list) and not single else [table[key]]
        found = []
        for word in given:
            if not isinstance(word, str):
                raise self._complain((*where, key), f"{key} {word!r} is not a text" + ("" if single else " or a list of texts"))
            try:
                found.append(read(word))
            except ValueError as error:
                raise self._complain((*where, key), error) from None
        if not found:
            raise self._complain((*where, key), f"{key} is an empty list")
        return found

    def _limits(self, table: dict[str, Any], where: Place) -> dict[str, float]:
        return {name: self._number(table, name, where, whole=name in COUNTS) for name in LIMITS if name in table}

    def _number(self, table: dict[str, Any], key: str, where: Place, whole: bool) -> float:
        value = table[key]
        right = _whole(value) or (not whole and isinstance(value, float) and math.isfinite(value))
        if not right:
            raise self._complain((*where, key), f"{key} {value!r}: give a {'whole number' if whole else 'number'}")
        if value < 0:
            raise self._complain((*where, key), f"{key} {value!r} is negative")
        if value > _LARGEST_NUMBER:
            raise self._complain((*where, key), f"{key} is larger than 2^63")
        return float(value) if not whole else int(value)

    def _known(self, table: dict[str, Any], where: Place, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                raise self._complain((*where, key), f"unknown key {key!r}: choose from {', '.join(known)}")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
