"""Findings: defects in words, each one once, the worst first, made of the symptoms of all cases.

One defect shows in many cases: in several modes and formats, for several parameters. What a framework does wrong in one
way, with one function and derivative, in one region, is one finding; its example is from the case that shows it best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..activations import label
from ..case import Case, Implementation
from ..formats import FORMATS, number_format
from .defects import defects, showing
from .reproducers import copies, reproducer
from .severity import SEVERITIES, severity
from .symptoms import TOLERATED, Symptom

ORDERS = ("value", "gradient", "second derivative")
_PHRASES = {
    "nan": "is NaN {where}, where the exact result is a number",
    "special_value": "differs from the limit {where}",
    "overflow": "is infinite {where}, where the result is finite",
    "early_underflow": "is 0 {where}, where the result is a normal number",
    "inaccurate": "is wrong by up to {ulps} ulp {where}",
    "range": "leaves the range {where}",
    "nan_lost": "is a number where the input is NaN",
    "signed_zero": "is a zero of the other sign than most implementations give, {where}",
    "kink": "has another slope at a kink than most implementations, {where}",
    "flush_to_zero": "is 0 {where}, where the result is subnormal",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A defect; the columns of the frame ``findings``.

    Attributes:
        kind: of the symptom, see :data:`harness.findings.symptoms.KINDS`, or the law that is broken, see
            :mod:`harness.findings.invariances` and :mod:`harness.findings.properties`, or the status of cases that gave no
            result, see :mod:`harness.findings.failures`.
        severity: one of :data:`SEVERITIES`.
        backend: whose defect it is.
        activation, parameters, order, route, format: of the cases, several apart by commas; order is that of the example.
        implementations: where it shows.
        definition: the textbook's formula, several apart by semicolons, where it is the formula's defect and not the backend's.
        right: implementations that are right on these inputs.
        also: what else the defect is: ``eager_vs_compiled`` where another mode is right, ``wrong_sign``, ``inaccurate``.
        inputs_affected, share, share_used: of the example's case: inputs affected among those examined, as a share of all,
            and as a share of those people use (up to 10).
        low, high, nearest: the range of the inputs affected, over all cases, and the least magnitude of one; what it is in
            each format the sentence tells.
        example_bits, example, got, exact: an input, and the results in decimal.
        ulps, relative: the errors there.
        diagnosis: the cause, where the evidence shows one.
        sentence: all of it in words.
        reproducer: a script that shows it with the framework alone.
        spans: ``low, high, nearest`` of all that the defect shows in; no column.
    """

    kind: str
    severity: str
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
    sentence: str
    reproducer: str = ""
    spans: tuple[tuple[float, float, float], ...] = ()

    def concerns(self, x: float) -> bool:
        """Whether an input is among those affected, as far as their range tells."""
        spans = self.spans or ((self.low, self.high, self.nearest),)
        inside = any(low <= x <= high and abs(x) >= nearest for low, high, nearest in spans)
        return inside or (math.isnan(x) and math.isnan(self.example))


def findings(symptoms: Iterable[Symptom]) -> list[Finding]:
    """Each defect once."""
    return [_finding(group) for group in defects(symptoms)]


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """The frameworks' before those of textbooks' formulas, of each the worst first."""
    return sorted(found, key=_rank)


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
    got = _decimal(form.value(best.got))
    return Finding(
        kind=best.kind,
        severity=severity(best),
        backend=best.implementation.backend,
        activation=listed(s.case.activation for s in symptoms),
        parameters=listed(_parameters(s) for s in symptoms),
        order=case.order,
        route=listed(s.case.route for s in symptoms),
        format=listed(name for name in FORMATS if any(s.case.format == name for s in symptoms)),
        implementations=listed(str(s.implementation) for s in symptoms),
        definition="; ".join(dict.fromkeys(s.implementation.definition(s.case) for s in symptoms)),
        right=", ".join(best.right),
        also=listed(_also(best, symptoms)),
        inputs_affected=sum(symptom.count for symptom in shown),
        share=sum(symptom.count for symptom in shown) / best.total,
        share_used=sum(symptom.used for symptom in shown) / max(best.total_used, 1),
        low=min(symptom.low for symptom in symptoms),
        high=max(symptom.high for symptom in symptoms),
        nearest=min(symptom.nearest for symptom in symptoms),
        example_bits=best.bits,
        example=form.value(best.bits),
        got=got,
        exact=best.exact,
        ulps=best.ulps,
        relative=best.relative,
        diagnosis=best.cause,
        sentence=_sentence(best, shown, symptoms, got),
        reproducer=reproducer(best.implementation, case, copies(form.value(best.bits))),
        spans=tuple(dict.fromkeys((symptom.low, symptom.high, symptom.nearest) for symptom in symptoms)),
    )


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
    """The fields of a finding that rows of a frame, of one backend, activation and order, have in common or list."""
    return {
        "backend": rows[0]["backend"],
        "activation": rows[0]["activation"],
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


def _sentence(best: Symptom, shown: list[Symptom], symptoms: list[Symptom], got: str) -> str:
    case = best.case
    form = number_format(case.format)
    name = label(case.activation, case.parameters)
    if best.kind == "flush_to_zero":
        others = len({s.case.activation for s in symptoms}) - 1
        name += f" and {others} others" if others else ""
    phrase = _PHRASES[best.kind].format(where=_where(shown), ulps=f"{best.ulps:.3g}")
    if best.kind == "special_value" and best.exact == "nan":
        phrase = f"is a number {_where(shown)}, where the function is not defined"
    text = f"{best.implementation.author(case)}: the {ORDERS[case.order]} of {name} in {case.format} {phrase}"
    x = form.value(best.bits)
    if not math.isnan(x):
        at = "" if _where(shown) in (f"at x = {_decimal(x)}", f"at {_decimal(x)}") else f"at x = {_decimal(x)} "
        text += f": {at}it gives {got}, exact is {_short(best.exact)}"
    text += f". Formats: {_formats(best, shown, symptoms)}; in {listed(str(s.implementation) for s in symptoms)}."
    formula = best.implementation.definition(case)
    text += f" Formula: {formula}." if formula and best.kind != "flush_to_zero" else ""
    text += f" Correct in: {', '.join(best.right)}." if best.right else ""
    return text + (f" Diagnosis: {best.cause}." if best.cause else "")


def _formats(best: Symptom, shown: list[Symptom], symptoms: list[Symptom]) -> str:
    """The formats, each with its range where that is another one than in the example's."""
    texts = []
    for name in FORMATS:
        there = [symptom for symptom in symptoms if symptom.case.format == name]
        alike = [symptom for symptom in there if symptom.kind == best.kind]
        differs = name != best.case.format and alike and _where(alike) != _where(shown)
        texts += [f"{name} ({_where(alike)})" if differs else name] if there else []
    return ", ".join(texts)


def _where(shown: list[Symptom]) -> str:
    low, high = min(symptom.low for symptom in shown), max(symptom.high for symptom in shown)
    if math.isinf(min(symptom.nearest for symptom in shown)):
        return "at " + ("±inf" if low < high else _decimal(low))
    if low == high:
        return f"at x = {_decimal(low)}"
    near = [symptom.region == "near" for symptom in shown]
    if all(near):
        return f"for |x| up to {max(abs(low), abs(high)):.4g}"
    if low < 0 < high and not any(near):
        return f"for |x| ≥ {min(symptom.nearest for symptom in shown):.5g}"
    return f"for x from {low:.5g} to {high:.5g}"


def _decimal(value: float) -> str:
    return repr(value)


def _short(decimal: str) -> str:
    if decimal.startswith("["):  # any number between two is right
        return "[" + ", ".join(map(_short, decimal.strip("[]").split(", "))) + "]"
    mantissa, mark, exponent = decimal.partition("e")
    if len(exponent) > 6:
        return f"{'-' if mantissa.startswith('-') else ''}10^({float(exponent):.2g})"
    return mantissa[:12] + mark + exponent
