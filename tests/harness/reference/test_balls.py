"""Enclosures: that they enclose, get narrower, and are the same with and without exact parts."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb, arb_series, ctx, fmpq

from harness.activations import ORDERS, Activation
from harness.catalogue import activation
from harness.reference.balls import Enclosure, _bounds, approach, derivative, digits
from harness.reference.expansion import Expansion, apply

PRECISIONS = (96, 192, 384, 768, 1536, 3072)  # exact parts are kept from 768 bits on


def bounds(enclosure: Enclosure) -> tuple[Fraction, Fraction]:
    scale = Fraction(2) ** enclosure.exponent
    return enclosure.low * scale, enclosure.high * scale


def inputs() -> list[float]:
    source = random.Random(8)
    values = [0.0, 1.0, 1e-300, 5e-324, 30.0, 70.0, 1e3, 1e-5, 17.5]
    values += [source.uniform(-50, 50) for _ in range(20)] + [source.gauss(0, 1) for _ in range(10)]
    return values + [-value for value in values]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_enclosures_agree_at_every_precision_and_narrow(name: str, order: int) -> None:
    for x in inputs():
        least, most = Fraction(-(10**9)), Fraction(10**9)
        for precision in PRECISIONS:
            enclosure = derivative(activation(name), order, x, 1, precision)
            assert enclosure is not None
            low, high = bounds(enclosure)
            assert max(low, least) <= min(high, most), (x, precision)  # strict bounds of one number overlap
            least, most = max(low, least), min(high, most)
            assert enclosure.exact or 0 < high - low < Fraction(2) ** (10 - precision)


@pytest.mark.parametrize("precision", [96, 768])
def test_an_enclosure_contains_the_number(precision: int) -> None:
    for x in inputs():
        with mpmath.workprec(9000):
            s = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
            for order, exact in enumerate((s, s * (1 - s), s * (1 - s) * (1 - 2 * s))):
                enclosure = derivative(activation("sigmoid"), order, x, 1, precision)
                assert enclosure is not None
                low, high = (mpmath.mpf(end) * mpmath.mpf(2) ** enclosure.exponent for end in enclosure[:2])
                assert (low == exact == high) if enclosure.exact else low < exact < high


def test_exact_results_have_no_width() -> None:
    assert derivative(activation("sigmoid"), 0, 0.0, 1, 96) == (1, 1, -1)
    assert derivative(activation("sigmoid"), 1, 0.0, 1, 96) == (1, 1, -2)
    zero = derivative(activation("sigmoid"), 2, 0.0, 1, 96)
    assert zero is not None
    assert zero.exact
    assert zero.sign == 0
    half = derivative(activation("relu"), 0, 0.5, 1, 96)
    assert half == (1, 1, -1)


def test_the_side_of_a_kink_picks_the_piece() -> None:
    sides = [derivative(activation("relu"), 1, 0.0, side, 96) for side in (-1, 1)]
    assert [bounds(side)[0] for side in sides if side is not None] == [0, 1]


def test_no_bounds_where_a_divisor_may_be_zero() -> None:
    pole = Activation("pole", lambda x, f: 1 / (f.exp(x) - f.exp(x)), limits=((0.0, 0.0),) * 3)
    assert derivative(pole, 0, 1.0, 1, 96) is None
    assert derivative(pole, 0, 1.0, 1, 1536) is None


@pytest.mark.parametrize(
    ("enclosure", "sign", "binades"),
    [
        (Enclosure(4, 4, -2), 1, (0, 0)),
        (Enclosure(3, 4, -2), 1, (-1, -1)),  # below 1, strictly
        (Enclosure(4, 5, -2), 1, (0, 0)),
        (Enclosure(3, 5, -2), 1, (-1, 0)),
        (Enclosure(-4, -3, -2), -1, (-1, -1)),
        (Enclosure(0, 4, 0), 1, (None, 1)),
        (Enclosure(-4, 0, 0), -1, (None, 1)),
    ],
)
def test_bounds_are_strict(enclosure: Enclosure, sign: int, binades: tuple[int | None, int]) -> None:
    assert enclosure.sign == sign
    assert enclosure.binades() == binades


def test_the_ends_of_a_ball_lie_within_the_bounds() -> None:
    # A ball contains its ends, the bounds exclude theirs.
    for middle in (0, 1, -3, 1 << 90):
        for radius in (1, 5, 1 << 29):
            for scale in (-300, -70, -3, 0, 200):
                ball = arb(middle, arb((radius, scale)))
                low, high = bounds(_bounds(ball, 128))
                mantissa, exponent = (int(part) for part in ball.rad().man_exp())  # Arb may have rounded it up
                reach = mantissa * Fraction(2) ** exponent
                assert reach >= radius * Fraction(2) ** scale
                assert low < middle - reach
                assert middle + reach < high


def test_signs_of_enclosures() -> None:
    assert Enclosure(-1, 1, 0).sign is None
    assert Enclosure(0, 0, 5).sign == 0


@pytest.mark.parametrize(
    ("name", "order", "side", "sign"),
    [("tanh", 0, 1, 1), ("tanh", 0, -1, -1), ("sigmoid", 2, 1, -1), ("relu", 0, -1, 0), ("relu", 0, 1, 1)],
)
def test_the_sign_that_a_zero_is_approached_with(name: str, order: int, side: int, sign: int) -> None:
    assert approach(activation(name), order, 0.0, side) == sign


def test_an_even_power_is_approached_from_one_side() -> None:
    square = Activation("square", lambda x, f: x * x, limits=((math.inf, math.inf),) * 3)
    assert [approach(square, 0, 0.0, side) for side in (-1, 1)] == [1, 1]
    assert [approach(square, 1, 0.0, side) for side in (-1, 1)] == [-1, 1]


def test_digits_of_numbers_of_any_magnitude() -> None:
    third = Enclosure((1 << 200) // 3, (1 << 200) // 3 + 1, -200)
    assert digits(third, 10) == "0.3333333333"
    assert digits(third, 80) is None
    # log10(2)·10^30 = 301029995663981195213738894724.49302676…, and 10^0.49302676… = 3.1119…
    assert digits(Enclosure(1, 1, 10**30), 5) == "3.1119e+301029995663981195213738894724"


class X:
    """e^u of series, with or without exact parts."""

    @staticmethod
    def exp(u: Any) -> Any:
        return apply(lambda u: u.exp(), u)


EXPRESSIONS: list[Callable[[Any], Any]] = [
    lambda x: 1 / (1 + X.exp(-x)),
    lambda x: x / 2 - 3 * x + 0.75,
    lambda x: x * x / (1 + x * x),
    lambda x: (x + 1) / (x - 0.5) / 4,
    lambda x: x * (1 - X.exp(2 * x)) / (1 + X.exp(-x)),
    lambda x: -(x - X.exp(x) * x) * 2 / (2 + X.exp(x)) + x,
    lambda x: 5 - X.exp(x / 3),
]


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)))
@pytest.mark.parametrize("x", [-200.0, -2.5, 1e-20, 0.75, 3.0, 40.0])
def test_exact_parts_do_not_change_a_series(number: int, x: float) -> None:
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = 256, 3
    try:
        plain = EXPRESSIONS[number](arb_series([x, 1]))
        parts = EXPRESSIONS[number](Expansion.around(x))
        whole = arb_series([arb(fmpq(h.numerator, h.denominator)) for h in parts.head]) + parts.tail
        for k in range(3):
            assert whole[k].overlaps(plain[k])
            assert whole[k].rad() <= 2 * plain[k].rad() + abs(plain[k]) * 2.0**-240
    finally:
        ctx.prec, ctx.cap = before


def test_parts_keep_what_a_ball_loses() -> None:
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = 128, 1
    try:
        sigmoid = EXPRESSIONS[0](Expansion.around(1e6))
        assert sigmoid.head == (1,)
        assert sigmoid.tail[0] < 0
        assert sigmoid.tail[0].rel_accuracy_bits() > 100
    finally:
        ctx.prec, ctx.cap = before


def test_threads_do_not_disturb_each_other() -> None:
    expected = {p: derivative(activation("sigmoid"), 2, 1.25, 1, p) for p in PRECISIONS}
    wrong: list[int] = []

    def work(precision: int) -> None:
        for _ in range(100):
            if derivative(activation("sigmoid"), 2, 1.25, 1, precision) != expected[precision]:
                wrong.append(precision)

    threads = [threading.Thread(target=work, args=(precision,)) for precision in PRECISIONS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_process_wide_precision_is_left_alone() -> None:
    before = ctx.prec, ctx.cap
    derivative(activation("sigmoid"), 1, 1.0, 1, 500)
    approach(activation("tanh"), 0, 0.0, 1)
    digits(Enclosure(1, 1, 10**30), 5)
    assert (ctx.prec, ctx.cap) == before
