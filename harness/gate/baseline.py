"""Baselines: the figures of cases as a text file that people review, one line per case, sorted.

    lastbit baseline 1
    inputs seed=0
    environment backend=torch mode=eager device=cpu lastbit=0.1.0 versions="torch 2.9.0" processor=...
    case activation=sigmoid parameters={} order=0 route=native ... correct=65012 ... max_ulp=0x1.02p-1 ... digest=...
    end cases=1

Values are words, or JSON strings where they are more; counts are decimal and errors hexadecimal floats, so that nothing is
rounded. The last line shows that nothing was cut off.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from ..accuracy.classification import CLASSES
from ..catalogue import activation
from .figures import COUNTS, ERRORS, KEY, Figures, Key, key_of
from .files import Complaint, read_text

SCHEMA = 1
LARGEST = 1 << 24
"""Bytes of a baseline."""
WHERE = ("backend", "mode", "device")
"""What an environment belongs to."""
FACTS: tuple[str, ...] = (
    "lastbit",
    "versions",
    "processor",
    "instruction_sets",
    "architecture",
    "c_library",
    "framework_path",
    "threads",
)
FACTS += ("variables", "flush_to_zero_after")
"""What makes two environments the same."""
_FIELD = re.compile(r'([a-z_0-9]+)=("(?:[^"\\]|\\.)*"|[^\s"]+)(?: |$)')
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*=.*?(?= [A-Z][A-Z0-9_]*=|$)")
_LONGEST = 600  # characters of a fact
_WORD = re.compile(r"[\w.+:/@{}-]+", re.ASCII)
_HEX = re.compile(r"0x[01]\.[0-9a-f]+p[+-][0-9]+")
_HEAD = re.compile(r"lastbit baseline ([0-9]{1,9})")

Facts = dict[str, str]
Where = tuple[str, ...]


@dataclass
class Baseline:
    """What a baseline has.

    Attributes:
        seed: of the samples.
        environments: facts by backend, mode and device.
        cases: figures by case.
        failed: why the others have none, where that is known.
    """

    seed: int = 0
    environments: dict[Where, Facts] = field(default_factory=dict)
    cases: dict[Key, Figures] = field(default_factory=dict)
    failed: dict[Key, str] = field(default_factory=dict)

    def other_environment(self, key: Key, now: Baseline) -> str:
        """How the environment of a case differs now, in words; empty where it is the same."""
        row = dict(zip(KEY, key, strict=True))
        where = tuple(row[name] for name in WHERE)
        old, new = self.environments.get(where, {}), now.environments.get(where, {})
        changed = [
            f"{name} was {old.get(name, '')!r}, is {new.get(name, '')!r}" for name in FACTS if old.get(name) != new.get(name)
        ]
        return "; ".join(changed)


def of_rows(rows: Iterable[Any], environments: Iterable[Any], seed: int) -> Baseline:
    """The baseline of the measured rows of the frame ``accuracy``."""
    found = Baseline(seed)
    for row in environments:
        facts = {name: _fact(name, str(row[name])) for name in FACTS if row.get(name) is not None}
        facts = {name: text for name, text in facts.items() if text}
        found.environments[tuple(str(row[name]) for name in WHERE)] = {"lastbit": metadata.version("lastbit")} | facts
    for row in rows:
        if row["status"] == "ok":
            figures = Figures.of_row(row)
            found.cases[figures.key] = figures
        else:
            found.failed[key_of(row)] = f"{row['status']}: {row['reason']}"
    return found


def _fact(name: str, text: str) -> str:
    """A fact as a baseline has it: without variables that name places on this machine, and not endless."""
    if name == "variables":
        text = " ".join(found for found in _VARIABLE.findall(text) if "/" not in found)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def text_of(baseline: Baseline) -> str:
    """A baseline as text."""
    lines = [f"lastbit baseline {SCHEMA}", _line("inputs", {"seed": baseline.seed})]
    for where, facts in sorted(baseline.environments.items()):
        named = {name: facts[name] for name in FACTS if name in facts}
        lines.append(_line("environment", dict(zip(WHERE, where, strict=True)) | named))
    for key, figures in sorted(baseline.cases.items()):
        fields: dict[str, Any] = dict(zip(KEY, key, strict=True))
        fields |= {"inputs": figures.inputs, "exhaustive": int(figures.exhaustive)} | figures.counts
        fields |= {name: "none" if error is None else error.hex() for name, error in figures.errors.items()}
        lines.append(_line("case", fields | {"digest": figures.digest}))
    return "\n".join([*lines, _line("end", {"cases": len(baseline.cases)}), ""])


def _line(kind: str, fields: dict[str, Any]) -> str:
    texts = ((name, str(value)) for name, value in fields.items())
    return " ".join([kind, *(f"{name}={text if _WORD.fullmatch(text) else json.dumps(text)}" for name, text in texts)])


def write(path: Path, text: str) -> None:
    """Write a file, all of it or nothing.

    Raises:
        ValueError: where that cannot be done.
    """
    try:
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "w") as out:
            out.write(text)
        os.chmod(unfinished, 0o666 & ~_umask())
        os.replace(unfinished, path)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ValueError: where there is anything wrong with it; the message is one line with the file and the line's number.
    """
    lines = read_text(path, LARGEST).split("\n")
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise Complaint(path, 1, "is no baseline: the first line is not 'lastbit baseline 1'")
    if int(head[1]) != SCHEMA:
        raise Complaint(
            path, 1, f"is a baseline of form {head[1]}: this lastbit reads form {SCHEMA}; use the version that wrote it"
        )
    found, ended = Baseline(), False
    for number, line in enumerate(lines[1:], start=2):
        if ended and line:
            raise Complaint(path, number, "there is more after the line 'end'")
        if ended:
            continue
        try:
            ended = _take(found, line)
        except ValueError as error:
            cut = " (is the file cut off?)" if number == len(lines) else ""
            raise Complaint(path, number, f"{error}{cut}") from None
    if not ended:
        raise Complaint(path, len(lines), "is cut off: the line 'end' is missing")
    return found


def _take(found: Baseline, line: str) -> bool:
    """Take up one line; returns whether it is the last.

    Raises:
        ValueError: where it is none.
    """
    kind, _, rest = line.partition(" ")
    if kind not in _KINDS:
        raise ValueError(f"is no line of a baseline: {line[:40]!r}")
    fields: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _FIELD.match(rest, position)
        if match is None or match[1] in fields:
            raise ValueError(f"has no field name=value at {rest[position : position + 40]!r}")
        fields[match[1]] = str(json.loads(match[2])) if match[2].startswith('"') else match[2]
        position = match.end()
    return _KINDS[kind](found, _Fields(fields))


class _Fields:
    """The fields of a line, to be taken one by one."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def word(self, name: str) -> str:
        if name not in self._fields:
            raise ValueError(f"has no field {name}")
        return self._fields.pop(name)

    def whole(self, name: str, most: int = 1 << 64) -> int:
        text = self.word(name)
        if not re.fullmatch("[0-9]{1,20}", text) or int(text) > most:
            raise ValueError(f"{name}={text[:40]} is no whole number up to {most}")
        return int(text)

    def error(self, name: str) -> float | None:
        text = self.word(name)
        if text == "none":
            return None
        if not _HEX.fullmatch(text):
            raise ValueError(f"{name}={text[:40]} is no hexadecimal number that is not negative")
        try:
            return float.fromhex(text)
        except OverflowError:
            raise ValueError(f"{name}={text[:40]} is too large") from None

    def left(self, known: tuple[str, ...]) -> Facts:
        for name in self._fields:
            if name not in known:
                raise ValueError(f"has an unknown field {name[:40]!r}")
        return self._fields


def _inputs(found: Baseline, fields: _Fields) -> bool:
    found.seed = fields.whole("seed")
    fields.left(())
    return False


def _environment(found: Baseline, fields: _Fields) -> bool:
    where = tuple(fields.word(name) for name in WHERE)
    found.environments[where] = fields.left(FACTS)
    return False


def _case(found: Baseline, fields: _Fields) -> bool:
    key = tuple(fields.whole(name, 2) if name == "order" else fields.word(name) for name in KEY)
    row = dict(zip(KEY, key, strict=True))
    try:
        given: Any = json.loads(str(row["parameters"]))
        activation(str(row["activation"]), **given)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"names no activation: {str(error)[:100]}") from None
    inputs, exhaustive = fields.whole("inputs"), bool(fields.whole("exhaustive", 1))
    counts = {name: fields.whole(name) for name in COUNTS}
    if (total := sum(counts[name] for name in CLASSES)) != inputs:
        raise ValueError(f"the classes add up to {total}, not to inputs={inputs}")
    errors = {name: fields.error(name) for name in ERRORS}
    digest = fields.word("digest")
    if not re.fullmatch("[0-9a-f]{16}", digest):
        raise ValueError(f"digest={digest[:40]} is no digest")
    fields.left(())
    if key in found.cases:
        raise ValueError(f"the case is there twice: {found.cases[key]}")
    found.cases[key] = Figures(key, inputs, exhaustive, counts, errors, digest)
    return False


def _end(found: Baseline, fields: _Fields) -> bool:
    if (said := fields.whole("cases")) != len(found.cases):
        raise ValueError(f"says cases={said}, but there are {len(found.cases)}")
    fields.left(())
    return True


_KINDS: dict[str, Callable[[Baseline, _Fields], bool]] = {
    "inputs": _inputs,
    "environment": _environment,
    "case": _case,
    "end": _end,
}
