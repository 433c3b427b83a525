"""Findings: defects in words, each one once, the worst first, made of the symptoms of all cases.

One defect shows in many cases: in several modes and formats, for several parameters. What a framework does wrong in one
way, with one function and derivative, in one region, is one finding; its example is from the case that shows it best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..activations import label
from ..case import Case, Implementation
from ..formats import FORMATS, number_format
from . import wording
from .defects import defects, is_common, showing
from .intervals import Interval
from .kinds import TOLERATED
from .reproducers import copies, reproducer
from .severity import SEVERITIES, severity
from .symptoms import Symptom
from .wording import ORDERS


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A defect; the columns of the frame ``findings``.

    Attributes:
        kind: of the symptom, see :data:`harness.findings.kinds.KINDS`, or the law that is broken, see
            :mod:`harness.findings.invariances` and :mod:`harness.findings.properties`, or the status of cases that gave no
            result, see :mod:`harness.findings.failures`.
        severity: one of :data:`SEVERITIES`.
        group: names the defect whoever has it: kind, activation, order and side; findings of several backends with the same
            group are shown as one.
        backend: whose defect it is.
        activation, parameters, order, route, format: of the cases, several apart by commas; order is that of the example.
        implementations: where it shows.
        definition: the textbook's formula, several apart by semicolons, where it is the formula's defect and not the backend's.
        right: implementations that are right on these inputs.
        also: what else the defect is: ``eager_vs_compiled`` where another mode is right, ``wrong_sign``, ``inaccurate``.
        inputs_affected, share, share_used: of the example's case: inputs affected among those examined, as a share of all,
            and as a share of those people use (up to 10).
        ranges: for each format the intervals where inputs are affected, from the first to the last on either side of zero:
            ``float32 [16.63553237915039, 103.27892303466797]; float64 ...``; their ends are affected, and in runs exact.
            ``[nan, nan]`` stands for NaN.
        low, high, nearest: the range of the inputs affected, over all cases, and the least magnitude of one.
        example_bits, example, got, exact: an input, and the results in decimal.
        ulps, relative: the errors there.
        diagnosis: the cause, where the evidence shows one.
        headline: what is wrong with what, in words; without its owner.
        places: where, in the example's format, in words.
        besides: what else is wrong there, and where, in words.
        elsewhere: the other formats in words, each with its places where they are others.
        evidence: what the example gives, in words.
        sentence: all of it in words.
        reproducer: a script that shows it with the framework alone.
        intervals: as in ``ranges``, of all formats together; no column.
    """

    kind: str
    severity: str
    group: str = ""
    backend: str
    activation: str
    parameters: str
    order: int
    route: str
    format: str
    implementations: str
    definition: str = ""
    right: str = ""
    also: str = ""
    inputs_affected: int
    share: float
    share_used: float = math.nan
    ranges: str = ""
    low: float = math.nan
    high: float = math.nan
    nearest: float = 0.0
    example_bits: int | None = None
    example: float = math.nan
    got: str = ""
    exact: str = ""
    ulps: float = math.nan
    relative: float = math.nan
    diagnosis: str = ""
    headline: str
    places: str = ""
    besides: str = ""
    elsewhere: str = ""
    evidence: str = ""
    sentence: str = field(init=False)
    reproducer: str = ""
    intervals: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", sentence(self))

    @property
    def author(self) -> str:
        """Whose mistake it is, in words."""
        own = self.implementations.split(", ")[0].partition(" ")[2]
        owner = f"{own} on {self.backend}" if own else self.backend
        return f"textbook's formula in {self.backend}" if self.definition else owner

    def concerns(self, x: float) -> bool:
        """Whether an input is among those affected, as far as their range tells."""
        inside = any(low <= x <= high for low, high in self.intervals or ((self.low, self.high),))
        return inside or (math.isnan(x) and math.isnan(self.example))


def findings(symptoms: Iterable[Symptom]) -> list[Finding]:
    """Each defect once."""
    return [_finding(group) for group in defects(symptoms)]


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """The frameworks' before those of textbooks' formulas, of each the worst first; those of a group follow their worst one."""
    found = sorted(found, key=_rank)
    first: dict[str, int] = {}
    for place, finding in enumerate(found):
        first.setdefault(finding.group, place)
    return sorted(found, key=lambda finding: first[finding.group])


def _rank(finding: Finding) -> tuple[float, ...]:
    first = (bool(finding.definition), SEVERITIES.index(finding.severity))
    return (*first, -_known(finding.share_used), -finding.share, finding.order)


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else share


def _finding(symptoms: list[Symptom]) -> Finding:
    lost = [symptom for symptom in symptoms if symptom.kind == "early_underflow"]
    best = min(lost or [symptom for symptom in symptoms if symptom.kind != "special_value"] or symptoms, key=showing)
    case, form = best.case, number_format(best.case.format)
    shown = [
        symptom
        for symptom in symptoms
        if (symptom.implementation, symptom.case) == (best.implementation, best.case) and symptom.kind == best.kind
    ]  # both sides
    alike = (best.kind, "special_value")  # what goes on at an infinity
    intervals = wording.by_format(s for s in symptoms if s.kind in alike)
    everything = wording.by_format(symptoms)
    formats = [name for name in FORMATS if any(s.case.format == name for s in symptoms)]
    name = wording.and_others(label(case.activation, case.parameters), (s.case.activation for s in symptoms))
    return Finding(
        kind=best.kind,
        severity=severity(best),
        group=_group(best, shown),
        backend=best.implementation.backend,
        activation=listed(s.case.activation for s in symptoms),
        parameters=listed(_parameters(s) for s in symptoms),
        order=case.order,
        route=listed(s.case.route for s in symptoms),
        format=listed(formats),
        implementations=listed(str(s.implementation) for s in symptoms),
        definition="; ".join(dict.fromkeys(s.implementation.definition(s.case) for s in symptoms)),
        right=", ".join(best.right),
        also=listed(_also(best, symptoms)),
        inputs_affected=sum(symptom.count for symptom in shown),
        share=sum(symptom.count for symptom in shown) / best.total,
        share_used=sum(symptom.used for symptom in shown) / max(best.total_used, 1),
        ranges=wording.ranges(everything, formats if best.kind == "nan_lost" else ()),
        low=min(symptom.low for symptom in symptoms),
        high=max(symptom.high for symptom in symptoms),
        nearest=min(symptom.nearest for symptom in symptoms),
        example_bits=best.bits,
        example=form.value(best.bits),
        got=repr(form.value(best.got)),
        exact=best.exact,
        ulps=best.ulps,
        relative=best.relative,
        diagnosis=best.cause,
        headline=f"the {ORDERS[case.order]} of {name} in {case.format} {wording.claim(best)}",
        places=_places(best, intervals),
        besides=wording.besides(s for s in symptoms if s.case.format == case.format and s.kind not in alike),
        elsewhere=wording.elsewhere(intervals, formats, case.format),
        evidence="" if best.kind == "nan_lost" else wording.evidence(best),
        reproducer=reproducer(best.implementation, case, copies(form.value(best.bits))),
        intervals=tuple(dict.fromkeys(interval for those in everything.values() for interval in those)),
    )


def _places(best: Symptom, intervals: dict[str, list[Interval]]) -> str:
    """Where, in the example's format; nothing where it is the example alone."""
    mine, x = intervals.get(best.case.format, []), number_format(best.case.format).value(best.bits)
    return "" if mine == [(x, x)] else wording.where(mine)


def _group(best: Symptom, shown: list[Symptom]) -> str:
    """A name that the same defect has in every backend."""
    definition = best.implementation.definition(best.case)
    if best.kind == "flush_to_zero" or is_common(shown):
        return named(best.kind, "", 0 if best.kind == "flush_to_zero" else best.case.order, "", definition)
    sides = dict.fromkeys(symptom.region for symptom in shown)
    side = "near zero" if "near" in sides else "both sides" if len(sides) > 1 else next(iter(sides))
    return named(best.kind, best.case.activation, best.case.order, side, definition)


def named(kind: str, activation: str, order: int, side: str = "", definition: str = "") -> str:
    """The column ``group``; without an activation that of several functions alike."""
    words = ["textbook's" if definition else "", f"{activation}," if activation else "", f"{ORDERS[order]}: {kind}"]
    return " ".join(filter(None, words)) + (f", {side}" if side else "")


def sentence(finding: Finding) -> str:
    """All that is known, in one order."""
    text = f"{finding.author}: {finding.headline}"
    text += f", for {finding.places}" if finding.places else ""
    text += f" ({finding.besides})" if finding.besides else ""
    text += f": {finding.evidence}" if finding.evidence else ""
    text += f". Also in {finding.elsewhere}" if finding.elsewhere else ""
    text += f". In {finding.implementations}"
    text += f". Formula: {finding.definition}" if finding.definition and finding.kind != "flush_to_zero" else ""
    text += f". Correct in: {finding.right or 'none that was measured'}" if finding.exact else ""
    return f"{text}. Diagnosis: {finding.diagnosis}." if finding.diagnosis else f"{text}."


def _also(best: Symptom, symptoms: list[Symptom]) -> Iterable[str]:
    for symptom in symptoms:
        if symptom.kind != best.kind:
            yield symptom.kind
        mine = symptom.implementation
        if symptom.kind != "flush_to_zero" and any(_another_mode(name, mine) for name in symptom.right):
            yield "eager_vs_compiled"
        if symptom.wrong_sign:
            yield "wrong_sign"
        if symptom.kind == best.kind == "range" and symptom.ulps > TOLERATED[symptom.case.format]:
            yield "inaccurate"


def _another_mode(name: str, mine: Implementation) -> bool:
    """Whether an implementation, by its name, is the same code in another mode."""
    where, _, own = name.partition(" ")
    return (where.split(":")[0], own) == (mine.backend, mine.substitute)


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a finding that rows of a frame, of one backend and order, have in common or list."""
    return {
        "backend": rows[0]["backend"],
        "activation": listed(row["activation"] for row in rows),
        "parameters": listed(" ".join(f"{n}={v!r}" for n, v in json.loads(row["parameters"]).items()) for row in rows),
        "order": rows[0]["order"],
        "route": listed(row["route"] for row in rows),
        "format": listed(name for name in FORMATS if any(row["format"] == name for row in rows)),
        "implementations": listed(str(implementation(row)) for row in rows),
        "definition": "; ".join(dict.fromkeys(implementation(row).definition(case_of(row)) for row in rows)),
    }


def implementation(row: dict[str, Any]) -> Implementation:
    """The implementation of a row of a frame."""
    return Implementation(row["backend"], row["mode"], row["device"], row["implementation"])


def case_of(row: dict[str, Any]) -> Case:
    """The case that a row of a frame is about."""
    return Case(row["activation"], int(row["order"]), row["route"], row["format"], tuple(json.loads(row["parameters"]).items()))


def author(row: dict[str, Any]) -> str:
    """Whose mistakes those in the case of a row of a frame are."""
    return implementation(row).author(case_of(row))


def listed(words: Iterable[str]) -> str:
    """Each word once, in the order in which they come, apart by commas."""
    return ", ".join(dict.fromkeys(filter(None, words)))


def _parameters(symptom: Symptom) -> str:
    return " ".join(f"{name}={value!r}" for name, value in symptom.case.parameters)
