"""How long a call takes: blocks of calls, each long against the clock and ended by the framework's own synchronisation.

The time of a block is its wall time where no thread that works had to wait for a processor (the run delay, which Linux
accounts for each thread). Otherwise it is what the block would have taken: wall time less run delay, and at least the processor
time of the busiest thread, and that of all threads over the number of processors. For one thread that is exact; waits of several
threads may overlap, which the last two bounds make good.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any

from .protocol import Unsupported

HOST, LAUNCH, DEVICE = "host", "launch_included", "device_only"
"""What is timed of a call: all of it, on the processor; on a device all of it with its launch, or what the device alone needs."""
COPY = "copy"
"""A route of no activation: the inputs copied into a fresh array by NumPy, in the worker that is timed."""
LEAST_NS = 100_000
"""Length of a block, at least."""
STEPS, READINGS, WAITS = 1000, 1000, 100
"""A block is at least so many steps of the clock, readings of it, and synchronisations with nothing left to wait for."""
EVENT_STEP = 500
"""Of a device's events, in ns: what CUDA promises of its own (cudaEventElapsedTime)."""
_TICKS, _WAITED, _MARGIN, _RETRIES, _TASKS = 2000, 21, 1.2, 10, "/proc/self/task"
_AMPLE = 10  # times as long as it must be: a block whose length needs no second opinion
_BESIDE = 0.01  # of a block: what may lie around it; accounts are slow to read where it has emptied the caches
_TAKES_PART, _POOLS = 0.01, 3  # of the processor time: who spends less does not work for calls; looks for others who do


class Clock:
    """The monotonic clock as this process finds it.

    Attributes:
        step: smallest difference between readings, in ns.
        reading: what one reading costs, in ns (median).
    """

    def __init__(self) -> None:
        ticks = [time.perf_counter_ns() for _ in range(_TICKS)]
        differences = [later - earlier for earlier, later in pairwise(ticks)]
        self.step = min(difference for difference in differences if difference > 0)
        self.reading = statistics.median(differences)

    def least(self) -> float:
        """The length in ns that a block must have."""
        return max(LEAST_NS, STEPS * self.step, READINGS * self.reading)


class Threads:
    """Processor time and run delay of some of this process's threads, in ns.

    Raises:
        Unsupported: where the operating system keeps no such accounts.
    """

    def __init__(self, identities: Iterable[int]) -> None:
        self._clocks, self._files, self._said = [], [], []
        for identity in identities:
            try:
                descriptor = os.open(f"{_TASKS}/{identity}/schedstat", os.O_RDONLY)
            except OSError:
                if not os.path.isdir(_TASKS) or identity == os.getpid():
                    raise Unsupported("timing needs the thread accounts of Linux (/proc/self/task/*/schedstat)") from None
                continue  # a thread that has ended
            self._files.append(descriptor)
            self._clocks.append(_clock_of(identity))
            self._said.append((0, 0))

    def read(self) -> tuple[list[int], int]:
        """The processor time of each so far, and the run delay of all; of a thread that has ended, what it said last."""
        for index, (clock, file) in enumerate(zip(self._clocks, self._files, strict=True)):
            with contextlib.suppress(OSError):
                self._said[index] = time.clock_gettime_ns(clock), int(os.pread(file, 64, 0).split()[1])
        return [spent for spent, _ in self._said], sum(delay for _, delay in self._said)

    def close(self) -> None:
        """Close the accounts."""
        for file in self._files:
            os.close(file)


@dataclass(frozen=True)
class Block:
    """One block, in ns.

    Attributes:
        wall: wall time.
        spent: processor time of each thread that works.
        delay: what they waited for a processor, in all.
        processors: that the threads may use.
    """

    wall: int
    spent: list[int]
    delay: int
    processors: int

    @property
    def time(self) -> float:
        """What it took, or would have taken without others on its processors."""
        if not self.delay:
            return self.wall
        return max(self.wall - self.delay, sum(self.spent) / self.processors, *self.spent)


def _clock_of(identity: int) -> int:
    """The processor-time clock of a thread of this process, exact to the moment (clock_getcpuclockid(3), per thread)."""
    return (~identity << 3) | 6


class Stopwatch:
    """One function and its input, timed in blocks.

    Args:
        function: from the input to a result, or to something that will be one.
        given: the input.
        synchronise: waits for a result; no reading of the clock ends a block before it has returned.
        multiple: of which the number of calls in a block is one.
        extra: calls added to each block and not counted: an injected slowdown by exactly ``extra / calls``.
        regime: of :data:`HOST`, :data:`LAUNCH` and :data:`DEVICE`.
        events: the adapter's ``device_ns``, for the last of these.

    Attributes:
        first_ns: what the first call took.
        least: length in ns that a block must have.
        calls: in a block.
        block_ns: what such a block takes.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        given: Any,
        synchronise: Callable[[Any], Any],
        multiple: int = 1,
        extra: float = 0.0,
        regime: str = HOST,
        events: Callable[[Callable[[], Any]], float] | None = None,
    ) -> None:
        self._function, self._given, self._synchronise = function, given, synchronise
        self._regime, self._events = regime, events
        self._working: set[int] = set()
        begin = time.perf_counter_ns()
        ready = self._run(1)
        self.first_ns = time.perf_counter_ns() - begin
        self._around, self._reading = math.inf, 0  # ns around a block without interruption, and of processor time in them
        self.least = max(Clock().least(), WAITS * self._wait(ready)) if events is None else float(STEPS * EVENT_STEP)
        self._multiple, self._share = multiple, extra
        self.calls = self._calibrate(multiple)

    def _run(self, calls: int) -> Any:
        return self._synchronise(self._launch(calls))

    def _launch(self, calls: int) -> Any:
        function, given = self._function, self._given
        for _ in repeat(None, calls):
            result = function(given)
        return result

    def _wait(self, ready: Any) -> float:
        """What synchronisation takes when there is nothing left to wait for, in ns."""
        clock, waits = time.perf_counter_ns, []
        for _ in range(_WAITED):
            begin = clock()
            self._synchronise(ready)
            waits.append(clock() - begin)
        return statistics.median(waits)

    def _calibrate(self, calls: int) -> int:
        """The calls, not fewer than ``calls``, that make a block as long as it must be."""
        while True:
            spent = self._blocks(calls, 1)[0].time
            if spent < _AMPLE * self.least:
                spent = min(spent, *(block.time for block in self._blocks(calls, 2)))
            if spent >= self.least:
                self.block_ns = spent
                return calls
            more = math.ceil(_MARGIN * calls * self.least / spent / self._multiple)
            calls = self._multiple * max(calls // self._multiple + 1, more)

    def visit(self, blocks: int) -> list[Block]:
        """Time some blocks, after calls that are not timed, which bring their code and data back into the caches."""
        while True:
            found = self._blocks(self.calls, blocks, round(self.calls * self._share))
            if statistics.median(block.time for block in found) >= self.least:
                return found
            self.calls = self._calibrate(self.calls + self._multiple)  # the first calls were slower than what is usual

    def _blocks(self, calls: int, count: int, extra: int = 0) -> list[Block]:
        before = _processor_times()
        self._run(max(1, calls // 4))
        self._notice(before)
        for _ in range(_POOLS):
            before, known = _processor_times(), len(self._working)
            found = self._accounted(calls + extra, count)
            self._notice(before)
            if len(self._working) == known:  # otherwise threads of a pool took part that had nothing to do before
                break
        return found

    def _accounted(self, calls: int, count: int) -> list[Block]:
        """Blocks with the accounts of the threads that are known to take part."""
        threads = Threads(sorted(self._working, key=lambda thread: thread != os.getpid()))  # this one first
        enabled = gc.isenabled()
        gc.disable()
        try:
            self._reading = min(sum(self._block(threads, 0).spent[:1]) for _ in range(3))
            return [self._block(threads, calls) for _ in range(count)]
        finally:
            threads.close()
            if enabled:
                gc.enable()

    def _notice(self, before: dict[int, int]) -> None:
        """Add the threads that have taken part since; this one always does. None where a device works, which waits for none."""
        if self._regime == HOST:
            spent = {thread: time - before.get(thread, 0) for thread, time in _processor_times().items()}
            least = _TAKES_PART * sum(spent.values())
            self._working |= {thread for thread, time in spent.items() if time > least or thread == os.getpid()}

    def _block(self, threads: Threads, calls: int) -> Block:
        if calls and self._events:
            return Block(round(self._events(lambda: self._launch(calls))), [], 0, 1)
        clock = time.perf_counter_ns
        for _ in range(_RETRIES):
            outer = clock()
            spent, delay = threads.read()
            begin = clock()
            if calls:
                self._run(calls)
            end = clock()
            spent_then, delay_then = threads.read()
            around = clock() - outer - (end - begin)
            self._around = min(self._around, around)
            if around <= max(4 * self._around, _BESIDE * (end - begin)):  # otherwise run delay may lie outside the block
                break
        busy = [then - now for then, now in zip(spent_then, spent, strict=True)]
        if busy and calls:  # it is this thread that reads
            busy[0] = max(busy[0] - self._reading, 0)
        return Block(end - begin, busy, delay_then - delay, len(os.sched_getaffinity(0)))


def _processor_times() -> dict[int, int]:
    """By thread of this process, in ns."""
    found = {}
    for name in os.listdir(_TASKS) if os.path.isdir(_TASKS) else ():
        with contextlib.suppress(OSError):  # a thread that has ended
            found[int(name)] = time.clock_gettime_ns(_clock_of(int(name)))
    return found
