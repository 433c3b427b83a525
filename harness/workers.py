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

START_LIMIT = 180.0
"""Seconds that a worker may take to import its framework, and a case to prepare and first call (they may compile)."""
CALL_LIMIT = 60.0
"""Seconds that any further block may take."""
_TAIL = 2000  # bytes of a dead worker's output that are looked at for a reason


@dataclass(frozen=True)
class Implementation:
    """One thing that can be asked for results: a backend in a mode on a device."""

    backend: str
    mode: str
    device: str = "cpu"

    def __str__(self) -> str:
        return f"{self.backend}:{self.mode}" + ("" if self.device == "cpu" else f"@{self.device}")


@dataclass(eq=False)
class Died(Exception):
    """The worker is gone; ``status`` is ``crashed`` or ``timeout``, or ``missing`` if it never started."""

    status: str
    reason: str


@dataclass(eq=False)
class Worker:
    """The process of one implementation.

    Attributes:
        implementation: what it runs.
        hello: what it said of itself, once it is up.
        refusal: why it cannot be used, if it said so or never came up.
        threads: that its framework may use.
    """

    implementation: Implementation
    threads: int = 1
    start_limit: float = START_LIMIT
    call_limit: float = CALL_LIMIT
    hello: dict[str, dict[str, str]] | None = None
    refusal: Died | None = None
    deadline: float = field(default=0.0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _buffer: bytes = field(default=b"", init=False)

    def start(self) -> None:
        """Start the process; its first message is the hello."""
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        self._log = tempfile.TemporaryFile()
        arguments = {"backend": self.implementation.backend, "mode": self.implementation.mode}
        arguments |= {"device": self.implementation.device, "threads": str(self.threads)}
        arguments |= {"commands": str(commands), "replies": str(replies)}
        options = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        root = str(Path(backends.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "backends.worker", *options],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(commands, replies),
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            process_group=0,
        )
        os.close(commands)
        os.close(replies)
        self._buffer = b""
        self.deadline = time.monotonic() + self.start_limit

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
        self.deadline = time.monotonic() + limit
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
        return [json.loads(line) for line in lines]

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
                self.refusal = Died("missing" if death.status == "crashed" else death.status, death.reason)
                raise self.refusal from None
            if "hello" not in message:
                self.stop()
                self.refusal = Died("missing", message["failed"])
                raise self.refusal
            self.hello = message["hello"]
        return fresh

    def ask(self, message: dict[str, Any], limit: float) -> dict[str, Any]:
        """Send one command and wait for its reply.

        Raises:
            Died: where none comes within ``limit`` seconds.
        """
        self.send(message, limit)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        while select.select([self], [], [], max(self.deadline - time.monotonic(), 0.0))[0]:
            for message in self.receive():
                return message
        raise self.expire()

    def expire(self) -> Died:
        """Kill a worker that is past its deadline."""
        limit = self.start_limit if self.hello is None else self.call_limit
        self.stop()
        return Died("timeout", f"no answer within {limit:g} s")

    def bury(self) -> Died:
        """Say how a worker that closed its pipe ended, and clean up."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.poll()
        words = self._last_words()
        self.stop()
        if code is not None and code < 0:
            return Died("crashed", f"killed by signal {-code} ({signal.Signals(-code).name}){words}")
        return Died("crashed", f"exited with code {code}{words}")

    def _last_words(self) -> str:
        self._log.seek(max(self._log.seek(0, os.SEEK_END) - _TAIL, 0))
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        return f": {lines[-1][:200]}" if lines else ""

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
