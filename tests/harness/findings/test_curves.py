"""The worst input of every bucket, against a search by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spoiled import spoiled

from backends.protocol import Case
from harness.accuracy.classification import CLASSES
from harness.case import Implementation, Task
from harness.findings.curves import BADNESS, CURVES, EDGES, curve, curves_frame
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.runs.execution import execute
from harness.runs.shards.manifest import load, plan_all
from harness.runs.shards.store import Store
from lastbit import run


@pytest.mark.parametrize("form", ["float16", "float32"])
def test_every_input_is_in_one_bucket_and_the_worst_stands_for_it(form: str) -> None:
    evidence = spoiled(form, 3)
    case = Case("sigmoid", 1, "autodiff", form, ())
    table = curves_frame("r", [(Task(0, Implementation("numpy", "eager"), case), curve(evidence, 0))])
    assert list(table.columns) == list(CURVES)
    seen = 0
    for row in table.itertuples():
        if math.isnan(row.x_low):
            inside = np.isnan(evidence.x)
        elif row.x_low == row.x_high:
            inside = (evidence.x == row.x_low) & (np.signbit(evidence.x) == np.signbit(row.x_low))
        elif row.x_low >= 0:
            inside = (evidence.x >= row.x_low) & (evidence.x < row.x_high) & (evidence.x > 0)
        else:
            inside = (evidence.x <= row.x_high) & (evidence.x > row.x_low) & (evidence.x < 0)
        seen += int(inside.sum())
        classes = [CLASSES[cls] for cls in evidence.classes[0][inside]]
        worst = max(classes, key=BADNESS.__getitem__)
        assert row[1 + list(CURVES).index("class")] == worst
        errors = evidence.errors[0][inside][[name == worst for name in classes]]
        if np.isfinite(errors).any():
            assert row.ulp == np.nanmax(errors)
        (place,) = np.flatnonzero(evidence.bits == row.worst_input_bits)
        assert inside[place]
        assert row.worst_output_bits == evidence.outputs[0][place]
    assert seen == evidence.x.size
    assert len(table) <= 2 * (EDGES.size + 1)


def test_special_inputs_are_buckets_of_their_own(tmp_path: Path) -> None:
    result = run("tanh", backends=("numpy",), formats=("float32",), routes=("native",), inputs=4096, out=tmp_path)
    points = result.curves[(result.curves.x_low == result.curves.x_high) | result.curves.x_low.isna()]
    assert [repr(x) for x in points.x_low] == ["-inf", "-0.0", "0.0", "inf", "nan"]
    exact = Exact("tanh", 0)
    for row in points.itertuples():
        if not math.isnan(row.x_low):
            best = FORMATS["float32"].value(exact.at(row.x_low).rounded(FORMATS["float32"]))
            assert repr(row.exact) == repr(best) == repr(row.worst_output)


def test_a_resumed_run_has_the_same_curves(tmp_path: Path) -> None:
    first = run("sigmoid", backends=("numpy", "torch:eager"), formats=("float16",), orders=(0, 1), out=tmp_path)
    for record in Store(tmp_path).records:  # what is the same is kept once
        entry = record.said
        assert sum(len(cases) for cases, _ in entry["curves"]) == len(entry["accuracy"]) >= len(entry["curves"])
    again = execute(plan_all(load(tmp_path)), folder=tmp_path)
    pd.testing.assert_frame_equal(again.curves, first.curves)


def test_every_case_has_its_own_curve() -> None:
    """All inputs of the format were kept, so that the worst of a curve is the worst there is."""
    result = run("sigmoid", backends=("numpy", "torch:eager"), formats=("float16",), orders=(0, 1))
    keys = ["order", "route", "backend", "mode"]
    curves = dict(iter(result.curves.groupby(keys)))
    assert len({tuple(part.worst_output_bits) for part in curves.values()}) >= 4
    for row in result.accuracy.to_dict("records"):
        part = curves.pop(tuple(row[key] for key in keys))
        kept = part[(part["class"] != "flushed") & np.isfinite(part.worst_input)]
        assert kept.ulp.max() == pytest.approx(row["max_ulp"], rel=1e-6)
    assert not curves
