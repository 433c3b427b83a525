"""A handful of inputs, once: what the microscope asks for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ..case import Implementation, Task
from ..formats import Bits, Format
from .process import Worker
from .sweep import Sweep


class _Collector:
    """Keeps the results of the only block."""

    def __init__(self) -> None:
        self.results: dict[int, Bits] = {}

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        self.results = {number: bits.copy() for number, bits in results.items()}


class _Given:
    """A handful of inputs in the place of :class:`harness.accuracy.inputs.Inputs`."""

    def __init__(self, format: Format, bits: Bits) -> None:
        self.format, self.count, self._bits = format, len(bits), bits

    def fill(self, start: int, out: Bits) -> None:
        out[:] = self._bits[start : start + len(out)]


def collect(tasks: list[Task], workers: dict[Implementation, Worker], format: Format, inputs: Bits, jobs: int) -> dict[int, Bits]:
    """The results of the tasks on one block of inputs, by number; tasks that fail are marked and have none."""
    collector = _Collector()
    try:
        for worker in workers.values():
            worker.start()
        with ThreadPoolExecutor(1) as executor:
            given = _Given(format, inputs)
            Sweep(tasks, workers, given, executor, jobs, len(inputs), lambda task, count: None).run(collector)
    finally:
        for worker in workers.values():
            worker.stop()
    return collector.results
