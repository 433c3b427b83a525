"""One table ``[[case]]`` of a file of limits: the cases that it means, and what they must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from backends.formulas import timed_routes
from backends.protocol import Case

from ..accuracy.inputs import choose_inputs
from ..activations import ORDERS, Activation
from ..case import Implementation
from ..catalogue import parse
from ..formats import number_format
from ..speed.jobs import LARGEST as MOST_ELEMENTS
from ..workers.implementations import DEFAULT_MODES, ROUTES, parse_backend, routes_of
from ..workers.own import Calling, declared, held_against, own_implementation
from .demands import LIMITS, STEPS, Demand, Gate, TimeLimit, label
from .lines import Place
from .tables import Tables, is_whole

_CALLING = ("gradient", "gradient_takes", "gradient_with", "gradient_of", "with", "item", "elementwise")
_CASE = ("activation", "implementation", *_CALLING, "backend", "format", "order", "route")
_NEEDED = ("activation", "backend", "format")
_TIME, _EXACT = "slower_than", "exact"
_TIMED = ("ratio", "route", "implementation", "elements")
_ELEMENTS = 1 << 16  # unless the file says others
KEYS = (*_CASE, *LIMITS, "against", *STEPS, _TIME)


@dataclass
class CaseReader:
    """Reads the tables.

    Attributes:
        tables: the file.
        gate: what it has said before.
        general: limits of all cases.
        special: by activation.
    """

    tables: Tables
    gate: Gate
    general: dict[str, float]
    special: dict[str, dict[str, float]]

    def demands(self, table: dict[str, Any], where: Place) -> Iterator[Demand]:
        """The cases of a table.

        Raises:
            harness.gate.files.Complaint: where there is anything wrong with it.
        """
        tables = self.tables
        tables.known(table, where, KEYS)
        table, text = self._declared(table, where)
        for key in _NEEDED:
            if key not in table:
                raise tables.complain(where, f"a case needs {', '.join(_NEEDED)}: this one has no {key}")
        asked = tables.one(table, "activation", where, parse)
        forms = tables.each(table, "format", where, number_format)
        implementations = self._implementations(table, where, text)
        for form in forms:
            try:
                choose_inputs(form, self.gate.inputs, self.gate.seed)
            except ValueError as error:
                raise tables.complain(("inputs",), error) from None
        line = tables.line(where)
        for implementation in dict.fromkeys(implementations):
            for order in self._orders(table, where):
                definition = held_against(implementation, asked, order)
                limits = self._limits(table, where, definition)
                for route in self._routes(table, where, implementation, definition, order):
                    for form in forms:
                        case = Case(definition.name, order, route, form.name, definition.parameters)
                        against = self._against(table, where, implementation, case)
                        yield Demand(implementation, case, limits, line, self._time(table, where, implementation, case), against)

    def _declared(self, table: dict[str, Any], where: Place) -> tuple[dict[str, Any], str]:
        """The table with what the user's function says of itself, and the text of its target."""
        tables = self.tables
        if "implementation" not in table:
            for key in _CALLING:
                if key in table:
                    raise tables.complain((*where, key), f"{key} says how an implementation is called: give one")
            return table, ""
        calling = self._calling(table, where)
        text = tables.one(table, "implementation", where, lambda text: calling.completed(text))
        (text,), activations, backends = declared((text,), (), (), tables.folder)
        theirs = {"activation": activations, "backend": backends}
        return {name: words[0] for name, words in theirs.items() if words} | table, text

    def _calling(self, table: dict[str, Any], where: Place) -> Calling:
        words = {}
        for key in ("gradient", "gradient_takes", "gradient_of"):
            words[key] = self.tables.one(table, key, where, str) if key in table else ""
        item, elementwise = table.get("item"), table.get("elementwise", False)
        if item is not None and not is_whole(item):
            raise self.tables.complain((*where, "item"), f"item {item!r}: give a whole number")
        if not isinstance(elementwise, bool):
            raise self.tables.complain((*where, "elementwise"), f"elementwise {elementwise!r}: give true or false")
        fixed, more = (self._arguments(table, key, where) for key in ("with", "gradient_with"))
        return Calling(words["gradient"], words["gradient_takes"], words["gradient_of"], fixed, more, item, elementwise)

    def _arguments(self, table: dict[str, Any], key: str, where: Place) -> tuple[str, ...]:
        given = table.get(key, {})
        if not isinstance(given, dict):
            raise self.tables.complain((*where, key), f"{key} is a table of arguments: {{ alpha = 1.0 }}")
        return tuple(f"{name}={value!r}" for name, value in given.items())

    def _implementations(self, table: dict[str, Any], where: Place, text: str) -> list[Implementation]:
        frameworks = [found for words in self.tables.each(table, "backend", where, parse_backend) for found in words]
        if not text:
            return frameworks
        if len({framework.backend for framework in frameworks}) > 1:
            raise self.tables.complain(
                (*where, "backend"), "an implementation of your own needs one backend: whose tensors it takes"
            )

        def mine(_: str) -> list[Implementation]:
            return [own_implementation(text, framework, self.tables.folder) for framework in frameworks]

        found: list[Implementation] = self.tables.one(table, "implementation", where, mine)
        return found

    def _orders(self, table: dict[str, Any], where: Place) -> dict[int, None]:
        orders = table.get("order", 0)
        orders = orders if isinstance(orders, list) else [orders]
        if not orders:
            raise self.tables.complain((*where, "order"), "order is an empty list")
        for order in orders:
            if not is_whole(order) or order not in ORDERS:
                said = f"unknown order {order!r}: choose from {', '.join(map(str, ORDERS))}"
                raise self.tables.complain((*where, "order"), said)
        return dict.fromkeys(orders)

    def _limits(self, table: dict[str, Any], where: Place, definition: Activation) -> dict[str, float]:
        limits = self.general | self.special.get(definition.name, {}) | self.tables.limits(table, where)
        subnormal, every = limits.get("max_ulp_subnormal"), limits.get("max_ulp")
        if subnormal is not None and (every is None or subnormal < every):
            said = f"max_ulp_subnormal {subnormal:g}: it is a larger budget than max_ulp, which is {every}, for subnormal results"
            raise self.tables.complain((*where, "max_ulp_subnormal"), said)
        steps = {name: self.tables.number(table, name, where, whole=True) for name in STEPS if name in table}
        if steps and table.get("against", _EXACT) == _EXACT:
            key = next(iter(steps))
            raise self.tables.complain((*where, key), f"{key} needs against, an implementation, for example 'torch:eager'")
        if not steps and table.get("against", _EXACT) != _EXACT:
            raise self.tables.complain((*where, "against"), f"against needs a limit: {' or '.join(STEPS)}")
        return limits | steps

    def _against(
        self, table: dict[str, Any], where: Place, implementation: Implementation, case: Case
    ) -> tuple[Implementation, Case] | None:
        """The implementation, and its case, that a case is to be like; None for the exact result."""
        if table.get("against", _EXACT) == _EXACT:
            return None
        other: Implementation = self.tables.one(table, "against", where, partial(self._other, implementation))
        route = routes_of(other, case.activation, case.order, case.parameters)[0]
        if other == implementation:
            route = case.route if case.route != route else ""
        if not route or (other, route) == (implementation, case.route):
            raise self.tables.complain((*where, "against"), f"against {table['against']!r} is the case itself")
        return other, replace(case, route=route)

    def _other(self, implementation: Implementation, text: str) -> Implementation:
        if ".py:" in text:
            return own_implementation(text, replace(implementation, substitute=""), self.tables.folder)
        try:
            found = parse_backend(text)
        except ValueError as error:
            raise ValueError(f"against {text!r}: give 'exact', NAME[:MODE] or FILE.py:FUNCTION; {error}") from None
        return next((each for each in found if each.mode == DEFAULT_MODES[0]), found[0])

    def _time(self, table: dict[str, Any], where: Place, implementation: Implementation, case: Case) -> TimeLimit | None:
        """The limit of the time of a case, if there is one."""
        if _TIME not in table:
            return None
        given, place, tables = table[_TIME], (*where, _TIME), self.tables
        if not isinstance(given, dict) or "ratio" not in given:
            raise tables.complain(place, f"{_TIME} is a table with a ratio: {{ route = 'native', ratio = 1.1 }}")
        tables.known(given, place, _TIMED)
        ratio = tables.number(given, "ratio", place, whole=False)
        elements = int(tables.number({"elements": _ELEMENTS} | given, "elements", place, whole=True))
        if not ratio:
            raise tables.complain(place, "ratio 0: give a number above 0")
        if not 1 <= elements <= MOST_ELEMENTS:
            raise tables.complain(place, f"elements {elements}: give a number from 1 to {MOST_ELEMENTS}")
        if {"route", "implementation"} <= given.keys():
            raise tables.complain(place, "give a route of the framework or an implementation of your own, not both")
        framework = replace(implementation, substitute="", folder="")
        known = timed_routes(case.activation, case.order, case.parameters)
        other, route = framework, routes_of(framework, case.activation, case.order, case.parameters)[0]
        if "implementation" in given:
            other = tables.one(given, "implementation", place, lambda text: own_implementation(text, framework, tables.folder))
            route = routes_of(other, case.activation, case.order, case.parameters)[0]
        elif "route" in given:
            route = given["route"]
            if route not in known:
                said = f"route {route!r}: no route by which this order can be timed: choose from {', '.join(known)}"
                raise tables.complain(place, said)
        elif not implementation.substitute:
            raise tables.complain(place, f"{_TIME} needs the route to compare with: choose from {', '.join(known)}")
        base = replace(case, route=route)
        if (other, base) == (implementation, case):
            raise tables.complain(place, f"{route!r} is the case itself: {label(implementation, case)}")
        return TimeLimit(ratio, other, base, elements)

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

        return self.tables.each(table, "route", where, chosen)
