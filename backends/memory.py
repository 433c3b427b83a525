"""How much memory this process has, and what keeps it from growing with the number of cases."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import Any

ROOM = 256 << 20
"""Bytes that a process may grow by before what its framework keeps of finished cases is cleared."""


def peak_bytes() -> int:
    """The most resident memory that this process has had; 0 where the operating system does not tell.

    Not ``ru_maxrss``: that of a process begins with its parent's.
    """
    return _status("VmHWM")


def resident_bytes() -> int:
    """The resident memory that this process has; 0 where the operating system does not tell."""
    return _status("VmRSS")


class Housekeeping:
    """Clears what a framework keeps of finished cases, once that may be much: to compile things again takes time.

    Args:
        backend: whose ``clear`` does it; without one there is nothing to clear.
    """

    def __init__(self, backend: Any) -> None:
        self._clear = getattr(backend, "clear", None)
        self._least = resident_bytes()

    def tidy(self) -> None:
        """Look whether it is time; to be called where no case is prepared."""
        if self._clear and resident_bytes() > self._least + ROOM:
            self._clear()
            gc.collect()
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc keeps what is freed
            if trim:
                trim(0)
            self._least = resident_bytes()


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)
