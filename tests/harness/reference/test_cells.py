"""The proven polynomials for float64: every claim against ball arithmetic, at the edges of cells too, and planted errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from definitions import SWISH
from test_kernels import check_wide, points

from harness.activations import Activation
from harness.catalogue import activation, parse
from harness.reference import cells, kernels
from harness.reference.kernels import cellwise
from harness.reference.kernels.reference_wide import fast_reference, line
from harness.reference.own import definitions

SOME = [activation(name) for name in ("hard_tanh", "sigmoid", "hard_silu", "leaky_relu", "log1p")] + [SWISH]


def made(definition: Activation) -> cells.Cells:
    return kernels._cells(definition)


def edges(definition: Activation, count: int) -> np.ndarray:
    """Where some cells begin, with the numbers just before."""
    found = []
    binades, index, _ = made(definition)
    for exponent, (begin, shift) in enumerate(binades.tolist()):
        if begin:
            places = np.flatnonzero(np.diff(index[begin : begin + (1 << 52 - shift)], prepend=-1)).astype(np.uint64)
            found.append((np.uint64(exponent) << np.uint64(52)) + (places << np.uint64(shift)))
    chosen = np.random.default_rng(1).choice(np.concatenate(found), count)
    return np.concatenate([chosen, chosen - np.uint64(1)]).view(np.float64)


@pytest.mark.parametrize(
    "definition", [pytest.param(each, marks=[pytest.mark.slow] if number else []) for number, each in enumerate(SOME)], ids=str
)
def test_polynomials_keep_their_error_bounds_and_the_side_of_lo(definition: Activation) -> None:
    for order in (0, 1, 2):
        rng = np.random.default_rng(order)
        spread = np.ldexp(rng.uniform(1, 2, 30), rng.integers(-1074, 1024, 30)) * rng.choice([-1, 1], 30)
        x = np.concatenate([points(rng, 2.0**-100, 700.0, 20), spread, edges(definition, 20)])
        check_wide(definition, order, x, kernels.wide(definition, order, kernels.MANY).function)


@pytest.mark.parametrize(("degree", "place"), [(0, 4), (1, 6), (3, 10), (7, 17), (13, 23)])
def test_a_planted_error_of_2_to_the_minus_95_is_seen(degree: int, place: int) -> None:
    """In one coefficient, by 2^-95 of the result at the input that is looked at: in pairs and in others."""
    definition = activation("sigmoid")
    x = np.array([1.0 + 2.0**-9 + 2.0**-30])
    check_wide(definition, 1, x, kernels.wide(definition, 1, kernels.MANY).function)
    binades, places, rows = made(definition)
    begin, shift = binades[1023].tolist()
    row = places[begin + (int(x.view(np.uint64)[0] & np.uint64(2**52 - 1)) >> shift)]
    wrong = rows.copy()
    wrong[1, row, place] += abs(rows[1, row, 3]) * 2.0**-95 / (x[0] - rows[1, row, 0]) ** degree
    assert wrong[1, row, place] != rows[1, row, place]
    with pytest.raises(AssertionError):
        check_wide(definition, 1, x, fast_reference(definition, 1, cells.Cells(binades, places, wrong)))


def test_the_bound_is_what_is_promised() -> None:
    """Every cell of a function without zeros has its result to 2^-99, and cells cover all that is usual."""
    _, index, rows = made(activation("sigmoid"))
    with np.errstate(invalid="ignore"):
        ratio = rows[0, 1:, 1] / np.abs(rows[0, 1:, 3])
    assert np.nanmax(ratio[np.isfinite(ratio)]) <= cells.BOUND
    x = np.random.default_rng(2).uniform(-20, 20, 4096)
    parts, left = np.empty((4, x.size)), np.empty(x.size, np.int64)
    for order in (0, 1, 2):
        binades, index, rows = made(activation("sigmoid"))
        ends = line(activation("sigmoid"), order).ends
        assert cellwise.evaluate(x, ends, binades, index, rows[order], *parts, left) == 0


@pytest.mark.slow
def test_own_activations_have_polynomials_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def bump(x, f):\n    return f.exp(-x * x)\n")
    definition = parse("bump", definitions(str(file)))
    x = np.random.default_rng(4).uniform(-3, 3, 60)
    for order in (0, 1, 2):
        check_wide(definition, order, x, kernels.wide(definition, order, kernels.MANY).function)
    _, index, rows = made(definition)
    assert math.isfinite(rows[2, index[-1], 1]) or rows.shape[1] > 100


def test_inputs_of_any_number_are_answered() -> None:
    definition = activation("sigmoid")
    function = kernels.wide(definition, 0, kernels.MANY).function
    x = np.random.default_rng(5).uniform(-2, 2, 21)
    whole = np.empty((4, 21))
    function(x, *whole)
    for count in (0, 1, 7, 8, 9, 16):
        parts = np.empty((4, count))
        function(x[:count], *parts)
        assert np.array_equal(parts, whole[:, :count])
