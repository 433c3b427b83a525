"""The catalogue: that its definitions, limits and kinks are the functions people know."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.activations import ORDERS, Activation
from harness.catalogue import activation, names
from harness.exact import Exact

KNOWN: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
}


class Floats:
    """The operations on plain floats."""

    exp = staticmethod(math.exp)

    @staticmethod
    def split(x: float, at: float, left: Callable[[], float], right: Callable[[], float], /) -> float:
        """One piece."""
        return left() if x < at else right()


@pytest.mark.parametrize("name", names())
def test_the_expression_is_the_function(name: str) -> None:
    for x in np.linspace(-30, 30, 121):
        assert activation(name).expression(float(x), Floats()) == pytest.approx(KNOWN[name](x), rel=1e-15, abs=3e-16)


def test_every_activation_is_known_to_these_tests() -> None:
    assert names() == ("sigmoid", "tanh", "relu")
    assert set(names()) == set(KNOWN)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("side", [-1, 1])
def test_the_limits_are_where_the_function_goes(name: str, order: int, side: int) -> None:
    limit = activation(name).limits[order][side > 0]
    far = Exact(name, order).at(side * 1e300)
    if math.isinf(limit):
        assert far.sign == math.copysign(1, limit)
        assert float(far.decimal(20)) > 1e299
    elif limit == 0:
        assert abs(float(far.decimal(20))) < 1e-300
        assert (far.sign or far.zero_sign) == math.copysign(1, limit)
    else:
        assert float(far.decimal(20)) == limit


@pytest.mark.parametrize("name", names())
def test_derivatives_agree_from_both_sides_except_at_kinks(name: str) -> None:
    kinks = activation(name).kinks
    for order in (1, 2):
        exact = Exact(name, order)
        for x in (-1.0, 0.0, 1.0, 3.0):
            assert exact.at(x).is_interval == (x in kinks)
    assert all(Exact(name, 1).at(kink).is_interval for kink in kinks)
    assert not any(Exact(name, 0).at(kink).is_interval for kink in kinks)


def test_activations_are_equal_by_name_and_parameters() -> None:
    assert activation("sigmoid") == activation("sigmoid")
    assert activation("sigmoid") != activation("tanh")
    assert len({activation("relu"), activation("relu")}) == 1
    zero = (0.0, 0.0)
    scaled = [Activation("scaled", lambda x, f: x, (zero, zero, zero), parameters=(("alpha", alpha),)) for alpha in (0.5, 1.0)]
    assert scaled[0] != scaled[1]
    assert str(scaled[0]) == "scaled(alpha=0.5)"
    assert str(activation("relu")) == "relu"


def test_errors_name_the_choices() -> None:
    with pytest.raises(ValueError, match="'sigmid': choose from sigmoid, tanh, relu"):
        activation("sigmid")
    with pytest.raises(ValueError, match="relu has no parameter 'alpha': it has none"):
        activation("relu", alpha=1.0)


def test_looking_at_the_catalogue_loads_no_ball_arithmetic() -> None:
    code = "import sys, harness.activations, harness.formats; sys.exit('flint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
