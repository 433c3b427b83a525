"""What a pass gave on a range of its inputs: an account that is the same wherever it is made, and adds up.

All that is measured in it is a function of the range and of what computed it, so two parts of the same range and
environment are equal, or the implementation is not deterministic. What differs every time (seconds) is kept apart.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from ...accuracy.comparison import Agreement, Comparison
from ...accuracy.tally import Record, Tally
from ...case import Task
from ...findings.evidence import Samples
from ...formats import Bits, Format

Row = dict[str, Any]


def case_name(task: Task) -> str:
    """A case within its pass."""
    return f"{task.implementation} {task.case.route}"


@dataclass
class Part:
    """The account of some ranges of the inputs of a pass.

    Attributes:
        ranges: (start, stop) of each, ascending; neighbours are one.
        statuses: status and reason of every case.
        tallies: of the cases that are measured.
        agreements: of pairs of them, in the order of the cases.
        kept: of the same the results that :mod:`harness.findings.evidence` wants, encoded, in ascending order of the inputs.
        hellos: what the workers said of themselves, by implementation; nothing that differs from start to start.
        seconds: of every case, in its worker and, of that, in the framework.
        processor: of every case, processor seconds of its preparation and first block, where they fall into these ranges, and
            of all other blocks.
        costs: in seconds, ``harness``: processor time of the comparison, ``wall``: from beginning to end.
        peaks: the most resident memory in bytes that a process of each implementation has had so far.
        digests: of the results by range ("start-stop") and case, so that a second computation of a range can be compared.
        notes, histories: what is said of functions of the user's own, by case, see :class:`harness.case.Task`.
    """

    ranges: list[tuple[int, int]]
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    agreements: dict[tuple[str, str], Agreement] = field(default_factory=dict)
    kept: dict[str, Bits] = field(default_factory=dict)
    hellos: dict[str, Row] = field(default_factory=dict)
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    processor: dict[str, tuple[float, float]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    histories: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """How many inputs it accounts for."""
        return sum(stop - start for start, stop in self.ranges)


def part_of(start: int, stop: int, tasks: list[Task], comparison: Comparison, samples: Samples, hellos: dict[str, Row]) -> Part:
    """What a sweep over a range has given."""
    names = {task.number: case_name(task) for task in tasks}
    measured = [task.number for task in tasks if task.status == "ok"]
    part = Part([(start, stop)], {case_name(task): (task.status, task.reason) for task in tasks}, hellos=hellos)
    part.tallies = {names[number]: comparison.tally(number) for number in measured}
    pairs = combinations(measured, 2)
    part.agreements = {(names[one], names[other]): comparison.agreement(one, other) for one, other in pairs}
    kept = samples.kept()
    part.kept = {names[number]: kept[number] for number in measured if number in kept}
    part.seconds = {case_name(task): (task.seconds, task.framework_seconds) for task in tasks}
    part.processor = {case_name(task): (round(task.processor[0], 6), round(task.processor[1], 6)) for task in tasks}
    part.notes = {case_name(task): task.notes for task in tasks if task.notes}
    part.histories = {case_name(task): task.history for task in tasks if task.history}
    part.digests = {f"{start}-{stop}": {name: f"{tally.digest:016x}" for name, tally in part.tallies.items()}}
    return part


def merge(parts: Iterable[Part]) -> Part:
    """The account of all ranges; a case that failed in one is not measured, for the reason that came first."""
    parts = sorted(parts, key=lambda part: part.ranges[0])
    whole = Part([])
    for part in parts:
        for start, stop in part.ranges:
            if whole.ranges and whole.ranges[-1][1] == start:
                start = whole.ranges.pop()[0]
            whole.ranges.append((start, stop))
        whole.hellos |= part.hellos
        whole.digests |= part.digests
        whole.peaks = highest([whole.peaks, part.peaks])
        for case, notes in part.notes.items():
            whole.notes[case] = list(dict.fromkeys([*whole.notes.get(case, []), *notes]))
        for case, history in part.histories.items():
            if not whole.histories.get(case, {}).get("broken"):
                whole.histories[case] = history
        whole.costs = {name: whole.costs.get(name, 0.0) + spent for name, spent in part.costs.items()}
        for case, said in part.statuses.items():
            known = whole.statuses.setdefault(case, said)
            whole.statuses[case] = said if known[0] == "ok" else known
        for case, (spent, framework) in part.seconds.items():
            before = whole.seconds.get(case, (0.0, 0.0))
            whole.seconds[case] = (before[0] + spent, before[1] + framework)
        for case, (first, further) in part.processor.items():
            before = whole.processor.get(case, (0.0, 0.0))
            whole.processor[case] = (before[0] + first, before[1] + further)
    measured = [case for case, (status, _) in whole.statuses.items() if status == "ok"]
    for case in measured:
        whole.tallies[case] = Tally()
        for part in parts:
            whole.tallies[case] = whole.tallies[case].merge(part.tallies[case])
        kept = [part.kept[case] for part in parts if case in part.kept]
        if kept:
            whole.kept[case] = np.concatenate(kept)
    for pair in combinations(measured, 2):
        whole.agreements[pair] = Agreement()
        for part in parts:
            whole.agreements[pair] = whole.agreements[pair].merge(part.agreements[pair])
    return whole


def to_json(part: Part) -> tuple[Row, Row]:
    """What is the same every time, and what is not, as JSON has it."""
    said: Row = {"ranges": part.ranges, "statuses": part.statuses, "hellos": part.hellos, "digests": part.digests}
    said["tallies"] = {case: asdict(tally) for case, tally in part.tallies.items()}
    said["agreements"] = [[*pair, *asdict(found).values()] for pair, found in part.agreements.items()]
    said["kept"] = _packed(part.kept)
    said |= {"notes": part.notes, "histories": part.histories}
    return said, {"seconds": part.seconds, "processor": part.processor, "costs": part.costs, "peaks": part.peaks}


def from_json(said: Row, circumstances: Row, form: Format) -> Part:
    """The part that was written so."""
    return Part(
        [(start, stop) for start, stop in said["ranges"]],
        {case: (status, reason) for case, (status, reason) in said["statuses"].items()},
        {case: _tally(fields) for case, fields in said["tallies"].items()},
        {(one, other): Agreement(*figures) for one, other, *figures in said["agreements"]},
        _unpacked(said["kept"], form),
        said["hellos"],
        {case: (spent, framework) for case, (spent, framework) in circumstances["seconds"].items()},
        {case: (first, further) for case, (first, further) in circumstances["processor"].items()},
        circumstances["costs"],
        said["digests"],
        circumstances["peaks"],
        said["notes"],
        said["histories"],
    )


def highest(peaks: Iterable[dict[str, int]]) -> dict[str, int]:
    """The highest of several figures of each name."""
    found: dict[str, int] = {}
    for each in peaks:
        for name, figure in each.items():
            found[name] = max(figure, found.get(name, 0))
    return found


def _tally(fields: Row) -> Tally:
    changed: Row = {name: Record(**fields[name]) for name in ("worst", "worst_normal")}
    changed["histogram"] = {int(number): count for number, count in fields["histogram"].items()}
    changed["first_vanished"] = tuple(fields["first_vanished"])
    return Tally(**fields | changed)


def _packed(kept: dict[str, Bits]) -> dict[str, str]:
    """Results as text; each as what it differs in from the first, which is little."""
    first = next(iter(kept.values()), None)
    packed = {}
    for case, bits in kept.items():
        differing = bits if bits is first or first is None or bits.shape != first.shape else bits ^ first
        packed[case] = base64.b85encode(zlib.compress(differing.tobytes(), 1)).decode()
    return packed


def _unpacked(packed: dict[str, str], form: Format) -> dict[str, Bits]:
    kept: dict[str, Bits] = {}
    first: Bits | None = None
    for case, text in packed.items():
        bits = np.frombuffer(zlib.decompress(base64.b85decode(text)), form.carrier)
        kept[case] = bits if first is None or bits.shape != first.shape else bits ^ first
        first = kept[case] if first is None else first
    return kept
