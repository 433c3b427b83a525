"""Slots: memory-mapped files in which inputs go to the workers and results come back, as bits."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..formats import Bits

SLOTS = 2
"""So many of everything, so that the frameworks compute one block while another is compared."""


class Slots:
    """The slots of a pass; on closing they are gone, but live in memory until nobody maps them any more.

    Args:
        owners: whose slots; a number each.
        carrier: the unsigned integers that are kept in them.
        length: elements of a slot.

    Attributes:
        paths, arrays: by owner, :data:`SLOTS` of each.

    Raises:
        OSError: where there is no room. It is taken here: a full disk that is met later kills the process that writes.
    """

    def __init__(self, owners: Iterable[int], carrier: Any, length: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lastbit-", dir=_shared_memory())
        self.paths: dict[int, list[str]] = {}
        self.arrays: dict[int, list[Bits]] = {}
        for owner in owners:
            paths = [Path(self._folder.name) / f"{owner}-{slot}" for slot in range(SLOTS)]
            for path in paths:
                _reserve(path, length * np.dtype(carrier).itemsize)
            self.paths[owner] = [str(path) for path in paths]
            self.arrays[owner] = [np.asarray(np.memmap(path, carrier, "r+", shape=(length,))) for path in paths]

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()


def _reserve(path: Path, size: int) -> None:
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def _shared_memory() -> str | None:
    """A directory in memory, where the system has one with room."""
    place = Path("/dev/shm")
    if place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > 1 << 30:
        return str(place)
    return None
