"""What a worker times: cases prepared on their inputs, each with a stopwatch of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .formulas import CACHED
from .protocol import CARRIERS, Case, Unsupported
from .substitute import prepare
from .timing import COPY, DEVICE, Stopwatch

_LEARNED = (32 << 20) - (1 << 16)
"""Bytes of about the largest block from which glibc's malloc learns, when it is freed, to keep memory for later (mallopt(3),
M_MMAP_THRESHOLD). A process that has freed none asks the system for fresh pages in every call; imports must not decide that."""


class Bench:
    """The stopwatches of one worker; jobs on the same inputs share a tensor.

    Args:
        backend: the adapter.
    """

    def __init__(self, backend: Any) -> None:
        np.empty(_LEARNED, np.uint8)
        self._backend = backend
        self._tensors: dict[Any, Any] = {}
        self._stopwatches: dict[int, Stopwatch] = {}

    def time(self, command: dict[str, Any], case: Case) -> dict[str, Any]:
        """Prepare a case on the first ``n`` encodings of the file ``inputs``, call it once, and find the length of its blocks.

        Returns:
            ``first_ns``, with preparation; ``calls`` in a block, and ``block_ns`` that it takes.
        """
        function: Callable[[Any], Any]
        begin = time.perf_counter_ns()
        if case.route == COPY:
            function, synchronise = np.copy, _nothing
        else:
            function, synchronise = prepare(self._backend, case), self._backend.synchronise
        preparation = time.perf_counter_ns() - begin
        given = {COPY: self._bits, CACHED: self._pair}.get(case.route, self._input)(command, case)
        regime = command["regime"]
        events = getattr(self._backend, "device_ns", None) if regime == DEVICE else None
        if regime == DEVICE and events is None:
            raise Unsupported("the adapter has no events of its device: times are with the launch only")
        watch = Stopwatch(function, given, synchronise, command["multiple"], command["extra"], regime, events)
        self._stopwatches[command["id"]] = watch
        return {"first_ns": preparation + watch.first_ns, "calls": watch.calls, "block_ns": watch.block_ns}

    def visit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Time ``blocks`` blocks of a prepared case.

        Returns:
            ``ns`` of a call in each block; sums over the blocks, in ns: ``time``, ``wall``, ``spent`` (processor time) and
            ``delay``; ``compilations`` during the visit, or None where the adapter does not count them.
        """
        before = self._compilations()
        watch = self._stopwatches[command["id"]]
        blocks = watch.visit(command["blocks"])
        after = self._compilations()
        answer: dict[str, Any] = {"ns": [block.time / watch.calls for block in blocks]}
        answer |= {"time": sum(block.time for block in blocks), "wall": sum(block.wall for block in blocks)}
        answer |= {"spent": sum(sum(block.spent) for block in blocks), "delay": sum(block.delay for block in blocks)}
        return answer | {"compilations": None if before is None or after is None else after - before}

    def _compilations(self) -> int | None:
        count = getattr(self._backend, "compilations", None)
        return count() if count else None

    def _bits(self, command: dict[str, Any], case: Case) -> Any:
        return np.array(np.memmap(command["inputs"], CARRIERS[case.format], "r", shape=(command["n"],)))

    def _input(self, command: dict[str, Any], case: Case) -> Any:
        key = (case.format, command["n"])
        if key not in self._tensors:
            self._tensors[key] = self._backend.load(self._bits(command, case), case.format)
        return self._tensors[key]

    def _pair(self, command: dict[str, Any], case: Case) -> Any:
        """The input, and the value that the forward pass leaves behind."""
        key = (case.activation, case.parameters, case.format, command["n"])
        if key not in self._tensors:
            forward = self._backend.prepare(Case(case.activation, 0, "native", case.format, case.parameters))
            self._tensors[key] = self._backend.synchronise(forward(self._input(command, case)))
        return self._input(command, case), self._tensors[key]


def _nothing(result: Any) -> Any:
    """An array of NumPy is there when it is returned."""
    return result
