"""Other work on a processor, for tests of what it must not disturb."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any


def _burn(processor: int, begun: Any) -> None:
    os.sched_setaffinity(0, [processor])
    begun.release()
    while True:
        pass


@contextmanager
def burners(processor: int, count: int) -> Iterator[list[BaseProcess]]:
    """So many processes that want a processor, from the moment on when all of them have it."""
    context = multiprocessing.get_context("spawn")
    begun = context.Semaphore(0)
    others: list[BaseProcess] = [context.Process(target=_burn, args=(processor, begun), daemon=True) for _ in range(count)]
    try:
        for other in others:
            other.start()
        for _ in others:
            assert begun.acquire(timeout=300)
        yield others
    finally:
        for other in others:
            other.kill()
            other.join()


@contextmanager
def paused(others: list[BaseProcess]) -> Iterator[None]:
    """The processes stopped for a while."""
    for other in others:
        os.kill(other.pid or 0, signal.SIGSTOP)
    yield
    for other in others:
        os.kill(other.pid or 0, signal.SIGCONT)
