"""Invariances: what must make no difference to a result, and needs no reference to be seen.

* ``position``: the same input gives the same bits alone, in the body of a vector and in its remainder;
* ``repeatable``: the first three computations of the same inputs, by a case that was prepared for them, give the same bits;
* ``threads``: so do one thread and two (eager modes);
* ``promotion``: a scalar gives what a vector of one gives, and an integer what the same number gives as a float (of the
  type returned, where it is one); to refuse integers is the framework's choice, and is noted.

The law of parameters is in :mod:`harness.findings.extreme_parameters`, that of layout in :mod:`harness.findings.layout`.

NaNs count as one and the same, -0 and +0 as two. An implementation's worker that dies costs the row of that law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..accuracy.inputs import sampled, special_inputs
from ..case import Task
from ..formats import FORMATS, Bits, Format, number_format
from ..frames import Row
from ..workers.process import Died, Worker
from . import extreme_parameters, layout
from .again import CALLS, compared
from .effort import FORMAT, POSITION, PROMOTION, REPEATABLE, THREADS, Effort, effort
from .layout import flushed, shown, steps
from .verdicts import Verdict, law_row

ROUTES = ("native", "autodiff")
"""What the framework itself offers; formulas are made of operations that have rows of their own."""
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
    """The tasks that the laws are checked for: of the framework itself, and no more than there is time for."""
    own = [task for task in tasks if task.case.route in ROUTES]
    return [task for task in own if task.case.format == FORMAT or task.implementation.mode == "eager"]


Look = Callable[[Task, Format], Verdict]
"""One invariance checked for a case."""


@dataclass(eq=False)
class _Refused(Exception):
    """The worker answered that it cannot."""

    status: str
    reason: str


@dataclass(eq=False)
class _Study:
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


class InvarianceChecks:
    """Checks the laws for the cases of one implementation; the rows of the law of parameters still want
    :func:`harness.findings.extreme_parameters.compared`.

    Args:
        worker: of the implementation; the law of threads starts one more, which :meth:`close` ends.
        seed: of the probes.
        folder: for the inputs and results that go to and fro.
    """

    def __init__(self, worker: Worker, seed: int, folder: Path) -> None:
        self._seed, self._folder = seed, folder
        self._mode = worker.implementation.mode
        self._effort = Effort()
        self._one = _Study(worker)
        self._two = _Study(Worker(worker.implementation, 2, worker.start_limit, worker.call_limit))
        self._laws: dict[str, Look] = {
            POSITION: self._position,
            REPEATABLE: self._repeatable,
            THREADS: self._threads,
            layout.LAW: self._layout,
            PROMOTION: self._promotion,
        }
        self._tried: set[tuple[str, ...]] = set()  # functions whose parameters have been tried in this session

    def check(self, tasks: Iterable[Task], few: bool) -> list[Row]:
        """A row per task and law (columns :data:`harness.runs.results.LAWS`); none of a case that the framework lacks.

        Args:
            tasks: :func:`concerned`.
            few: whether there is time for everything, see :func:`harness.findings.effort.effort`.
        """
        found: list[Row] = []
        self._tried = set()
        self._two.worker.patience = self._one.worker.patience
        for task in tasks:
            rows = self._rows(task, effort(task, few))
            found += [] if all(row["status"] == "unsupported" for row in rows) else rows
        return found

    def _rows(self, task: Task, chosen: Effort) -> list[Row]:
        """The rows of a case; first of all it is computed three times, when nothing else has been computed by it."""
        form, self._effort = number_format(task.case.format), chosen
        first = sorted(chosen.laws, key=lambda law: law != REPEATABLE)
        rows = {law: self._row(task, form, law, self._laws[law]) for law in first}
        return [*(rows[law] for law in chosen.laws), *self._extremes(task, form)]

    def _row(self, task: Task, form: Format, law: str, look: Look) -> Row:
        """The row of one law; a look in which a worker is killed from outside is taken again."""
        status, reason, verdict = "", "", Verdict()
        while True:
            try:
                verdict = look(task, form)
            except Died as death:
                if death.again:
                    continue
                status, reason = death.status, death.reason
            except _Refused as refusal:
                status, reason = refusal.status, refusal.reason
            return law_row(task, self._one.worker.hello, law, verdict, status, reason)

    def _extremes(self, task: Task, form: Format) -> list[Row]:
        """The row of the law of parameters; once for each function that has any."""
        case = task.case
        tried = (case.activation, *(name for name, _ in case.parameters))  # softplus with a threshold is another one
        if case.route != "native" or case.format != FORMAT or not case.parameters or tried in self._tried:
            return []
        self._tried.add(tried)
        return [self._row(task, form, extreme_parameters.LAW, partial(extreme_parameters.look, apply=self._accepted))]

    def _accepted(self, task: Task, inputs: Bits) -> Bits | None:
        try:
            return self._apply(task, inputs, self._one)[0]
        except _Refused:
            return None

    @property
    def processor_seconds(self) -> float:
        """That the workers say they have used."""
        return self._one.worker.processor_seconds + self._two.worker.processor_seconds

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
        message = {"op": "position", "probes": tried.tolist(), "lengths": self._effort.lengths}
        broken = self._one.ask(task, message)["broken"]
        if not broken:
            return Verdict(len(tried))
        spreads = {index: steps({bits for bits, _, _ in results}, form) for index, results in broken}
        flush = {index: flushed({bits for bits, _, _ in results}, form) for index, results in broken}
        # The worst, of equals the first; a flush to zero only where there is nothing else.
        index, results = max(broken, key=lambda each: (not flush[each[0]], spreads[each[0]], -each[0]))
        example = int(tried[index])
        message = {"op": "position", "probes": [example], "lengths": self._effort.copies}
        runs = self._one.ask(task, message)["runs"]
        first = "; ".join(f"length {length}, lane {lane}: {shown(bits, form)}" for bits, length, lane in results[:_SHOWN])
        where = _copies(runs, form) or f"among other inputs, {first}"
        got = _results({bits for bits, _, _ in results}, form)
        verdict = Verdict(len(tried), len(broken), example, got, where, spreads[index])
        return verdict.over(form.decode(tried[[probe for probe, _ in broken]]))

    def _repeatable(self, task: Task, form: Format) -> Verdict:
        inputs = self._block(form)
        return compared(form, inputs, self._apply(task, inputs, self._one, len(CALLS)), [f"{call} time" for call in CALLS])

    def _threads(self, task: Task, form: Format) -> Verdict:
        inputs = self._block(form)
        (one,), (two,) = (self._apply(task, inputs, study) for study in (self._one, self._two))
        return compared(form, inputs, [one, two], ["", "with 2 threads"])

    def _layout(self, task: Task, form: Format) -> Verdict:
        return layout.look(form, probes(form, self._seed), partial(self._one.ask, task), self._effort.ways)

    def _block(self, form: Format) -> Bits:
        return sampled(form, self._effort.block, self._seed).block(0, self._effort.block)

    def _apply(self, task: Task, inputs: Bits, study: _Study, calls: int = 1) -> list[Bits]:
        """The results, a row for each call."""
        given, made = self._folder / "inputs", self._folder / "outputs"
        inputs.tofile(given)
        np.zeros((calls, len(inputs)), inputs.dtype).tofile(made)
        study.ask(task, {"op": "apply", "inputs": str(given), "output": str(made), "length": len(inputs), "calls": calls})
        return list(np.fromfile(made, inputs.dtype).reshape(calls, len(inputs)))

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
                real = answer["dtype"] in FORMATS
                kind = number_format(answer["dtype"] if real else "float32")
                got = shown(bits, kind) if real else str(bits)
                differ.append(f"{name} {number}: {got}, as {kind.name} {shown(as_float, kind)}")
        broken = len(reply["scalars"]) + len(differ)
        verdict = Verdict(len(scalars) + len(integers), broken, got=", ".join(told), where="; ".join(differ[:_SHOWN]))
        if reply["scalars"]:
            verdict.example_bits, alone, one = reply["scalars"][0]
            verdict.steps = steps({*alone[1], *one[1]}, form) if alone[0] == one[0] == form.name else math.inf
            verdict.where = "; ".join(filter(None, (f"scalar: {_typed(*alone)}, vector of 1: {_typed(*one)}", verdict.where)))
        return verdict


def _copies(runs: list[Any], form: Format) -> str:
    """Where vectors of copies give several results: within a vector, or else from length to length; nothing if nowhere."""
    for length, lanes in runs:
        if len({bits for _, _, bits in lanes}) > 1:
            words = (f"{_lanes(first, last)} {shown(bits, form)}" for first, last, bits in lanes[:_SHOWN])
            return f"length {length}: " + ", ".join(words)
    results: dict[int, int] = {}
    for length, lanes in runs:
        results.setdefault(lanes[0][2], length)
    if len(results) == 1:
        return ""
    return ", ".join(f"length {length}: {shown(bits, form)}" for bits, length in list(results.items())[:_SHOWN])


def _lanes(first: int, last: int) -> str:
    return f"lane {first} gives" if first == last else f"lanes {first}-{last} give"


def _results(results: set[int], form: Format) -> str:
    return ", ".join(shown(bits, form) for bits in sorted(results)[:_SHOWN])


def _typed(dtype: str, bits: list[int]) -> str:
    return f"{dtype} {shown(bits[0], number_format(dtype))}" if bits else dtype
