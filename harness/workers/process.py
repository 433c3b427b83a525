"""Worker processes: one per implementation, asked over pipes, watched by the clock, started again when they die."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import backends

from ..case import Implementation

START_LIMIT = 180.0
"""Seconds that a worker may take to import its framework, and a case to prepare and first call (they may compile)."""
CALL_LIMIT = 60.0
"""Seconds that any further block may take."""
_TAIL = 2000  # bytes of a dead worker's output that are looked at for a reason
_BURIAL = 30.0  # seconds that a process may take to end after it has closed its pipe
_SPOILED = 60  # bytes of what is no reply that are shown


@dataclass(eq=False)
class Died(Exception):
    """The worker is gone; ``status`` is ``crashed`` or ``timeout``, or ``missing`` if it never started.

    Attributes:
        again: whether what it was asked is to be asked again: it was killed (SIGKILL), which is not what a defect of its own
            does, but somebody else, or the operating system for want of memory; and not too often.
    """

    status: str
    reason: str
    again: bool = False


def environment() -> dict[str, str]:
    """The variables of a worker's environment."""
    root = str(Path(backends.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


@dataclass(eq=False)
class Worker:
    """The process of one implementation.

    Attributes:
        implementation: what it runs.
        hello: what it said of itself, once it is up.
        refusal: why it cannot be used, if it said so or never came up.
        threads: that its framework may use.
        cores: processors that it may use; empty for all.
        variables: of its environment, besides those of this process.
        processor_seconds: that it says it has used, all its processes together.
        peak_bytes: the most resident memory that one of its processes says it has had.
        patience: how many more times it may be killed before that is its result.
    """

    implementation: Implementation
    threads: int = 1
    start_limit: float = START_LIMIT
    call_limit: float = CALL_LIMIT
    cores: tuple[int, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    hello: dict[str, dict[str, str]] | None = None
    refusal: Died | None = None
    deadline: float = field(default=0.0, init=False)
    processor_seconds: float = field(default=0.0, init=False)
    peak_bytes: int = field(default=0, init=False)
    patience: int = field(default=0, init=False)
    _limit: float = field(default=0.0, init=False)
    _waited: float = field(default=0.0, init=False)
    _begin: float = field(default=0.0, init=False)
    _asked: Any = field(default=None, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _buffer: bytes = field(default=b"", init=False)

    def start(self) -> None:
        """Start the process; its first message is the hello."""
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        self._log = tempfile.TemporaryFile()
        arguments = {"backend": self.implementation.backend, "mode": self.implementation.mode}
        arguments |= {"device": self.implementation.device, "threads": str(self.threads)}
        arguments |= {"cores": ",".join(map(str, self.cores))}
        arguments |= {"substitute": self.implementation.substitute, "folder": self.implementation.folder}
        arguments |= {"commands": str(commands), "replies": str(replies)}
        options = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "backends.worker", *options],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(commands, replies),
            env=environment() | self.variables,
            process_group=0,
        )
        os.close(commands)
        os.close(replies)
        self._buffer = b""
        self._expect(self.start_limit)

    def _expect(self, limit: float) -> None:
        self._limit, self._waited, self._begin = limit, self._run_delay(), time.monotonic()
        self.deadline = self._begin + limit

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def fileno(self) -> int:
        """The descriptor that becomes readable when the worker has said something, or died."""
        return self._replies

    def send(self, message: dict[str, Any], limit: float) -> None:
        """Send one command; its reply is due within ``limit`` seconds.

        Raises:
            Died: where nobody reads it any more.
        """
        self._expect(limit)
        self._asked = message["id"]
        try:
            os.write(self._commands, (json.dumps(message) + "\n").encode())
        except OSError:
            raise self.bury() from None

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have arrived, after :func:`select` said that there is something.

        Raises:
            Died: at the end of the pipe, or for something that is not a message.
        """
        data = os.read(self._replies, 1 << 16)
        if not data:
            raise self.bury()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [self._message(line) for line in lines]

    def _message(self, line: bytes) -> dict[str, Any]:
        """What a line says. The function of a user may write to any descriptor, also to this one.

        Raises:
            Died: where it is no reply to what was asked.
        """
        try:
            message: dict[str, Any] = json.loads(line)
            first = "hello" in message or {"failed", "status"} <= message.keys()
            expected = message["id"] == self._asked if self.hello else first
            self.processor_seconds += float(message.get("processor_seconds", 0.0))
            self.peak_bytes = max(self.peak_bytes, int(message.get("peak_bytes", 0)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            expected = False
        if not expected:
            self.stop()
            raise Died("crashed", f"its replies are spoiled: {line[:_SPOILED].decode(errors='replace')!r}")
        return message

    def ready(self) -> bool:
        """Wait until the worker has said hello; start it where it is not running.

        Returns:
            Whether it had to be started.

        Raises:
            Died: where it cannot be used.
        """
        if self.refusal:
            raise self.refusal
        fresh = not self.running
        if fresh:
            self.hello = None
            self.start()
        if self.hello is None:
            try:
                message = self._answer()
            except Died as death:
                raise (death if death.again else self.refuse(death)) from None
            if "hello" not in message:
                self.stop()
                raise self.refuse(Died(message["status"], message["failed"]))
            self.hello = message["hello"]
        return fresh

    def refuse(self, why: Died) -> Died:
        """Note that it cannot be used: it ended, or said so, before its hello."""
        framework = why.status == "crashed" and not self.implementation.substitute
        self.refusal = Died("missing" if framework else why.status, why.reason)
        return self.refusal

    def ask(self, message: dict[str, Any], limit: float) -> dict[str, Any]:
        """Send one command and wait for its reply.

        Raises:
            Died: where none comes within ``limit`` seconds.
        """
        self.send(message, limit)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        while True:
            if select.select([self], [], [], max(self.deadline - time.monotonic(), 0.0))[0]:
                for message in self.receive():
                    return message
            elif self.overdue():
                raise self.expire()

    def overdue(self) -> bool:
        """Whether the reply is late, once the deadline is over; what the process waited for a processor is added to that.

        A machine with other things to do is not the worker's fault, and one that hangs waits for none.
        """
        self.deadline = self._begin + self._limit + self._run_delay() - self._waited
        return self.deadline <= time.monotonic()

    def _run_delay(self) -> float:
        """Seconds that the process's first thread has waited for a processor, where Linux tells."""
        try:
            assert self._process
            return int(Path(f"/proc/{self._process.pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0

    def expire(self) -> Died:
        """Kill a worker that is past its deadline."""
        self.stop()
        return Died("timeout", f"no answer within {self._limit:g} s")

    def bury(self) -> Died:
        """Say how a worker that closed its pipe ended, and clean up."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_BURIAL)
        code = self._process.poll()
        words = self._last_words()
        self.stop()
        if code is not None and code < 0:
            names = {each.value: f" ({each.name})" for each in signal.Signals}  # most real-time signals have none
            said = f"killed by signal {-code}{names.get(-code, '')}{words}"
            again = -code == signal.SIGKILL and self.patience > 0
            self.patience -= again
            return Died("crashed", said, again)
        return Died("crashed", f"exited with code {code}{words}")

    def _last_words(self) -> str:
        self._log.seek(max(self._log.seek(0, os.SEEK_END) - _TAIL, 0))
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return f": {''.join(c if c.isprintable() else '?' for c in lines[-1][:200])}" if lines else ""

    def stop(self) -> None:
        """End the process and all that it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._commands, self._replies):
            os.close(descriptor)
        self._log.close()
        self._process = None
