"""Backends for the tests of timing: work of a known length, done by a thread that ends later; and threads that share work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from backends.numpy import NumPy
from backends.protocol import Case

WORK_NS, LAUNCH_NS = 300_000, 600_000
PROCESSORS = sorted(os.sched_getaffinity(0))
"""That a framework would count when it is imported."""


class Asynchronous(NumPy):
    """A call returns at once in the mode ``later``; another thread then works for 0.3 ms of processor time.

    In the mode ``device`` it takes 0.6 ms to hand the work over; that thread is the device, with its processor time as clock.
    """

    modes = ("now", "later", "device")

    def __init__(self, mode: str, device: str) -> None:
        super().__init__(mode, "cpu")
        self._mode = mode
        self._pool = ThreadPoolExecutor(1)

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        def now(x: Any) -> Any:
            spin(WORK_NS)
            return x

        def later(x: Any) -> Any:
            if self._mode == "device":
                spin(LAUNCH_NS)
            return self._pool.submit(now, x)

        return now if self._mode == "now" else later

    def device_ns(self, launch: Callable[[], Any]) -> float:
        begin = self._pool.submit(time.thread_time_ns)
        launch()
        end = self._pool.submit(time.thread_time_ns)
        return float(end.result() - begin.result())

    def synchronise(self, tensor: Any) -> Any:
        return tensor.result() if isinstance(tensor, Future) else tensor


class Threaded(NumPy):
    """Uses as many threads as the mode says, whatever is asked for; ``grows`` compiles in every call, as it says."""

    modes = ("two", "one", "sleeps", "grows")

    def __init__(self, mode: str, device: str) -> None:
        super().__init__(mode, "cpu")
        self._mode, self._compilations = mode, 0
        self._pool = ThreadPoolExecutor(1)

    def environment(self) -> dict[str, str]:
        return super().environment() | {"framework_path": str(PROCESSORS)}

    def compilations(self) -> int:
        return self._compilations

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        def work() -> None:  # NumPy lets other threads run meanwhile
            large = np.ones(1 << 20)
            for _ in range(4):
                np.exp(large, out=large)

        def call(x: Any) -> Any:
            other = self._pool.submit(work) if self._mode == "two" else None
            if self._mode == "sleeps":
                time.sleep(0.01)
            self._compilations += self._mode == "grows"
            work()
            if other:
                other.result()
            return x

        return call


def spin(ns: int) -> None:
    """Use so much processor time."""
    end = time.thread_time_ns() + ns
    while time.thread_time_ns() < end:
        pass
