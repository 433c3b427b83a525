"""Laws of conduct: what must make no difference to a result, and needs no reference to be seen.

* ``position``: the same input gives the same bits alone, in the body of a vector and in its remainder;
* ``repeatable``: two computations of the same inputs give the same bits;
* ``threads``: so do one thread and two (eager modes);
* ``promotion``: a scalar gives what a vector of one gives, and an integer what the same number gives as a float of the
  type returned; to refuse integers, or to return integers for them, is the framework's choice, and is noted.

NaNs count as one and the same, -0 and +0 as two. An implementation's worker that dies costs the row of that law.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from .formats import Bits, Format, number_format
from .inputs import sampled, special_inputs
from .results import Row, Verdict, law_row
from .sweep import Task
from .workers import Died, Implementation, Worker

LAWS = ("position", "repeatable", "threads", "promotion")
ROUTES = ("native", "autodiff")
"""What the framework itself offers; formulas are made of operations that have rows of their own."""
SCREEN = {"eager": (1, 7, 67)}
"""Lengths of vectors that every probe is tried in, by mode: alone, and bodies of 4 and of 64 lanes with remainders of 3."""
SCREEN_COMPILED = (4099,)
"""The same in other modes, where every length has its price: it is compiled."""
LENGTHS = (1, 2, 3, 5, 6, 7, 9, 15, 17, 31, 33, 35, 65, 67)
"""Lengths of vectors of copies that a broken law of position is described on (eager modes)."""
BLOCK = {"eager": 1 << 17}
"""Inputs computed twice, by mode; from 2^15 on PyTorch shares them out to its threads."""
FORMAT = "float32"
"""The only format of modes other than eager, where each case is compiled anew, and of runs of many activations."""
FEW = 4
"""Up to so many activations, the eager modes are looked at in every format."""
_INTEGERS = {"eager": ("int32", "int64", "bool")}
_TYPICAL, _NEAR, _ANYWHERE = 64, 16, 16  # probes in [-20, 20], in [-2, 2], among all encodings
_SPECIALS = 28  # zeros, infinities, NaNs and the edges of the format, see special_inputs
_SCALARS = 4  # of so many probes one is tried as a scalar
_SHOWN = 4  # results or vectors that a row tells of


def probes(form: Format, seed: int) -> Bits:
    """The inputs of the law of position, each once: typical ones first, then any number, then the special ones."""
    draw = np.random.default_rng([seed, form.bits, form.precision])
    values = np.concatenate([draw.uniform(-20, 20, _TYPICAL), draw.uniform(-2, 2, _NEAR)])
    signs = draw.integers(0, 2, _ANYWHERE, np.uint64) * np.uint64(form.sign_bit)
    anywhere = draw.integers(0, form.inf_bits, _ANYWHERE, np.uint64) | signs
    parts = (form.round(values), anywhere.astype(form.carrier), special_inputs(form)[:_SPECIALS])
    return np.array(list(dict.fromkeys(np.concatenate(parts).tolist())), form.carrier)


def concerned(tasks: list[Task]) -> list[Task]:
    """The tasks that the laws are checked for: measured, of the framework itself, and no more than there is time for."""
    few = len({(task.case.activation, task.case.parameters) for task in tasks}) <= FEW
    own = [task for task in tasks if task.status == "ok" and task.case.route in ROUTES]
    return [task for task in own if task.case.format == FORMAT or (few and task.implementation.mode == "eager")]


def check(run_id: str, tasks: list[Task], workers: dict[Implementation, Worker], seed: int, jobs: int) -> list[Row]:
    """Check the laws for the tasks that are :func:`concerned`.

    Args:
        run_id: of the rows.
        tasks: of a plan, measured.
        workers: by implementation; the law of threads starts one more for each, and ends it.
        seed: of the probes.
        jobs: implementations that are checked at the same time.

    Returns:
        A row per task and law (columns :data:`harness.results.LAWS`), in the order of the tasks.
    """
    chosen: dict[Implementation, list[Task]] = {}
    for task in concerned(tasks):
        chosen.setdefault(task.implementation, []).append(task)
    found: dict[tuple[int, str], Row] = {}
    ended = Event()

    def examine(implementation: Implementation) -> None:
        with tempfile.TemporaryDirectory(prefix="lastbit-") as folder:
            court = _Court(run_id, workers[implementation], seed, Path(folder))
            try:
                for task in chosen[implementation]:
                    if ended.is_set():
                        return
                    found.update({(task.number, row["law"]): row for row in court.rows(task)})
            finally:
                court.close()

    with ThreadPoolExecutor(jobs) as executor:
        try:
            list(executor.map(examine, chosen))
        finally:
            ended.set()  # interrupted: the cases under way are the last ones
    return [found[key] for key in sorted(found, key=lambda key: (key[0], LAWS.index(key[1])))]


@dataclass(eq=False)
class _Refused(Exception):
    """The worker answered that it cannot."""

    status: str
    reason: str


@dataclass(eq=False)
class _Desk:
    """A worker, and which case it is studying."""

    worker: Worker
    studied: int | None = None
    started: bool = False

    def ask(self, task: Task, message: dict[str, Any]) -> dict[str, Any]:
        """The reply to a command on a case.

        Raises:
            Died, _Refused: where there is none.
        """
        try:
            self.started |= self.worker.ready()
            if self.studied != task.number:
                if self.studied is not None:
                    self.worker.ask({"op": "forget", "id": self.studied}, self.worker.call_limit)
                self.studied = None
                study = {"op": "study", "id": task.number, "case": asdict(task.case)}
                self._told(self.worker.ask(study, self.worker.start_limit))
                self.studied = task.number
            return self._told(self.worker.ask({"id": task.number} | message, self.worker.start_limit))
        except Died:
            self.studied = None
            self.worker.hello = None
            raise

    def _told(self, reply: dict[str, Any]) -> dict[str, Any]:
        if "status" in reply:
            raise _Refused(reply["status"], reply["reason"])
        return reply


class _Court:
    """Checks the laws for the cases of one implementation."""

    def __init__(self, run_id: str, worker: Worker, seed: int, folder: Path) -> None:
        self._run_id, self._seed, self._folder = run_id, seed, folder
        self._mode = worker.implementation.mode
        self._one = _Desk(worker)
        self._two = _Desk(Worker(worker.implementation, 2, worker.start_limit, worker.call_limit))
        self._laws: dict[str, Callable[[Task, Format], Verdict]] = {"position": self._position, "repeatable": self._repeatable}
        if self._mode == "eager":
            self._laws["threads"] = self._threads
        self._laws["promotion"] = self._promotion

    def rows(self, task: Task) -> list[Row]:
        """The rows of a case."""
        form, rows = number_format(task.case.format), []
        for law, look in self._laws.items():
            status, reason, verdict = "", "", Verdict()
            try:
                verdict = look(task, form)
            except (Died, _Refused) as problem:
                status, reason = problem.status, problem.reason
            rows.append(law_row(self._run_id, task, self._one.worker.hello, law, verdict, status, reason))
        return rows

    def close(self) -> None:
        """End what was started here; a worker does not outlive the thread that started it."""
        self._two.worker.stop()
        if self._one.started:
            self._one.worker.stop()
            self._one.worker.hello = None
        elif self._one.studied is not None:
            try:
                self._one.worker.ask({"op": "forget", "id": self._one.studied}, self._one.worker.call_limit)
            except Died:
                self._one.worker.hello = None

    def _position(self, task: Task, form: Format) -> Verdict:
        tried = probes(form, self._seed)
        message = {"op": "position", "probes": tried.tolist(), "lengths": SCREEN.get(self._mode, SCREEN_COMPILED)}
        broken = self._one.ask(task, message)["broken"]
        if not broken:
            return Verdict(len(tried))
        spreads = {index: _steps({bits for bits, _, _ in results}, form) for index, results in broken}
        index, results = max(broken, key=lambda each: (spreads[each[0]], -each[0]))  # the worst, of equals the first
        example = int(tried[index])
        lengths = LENGTHS if self._mode == "eager" else SCREEN_COMPILED
        runs = self._one.ask(task, {"op": "position", "probes": [example], "lengths": lengths})["runs"]
        first = "; ".join(f"length {length}, lane {lane}: {_shown(bits, form)}" for bits, length, lane in results[:_SHOWN])
        where = _copies(runs, form) or f"among other inputs, {first}"
        got = _results({bits for bits, _, _ in results}, form)
        return Verdict(len(tried), len(broken), example, got, where, spreads[index])

    def _repeatable(self, task: Task, form: Format) -> Verdict:
        return self._compared(task, form, self._one, "second time")

    def _threads(self, task: Task, form: Format) -> Verdict:
        return self._compared(task, form, self._two, "with 2 threads")

    def _compared(self, task: Task, form: Format, other: _Desk, words: str) -> Verdict:
        count = BLOCK.get(self._mode, SCREEN_COMPILED[0])
        inputs = sampled(form, count, self._seed).block(0, count)
        first, second = self._apply(task, inputs, self._one), self._apply(task, inputs, other)
        differing = np.flatnonzero(first != second)
        if not len(differing):
            return Verdict(count)
        spreads = [_steps({int(first[lane]), int(second[lane])}, form) for lane in differing.tolist()]
        lane = int(differing[int(np.argmax(spreads))])
        got = f"{_shown(int(first[lane]), form)}, {words} {_shown(int(second[lane]), form)}"
        return Verdict(count, len(differing), int(inputs[lane]), got, f"length {count}, lane {lane}", max(spreads))

    def _apply(self, task: Task, inputs: Bits, desk: _Desk) -> Bits:
        given, made = self._folder / "inputs", self._folder / "outputs"
        inputs.tofile(given)
        np.zeros_like(inputs).tofile(made)
        desk.ask(task, {"op": "apply", "inputs": str(given), "output": str(made), "length": len(inputs)})
        return np.fromfile(made, inputs.dtype)

    def _promotion(self, task: Task, form: Format) -> Verdict:
        eager, case = self._mode == "eager", task.case
        scalars = probes(form, self._seed)[::_SCALARS].tolist() if eager else []
        # Nothing in these depends on the format measured.
        integers = _INTEGERS.get(self._mode, ("int32",)) if case.route == "native" and case.format == "float32" else ()
        reply = self._one.ask(task, {"op": "promotion", "probes": scalars, "integers": integers})
        told, differ = [], []
        for name, answer in reply["integers"].items():
            told.append(f"{name}: refused ({answer['refused']})" if "refused" in answer else f"{name}: {answer['dtype']}")
            for number, bits, as_float in answer.get("differ", ()):
                kind = number_format(answer["dtype"])
                differ.append(f"{name} {number}: {_shown(bits, kind)}, as {kind.name} {_shown(as_float, kind)}")
        broken = len(reply["scalars"]) + len(differ)
        verdict = Verdict(len(scalars) + len(integers), broken, got=", ".join(told), where="; ".join(differ[:_SHOWN]))
        if reply["scalars"]:
            verdict.example_bits, alone, one = reply["scalars"][0]
            verdict.where = "; ".join(filter(None, (f"scalar: {_typed(*alone)}, vector of 1: {_typed(*one)}", verdict.where)))
        return verdict


def _steps(results: set[int], form: Format) -> float:
    """How many encodings lie between the results that differ most; infinite where a number meets NaN."""
    bits = np.array(sorted(results), form.carrier)
    if form.is_nan(bits).any():
        return math.inf
    ordered = form.to_ordered(bits)
    return float(int(ordered.max()) - int(ordered.min()))


def _copies(runs: list[Any], form: Format) -> str:
    """Where vectors of copies give several results: within a vector, or else from length to length; nothing if nowhere."""
    for length, lanes in runs:
        if len({bits for _, _, bits in lanes}) > 1:
            words = (f"{_lanes(first, last)} {_shown(bits, form)}" for first, last, bits in lanes[:_SHOWN])
            return f"length {length}: " + ", ".join(words)
    results: dict[int, int] = {}
    for length, lanes in runs:
        results.setdefault(lanes[0][2], length)
    if len(results) == 1:
        return ""
    return ", ".join(f"length {length}: {_shown(bits, form)}" for bits, length in list(results.items())[:_SHOWN])


def _lanes(first: int, last: int) -> str:
    return f"lane {first} gives" if first == last else f"lanes {first}-{last} give"


def _results(results: set[int], form: Format) -> str:
    return ", ".join(_shown(bits, form) for bits in sorted(results)[:_SHOWN])


def _shown(bits: int, form: Format) -> str:
    return f"{form.value(bits):.{form.precision * 3 // 10 + 2}g} (0x{bits:0{form.bits // 4}x})"


def _typed(dtype: str, bits: list[int]) -> str:
    return f"{dtype} {_shown(bits[0], number_format(dtype))}" if bits else dtype
