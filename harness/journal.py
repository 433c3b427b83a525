"""What a run has finished, pass by pass, on disk: an interrupted run goes on where it was.

A directory of a run has ``request.json``, what was asked, and ``journal.jsonl`` with a line for each finished pass. A line
that was cut off by the interruption does not count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from backends.protocol import Case

from .plan import Request
from .sweep import Pass, Task
from .symptoms import Symptom
from .workers import Implementation

_REQUEST, _JOURNAL = "request.json", "journal.jsonl"

Row = dict[str, Any]


@dataclass
class Finished:
    """A finished pass.

    Attributes:
        accuracy: rows by implementation and route.
        agreement, laws: rows.
        symptoms: of its cases.
        hellos: what the workers said of themselves, by implementation.
    """

    accuracy: dict[str, Row] = field(default_factory=dict)
    agreement: list[Row] = field(default_factory=list)
    laws: list[Row] = field(default_factory=list)
    symptoms: list[Symptom] = field(default_factory=list)
    hellos: dict[str, Row] = field(default_factory=dict)

    def row(self, task: Task) -> Row | None:
        """The accuracy row of a task."""
        return self.accuracy.get(f"{task.implementation} {task.case.route}")


def finish(
    tasks: Iterable[Task],
    rows: Iterable[Row],
    agreement: list[Row],
    laws: list[Row],
    found: list[Symptom],
    hellos: dict[str, Row],
) -> Finished:
    """The account of a pass whose tasks have these accuracy rows."""
    named = {f"{task.implementation} {task.case.route}": row for task, row in zip(tasks, rows, strict=True)}
    return Finished(named, agreement, laws, found, hellos)


class Journal:
    """The finished passes of a run; without a directory only in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / _JOURNAL if folder else None
        self._passes: dict[str, Finished] = {}
        if self._file and self._file.exists():
            text = self._file.read_text()
            if text and not text.endswith("\n"):  # the next pass begins a line of its own
                with self._file.open("a") as out:
                    out.write("\n")
            for line in text.splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # cut off
                    continue
                key = entry.pop("pass")
                self._passes[key] = Finished(**entry | {"symptoms": [_symptom(fields) for fields in entry["symptoms"]]})

    def find(self, which: Pass) -> Finished | None:
        """A pass, if it is finished."""
        return self._passes.get(_key(which))

    def record(self, which: Pass, finished: Finished) -> None:
        """Keep a finished pass."""
        self._passes[_key(which)] = finished
        if self._file:
            with self._file.open("a") as out:
                out.write(json.dumps({"pass": _key(which)} | asdict(finished)) + "\n")
                out.flush()
                os.fsync(out.fileno())

    @property
    def finished(self) -> list[Finished]:
        """All that is finished, in the order in which it was."""
        return list(self._passes.values())


def _key(which: Pass) -> str:
    return json.dumps(which)


def _symptom(fields: dict[str, Any]) -> Symptom:
    case, implementation = fields["case"], Implementation(**fields["implementation"])
    case["parameters"] = tuple((name, value) for name, value in case["parameters"])
    changed = {"case": Case(**case), "implementation": implementation, "right": tuple(fields["right"])}
    return Symptom(**{**fields, **changed})


def begin(folder: Path, request: Request) -> None:
    """Note in the directory of a new run what was asked; what an older run there had finished is forgotten."""
    (folder / _JOURNAL).unlink(missing_ok=True)
    (folder / _REQUEST).write_text(json.dumps(asdict(request), indent=1) + "\n")


def load_request(folder: Path) -> Request:
    """What the run in a directory was asked.

    Raises:
        ValueError: where there is no run.
    """
    try:
        fields: Any = json.loads((folder / _REQUEST).read_text())
        given: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return Request(**given)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"no run to resume in {folder}: its {_REQUEST} cannot be read ({type(error).__name__})") from None
