"""The gradient through chains of layers, against another arithmetic and against correct rounding."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from harness.catalogue import activation
from harness.formats import number_format
from harness.reference.chain import ExactChain
from harness.training.chain import ACTIVATIONS, START, Chains, compute
from reports.chains import chains, table
from reports.words import undone

LAYERS = 80


@pytest.fixture(scope="module")
def frame():
    return compute(Chains(formats=("float16", "bfloat16", "float32"), backends=("numpy", "torch"), layers=LAYERS))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_exact_gradient_is_that_of_another_arithmetic(name: str) -> None:
    found = ExactChain(activation(name), START, 1000).decimals(25)
    with mpmath.workdps(60):
        functions = {"sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "tanh": mpmath.tanh, "relu": lambda x: x}
        slopes = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y, "relu": lambda y: 1}
        h, product = mpmath.mpf(START), mpmath.mpf(1)
        for text in found:
            h = functions[name](h)
            product *= slopes[name](h)
            assert abs(mpmath.mpf(text) / product - 1) < 1e-24


def test_errors_are_relative_to_the_exact_gradient(frame) -> None:
    for (name, form), part in frame[frame.status == "ok"].groupby(["activation", "format"]):
        part = part[part.backend == "torch"]
        exact = np.array([mpmath.mpf(text) for text in part.exact])
        off = np.array([float(abs(value / right - 1)) for value, right in zip(part.gradient.tolist(), exact, strict=True)])
        np.testing.assert_allclose(part.relative_error.to_numpy(float), off, rtol=1e-6, atol=1e-24, err_msg=f"{name} {form}")


def test_every_layer_contributes_its_own_slope(frame) -> None:
    """As long as no product is subnormal each layer adds a few roundings, and nothing else."""
    few = frame[(frame.status == "ok") & (frame.layers <= 4)]
    assert len(few) == 4 * 3 * 5  # layers, activations; NumPy has no bfloat16
    for form, part in few.groupby("format"):
        assert (part.relative_error < 8 * part.layers * 2.0 ** -number_format(form).precision).all(), form


def test_sigmoid_dies_where_the_format_ends_and_relu_never(frame) -> None:
    for form, least in (("float16", 11), ("bfloat16", 55), ("float32", 60)):
        sigmoid = frame[(frame.activation == "sigmoid") & (frame.format == form) & (frame.backend == "torch")]
        dead = sigmoid[sigmoid.gradient == 0]
        assert dead.layers.min() > least
        assert dead.layers.tolist() == list(range(dead.layers.min(), LAYERS + 1)), "what is 0 stays 0"
        assert dead.relative_error.eq(1).all()
        edge = number_format(form).min_subnormal
        assert mpmath.mpf(sigmoid.exact.iloc[dead.layers.min() - 1]) < edge, "not before the format ends"
        assert frame[(frame.activation == "relu") & (frame.format == form)].gradient.dropna().eq(1).all()


def test_the_table_and_the_figure_have_all_of_it(frame) -> None:
    names, lines = table(frame)
    assert names == ["activation", "format", "numpy:eager", "torch:eager"]
    cells = {(line[0], line[1]): line[2:] for line in lines}
    assert len(cells) == 9
    assert cells["relu", "float16"] == ["right", "right"]
    assert cells["sigmoid", "bfloat16"][0] == "–"
    part = frame[(frame.activation == "sigmoid") & (frame.format == "float16") & (frame.backend == "numpy")]
    dead = int(part[part.gradient == 0].layers.min())
    assert cells["sigmoid", "float16"][0] == f"0 from {dead}; {part.relative_error.iloc[dead - 2]:.1e} off"
    assert undone(frame, "format") == ["numpy:eager bfloat16: unsupported: NumPy has no bfloat16"]
    assert len(chains(frame).axes) == 6
