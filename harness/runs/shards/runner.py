"""Does units of a plan, with workers that stay alive and cases that stay prepared from one to the next."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from ...accuracy.comparison import Comparison
from ...accuracy.refine import refine, seeds
from ...case import Implementation, Task
from ...findings.evidence import Samples
from ...findings.invariances import InvarianceChecks
from ...formats import Format
from ...workers.process import CALL_LIMIT, START_LIMIT, Worker
from ...workers.sweep import Sweep
from ..plan import Plan
from . import parts, passes
from .parts import part_of
from .store import Record, Row, Store, environment, lasting
from .units import Unit, is_few

_BLOCK_BYTES = 1 << 23
_PATIENCE = 5  # times that a worker may be killed in a unit before that is a result
Progress = Callable[[Task, int], None]


class UnitRunner:
    """A place where units are done, one after the other.

    Args:
        work: the plan that they are of; it is not touched.
        jobs: workers that compute at a time, and threads that compare.
        block: inputs per block, a power of two of at least 1024; None: what suits the format.
        start_limit, call_limit: seconds that a worker may take to start and to first call a case, and for a block.
        progress: called with (task, inputs) when a task has computed a block.
    """

    def __init__(
        self,
        work: Plan,
        jobs: int,
        block: int | None = None,
        start_limit: float = START_LIMIT,
        call_limit: float = CALL_LIMIT,
        progress: Progress = lambda task, inputs: None,
    ) -> None:
        self._work, self._jobs, self._block, self._progress = work, jobs, block, progress
        self._workers = {
            task.implementation: Worker(task.implementation, start_limit=start_limit, call_limit=call_limit)
            for task in work.tasks
            if task.status == "ok"
        }
        self._executor = ThreadPoolExecutor(jobs)
        self._tasks: list[Task] = []
        self._sweep: Sweep | None = None
        self._prepared = ""  # name of the pass that the sweep is of
        self._folder = tempfile.TemporaryDirectory(prefix="lastbit-")
        self._checks: dict[Implementation, InvarianceChecks] = {}

    def start(self) -> None:
        """Start all workers at once: importing a framework takes seconds."""
        for worker in self._workers.values():
            if not worker.running:
                worker.start()

    def close(self) -> None:
        """End what is running."""
        for checks in self._checks.values():
            checks.close()
        for worker in self._workers.values():
            worker.stop()
        self.leave()
        self._executor.shutdown()
        self._folder.cleanup()

    def do(self, unit: Unit, store: Store) -> Record:
        """Do a unit; units of laws of different implementations may be done at the same time.

        Args:
            unit: of this runner's plan.
            store: where a search finds the passes of its function.

        Returns:
            For a sweep over all inputs the finished pass, for others what there is of it.
        """
        for who in {self._work.tasks[number].implementation for number in unit.tasks} & self._workers.keys():
            self._workers[who].patience = _PATIENCE
        if unit.kind == "sweep":
            return self._do_sweep(unit)
        self.leave()
        if unit.kind == "edges":
            return self._look_for_edges(unit)
        return self._search(unit, store) if unit.kind == "search" else self._judge(unit)

    def _do_sweep(self, unit: Unit) -> Record:
        inputs = self._work.inputs_of(self._work.tasks[unit.tasks[0]])
        if self._prepared != unit.name:
            self.leave()
            self._tasks = [replace(self._work.tasks[number]) for number in unit.tasks]
            self._sweep, self._prepared = self._swept(self._tasks).__enter__(), unit.name
        assert self._sweep
        for task in self._tasks:
            task.seconds, task.framework_seconds, task.processor = 0.0, 0.0, [0.0, 0.0]
        busy, begin = time.process_time(), time.perf_counter()
        case = self._tasks[0].case
        definition = self._work.definition(case)
        comparison = Comparison(definition, case.order, inputs.format, self._jobs, inputs.count, inputs.exhaustive)
        samples = Samples(inputs, comparison)
        self._sweep.over(unit.start, unit.stop, samples)
        found = part_of(unit.start, unit.stop, self._tasks, comparison, samples, self._hellos(self._tasks))
        costs = {"harness": time.process_time() - busy, "wall": time.perf_counter() - begin}
        found.peaks = self._peaks(self._tasks)
        found.costs = {name: round(spent, 6) for name, spent in costs.items()}
        if unit.parts == 1:
            done = passes.finish(self._work, self._tasks, found, self._sweep.at)
            further = sum(sum(task.processor) for task in self._tasks) - sum(map(sum, found.processor.values()))
            done.costs["finish"] = round(done.costs["finish"] + further, 6)
            return finished(unit, done)
        return Record(unit.identity, environment(found.hellos.values()), *parts.to_json(found))

    def _swept(self, tasks: list[Task]) -> Sweep:
        """A sweep of those tasks of a pass that there are."""
        inputs = self._work.inputs_of(tasks[0])
        block = self._block or block_length(inputs.format, inputs.count)
        there = [task for task in tasks if task.status == "ok"]
        return Sweep(there, self._workers, inputs, self._executor, self._jobs, block, self._progress)

    def _look_for_edges(self, unit: Unit) -> Record:
        """The symptoms of a pass once more, with exact edges."""
        tasks = [replace(self._work.tasks[number]) for number in unit.tasks]
        busy = time.process_time()
        with self._swept(tasks) as sweep:
            found = passes.symptoms_with_edges(self._work, tasks, sweep.at)
        workers = sum(sum(task.processor) for task in tasks)
        circumstances = {"costs": {"harness": time.process_time() - busy, "workers": workers}, "peaks": self._peaks(tasks)}
        hellos = self._hellos(tasks)
        return Record(unit.identity, environment(hellos.values()), {"symptoms": [asdict(each) for each in found]}, circumstances)

    def leave(self) -> None:
        """The pass is over: its cases need not be prepared any more. Units of laws may then be done by several threads."""
        if self._sweep:
            self._sweep.__exit__(None)
        self._sweep, self._prepared = None, ""

    def _hellos(self, tasks: list[Task]) -> dict[str, Row]:
        said = {task.implementation: self._workers.get(task.implementation) for task in tasks}
        return {str(who): lasting(worker.hello) for who, worker in said.items() if worker and worker.hello}

    def _peaks(self, tasks: list[Task]) -> dict[str, int]:
        workers = {str(task.implementation): self._workers.get(task.implementation) for task in tasks}
        return {name: worker.peak_bytes for name, worker in workers.items() if worker and worker.peak_bytes}

    def _search(self, unit: Unit, store: Store) -> Record:
        """Search around the worst inputs of the case's sample and of the same case in narrower formats."""
        task = self._work.tasks[unit.tasks[0]]
        definition = self._work.definition(task.case)
        rows = [row for row in rows_of(store) if _same_but_format(row, task)]
        if not any(row["status"] == "ok" for row in rows if row["format"] == task.case.format):
            return Record(unit.identity, environment([]), {})  # what cannot be measured cannot be searched
        known = [row["worst_input"] for row in rows if row["worst_input"] is not None]
        busy, worker = time.process_time(), self._workers[task.implementation]
        before = worker.processor_seconds
        around = seeds(definition, task.case.order, known)
        found = refine(definition, task, worker, self._work.search, self._work.seed, around, self._executor, self._progress)
        costs = {"harness": time.process_time() - busy, "workers": worker.processor_seconds - before}
        circumstances = {"costs": costs, "peaks": self._peaks([task])}
        return Record(unit.identity, environment(self._hellos([task]).values()), found, circumstances)

    def _judge(self, unit: Unit) -> Record:
        """Check the invariances."""
        tasks = [self._work.tasks[number] for number in unit.tasks]
        who = tasks[0].implementation
        if who not in self._checks:
            place = Path(self._folder.name) / str(list(self._workers).index(who))
            place.mkdir()
            self._checks[who] = InvarianceChecks(self._workers[who], self._work.seed, place)
        checks = self._checks[who]
        before, busy = checks.processor_seconds, time.thread_time()  # other threads are at other implementations
        rows = checks.check(tasks, is_few(self._work))
        costs = {"harness": time.thread_time() - busy, "workers": checks.processor_seconds - before}
        hellos, circumstances = self._hellos(tasks), {"costs": costs, "peaks": self._peaks(tasks)}
        return Record(unit.identity, environment(hellos.values()), {"rows": rows, "hellos": hellos}, circumstances)


def finished(unit: Unit, done: passes.Finished) -> Record:
    """The record of a finished pass."""
    return Record(pass_identity(unit), environment(done.hellos.values()), *passes.to_json(done))


def pass_identity(unit: Unit) -> str:
    """What the pass of a sweep is called."""
    return f"pass-{unit.name}"


def rows_of(store: Store) -> list[Row]:
    """The accuracy rows of all finished passes."""
    return [row for record in store.records if record.unit.startswith("pass-") for row in record.said["accuracy"].values()]


def _same_but_format(row: Row, task: Task) -> bool:
    case, by = task.case, task.implementation
    mine = (case.activation, case.order, case.route, by.backend, by.mode, by.device, by.substitute)
    names = ("activation", "order", "route", "backend", "mode", "device", "implementation")
    return tuple(row[name] for name in names) == mine and row["parameters"] == json.dumps(dict(task.case.parameters))


def block_length(form: Format, count: int) -> int:
    """Inputs per block, unless somebody asks for another number."""
    largest = _BLOCK_BYTES * 8 // form.bits
    return min(largest, max(1024, 1 << (count - 1).bit_length()))
