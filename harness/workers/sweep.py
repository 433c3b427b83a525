"""One pass: all cases of an activation, order and format over the inputs, block by block.

Two slots of memory-mapped files hold the inputs and every case's results, so that the frameworks compute block b + 1
while block b is compared. This loop alone talks to the workers; the comparison runs on threads.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np

from ..case import Implementation, Task
from ..formats import Bits
from .process import Died, Worker
from .slots import SLOTS, Slots
from .streams import Consumer, Few, Source

_INPUTS = -1  # whose slots those of the inputs are
_TENSOR_BYTES = 1 << 22  # what frameworks are given at a time


class Sweep:
    """Runs the tasks of a pass on their workers.

    Args:
        tasks: cases that share activation, order and format.
        workers: by implementation; started when needed.
        inputs: the inputs of all cases.
        executor: threads for the comparison.
        jobs: how many workers compute at the same time.
        block: inputs per block, a power of two of at least 1024; of long ones the frameworks get one part after the other.
        progress: called with (task, inputs) when a task has computed a block.

    A sweep is a context: on the way out slots are given back, and the workers let go of them. In between any number of
    ranges of the inputs can be swept, and the cases stay prepared.
    """

    def __init__(
        self,
        tasks: list[Task],
        workers: dict[Implementation, Worker],
        inputs: Source,
        executor: ThreadPoolExecutor,
        jobs: int,
        block: int,
        progress: Callable[[Task, int], None],
    ) -> None:
        self._tasks, self._workers, self._inputs = tasks, workers, inputs
        self._executor, self._jobs, self._block, self._progress = executor, jobs, block, progress
        self._tensor = min(block, _TENSOR_BYTES * 8 // inputs.format.bits)
        self._busy: dict[Worker, Task | None] = {}  # None: starting
        self._first = self._end = self._blocks = 0  # of the range that is being swept: its inputs, and its blocks
        self._filled = 0  # blocks whose inputs are, or were, in a slot
        self._compared = 0
        self._comparing: Future[None] | None = None

    def __enter__(self) -> Sweep:
        self._slots = Slots([_INPUTS, *(task.number for task in self._tasks)], self._inputs.format.carrier, self._block)
        return self

    def __exit__(self, *error: object) -> None:
        self._release()
        self._slots.close()

    def run(self, consumer: Consumer) -> None:
        """Compute everything, in a context of its own; a task that fails is marked and the others go on."""
        with self:
            self.over(0, self._inputs.count, consumer)

    def at(self, points: Bits) -> dict[int, Bits]:
        """The results on a few inputs more, by number of the task; of those tasks that do not fail on the way.

        The frameworks get them in tensors as long as all others: nothing is compiled again.
        """
        few = Few(self._inputs.format, points)
        usual, self._inputs = self._inputs, few
        try:
            self.over(0, few.count, few)
        finally:
            self._inputs = usual
        return {number: np.concatenate(parts) for number, parts in few.results.items() if len(parts) == self._blocks}

    def over(self, start: int, stop: int, consumer: Consumer) -> None:
        """Compute the results for the inputs start <= index < stop.

        Args:
            start, stop: a range of the inputs; the start is a multiple of the block.
            consumer: where the results go.
        """
        self._first, self._end, self._blocks = start, stop, -(-(stop - start) // self._block)
        self._filled = self._compared = 0
        self._comparing = None
        for task in self._tasks:
            task.done = 0
        selector = selectors.DefaultSelector()
        wake, signal = os.pipe()
        selector.register(wake, selectors.EVENT_READ)
        with ThreadPoolExecutor(1) as one:
            try:
                while self._compared < self._blocks and self._live():
                    self._fill()
                    self._dispatch(selector)
                    self._compare(consumer, one, lambda: os.write(signal, b"."))
                    self._listen(selector, wake)
                if self._comparing:
                    self._comparing.result()
            finally:
                self._abandon(selector)
                selector.close()
                os.close(wake)
                os.close(signal)

    def _release(self) -> None:
        """Have the workers let go of the slots, which live in memory until nobody maps them."""
        for task in self._tasks:
            worker = self._workers[task.implementation]
            if task.prepared and worker.running:
                try:
                    worker.send({"op": "forget", "id": task.number}, worker.call_limit)
                    worker.receive()
                except Died:
                    worker.hello = None

    def _live(self) -> list[Task]:
        return [task for task in self._tasks if task.status == "ok"]

    def _fill(self) -> None:
        while self._filled < min(self._compared + SLOTS, self._blocks):
            start = self._first + self._filled * self._block
            slot = self._slots.arrays[_INPUTS][self._filled % SLOTS]
            count = min(self._block, self._end - start)
            self._inputs.fill(start, slot[:count])
            slot[count:] = 0  # the last tensor is padded: frameworks see one length only
            self._filled += 1

    def _dispatch(self, selector: selectors.BaseSelector) -> None:
        waiting = sorted((task for task in self._live() if task.done < self._filled), key=lambda task: task.done)
        for task in waiting:
            worker = self._workers[task.implementation]
            if worker in self._busy:
                continue
            if worker.refusal:
                task.fail(worker.refusal.status, worker.refusal.reason)
                continue
            if not worker.running:
                worker.hello = None
                worker.start()
                self._busy[worker] = None
                selector.register(worker, selectors.EVENT_READ)
            elif worker.hello is None:  # started before this pass
                self._busy[worker] = None
                selector.register(worker, selectors.EVENT_READ)
            elif sum(busy is not None for busy in self._busy.values()) < self._jobs:
                selector.register(worker, selectors.EVENT_READ)
                self._busy[worker] = task
                self._ask(selector, worker, task)

    def _ask(self, selector: selectors.BaseSelector, worker: Worker, task: Task) -> None:
        limit = worker.call_limit if task.done else worker.start_limit
        left = min(self._block, self._end - self._first - task.done * self._block)
        tensors = -(-left // self._tensor)
        message: dict[str, Any] = {"op": "call", "id": task.number, "slot": task.done % SLOTS, "tensors": tensors}
        if not task.prepared:
            case = asdict(task.case)
            message = {"op": "prepare", "id": task.number, "case": case, "length": self._block, "tensor": self._tensor}
            message |= {"inputs": self._slots.paths[_INPUTS], "outputs": self._slots.paths[task.number]}
        try:
            worker.send(message, limit)
        except Died as death:
            self._lost(selector, worker, death)

    def _compare(self, consumer: Consumer, executor: ThreadPoolExecutor, wake: Callable[[], Any]) -> None:
        if self._comparing:
            if not self._comparing.done():
                return
            self._comparing.result()
            self._comparing = None
            self._compared += 1
            self._fill()
        live = self._live()
        if self._compared < self._blocks and live and all(task.done > self._compared for task in live):
            start, slot = self._first + self._compared * self._block, self._compared % SLOTS
            count = min(self._block, self._end - start)
            results = {task.number: self._slots.arrays[task.number][slot][:count] for task in live}
            arguments = (start, self._slots.arrays[_INPUTS][slot][:count], results, self._executor)
            self._comparing = executor.submit(consumer.add, *arguments)
            self._comparing.add_done_callback(lambda _: wake())

    def _listen(self, selector: selectors.BaseSelector, wake: int) -> None:
        now = time.monotonic()
        idle = not self._busy and not self._comparing
        timeout = 0.0 if idle else min((worker.deadline - now for worker in self._busy), default=3600.0)
        for key, _ in selector.select(max(timeout, 0.0)):
            if key.fd == wake:
                os.read(wake, 4096)
                continue
            worker: Worker = key.fileobj  # type: ignore[assignment]
            try:
                for message in worker.receive():
                    self._heard(selector, worker, message)
            except Died as death:
                self._lost(selector, worker, death)
        now = time.monotonic()
        for worker in [worker for worker in self._busy if worker.deadline < now and worker.overdue()]:
            self._lost(selector, worker, worker.expire())

    def _heard(self, selector: selectors.BaseSelector, worker: Worker, message: dict[str, Any]) -> None:
        task = self._busy.get(worker)
        if task is None:
            selector.unregister(worker)
            del self._busy[worker]
            worker.hello = message.get("hello")
            if worker.hello is None:
                worker.refuse(Died(message["status"], message["failed"]))
                worker.stop()
            return
        if "status" in message:
            task.fail(message["status"], message["reason"])
        elif not task.prepared:
            task.prepared, task.warm = True, False
            task.processor[0] += message["processor_seconds"]
            self._ask(selector, worker, task)
            return
        else:
            task.done += 1
            task.seconds += message["seconds"]
            task.framework_seconds += message["framework_seconds"]
            task.moving_seconds += message["moving_seconds"]
            task.processor[task.warm] += message["processor_seconds"]
            task.warm = True
            task.notes = message.get("notes", [])
            task.history = task.history or message.get("history")
            start = self._first + (task.done - 1) * self._block
            if not isinstance(self._inputs, Few):
                self._progress(task, min(self._block, self._end - start))
        selector.unregister(worker)
        del self._busy[worker]

    def _lost(self, selector: selectors.BaseSelector, worker: Worker, death: Died) -> None:
        """A worker is gone: its case is marked, its other cases are prepared again when it has been restarted."""
        selector.unregister(worker)
        task = self._busy.pop(worker)
        if task and not death.again:
            task.fail(death.status, death.reason)
            if death.status == "timeout" and worker.implementation.substitute:  # each case would take as long
                worker.refuse(Died(death.status, f"not called any more: {death.reason}"))
        elif not death.again:
            worker.refuse(death)
        worker.hello = None
        for other in self._tasks:
            if other.implementation == worker.implementation:
                other.prepared = False

    def _abandon(self, selector: selectors.BaseSelector) -> None:
        """On the way out: no worker may be left in the middle of a call into slots that are going away."""
        for worker, task in self._busy.items():
            if task is not None:
                worker.stop()
                worker.hello = None


Pass = tuple[str, str, tuple[tuple[str, float], ...], int]
"""Format, activation, its parameters, order."""


def batches(tasks: Iterable[Task]) -> dict[Pass, list[Task]]:
    """Tasks by pass, in the order in which they come."""
    found: dict[Pass, list[Task]] = {}
    for task in tasks:
        case = task.case
        found.setdefault((case.format, case.activation, case.parameters, case.order), []).append(task)
    return found
