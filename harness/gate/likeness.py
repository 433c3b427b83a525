"""Limits of the distance from another implementation: "like eager" is another question than "near the truth"."""

from __future__ import annotations

from typing import Any

from ..case import Case, Implementation
from ..runs.results import Run
from .demands import STEPS, Demand, label
from .figures import key_of
from .rows import rows
from .verdict import STATUSES, CaseVerdict


class Likeness:
    """The results of a run against each other.

    Args:
        run: that has measured the cases, and what they are compared with.
    """

    def __init__(self, run: Run) -> None:
        self._rows = {key_of(row): row for row in rows(run.accuracy)}
        self._pairs = {}
        for row in rows(run.agreement):
            where = (row["activation"], row["parameters"], row["order"], row["format"])
            for pair in ((row["first"], row["second"]), (row["second"], row["first"])):
                self._pairs[where, pair] = row

    def figures(self, demand: Demand, mine: dict[str, Any]) -> dict[str, int]:
        """The distance of a case's results from those of what it is compared with; nothing where that was not measured."""
        assert demand.against
        found = self._pair(demand, mine)
        return dict(zip(STEPS, (found["largest_distance"], found["differing"]), strict=True)) if found else {}

    def _pair(self, demand: Demand, mine: dict[str, Any]) -> dict[str, Any] | None:
        assert demand.against
        implementation, case = demand.against
        where = (mine["activation"], mine["parameters"], mine["order"], mine["format"])
        pair = (f"{demand.implementation} {demand.case.route}", f"{implementation} {case.route}")
        return self._pairs.get((where, pair))

    def judge(self, verdict: CaseVerdict, demand: Demand) -> None:
        """Hold the results of a case against those that they must be like."""
        mine = verdict.row
        if demand.against is None or mine["status"] != "ok":
            return
        implementation, case = demand.against
        name, other = label(*demand.against), self._row(mine, implementation, case)
        if other is None or other["status"] != "ok":
            said = "not measured" if other is None else f"{other['status']}: {other['reason']}"
            verdict.add(STATUSES.get(other["status"] if other else "", "missing"), [f"against {name}: {said}"])
            return
        found, figures = self._pair(demand, mine), self.figures(demand, mine)
        assert found
        verdict.row |= figures
        at = f": at x = {found['example']!r} (0x{found['example_bits']:x})" if found["differing"] else ""
        for limit in STEPS:
            if limit in demand.limits and figures[limit] > demand.limits[limit]:
                verdict.add("worse", [f"{limit} {figures[limit]:,} from {name} is above {demand.limits[limit]:g}{at}"])
        # No number of steps lies between a number and NaN; of inputs with other bits they are some.
        if mine["nan"] != other["nan"] and STEPS[1] not in demand.limits:
            verdict.add("worse", [f"nan {mine['nan']:,}, but {other['nan']:,} in {name}"])

    def _row(self, mine: dict[str, Any], implementation: Implementation, case: Case) -> dict[str, Any] | None:
        names = {"backend": implementation.backend, "mode": implementation.mode, "device": implementation.device}
        names |= {"implementation": implementation.substitute, "route": case.route}
        return self._rows.get(key_of(mine | names))
