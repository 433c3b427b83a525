"""The statistics on traces whose truth is known: independent, autocorrelated, bimodal, drifting."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from harness.speed.statistics import (
    ALPHAS,
    MARGIN,
    PAIRS,
    Comparison,
    Interval,
    alpha,
    compare,
    drift,
    holm,
    interval,
    looks,
    pair_ratio,
    sign_test,
)

Noise = Callable[[np.random.Generator, int], np.ndarray]
SWEEPS, BLOCKS, SPREAD = 6, 3, 0.05  # of a pair; of a visit; standard deviation of the log of one block's time


def independent(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(0, SPREAD, count)


def autocorrelated(rng: np.random.Generator, count: int) -> np.ndarray:
    """Neighbouring blocks see nearly the same machine."""
    noise = rng.normal(0, SPREAD, count)
    for index in range(1, count):
        noise[index] = 0.97 * noise[index - 1] + math.sqrt(1 - 0.97**2) * noise[index]
    return noise


def bimodal(rng: np.random.Generator, count: int) -> np.ndarray:
    """A third of the blocks take half as long again."""
    return rng.normal(0, SPREAD / 2, count) + np.log(1.5) * (rng.random(count) < 1 / 3)


def moody(rng: np.random.Generator, count: int) -> np.ndarray:
    """The machine is slow for some time, then fast for some time."""
    mode = (np.cumsum(rng.random(count) < 0.01) + rng.integers(2)) % 2
    return rng.normal(0, SPREAD / 2, count) + np.log(1.3) * mode


def drifting(rng: np.random.Generator, count: int) -> np.ndarray:
    """Everything becomes slower all the time."""
    return rng.normal(0, SPREAD / 4, count) + np.linspace(0, rng.uniform(0, 3), count)


TRACES = [independent, autocorrelated, bimodal, moody, drifting]


def report(rng: np.random.Generator, noise: Noise, ratio: float, pairs: int = PAIRS, own: float = 0.01) -> list[float]:
    """The log-ratios of one row: visits in the order A B B A or B A A B, and a part of a process's speed that is its own."""
    blocks = noise(rng, pairs * SWEEPS * 4 * BLOCKS).reshape(pairs, SWEEPS, 2, 2, BLOCKS)
    machine = np.median(blocks, axis=-1)  # a visit's time is the median of its blocks
    times = np.empty((pairs, SWEEPS, 2, 2))
    for pair in range(pairs):
        for sweep in range(SWEEPS):
            order = rng.permutation(2)
            times[pair, sweep, 0, order] = machine[pair, sweep, 0]
            times[pair, sweep, 1, order[::-1]] = machine[pair, sweep, 1]
        times[pair] += rng.normal(0, own, 2)
    times[..., 1] += math.log(ratio)
    return [pair_ratio(np.exp(each)) for each in times]


@pytest.mark.parametrize("noise", TRACES)
def test_equal_speeds_are_hardly_ever_told_apart(noise: Noise) -> None:
    rng = np.random.default_rng(1)
    verdicts = [compare([report(rng, noise, 1.0)])[0].verdict for _ in range(1500)]
    alarms = sum(verdict in ("faster", "slower") for verdict in verdicts)
    assert alarms <= 0.01 * len(verdicts) + 3 * math.sqrt(0.01 * len(verdicts))


@pytest.mark.parametrize("noise", TRACES)
@pytest.mark.parametrize(("ratio", "least"), [(1.05, 0.70), (1.10, 0.95), (0.9, 0.95)])
def test_injected_differences_are_found_and_covered(noise: Noise, ratio: float, least: float) -> None:
    rng = np.random.default_rng(2)
    found = [compare([report(rng, noise, ratio)])[0] for _ in range(400)]
    right = "slower" if ratio > 1 else "faster"
    wrong = sum(each.verdict not in (right, "ambiguous") for each in found)
    assert wrong <= 0.01 * len(found)
    assert sum(each.verdict == right for each in found) >= least * len(found)
    assert sum(each.ratio.low <= ratio <= each.ratio.high for each in found) >= 0.97 * len(found)


def test_noise_makes_a_verdict_ambiguous_not_wrong() -> None:
    rng = np.random.default_rng(3)
    verdicts = [compare([report(rng, independent, 1.10, own=0.3)])[0].verdict for _ in range(300)]
    assert verdicts.count("ambiguous") > 200
    assert verdicts.count("same") + verdicts.count("faster") <= 3


@pytest.mark.parametrize("pairs", [8, 15, 16, 30, 60])
def test_interval_misses_the_median_as_rarely_as_it_says(pairs: int) -> None:
    rng = np.random.default_rng(4)
    values = rng.exponential(size=(20_000, pairs))  # skewed: nothing is assumed of the distribution
    for chance in (0.1, 0.008):
        found = [interval(row, chance) for row in values]
        misses = sum(not each.low <= math.log(2) <= each.high for each in found) / len(found)
        assert misses <= chance + 3 * math.sqrt(chance / len(found))
        assert misses > chance / 8  # and it is no wider than it must be


def test_interval_is_made_of_the_right_order_statistics() -> None:
    assert interval(range(15), 0.008) == Interval(2, 7, 12)  # 2 (1 + 15 + 105) / 2^15 = 0.0074
    assert interval(range(8), 0.008) == Interval(0, 3.5, 7)  # 2 / 2^8 = 0.0078
    assert interval(range(7), 0.008) == Interval(-math.inf, 3, math.inf)  # 2 / 2^7 = 0.016
    assert math.isnan(interval([], 0.008).median)


def test_sign_test() -> None:
    assert sign_test([1] * 15) == 2 / 2**15
    assert sign_test([-1] + [1] * 14) == 2 * 16 / 2**15
    assert sign_test([1, -1]) == sign_test([]) == 1
    assert sign_test([0, 0, 0, 1, 1, 1]) == sign_test([1, 1, 1]) == 0.25


def test_looking_again_keeps_the_chance_of_a_miss() -> None:
    """Whoever stops at the first look whose interval excludes the truth, if there is one, still misses in 1 % at most."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(10_000, looks(1)[-1]))
    missed = 0
    for row in values:
        found = [interval(row[:pairs], chance) for pairs, chance in zip(looks(1), ALPHAS, strict=True)]
        missed += any(not each.low <= 0 <= each.high for each in found)
    assert math.isclose(sum(ALPHAS), 0.01)
    assert missed / len(values) <= 0.01 + 3 * math.sqrt(0.01 / len(values))
    spent = [alpha(1, pairs) for pairs in (1, 15, 16, 30, 31, 60, 99)]
    assert spent == [ALPHAS[0], ALPHAS[0], ALPHAS[1], ALPHAS[1], *[ALPHAS[2]] * 3]


def test_holm_by_the_book() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([0.04, 0.03], 0.05) == [False, False]
    assert holm([0.04], 0.05) == [True]
    assert holm([], 0.05) == []


def test_a_report_of_many_rows_raises_no_more_false_alarms_than_one_of_one() -> None:
    rng = np.random.default_rng(6)
    alarmed = 0
    for _ in range(300):
        rows = rng.normal(0, 0.05, (60, looks(60)[0])).tolist()
        alarmed += any(each.verdict in ("faster", "slower") for each in compare(rows))
    assert alarmed <= 8  # 1 % of 300, and chance


@pytest.mark.parametrize("rows", [1, 60, 500, 5000])
def test_clear_differences_survive_among_many_rows(rows: int) -> None:
    values = [[0.3] * looks(rows)[0]] * rows
    assert {each.verdict for each in compare(values)} == {"slower"}
    assert looks(rows)[0] >= PAIRS


def test_same_is_said_only_within_the_margin() -> None:
    near, far = math.log(MARGIN) * 0.9, math.log(MARGIN) * 1.1
    assert compare([[-near, near] * 8])[0].verdict == "same"
    assert compare([[-far, far] * 8])[0].verdict == "ambiguous"
    assert compare([[0.0] * 5])[0].verdict == "ambiguous"  # too few for an interval


def test_differences_below_the_resolution_are_none() -> None:
    assert compare([[math.log(1.009)] * 15])[0].verdict == "same"
    assert compare([[-math.log(1.009)] * 15])[0].verdict == "same"
    assert compare([[math.log(1.012)] * 15])[0].verdict == "slower"
    assert compare([[-math.log(1.012)] * 15])[0].verdict == "faster"


def test_a_pair_takes_out_linear_drift_and_single_disturbances() -> None:
    times = np.exp(np.array([[[t, t + 1], [t + 3, t + 2]] for t in range(0, 20, 4)]))  # A B B A, ever slower
    assert pair_ratio(times) == pytest.approx(0)
    times[2, 0, 1] *= 50
    times[..., 1] *= 1.1
    assert pair_ratio(times) == pytest.approx(math.log(1.1))


def test_a_common_direction_is_said() -> None:
    lean = [Comparison(Interval(0.98, ratio, 1.04), "same") for ratio in np.linspace(1.001, 1.03, 12)]
    assert drift(lean) == pytest.approx(1.0155, abs=1e-3)
    assert drift(lean[:5]) is None  # may be chance
    both = [Comparison(each.ratio if index % 2 else Interval(0.9, 0.99, 1.1), "same") for index, each in enumerate(lean)]
    assert drift(both) is None
    assert drift([Comparison(each.ratio, "slower") for each in lean]) is None  # that is what the rows say themselves
