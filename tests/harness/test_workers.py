"""Workers and the clock: what is waited for, and what is too long."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.workers import Died, Implementation, Worker

PROCESSOR = min(os.sched_getaffinity(0))


def burn() -> None:
    os.sched_setaffinity(0, [PROCESSOR])
    while True:
        pass


@pytest.fixture
def busy() -> Iterator[None]:
    """Six processes that want the processor as well."""
    others = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in range(6)]
    for other in others:
        other.start()
    yield
    for other in others:
        other.kill()
        other.join()


def started(folder: Path, code: str, limit: float) -> Worker:
    (folder / "own.py").write_text(f"import time\n{code}\ndef f(x): return x\n")
    worker = Worker(Implementation("numpy", "eager", substitute="own.py:f", folder=str(folder)), 1, limit, cores=(PROCESSOR,))
    try:
        worker.ready()
    finally:
        worker.stop()
    return worker


def test_waiting_for_a_processor_does_not_count(tmp_path: Path, busy: None) -> None:
    """What takes 1.5 seconds takes seven times as long here, or more, and so does the start."""
    begin = time.monotonic()
    assert started(tmp_path, "end = time.process_time() + 1.5\nwhile time.process_time() < end: pass", 8).hello
    assert time.monotonic() - begin > 8


def test_waiting_for_anything_else_does(tmp_path: Path) -> None:
    with pytest.raises(Died) as death:
        started(tmp_path, "time.sleep(600)", 4)
    assert (death.value.status, death.value.reason) == ("timeout", "no answer within 4 s")
