"""How bad a symptom is: from what is lost, and how near to the inputs people use."""

from __future__ import annotations

import math

from ..formats import number_format
from .symptoms import CONVENTIONS, Symptom

SEVERITIES = ("severe", "moderate", "minor", "policy")
"""How bad a finding is; a policy is a choice that can be defended."""

FAR = 2.0**10
"""Inputs as large as this are seldom met."""
SMALL = 2.0**-24
"""Neither are inputs as small as this, but for zero."""
_TAIL = 20  # binary digits above the least normal number, where results are as good as zero; fewer in float16
_LOST = 0.25  # a result with this relative error, or a larger one, says nothing


def severity(symptom: Symptom) -> str:
    """One of :data:`SEVERITIES`."""
    if symptom.kind in ("flush_to_zero", *CONVENTIONS):
        return "policy"
    if symptom.kind == "nan_lost":
        return "minor" if symptom.case.order else "moderate"
    if symptom.kind == "special_value":  # outside the domain, or at an infinity
        return "minor" if symptom.exact == "nan" or symptom.case.order == 2 else "moderate"
    if symptom.kind in ("nan", "overflow"):
        return "severe" if symptom.nearest < FAR and (symptom.nearest == 0 or farthest(symptom) >= SMALL) else "moderate"
    if subnormal(symptom):
        return "minor"
    if symptom.low == symptom.high:  # such as the one next to a kink
        return "minor" if symptom.low else "moderate"
    return _of_errors(symptom)


def _of_errors(symptom: Symptom) -> str:
    form = number_format(symptom.case.format)
    half = 2.0 ** (-form.precision / 2)  # of the digits are right
    lost = symptom.kind == "early_underflow" or symptom.relative >= _LOST
    usual = symptom.nearest < FAR and symptom.region != "near" and symptom.case.order < 2
    # A factor of a product, as gradients are, matters where it is small, too: while half of the range of exponents is left.
    if lost and (symptom.loss > half or (usual and _lost_result(symptom) > math.exp2(form.emin / 2))):
        return "severe"
    if symptom.kind == "early_underflow" and _in_tail(symptom):
        return "minor"
    return "moderate" if symptom.relative > half and (symptom.region != "near" or symptom.case.order < 2) else "minor"


def _lost_result(symptom: Symptom) -> float:
    """How large the result is that is lost: where it vanishes the largest one, else that of the example."""
    return symptom.size if symptom.kind == "early_underflow" else abs(float(symptom.exact))


def _in_tail(symptom: Symptom) -> bool:
    """Whether nothing is lost but what is next to the end of the format's range."""
    form = number_format(symptom.case.format)
    digits: float = min(_TAIL, -form.emin / 4)
    return abs(float(symptom.exact)) < form.min_normal * math.exp2(digits)


def farthest(symptom: Symptom) -> float:
    """The largest magnitude of an input affected; NaN where only NaN is."""
    return max(abs(symptom.low), abs(symptom.high))


def subnormal(symptom: Symptom) -> bool:
    """Whether only subnormal inputs are affected: the other side of flushing them to zero."""
    return symptom.nearest > 0 and farthest(symptom) < number_format(symptom.case.format).min_normal
