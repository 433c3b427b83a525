"""Tallies against the judge, result by result."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.accuracy.classification import CLASSES, classify
from harness.accuracy.comparison import Comparison
from harness.activations import Activation
from harness.formats import Format
from harness.reference.exact import Exact

ULP = 2.0**-17  # what the kernel's error may add to an error in ulps


def check(
    comparison: Comparison,
    name: Activation | str,
    order: int,
    form: Format,
    bits: np.ndarray,
    results: dict[int, np.ndarray],
    first: int = 0,
) -> None:
    """Assert that the tallies are the judge's, result by result; ``first`` is the index of the first input."""
    exact = Exact(name, order)
    for case, outputs in results.items():
        judged = [classify(exact.at(form.value(int(i))), int(i), int(o), form) for i, o in zip(bits, outputs, strict=True)]
        tally = comparison.tally(case)
        assert tally.counts == {cls: sum(each.cls == cls for each in judged) for cls in CLASSES}
        assert tally.wrong_sign == sum(each.wrong_sign for each in judged)
        assert tally.zero_sign == sum(each.zero_sign for each in judged)
        errors = [each.ulps for each in judged if not math.isnan(each.ulps) and each.cls != "flushed"]
        assert tally.measured == len(errors)
        assert tally.worst.ulps == pytest.approx(max(errors, default=-1.0), rel=1e-6, abs=ULP)
        normal = [each.ulps for each in judged if each.normal and not math.isnan(each.ulps) and each.cls != "flushed"]
        assert tally.worst_normal.ulps == pytest.approx(max(normal, default=-1.0), rel=1e-6, abs=ULP)
        assert not errors or outputs[tally.worst.index - first] == tally.worst.result
        mean = sum(min(error, 2.0**62) for error in errors) / len(errors) if errors else math.nan
        assert tally.mean_ulps == pytest.approx(mean, rel=1e-6, abs=ULP, nan_ok=True)
        assert sum(tally.histogram.values()) == len(errors)
        gone = [form.value(int(i)) for i, each in zip(bits, judged, strict=True) if each.cls == "vanished"]
        assert tally.first_vanished == (
            min((-x for x in gone if math.copysign(1, x) < 0), default=math.inf),
            min((x for x in gone if math.copysign(1, x) > 0), default=math.inf),
        )
