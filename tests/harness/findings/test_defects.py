"""Which symptoms are one defect, and how bad it is."""

from __future__ import annotations

import math
from typing import Any

import pytest

from backends.protocol import Case
from harness.case import Implementation
from harness.findings.defects import defects
from harness.findings.findings import findings
from harness.findings.severity import severity
from harness.findings.symptoms import Symptom
from harness.formats import FORMATS

LARGEST = FORMATS["float32"].max_finite


def symptom(kind: str, low: float, high: float, got: float = 0.0, order: int = 1, form: str = "float32", **more: Any) -> Symptom:
    """A symptom at all inputs between two."""
    ends = (min(low, high), max(low, high))
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    region = "near" if nearest < 0.5 else "negative" if high < 0 else "positive"
    bits, result = (int(FORMATS[form].round([value])[0]) for value in (low, got))
    fields = {"count": 100, "used": 50, "total": 1000, "total_used": 500, "ulps": 1e6, "relative": 1.0, "loss": 0.1}
    fields |= {"exact": "1", "right": (), "wrong_sign": False, "cause": ""} | more
    where = {"region": region, "low": ends[0], "high": ends[1], "nearest": nearest, "bits": bits, "got": result}
    where |= {"intervals": (ends,), "size": abs(float(fields["exact"]))}
    case = Case("sigmoid", order, "autodiff", form)
    return Symptom(**{"kind": kind, "implementation": Implementation("torch", "eager"), "case": case} | where | fields)


def test_a_defect_that_goes_on_across_the_border_of_regions_is_one() -> None:
    near, far = symptom("inaccurate", -0.49, 0.3), symptom("inaccurate", -8.0, -0.51)
    (finding,) = findings([near, far])
    assert (finding.low, finding.high, finding.nearest) == (-8.0, 0.3, 0.0)
    assert "for x from -8 to -0.51 and x from -0.49 to 0.3: at" in finding.sentence
    (finding,) = findings([near, far, symptom("early_underflow", -20.0, -8.1)])
    assert (finding.kind, finding.also) == ("early_underflow", "inaccurate")


def test_a_single_input_is_told_once() -> None:
    (finding,) = findings([symptom("inaccurate", 8.0, 8.0)])
    assert "is wrong by up to 1e+06 ulp: at x = 8.0 it gives 0.0, exact is 1." in finding.sentence
    (finding,) = findings([symptom("special_value", math.inf, math.inf, math.nan)])
    assert "differs from the limit at an infinity: at x = inf it gives nan, exact is 1." in finding.sentence
    (finding,) = findings([symptom("special_value", -8.0, -2.0, exact="nan")])
    assert "is a number where the function is not defined, for x from -8 to -2: at x = -8.0 it gives 0.0" in finding.sentence


@pytest.mark.parametrize(
    ("together", "kind", "x", "order", "exact"),
    [
        (True, "nan_lost", math.nan, 1, "nan"),
        (False, "nan_lost", math.nan, 0, "nan"),  # of values that is worse, and another cause
        (True, "signed_zero", 0.0, 0, "0"),
        (True, "kink", 0.0, 1, "1"),
        (True, "special_value", math.inf, 2, "0"),
        (False, "special_value", math.inf, 1, "0"),
        (False, "special_value", -2.0, 2, "nan"),  # outside of a domain
        (False, "nan", 90.0, 2, "0"),
    ],
)
def test_what_many_functions_do_alike_is_one(together: bool, kind: str, x: float, order: int, exact: str) -> None:
    both = [
        symptom(kind, x, x, order=order, exact=exact, case=Case(name, order, "autodiff", "float32"), intervals=())
        for name in ("sigmoid", "tanh")
    ]
    found = findings(both)
    assert [each.activation for each in found] == (["sigmoid, tanh"] if together else ["sigmoid", "tanh"])
    assert (" and 1 other in float32 " in found[0].headline) == together
    assert len({each.group for each in found}) == len(found)


def test_what_only_looks_alike_on_both_sides_of_the_border_is_two() -> None:
    assert len(defects([symptom("inaccurate", -0.1, 0.49), symptom("inaccurate", -8.0, -0.51)])) == 2  # on the other side
    assert len(defects([symptom("inaccurate", 0.1, 0.3), symptom("inaccurate", 0.51, 8.0)])) == 2  # apart
    assert len(defects([symptom("nan", 0.1, 0.49), symptom("inaccurate", 0.51, 8.0)])) == 2
    assert len(defects([symptom("inaccurate", 0.1, 0.49), symptom("inaccurate", 0.51, 8.0, form="float64")])) == 2


def test_the_same_at_the_largest_number_and_at_infinity_is_one() -> None:
    nan, infinity = symptom("nan", 90.0, LARGEST, math.nan), symptom("special_value", math.inf, math.inf, math.nan)
    (finding,) = findings([infinity, nan])
    assert (finding.kind, finding.also, finding.high) == ("nan", "special_value", math.inf)
    half = symptom("special_value", math.inf, math.inf, math.nan, form="float16")
    (finding,) = findings([infinity, half, nan])
    assert finding.format == "float16, float32"
    assert len(defects([infinity, symptom("nan", 90.0, 1000.0, math.nan)])) == 2
    assert len(defects([infinity, symptom("nan", -LARGEST, -90.0, math.nan)])) == 2
    assert len(defects([infinity, symptom("overflow", 90.0, LARGEST, math.inf)])) == 2


def test_results_far_beyond_the_range_are_wrong_as_those_beside_them() -> None:
    wrong, beyond = symptom("inaccurate", 1.0, 8.0, 0.3), symptom("range", 8.0, 9.0, -0.2)
    (finding,) = findings([wrong, beyond])
    assert {finding.kind, finding.also} == {"inaccurate", "range"}
    assert len(defects([wrong, symptom("range", 8.0, 9.0, ulps=1.0)])) == 2  # the last digit
    (finding,) = findings([beyond])
    assert finding.kind == "range"


@pytest.mark.parametrize(
    ("expected", "case"),
    [
        ("severe", symptom("early_underflow", 17.0, 80.0, loss=1e-7)),
        (
            "moderate",
            symptom("early_underflow", -107.0, -60.0, loss=1e-30, exact="1e-26"),
        ),  # in the lower half of the range
        ("severe", symptom("early_underflow", -107.0, -40.0, loss=1e-17, exact="1e-17")),
        ("minor", symptom("early_underflow", -103.0, -90.0, loss=1e-37, exact="-7.3745e-38")),  # next to the end of the range
        ("moderate", symptom("early_underflow", -103.0, -70.0, loss=1e-31, exact="-1.4e-31")),
        ("severe", symptom("early_underflow", -103.0, -90.0, loss=0.1, exact="7.3745e-38")),  # of a function as small
        ("moderate", symptom("early_underflow", 8.4, 8.9, loss=1e-8, exact="0.0009", form="float16")),
        ("moderate", symptom("early_underflow", 17.0, 80.0, order=2, loss=1e-7)),
        ("severe", symptom("early_underflow", 17.0, 80.0, order=2, loss=0.5)),
        ("severe", symptom("nan", 80.0, 90.0, math.nan)),
        ("severe", symptom("nan", 0.0, 0.0, math.nan)),
        ("moderate", symptom("nan", 1e-38, 1e-30, math.nan)),
        ("moderate", symptom("nan", 1e19, LARGEST, math.nan)),
        ("moderate", symptom("range", 0.0, 0.0, 2.0)),  # a single input, but that one
        ("minor", symptom("early_underflow", 2.984375, 2.984375, form="bfloat16")),
        ("minor", symptom("inaccurate", -1e-38, -1e-45)),
        ("moderate", symptom("inaccurate", -1e-30, -1e-45, loss=1e-38)),
        ("moderate", symptom("special_value", math.inf, math.inf, math.nan, order=0)),
        ("minor", symptom("special_value", math.inf, math.inf, math.nan, order=2)),
        ("minor", symptom("special_value", -8.0, -1.5, exact="nan", order=0)),
        ("policy", symptom("flush_to_zero", -1e-38, -1e-45)),
    ],
)
def test_severity_weighs_what_is_lost_and_where(expected: str, case: Symptom) -> None:
    assert severity(case) == expected
