"""Parameters at the ends of what is allowed: the definitions there, and that what nobody can wait for is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from test_kernels import check_wide

from harness.activations import ORDERS
from harness.catalogue import activation, parse
from harness.formats import FORMATS
from harness.reference import kernels, rational
from harness.reference.exact import Exact
from harness.reference.own import definitions
from harness.reference.shape import shape

SHRUNK = ("softshrink(lambd=0)", "hardshrink(lambd=0)")


@pytest.mark.parametrize("text", SHRUNK)
def test_what_shrinks_by_nothing_is_its_argument(text: str) -> None:
    definition, numbers = parse(text), (-3.0, -(2.0**-1074), 2.0**-149, 0.1, 2.0**1000)
    for order, expected in enumerate((numbers, (1.0,) * 5, (0.0,) * 5)):
        exact = [Exact(definition, order).at(x) for x in numbers]
        assert [FORMATS["float64"].value(each.rounded(FORMATS["float64"])) for each in exact] == list(expected)
    at_zero = Exact(definition, 1).at(0.0)
    assert (at_zero.is_interval, at_zero.decimal(3)) == (True, "[0, 1]")
    assert (Exact(definition, 0).at(-0.0).zero_sign, Exact(definition, 0).at(0.0).zero_sign) == (-1, 1)
    assert Exact(definition, 2).at(0.0).decimal(3) == "0"
    for at, limits in ((-math.inf, ("-inf", "1", "0")), (math.inf, ("inf", "1", "0"))):
        assert tuple(Exact(definition, order).at(at).decimal(3) for order in ORDERS) == limits


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", SHRUNK)
def test_kernels_of_what_shrinks_by_nothing(text: str, order: int) -> None:
    definition = parse(text)
    numbers = np.ldexp(np.array([-1.0, 1.0, 1.2999999523162842]), np.arange(-149, 127)[:, None]).ravel()
    check_wide(definition, order, np.concatenate([numbers, [2.0**-1074, -1.7e308]]))
    y = np.empty(numbers.size)
    kernels.narrow(definition, order).function(numbers.astype(np.float32), y)
    assert (y == (numbers.astype(np.float32), 1.0, 0.0)[order]).all()


@pytest.mark.parametrize("text", SHRUNK)
def test_the_graph_of_what_shrinks_by_nothing(text: str) -> None:
    assert [(piece.low, piece.high, piece.slope) for piece in shape(parse(text), 0).pieces] == [
        (-math.inf, 0, 1),
        (0, math.inf, 1),
    ]
    assert str(shape(parse(text), 0).symmetry) == "f(-x) = -f(x)"


@pytest.mark.parametrize("name", ["softshrink", "hardshrink"])
def test_negative_shrinking_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: parameter lambd = -1.0 is negative"):
        activation(name, lambd=-1.0)
    assert activation(name, lambd=2.0**-126).kinks == (-(2.0**-126), 2.0**-126)  # float16 and bfloat16 cannot hold all of these


def test_what_has_no_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def endless(x, f):\n    while True:\n        x = x * 1.5\n")
    with pytest.raises(ValueError, match=r"endless is not an expression .*more than 1000 operations"):
        definitions(str(file))["endless"]()


def test_a_power_too_high_for_fractions_is_left_to_balls(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def power(x, f):\n    for _ in range(20):\n        x = x * x\n    return x\n")
    definition = definitions(str(file))["power"]()
    assert rational.series(definition, 2.0**600 + 2.0**548, 1, 3) is None
    assert FORMATS["float64"].value(Exact(definition, 0).at(1.5).rounded(FORMATS["float64"])) == math.inf


def test_numbers_beyond_float64_are_no_leading_term(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def steep(x, f):\n    return 1e300 * x * 1e300\n")
    y = np.empty(2)
    kernels.narrow(definitions(str(file))["steep"](), 0).function(np.array([1.0, -2.0], np.float32), y)
    assert (np.abs(y) > 2.0**200).all()
    assert (np.sign(y) == [1, -1]).all()
