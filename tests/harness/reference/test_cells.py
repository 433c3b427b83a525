"""The proven polynomials for float64: every claim against ball arithmetic, at the edges of cells too, and planted errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from definitions import SWISH
from test_kernels import check_wide, spread

from harness.activations import ORDERS, Activation
from harness.catalogue import activation, parse
from harness.reference import balls, cells, kernels, rational
from harness.reference.kernels import cellwise
from harness.reference.kernels.lanes import LANES
from harness.reference.kernels.reference_wide import fast_reference, line
from harness.reference.own import definitions
from harness.runs.plan import EVERYTHING

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
        x = np.concatenate([spread(order, 20), edges(definition, 20)])
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
    parts, left, places = np.empty((4, x.size)), np.empty(x.size, np.int64), np.empty(LANES, np.int64)
    for order in (0, 1, 2):
        binades, index, rows = made(activation("sigmoid"))
        ends = line(activation("sigmoid"), order).ends
        assert cellwise.evaluate(x, ends, binades, index, rows[order], *parts, left, places) == 0


@pytest.mark.slow
def test_own_activations_have_polynomials_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def bump(x, f):\n    return f.exp(-x * x)\n")
    definition = parse("bump", definitions(str(file)))
    x = np.random.default_rng(4).uniform(-3, 3, 60)
    for order in (0, 1, 2):
        check_wide(definition, order, x, kernels.wide(definition, order, kernels.MANY).function)
    assert made(definition).rows.shape[1] > 100


def test_making_cells_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many of them binades far from 1 have none, and their inputs are left to the tapes."""
    monkeypatch.setattr(cells, "MANY", 10)
    definition, order = activation("hard_silu"), 0
    lines = [line(definition, each) for each in ORDERS]
    few = cells.build(definition, lines[0].cuts, [(its.begins(0), its.begins(1)) for its in lines])
    assert 10 < few.rows.shape[1] < made(definition).rows.shape[1]
    assert few.binades[1023].tolist() == made(definition).binades[1023].tolist() != [0, 63]
    far = np.array([2.0**-20, -(2.0**-20)])
    assert few.binades[far.view(np.uint64) >> np.uint64(52)].tolist() == [[0, 63]] * 2
    check_wide(definition, order, np.concatenate([far, [1.0, -1.0]]), fast_reference(definition, order, few))


def test_exact_powers_of_two_are_left_to_exact_arithmetic() -> None:
    """softsign''(7) is -2^-8. What rounding leaves beside it would be taken for the side, and the unit for half of it."""
    function = kernels.wide(activation("softsign"), 2, kernels.MANY).function
    parts = np.empty((4, 2))
    function(np.array([7.0, -7.0]), *parts)
    assert parts[:2].tolist() == [[-(2.0**-8), 2.0**-8], [0.0, 0.0]]


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


def power(x: Any, n: int) -> Any:
    return x if n == 1 else x * power(x, n - 1)


_GROWING = ((math.inf, math.inf), (-math.inf, math.inf), (math.inf, math.inf))
_VANISHING = ((-0.0, 0.0), (-0.0, -0.0), (-0.0, 0.0))
BENT = Activation("bent", lambda x, f: x + power(x - 1.5, 14), _GROWING)
LATE = Activation("late", lambda x, f: x / (1 + power(x, 16)), _VANISHING)
FLAT = Activation("flat", lambda x, f: f.exp(power(x, 6)), _GROWING)
FIFTH = Activation("fifth", lambda x, f: f.exp(power(x, 5) + 0.3), ((0.0, math.inf),) * 3)
TINY = Activation("tiny", lambda x, f: f.exp(-x * x) * 1e-300 * x, _VANISHING)
SLOW = Activation(
    "slow",
    lambda x, f: f.split(x, 0.0, lambda: 0 * x, lambda: x * x / (1 + x)),
    ((0.0, math.inf), (0.0, 1.0), (0.0, 0.0)),
    (0.0,),
)


def ends_alone(definition: Activation, order: int) -> Callable[..., None]:
    """The fast reference with no cells: what is known close to zero and far out, and the tapes."""
    return fast_reference(
        definition, order, cells.Cells(np.array([(0, 63)] * 4096), np.zeros(1, np.int32), np.array([[cells._nothing()]] * 3))
    )


@pytest.mark.parametrize(
    ("definition", "orders", "x"),
    [
        (LATE, (0,), np.array([0.5, 0.9, 2.0, 1e30, -3.0, 1e-3])),
        (FLAT, (0, 1, 2), np.ldexp(1.75, np.arange(-200, -20, 17))),
        (FIFTH, (0, 1, 2), np.ldexp(1.9, np.arange(-60, -9))),
        (TINY, (0, 1, 2), np.ldexp(1.75, np.arange(-1070, 4, 37))),
        (SLOW, (0, 1), np.ldexp(1.75, np.arange(30, 400, 17))),
    ],
    ids=["late", "flat", "fifth", "tiny", "slow"],
)
def test_ends_promise_no_more_than_holds(definition: Activation, orders: tuple[int, ...], x: np.ndarray) -> None:
    """Of functions that are lines only to begin with, that are very flat or tiny, or come close to a line slowly."""
    for order in orders:
        check_wide(definition, order, np.concatenate([x, -x]) if definition is not SLOW else x, ends_alone(definition, order))


@pytest.mark.slow
@pytest.mark.parametrize("text", EVERYTHING)
def test_ends_keep_their_bounds_without_cells(text: str) -> None:
    definition = parse(text)
    for order in (0, 1, 2):
        check_wide(definition, order, spread(order, 20), ends_alone(definition, order))


def test_a_cell_is_a_line_only_where_nothing_else_is_left() -> None:
    """At 1.5, the centre of a cell, only the fourteenth derivative tells x + (x - 1.5)^14 from a line."""
    side = cells._Side(1, [], [[]] * 3, [math.inf] * 3)
    with balls.working(224, cells._TERMS + 3):
        first, *_ = cells._cell(BENT, side, 1.0, 2.0)
        line, *_ = cells._cell(Activation("line", lambda x, f: x / 2, BENT.limits), side, 1.0, 2.0)
    assert first is None or first[0] == 1.5
    assert line is not None
    assert line[:6] == [0.0, 0.0, 0.0, 0.0, 0.0, 0.5]


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_polynomials_of_low_degree_are_told_from_others(degree: int) -> None:
    found = [rational.polynomial(each, 0.0, 1, degree) for each in (BENT, LATE, SLOW, FLAT)]
    assert found == [None] * 4
    cube = Activation("cube", lambda x, f: (x * x * x * (x + 2) + 6 + 3 * x) / (x + 2), BENT.limits)  # x³ + 3
    assert rational.polynomial(cube, 1.0, 1, degree) == (None if degree < 3 else (4, 3, 3, 1))


def test_terms_of_small_cells_are_not_lost() -> None:
    """A coefficient of 2^1000 times a radius of 2^-66 to the power of 18, which is less than any float64."""
    assert cells._most([0.0] * 18 + [2.0**1000], 2.0**-66) >= 2.0**-188


def test_no_cell_has_results_that_need_a_scale() -> None:
    """Lines of tiny slopes neither: their products would be subnormal."""
    side = cells._Side(1, [], [[]] * 3, [math.inf] * 3)
    for factor in (1e-290, 1e307):
        steep = Activation("steep", lambda x, f, factor=factor: x * factor, BENT.limits)
        with balls.working(224, cells._TERMS + 3):
            assert cells._cell(steep, side, 1.0, 2.0)[0] == [0.0, -math.inf, *cells._nothing()[2:]]


def test_inputs_may_lie_apart_in_memory() -> None:
    function = kernels.wide(activation("sigmoid"), 0, kernels.MANY).function
    x = np.linspace(-3, 3, 64)
    apart, together = np.empty((4, 32)), np.empty((4, 32))
    function(x[::2], *apart)
    function(x[::2].copy(), *together)
    assert np.array_equal(apart, together)
