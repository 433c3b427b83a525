"""Percentiles of the errors in each binade of x, against sorting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from spoiled import spoiled

from harness.accuracy.classification import CLASSES
from harness.accuracy.inputs import sampled
from harness.case import Case, Implementation, Task
from harness.findings.curves import INTERVALS
from harness.findings.evidence import chosen
from harness.findings.percentiles import BINADES, PERCENTILES, percentiles, percentiles_frame
from harness.formats import FORMATS


@pytest.mark.parametrize("form", ["float16", "float32"])
def test_each_is_the_least_error_that_so_many_do_not_exceed(form: str) -> None:
    evidence = spoiled(form, 5, zeros=0.03)
    case = Case("sigmoid", 1, "autodiff", form, ())
    table = percentiles_frame("r", [(Task(0, Implementation("numpy", "eager"), case), percentiles(evidence, 0))])
    assert list(table.columns) == list(PERCENTILES)
    rows = {(row.x_low, row.x_high): row for row in table.itertuples()}
    assert len(rows) == len(table) > 25
    classes = [CLASSES[number] for number in evidence.classes[0]]
    assert "vanished" in classes
    assert "flushed" in classes
    results = list(zip(evidence.x.tolist(), evidence.errors[0].tolist(), classes, strict=True))
    counted = 0
    for low, high in BINADES:
        inside = [
            error
            for x, error, cls in results
            if cls != "flushed" and not math.isnan(error) and x and (low <= x < high if low >= 0 else low < x <= high)
        ]
        if not inside:
            assert (low, high) not in rows
            continue
        row = rows[low, high]
        assert row.inputs == len(inside)
        for percent, told in ((50, row.p50_ulp), (99, row.p99_ulp), (100, row.max_ulp)):
            assert told in inside
            assert (
                100 * sum(error < told for error in inside)
                < percent * len(inside)
                <= 100 * sum(error <= told for error in inside)
            )
        counted += len(inside)
    assert counted == table.inputs.sum() > 13000


def test_binades_are_whole_intervals_of_the_curves() -> None:
    edges = {edge for interval in INTERVALS for edge in interval}
    assert {edge for interval in BINADES for edge in interval} <= edges
    assert [low for low, _ in BINADES[1:]] == [high for _, high in BINADES[:-1]]
    assert [(2.0**e, 2.0 ** (e + 1)) for e in range(-3, 10)] == [each for each in BINADES if 2**-3 <= each[0] < 2**10]
    assert (BINADES[0][0], BINADES[-1][1]) == (-math.inf, math.inf)


@pytest.mark.parametrize(("form", "least"), [("float32", 500), ("float64", 400)])
def test_wide_formats_have_hundreds_of_inputs_in_the_binades_that_are_used(form: str, least: int) -> None:
    """So many, as the definitions say, that the 99th percentile is not the largest."""
    inputs = sampled(FORMATS[form], 1 << 22, 0)
    indices = chosen(inputs)
    runs = np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1)
    x = FORMATS[form].decode(np.concatenate([inputs.block(int(run[0]), int(run[-1]) + 1) for run in runs]))
    for low, high in BINADES:
        if 2**-4 <= abs(low) < 2**6 and 2**-4 <= abs(high) < 2**6:
            assert np.sum((x >= low) & (x < high)) >= least
