"""The search for the worst float64 input: real implementations in processes of their own, and planted defects."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.accuracy.kernels.compare_wide import errors
from harness.accuracy.search import LEAST, _around, _binades, _spread
from harness.activations import ORDERS
from harness.catalogue import activation
from harness.formats import FORMATS
from harness.reference import kernels
from harness.reference.exact import Exact
from harness.runs.execution import execute
from harness.runs.plan import EVERYTHING, Request, plan
from harness.runs.shards.manifest import load, plan_all
from lastbit import run

DOUBLE = FORMATS["float64"]
COLUMNS = ["searched", "search_max_ulp", "search_worst_input_bits", "search_worst_output_bits", "search_worst_exact"]


def searched(name: str, backend: str, search: int = LEAST, seed: int = 0, order: int = 0) -> pd.Series:
    result = run(name, backends=(backend,), formats=("float64",), orders=(order,), inputs=4096, seed=seed, search=search)
    return result.accuracy.iloc[0]


def test_a_seed_decides_everything() -> None:
    first, again, other = (searched("tanh", "libm", seed=seed) for seed in (3, 3, 4))
    assert first[COLUMNS].tolist() == again[COLUMNS].tolist()
    assert first.search_worst_input_bits != other.search_worst_input_bits


def test_the_bound_is_certified() -> None:
    """What the search says is the error of the C library at that input, called from here; and no less than the sample's."""
    row = searched("expm1", "libm", search=1 << 20)
    expm1 = ctypes.CDLL(ctypes.util.find_library("m")).expm1
    expm1.argtypes, expm1.restype = [ctypes.c_double], ctypes.c_double
    got = int(np.float64(expm1(row.search_worst_input)).view(np.uint64))
    assert got == row.search_worst_output_bits
    assert DOUBLE.value(int(row.search_worst_input_bits)) == row.search_worst_input
    truth = Exact("expm1", 0).at(row.search_worst_input)
    assert row.search_max_ulp == truth.error_ulps(got, DOUBLE)
    assert row.search_worst_exact == truth.decimal(30)
    assert row.search_max_ulp > max(row.max_ulp, 0.75)
    assert (1 << 20) <= row.searched < (1 << 20) + (1 << 16)


def test_a_pit_is_found_that_sampling_misses(plugins: None) -> None:
    """30 ulps within 2^-30 of 1.3, one ulp less for each factor of two away from there."""
    result = run("sigmoid", backends=("needle:pit",), formats=("float64",), orders=(0,), inputs=1 << 18, search=1 << 20)
    row = result.accuracy.iloc[0]
    assert row.max_ulp < 15
    assert row.search_max_ulp > 29
    assert abs(row.search_worst_input - 1.3) < 2**-29


def test_one_wrong_input_at_a_limit_is_found(plugins: None) -> None:
    row = searched("sigmoid", "needle:limit")
    assert row.max_ulp < 10
    assert row.search_worst_input == 709.782712893384
    assert row.search_max_ulp == pytest.approx(2000)  # of the ulps below 1, where the exact result lies


def test_every_kind_of_function_can_be_searched() -> None:
    """Kinks, zeros of derivatives, an edge, results that are exact: the bound is never below the sample's error."""
    names = ("silu", "relu", "hard_silu", "log1p", "exp")
    rows = run(*names, backends=("numpy",), formats=("float64",), inputs=4096, search=LEAST).accuracy
    assert set(rows.status) == {"ok"}
    assert set(rows.reason) == {""}
    assert (rows.searched == LEAST).all()
    assert (rows.search_max_ulp >= rows.max_ulp).all()


def test_only_float64_is_searched_and_the_sample_is_as_before() -> None:
    asked = {"backends": ("numpy",), "orders": (0,), "routes": ("native",), "inputs": 4096}
    with_search, without = (run("tanh", formats=("float32", "float64"), search=n, **asked).accuracy for n in (LEAST, 0))
    assert with_search.searched.isna().tolist() == [True, False]
    assert without.searched.isna().all()
    changing = ["run_id", "seconds", "framework_seconds", *(name for name in without if "search" in name)]
    pd.testing.assert_frame_equal(with_search.drop(columns=changing), without.drop(columns=changing))


def test_a_resumed_run_keeps_its_search(tmp_path: Path) -> None:
    before = run("tanh", backends=("libm",), formats=("float32", "float64"), inputs=4096, search=LEAST, out=tmp_path).accuracy
    searches = list((tmp_path / "finished").glob("search-tanh-0-*"))
    assert searches
    for search in searches:
        search.unlink()
    again = execute(plan_all(load(tmp_path)), folder=tmp_path).accuracy
    assert again[COLUMNS].equals(before[COLUMNS])


def test_a_backend_that_dies_in_the_search_says_so(plugins: None) -> None:
    row = searched("sigmoid", "faulty:dies")  # at its second call
    assert row.status == "ok"
    assert "killed by signal 6" in row.reason
    assert pd.isna(row.search_max_ulp)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["exp", "silu", "tanh"])
def test_fast_errors_are_those_of_ball_arithmetic(name: str, order: int) -> None:
    """With their signs, at results that are off by some ulps, at subnormal, flushed and overflowed ones."""
    rng = np.random.default_rng(order)
    x = np.concatenate([rng.uniform(-9, 9, 100), rng.uniform(-745, 709, 100), np.ldexp(rng.uniform(1, 2, 20), -1000)])
    hi, lo, doubt, scale = (np.empty(x.size) for _ in range(4))
    kernels.wide(activation(name), order).function(x, hi, lo, doubt, scale)
    exact = Exact(name, order)
    truths = [exact.at(float(each)) for each in x]
    bits = np.array([truth.rounded(DOUBLE) for truth in truths], np.uint64)
    bits += rng.integers(0, 4, x.size, np.uint64)
    bits[::7] = DOUBLE.inf_bits
    bits[1::7] = 0
    found = np.empty(x.size)
    errors(bits.view(np.float64), hi, lo, scale, found)
    compared = 0
    for truth, result, error in zip(truths, bits.tolist(), found.tolist(), strict=True):
        value = DOUBLE.value(result)
        if math.isnan(error):
            continue
        if math.isinf(value) or (value == 0 and not truth.is_normal(DOUBLE)):
            assert error == 0
            continue
        assert abs(error) == pytest.approx(truth.error_ulps(result, DOUBLE), rel=2**-36, abs=2**-46)
        if abs(error) > 0.5:
            assert (error > 0) == (value > DOUBLE.value(truth.rounded(DOUBLE)))
        compared += 1
    assert compared > 100


def test_intervals_cover_every_finite_number_once() -> None:
    low, high = _binades(DOUBLE)
    assert (low[1:] == high[:-1] + 1).all()
    assert DOUBLE.from_ordered([low[0], high[-1]]).tolist() == [DOUBLE.inf_bits - 1 | DOUBLE.sign_bit, DOUBLE.inf_bits - 1]


def test_small_intervals_are_enumerated() -> None:
    low, high = np.array([-3, 100]), np.array([4, 100 + (1 << 52) - 1])
    points, begin = _spread(np.random.default_rng(0), low, high, 64)
    assert set(points[: begin[1]].tolist()) == set(range(-3, 5))
    wide = points[begin[1] :]
    assert (np.diff(wide) > 0).all()
    assert wide.min() >= low[1]
    assert wide.max() <= high[1]


def test_seeds_at_the_ends_of_the_line_stay_on_it() -> None:
    largest = DOUBLE.inf_bits - 1
    low, high = _around(DOUBLE, [largest, ~largest, 0])
    assert low.min() == ~largest
    assert high.max() == largest
    assert (low <= high).all()


def test_the_c_library_is_measured_only_by_name() -> None:
    assert "libm" not in {task.implementation.backend for task in plan(Request()).tasks}
    assert {task.implementation.backend for task in plan(Request(backends=("libm",))).tasks} == {"libm"}


def test_a_run_of_few_activations_on_its_own_inputs_is_searched() -> None:
    """By default: 2^22 inputs and a short search; inputs that are named, many activations, or 0 mean none."""
    few = plan(Request(("sigmoid",), ("numpy",), ("float64",)))
    assert (few.inputs["float64"].count, few.search) == (1 << 22, LEAST)
    many = plan(Request(EVERYTHING, ("numpy",), ("float64",)))
    assert (many.inputs["float64"].count, many.search) == (1 << 20, 0)
    assert plan(Request(("sigmoid",), ("numpy",), ("float64",), inputs="4096")).search == 0
    assert plan(Request(("sigmoid",), ("numpy",), ("float64",), search=0)).search == 0
    assert plan(Request(("sigmoid",), ("numpy",), ("float32",))).search == 0
