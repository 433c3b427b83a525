"""Findings: defects in words, each one once, the worst first, made of the symptoms of all cases.

One defect shows in many cases: in several modes and formats, for several parameters. What a framework does wrong in one
way, with one function and derivative, in one region, is one finding; its example is from the case that shows it best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .formats import FORMATS, number_format
from .reproducers import reproducer
from .symptoms import Symptom
from .workers import Implementation

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("severe", "moderate", "minor", "policy")
"""How bad a finding is; a policy is a choice that can be defended."""

_FORMATS = ("float32", "float64", "bfloat16", "float16")  # examples are taken from the first there is
ORDERS = ("value", "gradient", "second derivative")
_MIRRORED = 1.5  # so far may the ends of a mirrored defect lie apart
_POLICIES = ("flush_to_zero", "signed_zero", "kink")
_PHRASES = {
    "nan": "is NaN {where}, where a number is right",
    "special_value": "is not what it must be {where}",
    "overflow": "is infinite {where}, where the result is finite",
    "early_underflow": "is 0 {where}, where the result is a normal number",
    "inaccurate": "is wrong by up to {ulps} ulp {where}",
    "range": "leaves the range {where}",
    "nan_lost": "is a number where the input is NaN",
    "signed_zero": "is the zero of another sign {where}",
    "kink": "is another slope {where}",
    "flush_to_zero": "is 0 {where}, where the result is subnormal",
}


def load(folder: Path | None) -> pd.DataFrame:
    """The findings of a run that was saved; without a directory, of the last one in the current directory.

    Raises:
        ValueError: where there is none.
    """
    import pandas as pd

    runs = sorted(Path().glob("lastbit-run-*/findings.parquet")) if folder is None else [folder / "findings.parquet"]
    if not runs or not runs[-1].is_file():
        raise ValueError(f"no findings in {folder or 'lastbit-run-*'}: give the directory of a run (lastbit run --out DIR)")
    return pd.read_parquet(runs[-1])


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A defect; the columns of the frame ``findings``.

    Attributes:
        kind: of the symptom, see :data:`harness.symptoms.KINDS`, or the law that is broken, see :mod:`harness.laws` and
            :mod:`harness.invariants`, or the status of cases that gave no result, see :mod:`harness.failures`.
        severity: one of :data:`SEVERITIES`.
        backend: whose defect it is.
        activation, parameters, order, route, format: of the cases, several apart by commas; order is that of the example.
        implementations: where it shows.
        right: implementations that are right on these inputs.
        also: what else the defect is: ``eager_vs_compiled`` where another mode is right, ``wrong_sign``, ``inaccurate``.
        inputs_affected, share, share_used: of the example's case: inputs affected among those examined, as a share of all,
            and as a share of those people use (up to 10).
        low, high, nearest: the range of the inputs affected, and the least magnitude of one.
        example_bits, example, got, exact: an input, and the results in decimal.
        ulps, relative: the errors there.
        diagnosis: the cause, where the evidence shows one.
        sentence: all of it in words.
        reproducer: a script that shows it with the framework alone.
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

    def concerns(self, x: float) -> bool:
        """Whether an input is among those affected, as far as their range tells."""
        return (self.low <= x <= self.high and abs(x) >= self.nearest) or (math.isnan(x) and math.isnan(self.example))


def findings(symptoms: Iterable[Symptom]) -> list[Finding]:
    """Each defect once."""
    groups: dict[tuple[object, ...], list[Symptom]] = {}
    for symptom in symptoms:
        case, kind = symptom.case, symptom.kind
        defect = "early_underflow" if kind == "inaccurate" else kind  # digits that go one by one, and then all
        which = () if kind == "flush_to_zero" else (case.activation, case.order, symptom.region)
        groups.setdefault((symptom.implementation.backend, defect, *which), []).append(symptom)
    return [_finding(group) for group in _mirrored(groups)]


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """The worst first."""
    return sorted(found, key=_rank)


def _mirrored(groups: dict[tuple[object, ...], list[Symptom]]) -> list[list[Symptom]]:
    """The groups, those of a defect that begins equally far out on both sides as one."""
    for key in [key for key in groups if key[-1] == "negative"]:
        other = (*key[:-1], "positive")
        if other in groups:
            ends = [min(symptom.nearest for symptom in groups[each]) for each in (key, other)]
            if max(ends) <= _MIRRORED * min(ends):
                groups[other] += groups.pop(key)
    return list(groups.values())


def _rank(finding: Finding) -> tuple[float, ...]:
    return (SEVERITIES.index(finding.severity), -_known(finding.share_used), -finding.share, finding.order)


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else share


def _finding(symptoms: list[Symptom]) -> Finding:
    first = min(symptoms, key=lambda symptom: symptom.kind != "early_underflow").kind
    best = min((symptom for symptom in symptoms if symptom.kind == first), key=_showing)
    case, form = best.case, number_format(best.case.format)
    shown = [
        symptom
        for symptom in symptoms
        if (symptom.implementation, symptom.case) == (best.implementation, best.case) and symptom.kind == best.kind
    ]  # both sides
    got = _decimal(form.value(best.got))
    return Finding(
        kind=best.kind,
        severity=_severity(best),
        backend=best.implementation.backend,
        activation=listed(s.case.activation for s in symptoms),
        parameters=listed(_parameters(s) for s in symptoms),
        order=case.order,
        route=listed(s.case.route for s in symptoms),
        format=listed(name for name in FORMATS if any(s.case.format == name for s in symptoms)),
        implementations=listed(str(s.implementation) for s in symptoms),
        right=", ".join(best.right),
        also=listed(_also(best, symptoms)),
        inputs_affected=sum(symptom.count for symptom in shown),
        share=sum(symptom.count for symptom in shown) / best.total,
        share_used=sum(symptom.used for symptom in shown) / max(best.total_used, 1),
        low=min(symptom.low for symptom in shown),
        high=max(symptom.high for symptom in shown),
        nearest=min(symptom.nearest for symptom in shown),
        example_bits=best.bits,
        example=form.value(best.bits),
        got=got,
        exact=best.exact,
        ulps=best.ulps,
        relative=best.relative,
        diagnosis=best.cause,
        sentence=_sentence(best, shown, symptoms, got),
        reproducer=reproducer(best.implementation, case, form.value(best.bits)),
    )


def _showing(symptom: Symptom) -> tuple[float, ...]:
    """The less, the better does a symptom show its defect."""
    severity = SEVERITIES.index(_severity(symptom))
    return (severity, _FORMATS.index(symptom.case.format), -symptom.used, -symptom.count)


def _severity(symptom: Symptom) -> str:
    """From what is lost and how near to the inputs people use."""
    if symptom.kind in _POLICIES:
        return "policy"
    if symptom.kind == "nan_lost":
        return "minor"
    if symptom.kind in ("nan", "overflow"):
        return "severe" if symptom.nearest < 2.0**10 else "moderate"
    if symptom.kind == "special_value":
        return "severe" if symptom.case.order == 0 else "moderate"
    half = 2.0 ** (-number_format(symptom.case.format).precision / 2)
    lost = symptom.kind == "early_underflow" or symptom.relative > 0.25
    if lost and (symptom.loss > half or (symptom.nearest < 2.0**10 and symptom.region != "near" and symptom.case.order < 2)):
        return "severe"
    return "moderate" if symptom.relative > half and (symptom.region != "near" or symptom.case.order < 2) else "minor"


def _also(best: Symptom, symptoms: list[Symptom]) -> Iterable[str]:
    for symptom in symptoms:
        if symptom.kind != best.kind:
            yield symptom.kind
        mine = symptom.implementation
        if symptom.kind != "flush_to_zero" and any(name.split(":")[0] == mine.backend for name in symptom.right):
            yield "eager_vs_compiled"
        if symptom.wrong_sign:
            yield "wrong_sign"


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a finding that rows of a frame, of one backend, activation and order, have in common or list."""
    return {
        "backend": rows[0]["backend"],
        "activation": rows[0]["activation"],
        "parameters": listed(" ".join(f"{n}={v!r}" for n, v in json.loads(row["parameters"]).items()) for row in rows),
        "order": rows[0]["order"],
        "route": listed(row["route"] for row in rows),
        "format": listed(name for name in FORMATS if any(row["format"] == name for row in rows)),
        "implementations": listed(str(Implementation(row["backend"], row["mode"], row["device"])) for row in rows),
    }


def listed(words: Iterable[str]) -> str:
    """Each word once, in the order in which they come, apart by commas."""
    return ", ".join(dict.fromkeys(filter(None, words)))


def _parameters(symptom: Symptom) -> str:
    return " ".join(f"{name}={value!r}" for name, value in symptom.case.parameters)


def _sentence(best: Symptom, shown: list[Symptom], symptoms: list[Symptom], got: str) -> str:
    case = best.case
    form = number_format(case.format)
    name = case.activation + (f"({_parameters(best)})" if case.parameters else "")
    if best.kind == "flush_to_zero":
        others = len({s.case.activation for s in symptoms}) - 1
        name += f" and {others} others" if others else ""
    phrase = _PHRASES[best.kind].format(where=_where(shown), ulps=f"{best.ulps:.3g}")
    formats = listed(f for f in FORMATS if any(s.case.format == f for s in symptoms))
    text = f"{best.implementation.backend}: the {ORDERS[case.order]} of {name} in {case.format} {phrase}"
    if not math.isnan(form.value(best.bits)):
        text += f": at x = {_decimal(form.value(best.bits))} it gives {got}, exact is {_short(best.exact)}"
    text += f". Formats: {formats}; in {listed(str(s.implementation) for s in symptoms)}."
    text += f" Right there: {', '.join(best.right)}." if best.right else ""
    return text + (f" Diagnosis: {best.cause}." if best.cause else "")


def _where(shown: list[Symptom]) -> str:
    low, high = min(symptom.low for symptom in shown), max(symptom.high for symptom in shown)
    if low == high:
        return f"at x = {_decimal(low)}"
    if shown[0].region == "near":
        return f"for |x| up to {max(abs(low), abs(high)):.4g}"
    if low < 0 < high:
        return f"from |x| = {min(symptom.nearest for symptom in shown):.5g} on"
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
