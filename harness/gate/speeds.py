"""Times of two saved runs against each other, row by row of their frames ``speed``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..frames import Row
from ..runs.saved import read
from ..speed.statistics import MARGIN, RESOLUTION
from .against import is_one_sided
from .baseline import WHERE, Baseline, of_rows
from .figures import KEY, Key, case_name, key_of
from .rows import rows
from .verdict import CaseVerdict

_MACHINE = ("processor", "instruction_sets", "architecture")  # facts without which times have nothing in common


@dataclass
class Times:
    """What a saved run says of times.

    Attributes:
        cases: rows of the steady state that have times, by case, number of elements and threads.
        failed: why the others have none.
        about: its environments; no figures.
    """

    cases: dict[Key, Row]
    failed: dict[Key, str]
    about: Baseline


def has_times(folder: Path) -> bool:
    """Whether a run was timed."""
    return (folder / "speed.parquet").is_file()


def saved_times(folder: Path) -> Times:
    """The times of a run's directory.

    Raises:
        ValueError: where there are none that can be read.
    """
    speed, environments = (rows(read(folder, name)) for name in ("speed", "speed_environments"))
    found = Times({}, {}, of_rows((), environments, 0))
    for row in speed:
        if row["phase"] != "steady":
            continue
        key = (*key_of(row), int(row["n"]), int(row["threads_requested"]))
        if row["status"] != "ok":
            found.failed[key] = f"{row['status']}: {row['reason']}"
        elif row["ns_per_element"] is None:
            found.failed[key] = "interrupted before its first pair"
        else:
            found.cases[key] = row
    return found


def _name(key: Key) -> str:
    *case, n, threads = key
    return f"time of {case_name(tuple(case))}, {n:,} elements" + (f", {threads} threads" if threads > 1 else "")


def compared_times(old: Times, new: Times) -> list[CaseVerdict]:
    """A verdict on every row of either.

    Slower is worse and faster is better, where the 99 % intervals do not overlap and are more than
    :data:`~harness.speed.statistics.RESOLUTION` apart. Where both lie within :data:`~harness.speed.statistics.MARGIN` they are
    the same; otherwise it is undecided, and so it is on another machine.
    """
    return [_compared(old, new, key) for key in sorted(old.cases.keys() | new.cases.keys())]


def _compared(old: Times, new: Times, key: Key) -> CaseVerdict:
    verdict = CaseVerdict(_name(key))
    if is_one_sided(verdict, old, new, key):
        return verdict
    before, after = old.cases[key], new.cases[key]
    text = f"{_shown(before)} -> {_shown(after)} ns per element"
    if machine := _other_machine(old, new, key):
        verdict.add("undecided", [f"{text}, on another machine: {machine}"])
    elif None in (before["low"], before["high"], after["low"], after["high"]):
        verdict.add("undecided", [f"{text}, ambiguous: an interval needs 8 pairs"])
    elif after["low"] > RESOLUTION * before["high"]:
        verdict.add("worse", [f"slower: {text}"])
    elif before["low"] > RESOLUTION * after["high"]:
        verdict.add("better", [f"faster: {text}"])
    elif max(after["high"] / before["low"], before["high"] / after["low"]) > MARGIN:
        verdict.add("undecided", [f"ambiguous: {text}"])
    return verdict


def _shown(row: Row) -> str:
    bounds = "" if row["low"] is None or row["high"] is None else f" [{row['low']:.4g}, {row['high']:.4g}]"
    return f"{row['ns_per_element']:.4g}{bounds}"


def _other_machine(old: Times, new: Times, key: Key) -> str:
    """How the machine differs, in words; empty where it is the same."""
    case = dict(zip(KEY, key, strict=False))
    where = tuple(case[name] for name in WHERE)
    before, after = old.about.environments.get(where, {}), new.about.environments.get(where, {})
    changed = [name for name in _MACHINE if before.get(name) != after.get(name)]
    return "; ".join(f"{name} was {before.get(name, '')!r}, is {after.get(name, '')!r}" for name in changed)
