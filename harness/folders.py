"""The directories that commands write into: each is made for one run, or is empty, so that nothing of anybody's is overwritten.

A directory that holds a run was empty when that run began. So the files in it that have the names of a run's files are the
run's, and may be written again when it goes on, or removed when another one takes its place; all others stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

REQUEST = "request.json"
"""What was asked of a run: a directory that has it holds a run."""
_PROBE = ".writable"


def fresh(what: str) -> Path:
    """Make a directory here that is named after the time; two that are begun in the same second are two.

    Raises:
        ValueError: where it cannot be made.
    """
    name = f"lastbit-{what}-{datetime.now():%Y%m%d-%H%M%S}"
    for number in count(1):
        folder = Path(name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from None
        return folder
    raise AssertionError


def prepare(folder: Path, *, overwrite: bool = False, hint: str = "give another directory") -> Path:
    """Make a directory, or take one that is empty or, to overwrite it, holds a run; the run is not touched yet.

    Args:
        folder: to be written into.
        overwrite: whether a run in it is going to be replaced.
        hint: what to do where the directory is taken.

    Raises:
        ValueError: where it cannot be written, or holds anything else.
    """
    make(folder)
    there = _contents(folder)
    if there and not overwrite:
        raise ValueError(f"{folder} holds {'a run' if REQUEST in there else there[0]}: {hint}")
    if there and REQUEST not in there:
        raise ValueError(f"{folder} holds {there[0]} and no run that could be overwritten: give another directory")
    return folder


def make(folder: Path) -> Path:
    """Make a directory where there is none.

    Raises:
        ValueError: where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / _PROBE
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from None
    return folder


def _contents(folder: Path) -> list[str]:
    """Names in a directory, without those that lastbit gives to files that it has not finished."""
    return sorted(file.name for file in folder.iterdir() if file.name != _PROBE and not _is_unfinished(file.name))


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith(".new")


def remove(files: Iterable[Path]) -> None:
    """Remove those of these files that there are."""
    for file in files:
        file.unlink(missing_ok=True)


def write(path: Path, data: bytes, *, new: bool = False) -> None:
    """Write a file whole or not at all.

    Args:
        path: of the file.
        data: what it is to hold.
        new: whether there must not be one yet, whoever else is about to write it.

    Raises:
        FileExistsError: where there must not be one, and is.
        OSError: where there is no room, or no permission.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if new:
            _name(unfinished, path)
        else:
            unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _name(unfinished: Path, path: Path) -> None:
    """Give a whole file a name that nothing has, in one step where the file system can."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # it has no links
        path.touch(exist_ok=False)
        unfinished.replace(path)
    else:
        unfinished.unlink()
