"""The fast kernels against ball arithmetic: bounds, and the promise of one-sided results."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from harness import kernels
from harness.activations import activation, names
from harness.exact import Exact
from harness.formats import FORMATS

CASES = [(name, order) for name in names() for order in (0, 1, 2)]
NEGLIGIBLE = 2.0**-200


def points(rng: np.random.Generator, least: float, largest: float, count: int) -> np.ndarray:
    """Inputs over all magnitudes, densely where the functions bend, and at the kernels' own thresholds."""
    spread = np.exp2(rng.uniform(math.log2(least), math.log2(largest), count)) * rng.choice([-1, 1], count)
    bends = rng.uniform(-45, 45, count)
    edges = [
        edge * factor for edge in (2.0**-13, 2.0**-40, 40.0, 20.0, 160.0, 104.0) for factor in (1 - 2.0**-20, 1, 1 + 2.0**-20)
    ]
    # Short numbers: their results, in the first terms of a series, are ties or close to one.
    short = np.ldexp(rng.integers(1, 16, count), rng.integers(round(math.log2(least)), 3, count))
    return np.concatenate([spread, bends, edges, np.negative(edges), short * rng.choice([-1, 1], count)])


def enclosure(exact: Exact, x: float, bits: int) -> Fraction:
    """The exact result to 200 bits, as a fraction."""
    return Fraction(exact.at(x).decimal(bits * 30103 // 100000 + 2))


@pytest.mark.parametrize(("name", "order"), CASES)
def test_narrow_kernel_keeps_its_contract(name: str, order: int) -> None:
    kernel = kernels.narrow(activation(name), order)
    exact = Exact(name, order)
    x = points(np.random.default_rng(order), 2.0**-60, 150.0, 400).astype(np.float32)
    y = np.empty(x.size)
    kernel.function(x, y)
    one_sided = 0
    for value, result in zip(x.tolist(), y.tolist(), strict=True):
        truth = enclosure(exact, value, 700)
        if abs(truth) < NEGLIGIBLE:
            assert abs(result) < NEGLIGIBLE
            assert (result < 0) == (truth < 0)
            continue
        mark = int(np.float64(result).view(np.int64)) & 3
        if mark == 0:
            assert Fraction(result) == truth
        elif mark != 2:
            one_sided += 1
            lattice = Fraction(2) ** (math.frexp(result)[1] - 25)  # numbers of 25 bits around the result
            assert math.floor(Fraction(result) / lattice) == math.floor(truth / lattice), value
            assert Fraction(result) % lattice != 0
        else:
            assert abs(Fraction(result) - truth) <= Fraction(kernel.bound) * abs(truth), value
    assert one_sided > 100 or name == "relu"


@pytest.mark.parametrize(("name", "order"), CASES)
def test_wide_kernel_keeps_its_bound_and_the_sign_of_lo(name: str, order: int) -> None:
    kernel = kernels.wide(activation(name), order)
    exact = Exact(name, order)
    x = points(np.random.default_rng(order), 2.0**-100, 700.0, 300)
    hi, lo, scale = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    kernel.function(x, hi, lo, scale)
    for value, *parts in zip(x.tolist(), hi.tolist(), lo.tolist(), scale.tolist(), strict=True):
        high, low, factor = (Fraction(part) for part in parts)
        truth = enclosure(exact, value, 2300)
        if abs(truth) < Fraction(1, 2**1300):
            assert abs(high / factor) < Fraction(1, 2**1200)
            assert (high < 0) == (truth < 0)
            continue
        assert abs((high + low) / factor - truth) <= Fraction(kernel.bound) * abs(truth), value
        rest = truth * factor - high
        assert (rest > 0) == (low > 0), value
        assert (rest < 0) == (low < 0), value


@pytest.mark.parametrize(("name", "order"), CASES)
def test_kernels_leave_conventions_to_the_exact_reference(name: str, order: int) -> None:
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan])
    y, lo, scale = np.zeros(5), np.zeros(5), np.zeros(5)
    kernels.narrow(activation(name), order).function(x.astype(np.float32), y)
    assert np.isnan(y[:4]).all()
    kernels.wide(activation(name), order).function(x, y, lo, scale)
    assert np.isnan(y[:4]).all()


@pytest.mark.slow
@pytest.mark.parametrize("format_name", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "order"), CASES)
def test_correct_rounding_of_every_input_of_16_bits(name: str, order: int, format_name: str) -> None:
    form = FORMATS[format_name]
    bits = np.arange(1 << 16, dtype=np.uint16)
    x = form.decode(bits)
    y = np.empty(x.size)
    kernels.narrow(activation(name), order).function(x.astype(np.float32), y)
    rounded = form.round(y)
    exact = Exact(name, order)
    asked = np.flatnonzero(np.isfinite(y))
    assert asked.size > 60_000 - 2 * 2048
    wrong = [hex(i) for i in asked.tolist() if exact.at(float(x[i])).rounded(form) != rounded[i]]
    assert wrong == []
