"""The catalogue: that its definitions, limits and kinks are the functions people know."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from harness.activations import ORDERS, Activation
from harness.catalogue import activation, names, parse
from harness.reference.exact import Exact


def _clip(x: Any, low: float, high: float) -> Any:
    return min(max(x, mp.mpf(low)), mp.mpf(high))


def _softplus(x: Any) -> Any:
    return mp.log(1 + mp.exp(x))


def _elu(x: Any) -> Any:
    return x if x > 0 else mp.exp(x) - 1


# As papers and frameworks' documents write them, in mpmath, which shares nothing with the reference.
KNOWN: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": mp.tanh,
    "relu": lambda x: max(x, mp.mpf(0)),
    "relu6": lambda x: _clip(x, 0, 6),
    "leaky_relu": lambda x: x if x > 0 else x * mp.mpf(0.01),
    "elu": _elu,
    "selu": lambda x: (
        mp.mpf("1.0507009873554804934193349852946")
        * (x if x > 0 else mp.mpf("1.6732632423543772848170429916717") * (mp.exp(x) - 1))
    ),
    "celu": _elu,
    "softplus": _softplus,
    "logsigmoid": lambda x: -_softplus(-x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "gelu": lambda x: x * mp.ncdf(x),
    "gelu_tanh": lambda x: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: _clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: x * _clip(x + 3, 0, 6) / 6,
    "hard_tanh": lambda x: _clip(x, -1, 1),
    "tanhshrink": lambda x: x - mp.tanh(x),
    "softshrink": lambda x: x - _clip(x, -0.5, 0.5),
    "hardshrink": lambda x: x if abs(x) > 0.5 else mp.mpf(0),
    "squareplus": lambda x: (x + mp.sqrt(x * x + 4)) / 2,
    "exp": mp.exp,
    "expm1": lambda x: mp.exp(x) - 1,
    "log1p": lambda x: mp.log(1 + x),
    "erf": mp.erf,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", names())
def test_the_definition_is_the_function(name: str, order: int) -> None:
    """Value and derivatives against mpmath, which differentiates numerically with 200 digits."""
    exact, definition = Exact(name, order), activation(name)
    with mp.workdps(200):
        for x in (*np.linspace(-7.7, 7.7, 24), -30.25, 30.25, -0.001, 0.001):
            if definition.edge and x <= definition.edge.at:
                continue
            point = mp.mpf(float(x))
            known = mp.diff(KNOWN[name], point, order, h=mp.mpf(10) ** -50, method="step") if order else KNOWN[name](point)
            assert abs(mp.mpf(exact.at(float(x)).decimal(40)) - known) <= mp.mpf(10) ** -30 * (abs(known) + mp.mpf(10) ** -10)


@pytest.mark.parametrize("name", ["hardshrink", "softshrink", "hard_sigmoid", "relu6"])
def test_values_at_the_kinks(name: str) -> None:
    for kink in activation(name).kinks:
        assert float(Exact(name, 0).at(kink).decimal(20)) == float(KNOWN[name](mp.mpf(kink)))


def test_every_activation_is_known_to_these_tests() -> None:
    assert names() == tuple(KNOWN)


def test_below_the_domain_there_is_no_result_and_at_its_end_a_limit() -> None:
    for order, limit in enumerate((-math.inf, math.inf, -math.inf)):
        exact = Exact("log1p", order)
        assert exact.at(-1.5).is_nan
        assert exact.at(-math.inf).is_nan
        assert exact.at(-1.0).is_infinite
        assert exact.at(-1.0).sign == math.copysign(1, limit)


def test_parameters() -> None:
    assert parse("softplus(beta=2)") == activation("softplus", beta=2.0)
    assert str(parse("softplus( beta = 2 )")) == "softplus(beta=2.0)"
    assert parse("sigmoid") == parse("sigmoid()") == activation("sigmoid")
    assert Exact(parse("softplus(beta=2)"), 0).at(0.0).decimal(12) == "0.346573590280"  # ln(2) / 2
    assert Exact(parse("leaky_relu(alpha=0.25)"), 0).at(-3.0).decimal(5) == "-0.75"
    for text, problem in {
        "softplus(beta=2": "give NAME or NAME",
        "softplus(beta=two)": "'beta=two' is not parameter=value",
        "softplus(2)": "'2' is not parameter=value",
        "softplus(gamma=2)": "has no parameter 'gamma': it has beta",
        "softplus(beta=0)": "parameter beta = 0.0 is not positive",
        "softplus(beta=inf)": "not a finite number",
    }.items():
        with pytest.raises(ValueError, match=re.escape(problem)):
            parse(text)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("side", [-1, 1])
def test_the_limits_are_where_the_function_goes(name: str, order: int, side: int) -> None:
    limit = activation(name).limits[order][side > 0]
    far = Exact(name, order).at(side * 1e300)
    if math.isnan(limit):
        assert far.is_nan
    elif math.isinf(limit):
        assert far.sign == math.copysign(1, limit)
        assert abs(float(far.decimal(20))) > {"leaky_relu": 1e297, "log1p": 690}.get(name, 1e299)
    elif limit == 0:
        assert abs(float(far.decimal(20))) < (1e-299 if name in ("log1p", "squareplus") else 1e-300)
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
    with pytest.raises(ValueError, match="'sigmid': choose from sigmoid, tanh, relu, relu6"):
        activation("sigmid")
    with pytest.raises(ValueError, match="relu has no parameter 'alpha': it has none"):
        activation("relu", alpha=1.0)


def test_looking_at_the_catalogue_loads_no_ball_arithmetic() -> None:
    code = "import sys, harness.activations, harness.formats; sys.exit('flint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
