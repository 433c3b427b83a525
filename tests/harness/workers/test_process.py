"""Workers and the clock: what is waited for, and what is too long."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from load import burners

from backends.memory import ROOM
from backends.protocol import Case
from harness.case import Implementation
from harness.workers.process import Died, Worker

PROCESSOR = min(os.sched_getaffinity(0))


def started(folder: Path, code: str, limit: float) -> Worker:
    (folder / "own.py").write_text(f"import time\n{code}\ndef f(x): return x\n")
    worker = Worker(Implementation("numpy", "eager", substitute="own.py:f", folder=str(folder)), 1, limit, cores=(PROCESSOR,))
    try:
        worker.ready()
    finally:
        worker.stop()
    return worker


def test_waiting_for_a_processor_does_not_count(tmp_path: Path) -> None:
    """What takes 0.8 seconds takes seven times as long beside six others, or more, and so does the start."""
    with burners(PROCESSOR, 6):
        begin = time.monotonic()
        assert started(tmp_path, "end = time.process_time() + 0.8\nwhile time.process_time() < end: pass", 4).hello
        assert time.monotonic() - begin > 4


def test_waiting_for_anything_else_does(tmp_path: Path) -> None:
    with pytest.raises(Died) as death:
        started(tmp_path, "time.sleep(600)", 4)
    assert (death.value.status, death.value.reason) == ("timeout", "no answer within 4 s")


def test_what_a_framework_keeps_is_cleared_when_no_case_is_in_use(
    plugins: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "cleared"
    monkeypatch.setenv("FAULTY_CLEARED", str(mark))
    worker = Worker(Implementation("faulty", "hoards"))
    case = asdict(Case("sigmoid", 0, "native", "float32"))
    try:
        worker.ready()
        for number in (1, 2):
            worker.ask({"op": "study", "id": number, "case": case}, 60)
        worker.ask({"op": "forget", "id": 1}, 60)
        assert not mark.exists()
        worker.ask({"op": "forget", "id": 2}, 60)
        assert mark.exists()
    finally:
        worker.stop()
    assert worker.peak_bytes > 2 * ROOM
