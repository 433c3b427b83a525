"""The distribution of errors, against a count by hand."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.accuracy.comparison import Comparison
from harness.accuracy.distribution import DISTRIBUTION, STEPS, distribution, distribution_frame
from harness.accuracy.tally import BUCKETS, Record, Tally, bucket, upper_end
from harness.case import Case, Implementation, Task
from harness.catalogue import activation
from harness.formats import FORMATS

FLOAT16 = FORMATS["float16"]


@pytest.fixture(scope="module")
def dying() -> tuple[Tally, np.ndarray]:
    """The tally of σ(1 − σ) on every float16 input, and the errors as float64 has them."""
    bits = np.arange(1 << 16, dtype=np.uint16)
    with np.errstate(all="ignore"):
        value = 1 / (1 + np.exp(-bits.view(np.float16)))
        result = value * (1 - value)
        exponential = np.exp(-np.abs(bits.view(np.float16).astype(np.float64)))
    comparison = Comparison(activation("sigmoid"), 1, FLOAT16, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, {0: result.view(np.uint16)}, executor)
    exact = exponential / (1 + exponential) ** 2
    ulp = np.ldexp(1.0, np.maximum(np.frexp(exact)[1] - 1, FLOAT16.emin) - FLOAT16.precision + 1)
    rounded = exact.astype(np.float16)
    flushed = (result == 0) & (rounded != 0) & (np.abs(rounded) < FLOAT16.min_normal)
    finite = np.isfinite(bits.view(np.float16)) & np.isfinite(result)
    return comparison.tally(0), (np.abs(result - exact) / ulp)[finite & ~flushed]


def test_every_error_is_in_its_step(dying: tuple[Tally, np.ndarray]) -> None:
    tally, errors = dying
    assert errors.size == tally.measured > 60000
    found = distribution(tally)
    ends, below = [0.0, *STEPS], 0
    by_hand = {}
    for low, high in zip(ends, STEPS, strict=False):
        inside = sum(low <= error < high for error in errors.tolist())
        below += inside
        if inside:
            by_hand[low] = inside, below / errors.size
    told = zip(found["count"], found["share"], strict=True)
    assert dict(zip(found["ulp_low"], told, strict=True)) == by_hand
    assert len(by_hand) > 25
    for low, high in zip(found["ulp_low"][:-1], found["ulp_high"][:-1], strict=True):
        assert ends.index(high) == ends.index(low) + 1
    assert found["ulp_high"][-1] == tally.worst.ulps == pytest.approx(errors.max(), rel=1e-9)
    assert found["share"][-1] == 1


def test_median_and_percentile_lie_where_the_share_is_reached(dying: tuple[Tally, np.ndarray]) -> None:
    tally, _ = dying
    found = distribution(tally)
    for share in (0.1, 0.5, 0.9, 0.99, 0.999):
        step = next(step for step, reached in enumerate(found["share"]) if reached >= share)
        assert found["ulp_low"][step] <= tally.quantile(share) <= found["ulp_high"][step]


def test_steps_end_where_buckets_end_and_are_few() -> None:
    assert set(STEPS) <= {upper_end(number) for number in range(BUCKETS)}
    assert list(STEPS) == sorted(set(STEPS))
    assert {0.5, 1.0, 2.0**12, 2.0**24, math.inf} < set(STEPS)
    for form, most in (("float16", 41), ("bfloat16", 38), ("float32", 44), ("float64", 51)):
        assert sum(end <= 2.0 ** FORMATS[form].precision for end in STEPS) < most


@given(st.lists(st.floats(0, allow_infinity=False, allow_nan=False), max_size=30))
def test_no_error_is_lost(errors: list[float]) -> None:
    tally = Tally(worst=Record(max(errors, default=-1.0)))
    for error in errors:
        tally.histogram[bucket(error)] = tally.histogram.get(bucket(error), 0) + 1
    found = distribution(tally)
    assert sum(found["count"]) == len(errors)
    for low, high, share in zip(found["ulp_low"], found["ulp_high"], found["share"], strict=True):
        assert share * len(errors) == pytest.approx(sum(error < high or error <= high == max(errors) for error in errors))
        assert low <= high
    assert found["ulp_high"][-1:] == ([max(errors)] if errors else [])


def test_the_frame_has_a_row_for_each_step(dying: tuple[Tally, np.ndarray]) -> None:
    found = distribution(dying[0])
    case = Case("softplus", 1, "autodiff", "float16", (("beta", 2.0),))
    tasks = [Task(number, Implementation(name, "eager"), case) for number, name in enumerate(("numpy", "torch"))]
    table = distribution_frame("r", [(task, found) for task in tasks])
    assert list(table.columns) == list(DISTRIBUTION)
    assert len(table) == 2 * len(found["count"])
    (second,) = (part for name, part in table.groupby("backend") if name == "torch")
    assert second["count"].tolist() == found["count"]
    assert set(second.parameters) == {'{"beta": 2.0}'}
    assert distribution_frame("r", []).dtypes.to_dict() == table.dtypes.to_dict()
