"""Memory: what is told is true, and no worker grows with the number of its cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.memory import ROOM, Housekeeping, peak_bytes, resident_bytes
from backends.protocol import Case
from backends.registry import load, spec
from backends.substitute import prepare

ROOT = Path(__file__).parent.parent.parent


class Keeper:
    """What keeps memory, and counts how often it is asked to let go."""

    def __init__(self) -> None:
        self.kept, self.cleared = [b""], 0

    def keep(self, size: int) -> None:
        self.kept.append(b"\1" * size)

    def clear(self) -> None:
        self.kept.clear()
        self.cleared += 1


def test_memory_is_told_in_bytes() -> None:
    before = resident_bytes()
    kept = b"\1" * (64 << 20)
    assert (60 << 20) < resident_bytes() - before < (100 << 20)
    assert peak_bytes() >= resident_bytes() - (1 << 20)
    del kept


def test_a_framework_is_cleared_when_it_has_grown_and_not_before() -> None:
    keeper = Keeper()
    housekeeping = Housekeeping(keeper)
    keeper.keep(ROOM // 2)
    housekeeping.tidy()
    assert keeper.cleared == 0
    keeper.keep(ROOM)
    housekeeping.tidy()
    housekeeping.tidy()
    assert keeper.cleared == 1
    Housekeeping(object()).tidy()  # nothing to clear


@pytest.mark.parametrize("implementation", ["jax:eager", "jax:compiled", "torch:compiled", "tensorflow:compiled"])
def test_what_was_cleared_gives_the_same_results(implementation: str) -> None:
    name, mode = implementation.split(":")
    backend: Any = load(spec(name))(mode, "cpu", True)
    case = Case("gelu", 1, "autodiff", "float32")
    inputs = np.linspace(-9, 9, 1024).astype(np.float32).view(np.uint32)

    def results() -> list[int]:
        tensor = backend.load(inputs, "float32")
        found: list[int] = backend.store(backend.synchronise(prepare(backend, case)(tensor)), "float32").tolist()
        return found

    before, compiled = results(), backend.compilations()
    backend.clear()
    assert results() == before
    assert backend.compilations() > compiled > 0


GROW = """
import sys
import numpy as np
from backends import memory
from backends.protocol import Case
from backends.registry import load, spec
from backends.substitute import prepare

memory.ROOM = int(sys.argv[1])
backend = load(spec("jax"))("eager", "cpu")
housekeeping = memory.Housekeeping(backend)
before = memory.resident_bytes()
for length in range(100, 110):
    function = prepare(backend, Case("gelu", 1, "autodiff", "float32"))
    backend.synchronise(function(backend.load(np.arange(length, dtype=np.uint32), "float32")))
    housekeeping.tidy()
print(memory.peak_bytes() - before)
"""


@pytest.mark.slow
def test_jax_does_not_grow_with_the_number_of_cases() -> None:
    """It keeps what it compiled for every operation and shape."""
    grown = []
    for room in (1 << 40, 16 << 20):
        done = subprocess.run([sys.executable, "-c", GROW, str(room)], capture_output=True, text=True, cwd=ROOT, check=True)
        grown.append(int(done.stdout))
    assert grown[1] < 0.6 * grown[0], grown
