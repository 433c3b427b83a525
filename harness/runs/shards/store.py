"""The finished units of a run: in memory, or a file each in a directory that any number of processes may share.

A file is written under another name and renamed, so it is there whole or not at all. Its name has a hash of what it says, and
no file that says anything else is used.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

from ...folders import remove, write

FOLDER = "finished"
SCHEMA = 2
"""Of the files; one with a larger number is of a newer lastbit, and one with a smaller number lacks what is read now."""
_NAME = re.compile(r"(?P<unit>[\w.-]+)~(?P<environment>[0-9a-f]{8})~(?P<digest>[0-9a-f]{16})\.json\.gz")
_PASSING = ("import_seconds",)  # what workers say of themselves that differs from start to start
_STALE = 600  # seconds after which what a killed process left half written is removed

Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What a unit gave.

    Attributes:
        unit: identity of the unit; ``pass-...`` for a pass whose parts have been added up.
        environment: see :func:`environment`.
        said: what is the same every time, as JSON has it.
        circumstances: what is not.
    """

    unit: str
    environment: str
    said: Row
    circumstances: Row = field(default_factory=dict, compare=False)

    @cached_property
    def digest(self) -> str:
        """A hash of what it says."""
        text = json.dumps([SCHEMA, self.unit, self.environment, self.said])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.unit}~{self.environment}~{self.digest}.json.gz"


def environment(hellos: Iterable[Row]) -> str:
    """What results may depend on besides the unit: versions, processor, instruction sets and whatever else workers say."""
    return hashlib.sha256(json.dumps(list(hellos), sort_keys=True).encode()).hexdigest()[:8]


def lasting(hello: Row) -> Row:
    """What a worker said of itself, without what differs from start to start."""
    return hello | {"environment": {name: fact for name, fact in hello["environment"].items() if name not in _PASSING}}


class Store:
    """The finished units.

    Args:
        folder: of the run; None keeps them in memory.

    Raises:
        ValueError: where a file in it is damaged, or nobody of lastbit's wrote it; it is named.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder / FOLDER if folder else None
        self._records: dict[str, Record] = {}
        self._units: dict[str, set[str]] = {}
        self._lock = RLock()  # several threads may do units at once
        self._locks: int | None = None
        self._claimed: set[str] = set()
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            for file in self._folder.glob(".*.new"):
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > _STALE:
                        file.unlink()
            self.refresh()

    def refresh(self) -> None:
        """Learn what others have finished meanwhile."""
        if self._folder is None:
            return
        with self._lock:
            there = {file.name for file in self._folder.iterdir() if not file.name.startswith(".")}
            for name in self._records.keys() - there:
                self._forget(name)
            for name in sorted(there - self._records.keys()):
                with suppress(FileNotFoundError):  # its pass was finished meanwhile
                    self._keep(read(self._folder / name))

    def _keep(self, record: Record) -> None:
        self._records[record.name] = record
        self._units.setdefault(record.unit, set()).add(record.name)

    def _forget(self, name: str) -> None:
        record = self._records.pop(name, None)
        if record:
            self._units[record.unit].discard(name)

    def every(self, unit: str) -> list[Record]:
        """All that there is of a unit, by environment and digest."""
        with self._lock:
            there = [self._records[name] for name in self._units.get(unit, ())]
        return sorted(there, key=lambda record: (record.environment, record.digest))

    def find(self, unit: str) -> list[Record]:
        """What counts of a unit: one for each environment, the first of several that differ."""
        found: dict[str, Record] = {}
        for record in self.every(unit):
            found.setdefault(record.environment, record)
        return list(found.values())

    @property
    def units(self) -> set[str]:
        """Of which there is something."""
        with self._lock:
            return {unit for unit, names in self._units.items() if names}

    @property
    def records(self) -> list[Record]:
        """All, in the order of their names."""
        with self._lock:
            return [self._records[name] for name in sorted(self._records)]

    def add(self, record: Record) -> None:
        """Keep what a unit gave.

        Raises:
            OSError: where it cannot be written; nothing is left behind.
        """
        name = record.name
        if self._folder and not (self._folder / name).exists():
            text = json.dumps({"schema": SCHEMA, "said": record.said, "circumstances": record.circumstances})
            write(self._folder / name, gzip.compress(text.encode(), 1, mtime=0))
        with self._lock:
            self._keep(record)

    def path(self, record: Record) -> str:
        """The file of a record, for messages."""
        return str(self._folder / record.name) if self._folder else record.name

    def remove(self, record: Record) -> None:
        """Forget what is part of something else now."""
        with self._lock:
            self._forget(record.name)
        if self._folder:
            (self._folder / record.name).unlink(missing_ok=True)

    def claim(self, unit: str) -> bool:
        """Take a unit, unless another process that is alive has: the operating system forgets the claims of the dead."""
        if self._folder is None or os.name != "posix":
            return True
        import fcntl

        if self._locks is None:
            self._locks = os.open(self._folder / ".claims", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(unit))
        except OSError:
            return False
        self._claimed.add(unit)
        return True

    def release(self, unit: str) -> None:
        """Give a unit back."""
        self._claimed.discard(unit)
        if self._locks is not None and not any(_place(other) == _place(unit) for other in self._claimed):
            import fcntl

            fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, _place(unit))

    def close(self) -> None:
        """Give all units back."""
        if self._locks is not None:
            os.close(self._locks)
            self._locks = None


def _place(unit: str) -> int:
    """The byte of the file of claims that is locked for a unit; two units may share one, and then wait for each other."""
    return int(hashlib.sha256(unit.encode()).hexdigest()[:7], 16)


def clear(folder: Path) -> None:
    """Forget all that is finished in the directory of a run.

    Raises:
        ValueError: where there is anybody else's file, which would be in the way; nothing is forgotten then.
    """
    if (folder / FOLDER).is_dir():
        files = [file for file in (folder / FOLDER).iterdir() if not file.name.startswith(".")]
        for file in files:
            _parsed(file)
        remove(files)


def read(path: Path) -> Record:
    """The record in a file.

    Raises:
        ValueError: where it is damaged or no record; the file is named.
        FileNotFoundError: where there is none.
    """
    named = _parsed(path)
    try:
        entry = json.loads(gzip.decompress(path.read_bytes()))
        schema, said, circumstances = entry["schema"], entry["said"], entry["circumstances"]
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({type(error).__name__}): remove it to have that part measured again") from None
    if not isinstance(schema, int) or schema > SCHEMA:
        raise ValueError(f"{path} is of schema {schema}, this lastbit reads {SCHEMA}: pip install --upgrade lastbit")
    if schema < SCHEMA:
        raise ValueError(f"{path} is of schema {schema}, of an older lastbit, this one reads {SCHEMA}: begin a new run")
    record = Record(named["unit"], named["environment"], said, circumstances)
    if record.digest != named["digest"]:
        raise ValueError(f"{path} does not say what was written there: remove it to have that part measured again")
    return record


def _parsed(path: Path) -> re.Match[str]:
    """The parts of a record's name.

    Raises:
        ValueError: where it is none.
    """
    named = _NAME.fullmatch(path.name)
    if not named:
        raise ValueError(f"{path} is no file of lastbit's: take it away, then try again")
    return named
