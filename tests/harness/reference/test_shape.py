"""The shape of the functions against what is known of them in closed form."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from harness.catalogue import activation, names
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.reference.number import Number
from harness.reference.shape import shape, span


@pytest.mark.parametrize(
    ("name", "order", "turns"),
    [
        ("sigmoid", 0, []),
        ("sigmoid", 1, [0.0]),
        ("sigmoid", 2, [-math.log(2 + math.sqrt(3)), math.log(2 + math.sqrt(3))]),
        ("tanh", 2, [-math.atanh(1 / math.sqrt(3)), math.atanh(1 / math.sqrt(3))]),
        ("gelu", 1, [-math.sqrt(2), math.sqrt(2)]),
        ("gelu", 2, [-2.0, 0.0, 2.0]),
        ("erf", 2, [-math.sqrt(0.5), math.sqrt(0.5)]),
        ("hard_silu", 0, [-3.0, -1.5, 3.0]),
        ("relu6", 0, [0.0, 6.0]),
        ("exp", 2, []),
    ],
)
def test_where_functions_turn(name: str, order: int, turns: list[float]) -> None:
    found = shape(activation(name), order).pieces
    assert [piece.high for piece in found[:-1]] == pytest.approx(turns, rel=1e-15)
    assert all(piece.high <= after.low <= math.nextafter(piece.high, math.inf) for piece, after in pairwise(found))
    assert (found[0].low, found[-1].high) == (-math.inf, math.inf)


def test_slopes_are_those_of_a_rising_falling_or_flat_function() -> None:
    assert [piece.slope for piece in shape(activation("hard_silu"), 0).pieces] == [0, -1, 1, 1]
    assert [piece.slope for piece in shape(activation("sigmoid"), 1).pieces] == [1, -1]
    assert shape(activation("log1p"), 0).pieces[0].low == -1.0


@pytest.mark.parametrize(
    ("name", "order", "symmetry"),
    [
        ("sigmoid", 0, "f(x) + f(-x) = 1"),
        ("sigmoid", 1, "f(-x) = f(x)"),
        ("sigmoid", 2, "f(-x) = -f(x)"),
        ("silu", 0, "f(x) - f(-x) = x"),
        ("softplus", 0, "f(x) - f(-x) = x"),
        ("gelu", 1, "f(x) + f(-x) = 1"),
        ("relu6", 0, "None"),
        ("mish", 0, "None"),
        ("elu", 1, "None"),
        ("log1p", 0, "None"),
    ],
)
def test_symmetries(name: str, order: int, symmetry: str) -> None:
    assert str(shape(activation(name), order).symmetry) == symmetry


def test_symmetries_of_steep_functions() -> None:
    """Values like e^(-10^39) are no numbers that anybody could write down."""
    assert str(shape(activation("softplus", beta=1e38), 1).symmetry) == "f(x) + f(-x) = 1"
    assert str(shape(activation("softplus", beta=1e38), 2).symmetry) == "f(-x) = f(x)"


def test_range_is_rounded_into_the_format() -> None:
    assert span(activation("gelu"), 0, FORMATS["float32"]) == (pytest.approx(-0.16997121, abs=1e-8), math.inf)
    assert span(activation("relu"), 1, FORMATS["float16"]) == (0.0, 1.0)
    assert span(activation("celu", alpha=0.1), 1, FORMATS["float16"]) == (0.0, 1.0)
    assert span(activation("log1p"), 0, FORMATS["float16"]) == (-math.inf, math.inf)


@pytest.mark.parametrize("name", names())
def test_exact_results_rise_and_fall_as_the_pieces_say(name: str) -> None:
    """At points that the search for turns did not look at."""
    draw = np.random.default_rng(7)
    for order in (0, 1, 2):
        definition = activation(name)
        exact = Exact(definition, order)
        pieces = shape(definition, order).pieces
        assert (pieces[0].low, pieces[-1].high) == (-1.0 if name == "log1p" else -math.inf, math.inf)
        for piece in pieces:
            low, high = max(piece.low, -30.0), min(piece.high, 30.0)
            points = [x for x in sorted(draw.uniform(low, high, 12)) if piece.low < x < piece.high]
            numbers = [exact.at(float(x)) for x in points]
            for before, after in pairwise(numbers):
                assert isinstance(before, Number)
                assert isinstance(after, Number)
                assert after.exceeds(before) - before.exceeds(after) == piece.slope
