"""Errors of inputs that lie close together: against the double-double reference and ball arithmetic."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from harness.accuracy.nearby import errors_nearby
from harness.accuracy.refine import Errors64
from harness.catalogue import activation
from harness.formats import FORMATS
from harness.reference import kernels
from harness.reference.exact import Exact

DOUBLE = FORMATS["float64"]


def around(x: float, half: int, count: int = 4096) -> np.ndarray:
    middle = int(DOUBLE.to_ordered(np.array([x]).view(np.uint64))[0])
    places = np.random.default_rng(half).integers(middle - half, middle + half, count, endpoint=True)
    return DOUBLE.from_ordered(np.r_[middle - half, places, middle + half])


def rounded(name: str, order: int, bits: np.ndarray) -> np.ndarray:
    """Results some ulps from right, by the double-double reference."""
    hi, lo, doubt, scale = (np.empty(bits.size) for _ in range(4))
    kernels.wide(activation(name), order).function(bits.view(np.float64), hi, lo, doubt, scale)
    return (hi / scale).view(np.uint64) + np.arange(bits.size, dtype=np.uint64) % 4


@pytest.mark.parametrize("half", [100, 1 << 16, 1 << 31, 1 << 35])
@pytest.mark.parametrize(
    ("name", "order", "x"),
    [("expm1", 0, 0.3467), ("log1p", 0, -0.293), ("exp", 0, -686.5), ("silu", 1, 1.7), ("gelu", 2, -0.9), ("tanh", 0, 1.1)],
)
def test_the_cubic_tells_the_same_errors(name: str, order: int, x: float, half: int) -> None:
    bits = around(x, min(half, 1 << 20) if name == "exp" else half)
    results = rounded(name, order, bits)
    reference = kernels.wide(activation(name), order).function
    errors = errors_nearby(reference, bits.view(np.float64), results.view(np.float64))
    assert errors is not None
    exact = Exact(name, order)
    for place in range(0, bits.size, 128):
        truth = exact.at(DOUBLE.value(int(bits[place])))
        assert abs(errors[place]) == pytest.approx(truth.error_ulps(int(results[place]), DOUBLE), abs=2**-12)
    assert (np.abs(errors) > 2).any()
    assert (np.abs(errors) < 0.5).any()


@pytest.mark.parametrize(
    ("name", "order", "x", "half"),
    [
        ("expm1", 0, 0.5, 100),  # inputs of two binades
        ("exp", 0, math.log(2), 1 << 20),  # results of two binades
        ("exp", 0, -686.5, 1 << 34),  # it bends too much
        ("exp", 0, -709.0, 100),  # results that are subnormal
        ("expm1", 0, 1.0e-320, 100),
        ("expm1", 0, 0.7, 1 << 45),  # too far apart
        ("tanh", 1, 0.3, 1 << 46),
        ("exp", 0, 709.7827, 1 << 30),  # results that overflow
        ("silu", 1, -1.2784645427610738, 1 << 20),  # a zero of the derivative
        ("elu", 2, 0.0, 100),  # a kink
    ],
)
def test_where_there_is_no_cubic_it_says_so(name: str, order: int, x: float, half: int) -> None:
    bits = around(x, half)
    reference = kernels.wide(activation(name), order).function
    assert errors_nearby(reference, bits.view(np.float64), bits.view(np.float64)) is None


def test_results_that_are_no_numbers_have_no_error_and_wrong_ones_a_large_one() -> None:
    bits = around(0.3467, 1000, 6)
    results = np.array([0.0, -0.4, math.inf, -math.inf, math.nan, 1e290, 0.5, 0.5])
    errors = errors_nearby(kernels.wide(activation("expm1"), 0).function, bits.view(np.float64), results)
    assert errors is not None
    assert errors[2:5].tolist() == [0.0, 0.0, 0.0]
    assert errors[0] == pytest.approx(-0.41439 / math.ulp(0.41439), rel=1e-4)
    assert errors[1] < errors[0]
    assert errors[5] == pytest.approx(1e290 / math.ulp(0.41439))


def test_the_gauge_takes_the_cubic_where_it_can() -> None:
    """The same inputs among others that lie far away are judged by the double-double reference: the same errors."""
    bits = around(0.3467, 1 << 20)
    gauge, results = Errors64(activation("expm1"), 0), rounded("expm1", 0, bits)
    far = np.array([2.0, -1.0]).view(np.uint64)
    with ThreadPoolExecutor(1) as executor:
        close = gauge(bits, results, executor)
        apart = gauge(np.r_[bits, far], np.r_[results, far], executor)
    assert close == pytest.approx(apart[:-2], abs=2**-20)
    assert not np.array_equal(close, apart[:-2])
