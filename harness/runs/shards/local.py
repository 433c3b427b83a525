"""The units of a run, done in this process, beside any others that work on the same directory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from threading import Event

from ...accuracy.comparison import Comparison
from ...formats import number_format
from ..plan import Plan
from . import parts, passes
from .runner import UnitRunner, finished, pass_identity
from .store import Store
from .units import Unit, is_void

_POLL = 0.5  # seconds between looks at what others have finished


def work_off(work: Plan, mine: list[Unit], units: list[Unit], store: Store, runner: UnitRunner, jobs: int) -> None:
    """Do all of these units that nobody has done; those that another process is at are waited for, and done if it dies.

    Args:
        work: the plan.
        mine: what is to be done, and
        units: all that there is. What needs more than is finished is left for later.
        store: takes what is finished.
        runner: does it.
        jobs: implementations whose laws are checked at the same time.
    """
    left = [unit for unit in pending(mine, store) if not is_void(work, unit)]
    sweeps = [unit for unit in left if unit.kind == "sweep"]
    if sweeps:
        runner.start()
        with ThreadPoolExecutor(1) as executor:  # while the frameworks are being imported
            executor.submit(_compile_kernels, work, sweeps)
            _each(work, sweeps, store, runner)
    for kind in ("edges", "search"):
        ready = [unit for unit in left if unit.kind == kind and is_ready(work, unit, units, store)]
        _each(work, ready, store, runner)
    _judge(work, [unit for unit in left if unit.kind == "laws"], store, runner, jobs)


def pending(units: list[Unit], store: Store) -> list[Unit]:
    """Those that are not finished, in their order."""
    done = store.units
    return [unit for unit in units if unit.identity not in done and not (unit.kind == "sweep" and pass_identity(unit) in done)]


def is_ready(work: Plan, unit: Unit, units: list[Unit], store: Store) -> bool:
    """Whether all passes are finished that a unit needs: that whose edges it looks for, or those a search takes seeds from."""
    if unit.kind in ("sweep", "laws"):
        return True
    if unit.kind == "edges":
        return not pending([each for each in units if each.kind == "sweep" and each.name == unit.name], store)
    task = work.tasks[unit.tasks[0]]
    mine = (task.case.activation, task.case.parameters, task.case.order)
    wanted = [each for each in units if each.kind == "sweep" and _function(work, each) == mine]
    return not pending(wanted, store)


def _function(work: Plan, unit: Unit) -> object:
    case = work.tasks[unit.tasks[0]].case
    return case.activation, case.parameters, case.order


def _each(work: Plan, units: list[Unit], store: Store, runner: UnitRunner, ended: Event | None = None) -> None:
    """Do units one after the other; first those that nobody else has claimed."""
    waiting = list(units)
    while waiting:
        claimed = False
        for unit in list(waiting):
            if ended and ended.is_set():
                return
            if not store.claim(unit.identity):
                continue
            claimed = True
            try:
                store.refresh()
                if pending([unit], store):
                    store.add(runner.do(unit, store))
                    settle(work, [each for each in units if each.name == unit.name], store)
            finally:
                store.release(unit.identity)
            waiting.remove(unit)
        if not claimed:
            time.sleep(_POLL)
        store.refresh()
        waiting = pending(waiting, store)


def _judge(work: Plan, units: list[Unit], store: Store, runner: UnitRunner, jobs: int) -> None:
    """Do the units of laws, those of several implementations at a time."""
    ended = Event()
    groups: dict[object, list[Unit]] = {}
    for unit in units:
        groups.setdefault(work.tasks[unit.tasks[0]].implementation, []).append(unit)

    runner.leave()
    with ThreadPoolExecutor(jobs) as executor:
        try:
            list(executor.map(lambda group: _each(work, group, store, runner, ended), groups.values()))
        finally:
            ended.set()  # interrupted: the units under way are the last ones


def settle(work: Plan, units: list[Unit], store: Store) -> None:
    """Add up the parts of the passes of which all ranges are there, and forget them.

    A part that somebody computed again with other results stays: that is a finding.
    """
    for name, group in groupby((unit for unit in units if unit.kind == "sweep" and unit.parts > 1), key=lambda unit: unit.name):
        of_pass = list(group)
        records = {unit.start: store.find(unit.identity) for unit in of_pass}
        if store.find(f"pass-{name}") or len(records) < of_pass[0].parts or not all(records.values()):
            continue
        tasks = [work.tasks[number] for number in of_pass[0].tasks]
        form = number_format(tasks[0].case.format)
        found = [record for those in records.values() for record in those]
        for environment in sorted({record.environment for record in found}):
            mine = [record for record in found if record.environment == environment]
            whole = parts.merge(parts.from_json(record.said, record.circumstances, form) for record in mine)
            store.add(finished(of_pass[0], passes.finish(work, tasks, whole)))
        for record in found:
            store.remove(record)


def _compile_kernels(work: Plan, units: list[Unit]) -> None:
    """Have the kernels of all passes compiled; a first run would otherwise wait for each in turn."""
    for unit in units:
        task = work.tasks[unit.tasks[0]]
        case, inputs = task.case, work.inputs_of(task)
        form = number_format(case.format)
        comparison = Comparison(work.definition(case), case.order, form, 1, inputs.count, inputs.exhaustive)
        one = form.round([1.0])
        with ThreadPoolExecutor(1) as executor:
            comparison.add(0, one, {0: one, 1: one ^ one.dtype.type(1)}, executor)
