"""The frames of a run, from what is finished; the same bytes whoever finished it, where, and in whatever order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from ...accuracy.distribution import distribution_frame
from ...accuracy.refine import FIGURES
from ...case import CASE, Task
from ...findings import extreme_parameters
from ...findings.curves import curves_frame
from ...findings.failures import failures
from ...findings.findings import findings, ranked
from ...findings.percentiles import percentiles_frame
from ...findings.verdicts import Verdict, law_row
from ...findings.violations import violations
from ...frames import Columns, frame
from ...workers.environments import Started, environments
from ..plan import Plan
from ..results import ACCURACY, AGREEMENT, FINDINGS, LAWS, Run, accuracy_row
from . import passes
from .parts import Row, case_name
from .passes import SERIES, Finished
from .runner import pass_identity
from .store import Record, Store
from .units import Unit

RECOMPUTED = "recomputed"
"""The law that a range of inputs gives the same results in another process."""


def collect(work: Plan, units: list[Unit], store: Store) -> Run:
    """The frames: rows of what is finished, and of what is not, with the reason.

    Where a pass was measured in several environments there are rows for each.

    Args:
        work: the plan.
        units: all that it is divided into.
        store: what is finished.
    """
    sweeps, searches, judged = ([unit for unit in units if unit.kind == kind] for kind in ("sweep", "search", "laws"))
    done = _finished(sweeps, store)
    searched = {unit.tasks[0]: store.find(unit.identity) for unit in searches}
    rows: list[Row] = []
    series: dict[str, list[tuple[Task, Columns]]] = {name: [] for name in SERIES}
    for task in work.tasks:
        mine = [each for unit, each in done if task.number in unit.tasks]
        for each in mine:
            row = dict(each.accuracy[case_name(task)])
            spent, framework = each.seconds[case_name(task)]
            row |= {"seconds": round(spent, 6), "framework_seconds": round(framework, 6)}
            row |= dict.fromkeys(FIGURES)
            for found in searched.get(task.number, [])[:1]:
                row |= found.said
            rows.append(row)
            for name in SERIES:
                series[name] += [(task, columns) for columns in each.of(task, name)]
        if not mine:
            left = task if task.status != "ok" else replace(task, status="interrupted", reason=_unfinished(sweeps, store, task))
            rows.append(accuracy_row(left, work.inputs_of(task), work.definition(task.case), None, None))
    laws = [row for _, each in done for row in each.laws] + _laws(work, judged, store) + _recomputed(work, sweeps, store)
    symptoms = [symptom for _, each in done for symptom in each.symptoms]
    defects = violations(laws, findings(symptoms)) + failures(rows)
    told = [(each.hellos, each.peaks) for _, each in done]
    told += [(each.said["hellos"], each.circumstances["peaks"]) for each in _all(judged, store)]
    workers = _workers(work, told)
    run_id = _identity(units, workers)
    named = [{"run_id": run_id} | row for row in rows]
    return Run(
        run_id,
        frame(named, ACCURACY),
        frame([{"run_id": run_id} | row for _, each in done for row in each.agreement], AGREEMENT),
        frame([{"run_id": run_id} | asdict(finding) for finding in ranked(defects)], FINDINGS),
        frame([{"run_id": run_id} | row for row in laws], LAWS),
        environments(run_id, workers, _seed(work)),
        curves_frame(run_id, series["curves"]),
        distribution_frame(run_id, series["distribution"]),
        percentiles_frame(run_id, series["percentiles"]),
    )


def _all(units: Iterable[Unit], store: Store) -> list[Record]:
    return [record for unit in units for record in store.find(unit.identity)]


def _finished(sweeps: list[Unit], store: Store) -> list[tuple[Unit, Finished]]:
    """Passes in the order of the plan, and of each the environments."""
    units = {pass_identity(unit): unit for unit in sweeps}
    found = [(unit, store.find(name)) for name, unit in units.items()]
    done = [(unit, each, passes.from_json(each.said, each.circumstances)) for unit, records in found for each in records]
    for unit, record, finished in done:
        for edges in store.find(f"edges-{unit.name}"):
            if edges.environment == record.environment:
                finished.symptoms = [each for each in map(passes.symptom_from_json, edges.said["symptoms"]) if finished.has(each)]
    return [(unit, finished) for unit, _, finished in done]


def _unfinished(sweeps: list[Unit], store: Store, task: Task) -> str:
    mine = [unit for unit in sweeps if task.number in unit.tasks]
    there = sum(bool(store.find(unit.identity)) for unit in mine)
    return "not finished" + (f": {there} of {len(mine)} shards are" if there else "")


def _laws(work: Plan, units: list[Unit], store: Store) -> list[Row]:
    numbers = {_of(task): task.number for task in work.tasks}
    rows = [dict(row) for record in _all(units, store) for row in record.said["rows"]]
    rows.sort(key=lambda row: numbers[_whose(row)])
    extreme_parameters.compared(rows)
    return rows


def _whose(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in CASE)


def _of(task: Task) -> tuple[Any, ...]:
    return tuple(task.facts.values())


def _recomputed(work: Plan, sweeps: list[Unit], store: Store) -> list[Row]:
    """A row for every case of which somebody computed a range again, in the same environment, and got something else."""
    shards: dict[str, list[Unit]] = {}
    for unit in sweeps:
        shards.setdefault(pass_identity(unit), []).append(unit)
    rows = []
    for name, units in shards.items():
        there = [record for unit in (name, *(unit.identity for unit in units)) for record in store.every(unit)]
        for first in store.find(name):
            others = [record.said["digests"] for record in there if record.environment == first.environment]
            if len(others) == 1:
                continue
            for task in (work.tasks[number] for number in units[0].tasks):
                differing = sorted(_differing(first.said["digests"], others, case_name(task)))
                if differing:
                    said = "computed again, other results: inputs " + "; ".join(differing)
                    hello = first.said["hellos"].get(str(task.implementation))
                    rows.append(law_row(task, hello, RECOMPUTED, Verdict(len(others), len(differing), where=said)))
    return rows


Digests = dict[str, dict[str, str]]


def _differing(first: Digests, others: Iterable[Digests], case: str) -> set[str]:
    """Ranges of inputs where a case has other digests, with them."""
    return {
        f"{where}, digests {first[where][case]} and {found[case]}"
        for digests in others
        for where, found in digests.items()
        if case in found and case in first.get(where, {}) and found[case] != first[where][case]
    }


def _workers(work: Plan, told: Iterable[tuple[dict[str, Row], dict[str, int]]]) -> list[Started]:
    """Implementations with what their workers said, every version of it once, and took, in the order of the plan."""
    implementations = {str(task.implementation): task.implementation for task in work.tasks}
    found: dict[tuple[str, str], Started] = {}
    for hellos, peaks in told:
        for name, hello in hellos.items():
            known = found.get((name, json.dumps(hello)))
            most = max(peaks.get(name, 0), known.peak_bytes if known else 0)
            found[name, json.dumps(hello)] = Started(implementations[name], hello, most)
    places = {name: place for place, name in enumerate(implementations)}
    return [found[key] for key in sorted(found, key=lambda key: (places[key[0]], key[1]))]


def _identity(units: Iterable[Unit], workers: Iterable[Started]) -> str:
    """Names what was measured: the same units in the same environments have the same name."""
    about = [sorted(unit.identity for unit in units), [worker.hello for worker in workers]]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]


def _seed(work: Plan) -> str:
    return str(min((inputs.seed for inputs in work.inputs.values() if inputs.seed is not None), default=""))
