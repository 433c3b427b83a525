"""Chases, on errors made of waves whose worst inputs are known, and on the C library."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from collections.abc import Callable, Generator

import numpy as np
import pytest

from harness.accuracy.chase import _DISTANCES, Errors, Ordered, chase, distances, learn
from harness.formats import FORMATS

DOUBLE = FORMATS["float64"]
BLOCK = 1 << 10
MIDDLE = 4600000000000000000
WAVES = ((0.5, math.sqrt(2)), (0.3, math.sqrt(5)), (0.15, math.sqrt(11)), (0.1, math.sqrt(17)), (0.05, math.sqrt(23)))


def roundings(points: Ordered) -> Errors:
    """Sawtooth waves with frequencies that have nothing to do with each other; no error reaches 1.1."""
    places = (points - MIDDLE).astype(np.float64)
    return sum(((places * frequency) % 1.0 * 2.0 - 1.0) * size for size, frequency in WAVES)  # type: ignore[return-value]


def end(steps: Generator[Ordered, Errors, object], errors: Callable[[Ordered], Errors]) -> tuple[object, Ordered]:
    """What a generator returns, and what it has tried."""
    tried = [next(steps)]
    while True:
        try:
            tried.append(steps.send(errors(tried[-1])))
        except StopIteration as done:
            return done.value, np.concatenate(tried)


def test_distances_after_which_errors_repeat() -> None:
    places = np.arange(37 * 110)
    found = distances(np.sin(places * 2 * math.pi / 37)).tolist()
    assert set(found[:8]) <= {sign * 37 * times for times in range(1, 28) for sign in (-1, 1)}
    assert sorted(found[::2]) == sorted(-distance for distance in found[1::2])
    assert len(set(found)) == len(found)


def test_the_best_distances_come_first() -> None:
    points = MIDDLE + np.arange(1 << 16)
    errors = roundings(points)
    found = distances(errors)
    assert found.size == 2 * _DISTANCES
    change = [float(np.std(roundings(points + step) - errors)) for step in (*found[:8], *found[-8:])]
    assert max(change[:8]) < min(change[8:])
    assert max(change[:8]) < 0.8 * float(np.std(errors[1:] - errors[:-1]))


def test_a_chase_finds_worse_than_as_many_random_inputs() -> None:
    """Each of six does, and all together worse than four times as many."""
    found, more = [], []
    for seed in range(6):
        middle, rng = MIDDLE + seed * 10**10, np.random.default_rng(seed)
        run, _ = end(learn(middle, DOUBLE, 4 * BLOCK), roundings)
        (worst, place), tried = end(chase(rng, *run, DOUBLE, 4 * BLOCK), roundings)  # type: ignore[misc]
        assert abs(roundings(np.array([place]))[0]) == worst
        assert place in tried or place in run[0]
        random = np.abs(roundings(middle + rng.integers(-(1 << 30), 1 << 30, 4 * tried.size)))
        assert worst > np.max(random[: tried.size])
        found.append(worst)
        more.append(np.max(random))
    assert np.mean(found) > np.mean(more) + 0.005


@pytest.mark.parametrize("middle", [0, DOUBLE.inf_bits - 1, -DOUBLE.inf_bits, DOUBLE.inf_bits + 10**12])
@pytest.mark.parametrize("size", [0.0, 1.0, 1e300])
def test_anywhere_and_with_any_errors_inputs_are_finite_and_blocks_are_full(middle: int, size: float) -> None:
    def errors(points: Ordered) -> Errors:
        assert points.size == BLOCK
        assert points.min() >= ~(DOUBLE.inf_bits - 1)
        assert points.max() <= DOUBLE.inf_bits - 1
        return np.where(points % 7 == 0, size, 0.0)

    run, _ = end(learn(middle, DOUBLE, BLOCK), errors)
    (worst, _), _ = end(chase(np.random.default_rng(0), *run, DOUBLE, BLOCK), errors)  # type: ignore[misc]
    assert worst == size


def test_real_roundings_repeat() -> None:
    """expm1 of the C library: at the ten best distances errors are more alike than half, at others not."""
    library = ctypes.CDLL(ctypes.util.find_library("m")).expm1
    library.argtypes, library.restype = [ctypes.c_double], ctypes.c_double
    x = 0.34664 + np.arange(1 << 15) * math.ulp(0.34664)
    exact = np.expm1(x.astype(np.longdouble))
    errors = np.array([float((got - truth) / math.ulp(0.4)) for got, truth in zip(map(library, x.tolist()), exact, strict=True)])
    for distance in distances(errors)[:20:2].tolist():
        assert np.corrcoef(errors[distance:], errors[:-distance])[0, 1] > 0.5
    assert abs(np.corrcoef(errors[5:], errors[:-5])[0, 1]) < 0.5
