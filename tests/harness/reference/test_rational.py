"""Definitions of + - * / alone: exact in fractions, and no result beside them is left to ball arithmetic."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from tallies import check

from harness.accuracy.comparison import Comparison
from harness.activations import Activation
from harness.catalogue import activation, names, parse
from harness.formats import FORMATS
from harness.reference import balls, kernels, rational
from harness.reference.exact import Exact

FORM = FORMATS["float32"]
ARITHMETIC = ("relu", "relu6", "leaky_relu", "softsign", "hard_sigmoid", "hard_silu", "hard_tanh", "softshrink", "hardshrink")
HALF = ("elu", "selu", "celu")  # of them the positive side
SEVENTHS = Activation("sevenths", lambda x, f: x * 3 / 7, ((-math.inf, math.inf), (3 / 7, 3 / 7), (0.0, 0.0)))
LINES = [("hard_sigmoid", 0), ("hard_sigmoid", 1), ("hard_silu", 1), ("hard_silu", 2), ("relu6", 1), ("softshrink(lambd=2)", 1)]
POINTS = [0.0, 1.5, -1.5, 2.0**-30, -(2.0**-120), 2.75, -2.999, 3.0, -3.0, 1e30, -1e30]


@pytest.mark.parametrize("name", names())
def test_fractions_lie_within_the_balls(name: str) -> None:
    definition, decided = activation(name), 0
    for x in POINTS if definition.edge is None else POINTS[:2]:
        for side in (-1, 1):
            for order in (0, 1, 2):
                exact = rational.derivative(definition, order, x, side)
                decided += exact is not None
                if exact is not None:
                    ball = balls.derivative(definition, order, x, side, 200)
                    assert ball is not None
                    unit = Fraction(2) ** ball.exponent
                    assert ball.low * unit <= exact <= ball.high * unit
    assert decided == (66 if name in ARITHMETIC else 33 if name in HALF else 0)


def test_enclosures_are_strict_and_as_narrow_as_asked_for() -> None:
    for number in (Fraction(1, 3), Fraction(-1, 3), Fraction(10**40, 7), Fraction(-5, 3 * 2**200), Fraction(1, 7**60)):
        low, high, exponent = rational.enclosure(number, 100)
        unit = Fraction(2) ** exponent
        assert low * unit < number < high * unit
        assert unit <= abs(number) * Fraction(1, 2**98)
    for number in (Fraction(0), Fraction(-3), Fraction(7, 2**150)):
        low, high, exponent = rational.enclosure(number, 100)
        assert low == high
        assert low * Fraction(2) ** exponent == number


def test_a_tie_beside_a_sixth_is_one() -> None:
    """(x + 3) / 6 lies in the middle between two numbers of the format; balls of any precision leave that open."""
    for odd in range(1, 400, 2):
        exact = Exact("hard_sigmoid", 0).at(odd * 6 * 2.0**-25)
        bits = exact.rounded(FORM)
        assert bits % 2 == 0
        for neighbour in (bits, bits + (1 if FORM.value(bits) < 0.5 + odd * 2.0**-25 else -1)):
            assert exact.compare_error(neighbour, FORM, Fraction(1, 2)) == 0
            assert exact.error_ulps(neighbour, FORM) == 0.5


@pytest.mark.parametrize(("definition", "order"), [(SEVENTHS, 0), *((parse(text), order) for text, order in LINES)], ids=str)
def test_the_kernel_of_a_line_is_exact_or_says_the_side(definition: Activation, order: int) -> None:
    kernel = kernels.narrow(definition, order)
    rng = np.random.default_rng(order)
    x = np.concatenate([rng.uniform(-7, 7, 3000), np.exp2(rng.uniform(-40, 2, 1000)) * rng.choice([-1, 1], 1000)])
    x = np.concatenate([x, np.ldexp(rng.integers(1, 1 << 12, 1000), -11) - 1.0]).astype(np.float32)
    x = x[~np.isin(x, [*definition.kinks, 0.0])]
    y = np.empty(x.size)
    kernel.function(x, y)
    marks = np.where(np.isnan(y), 2, y.view(np.int64) & 3)
    assert np.count_nonzero(marks == 2) < 50  # next to a zero, and where a float64 does not hold x + 3
    for at, result, mark in zip(x.tolist(), y.tolist(), marks.tolist(), strict=True):
        truth = rational.derivative(definition, order, at, 1)
        assert truth is not None
        assert mark != 0 or Fraction(result) == truth
        if not math.isnan(result):
            right = FORM.value(Exact(definition, order).at(at).rounded(FORM))
            assert right == FORM.value(int(FORM.round([result])[0]))


@pytest.mark.parametrize("first", [0x3C800000, 0x3F000000, 0x40200000, 0x34000000, 0xBC800000, 0xC0300000, 0x3E4CC800])
@pytest.mark.parametrize(("name", "order"), [("hard_sigmoid", 0), ("hard_silu", 1)])
def test_results_beside_a_line_are_judged_alike_and_balls_are_not_asked(name: str, order: int, first: int) -> None:
    bits = np.arange(first, first + 1024, dtype=np.uint32)
    exact = Exact(name, order)
    right = np.array([exact.at(x).rounded(FORM) for x in FORM.decode(bits).tolist()], np.uint32)
    results = {0: right, 1: right + 1, 2: right - 1, 3: right ^ (bits % 7 == 0)}
    comparison = compared(name, order, bits, results)
    assert comparison._lanes[0]._judgement.cache_info().currsize == 0
    check(comparison, name, order, FORM, bits, results)


def test_the_least_number_beside_almost_nothing_is_wrong_by_hardly_less_than_one_ulp() -> None:
    """softsign'' is about 2^-190 here; a result of 2^-149 is faithful, and the kernel knows."""
    bits = np.arange(1024, dtype=np.uint32) + np.uint32(0xDF900000)
    results = {0: np.full(1024, 1, np.uint32), 1: np.full(1024, 0x80000001, np.uint32), 2: np.zeros(1024, np.uint32)}
    comparison = compared("softsign", 2, bits, results)
    assert comparison._lanes[0]._judgement.cache_info().currsize == 0
    check(comparison, "softsign", 2, FORM, bits, results)


def test_half_of_the_least_number_goes_to_zero() -> None:
    bits = np.arange(0x80000001, 0x80000401, dtype=np.uint32)
    exact = Exact(parse("leaky_relu(alpha=0.5)"), 0)
    right = np.array([exact.at(x).rounded(FORM) for x in FORM.decode(bits).tolist()], np.uint32)
    assert right[0] == 0x80000000
    results = {0: right, 1: right + 1}
    comparison = compared("leaky_relu(alpha=0.5)", 0, bits, results)
    check(comparison, parse("leaky_relu(alpha=0.5)"), 0, FORM, bits, results)
    assert comparison.tally(0).counts["correct"] == 1024


def compared(text: str, order: int, bits: np.ndarray, results: dict[int, np.ndarray]) -> Comparison:
    """A comparison of results on one chunk of inputs."""
    comparison = Comparison(parse(text), order, FORM, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, results, executor)
    return comparison
