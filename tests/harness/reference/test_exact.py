"""The exact reference against mpmath, which shares neither code nor formulas with it, and against published numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from harness.activations import ORDERS, Activation, Operations
from harness.catalogue import activation
from harness.formats import FORMATS, Format
from harness.reference.exact import Exact, Interval
from harness.reference.number import Number

FLOAT16, BFLOAT16, FLOAT32, FLOAT64 = FORMATS.values()
TINY = FLOAT64.min_subnormal

smooth = pytest.mark.parametrize("name", ["sigmoid", "tanh"])
orders = pytest.mark.parametrize("order", ORDERS)
formats = pytest.mark.parametrize("format", FORMATS.values(), ids=str)


def textbook(name: str, order: int, x: float, guard: int = 0) -> Any:
    """f, f' or f'' from hand-written formulas, with 300 right bits and a guard, and more where they cancel."""
    with mpmath.workprec(300 + guard - (4 * math.frexp(x)[1] if abs(x) < 1e-3 else 0)):
        t = mpmath.mpf(x)
        e = mpmath.exp(-abs(t) * (2 if name == "tanh" else 1))  # then tanh(x) = 2σ(2x) - 1
        sign = -1 if x < 0 else 1
        s = [(1 if x >= 0 else e) / (1 + e), e / (1 + e) ** 2, -sign * e * (1 - e) / (1 + e) ** 3]
        if name == "tanh":
            s = [sign * (1 - e) / (1 + e), 4 * s[1], 8 * s[2]]
        return s[order]


def dyadic(number: Any) -> tuple[int, int]:
    """An mpmath number as m·2^e."""
    sign, mantissa, exponent, _ = number._mpf_
    return (-int(mantissa) if sign else int(mantissa)), int(exponent)


def fraction(number: Any) -> Fraction:
    m, e = dyadic(number)
    return Fraction(m) * Fraction(2) ** e


def points(format: Format, count: int) -> Iterator[float]:
    """Random encodings, the region where things happen, and the extremes of a format."""
    source = random.Random(3)
    largest, least, normal = format.max_finite, format.min_subnormal, format.min_normal
    directed = [1.0, 17.5, 6.25, 16.75, 36.75, 87.5, 88.75, 103.5, 710.0, 745.0, 750.0, 1e4]
    extreme = [largest, least, 3 * least, normal - least, normal, normal + least, 2 * normal, 2.0**-12, 2.0**-30]
    for value in directed + extreme:
        rounded = format.value(int(format.round(value)))
        if math.isfinite(rounded) and rounded:
            yield rounded
            yield -rounded
    for _ in range(count):
        value = format.value(source.getrandbits(format.bits))
        if math.isfinite(value) and value:
            yield value
        yield format.value(int(format.round(source.uniform(-40, 40))))


@formats
@orders
@smooth
def test_rounding_agrees_with_mpmath(name: str, order: int, format: Format) -> None:
    exact = Exact(name, order)
    for x in points(format, 150):
        assert exact.at(x).rounded(format) == format.round_dyadic(*dyadic(textbook(name, order, x))), x


@orders
@smooth
def test_every_tenth_float16_agrees_with_mpmath(name: str, order: int) -> None:
    exact = Exact(name, order)
    for bits in range(3, 1 << 16, 10):
        x = FLOAT16.value(bits)
        if math.isfinite(x) and x:
            expected = FLOAT16.round_dyadic(*dyadic(textbook(name, order, x)))
            assert exact.at(x).rounded(FLOAT16) == expected, x


@formats
@orders
@smooth
def test_errors_agree_with_mpmath(name: str, order: int, format: Format) -> None:
    exact = Exact(name, order)
    for x in points(format, 40):
        if abs(x) > 1e4:
            continue  # exponents too large for a fraction
        y = fraction(textbook(name, order, x, guard=4 * int(abs(x))))  # so many that 1 - e^-x is not 1
        result = exact.at(x)
        best = result.rounded(format)
        for offset in (0, 1, -1, 1000):
            bits = best + offset if best + offset >= 0 and format.is_finite(best + offset) else best
            error = abs(Fraction(format.value(bits)) - y) / Fraction(format.ulp(y))
            got = result.error_ulps(bits, format)
            assert abs(Fraction(got) - error) <= error * Fraction(1, 10**9) + Fraction(1, 2**99), (x, bits)
            for threshold in (1, 2, Fraction(1, 2), Fraction(1001, 1000)):
                expected = (error > threshold) - (error < threshold)
                assert result.compare_error(bits, format, threshold) == expected, (x, bits, threshold)
        assert result.error_ulps(best, format) <= 0.5


@orders
@smooth
def test_decimals_agree_with_mpmath(name: str, order: int) -> None:
    exact = Exact(name, order)
    for x in points(FLOAT64, 40):
        text = exact.at(x).decimal(30)
        y = textbook(name, order, x)
        with mpmath.workdps(3000 if abs(x) < 1e-3 else 60):
            error = abs(mpmath.mpf(text) - y) / abs(y)
            assert error < mpmath.mpf(10) ** -29, x


@pytest.mark.parametrize(
    ("name", "order", "x", "decimal"),
    [
        ("sigmoid", 0, 0.0, "0.5"),
        ("sigmoid", 1, 0.0, "0.25"),
        ("sigmoid", 1, 17.5, "2.51099902964165e-08"),
        ("sigmoid", 1, -17.5, "2.51099902964165e-08"),
        ("sigmoid", 1, 37.42994775023705, "5.55111512312578e-17"),
        ("sigmoid", 0, 1.0, "0.731058578630005"),
        ("sigmoid", 0, 1e30, "1.00000000000000"),
        ("tanh", 0, 0.5, "0.462117157260010"),
        ("tanh", 1, 0.0, "1"),
        ("relu", 0, 12345678.5, "12345678.5"),
        ("relu", 0, 1e22, "1e+22"),
        ("relu", 1, 3.0, "1"),
    ],
)
def test_known_numbers(name: str, order: int, x: float, decimal: str) -> None:
    assert Exact(name, order).at(x).decimal(15) == decimal


def test_known_roundings() -> None:
    sigmoid, gradient = Exact("sigmoid", 0), Exact("sigmoid", 1)
    assert FLOAT64.value(gradient.at(17.5).rounded(FLOAT64)) == 2.5109990296416514e-08
    assert FLOAT64.value(gradient.at(37.42994775023705).rounded(FLOAT64)) == 5.551115123125775e-17
    # 1 - σ(x) ≈ e^-x, so σ rounds to 1 from x = (p+1)·ln 2 on; the formula 1/(1+e^-x) gets there earlier.
    for format, below, above in ((FLOAT32, 17.25, 17.5), (FLOAT64, 37.25, 37.5), (BFLOAT16, 6.21875, 6.25)):
        assert below < (format.precision + 1) * math.log(2) < above
        assert format.value(sigmoid.at(above).rounded(format)) == 1.0
        assert format.value(sigmoid.at(below).rounded(format)) < 1.0


@pytest.mark.parametrize("format", [FLOAT32, FLOAT64, BFLOAT16, FLOAT16], ids=str)
def test_near_ties_are_decided_by_the_next_term(format: Format) -> None:
    # σ''(x) = -x/8 + x³/48 - ...: where x/8 lies half way between two subnormals, the rest pulls towards zero.
    second = Exact("sigmoid", 2)
    for n in (4, 12, 20, 28, 36):
        result = second.at(n * format.min_subnormal)
        assert result.rounded(format) == format.sign_bit | (n // 8), n
        assert second.at(-n * format.min_subnormal).rounded(format) == n // 8, n
        assert result.compare_error(format.sign_bit | (n // 8), format, Fraction(1, 2)) == -1
        assert result.compare_error(format.sign_bit | (n // 8 + 1), format, Fraction(1, 2)) == 1
    # tanh(x) = x - x³/3 + ...: just below x, so x is the nearest.
    assert Exact("tanh", 0).at(5 * format.min_subnormal).rounded(format) == 5
    assert Exact("tanh", 0).at(-5 * format.min_subnormal).rounded(format) == format.sign_bit | 5
    assert Exact("tanh", 0).at(format.min_subnormal).compare(1, format) == -1


def test_far_out_results_are_tiny_and_have_their_sign() -> None:
    for x in (1e30, 1e100, 1.7e308):
        for name, order, sign in [("sigmoid", 1, 1), ("sigmoid", 2, -1), ("tanh", 1, 1), ("tanh", 2, -1)]:
            result = Exact(name, order).at(x)
            assert result.sign == sign
            assert result.rounded(FLOAT64) == (0 if sign > 0 else FLOAT64.sign_bit)
            assert result.error_ulps(0, FLOAT64) < 1e-29
            assert result.compare_error(1, FLOAT64, 1) == -sign  # the smallest subnormal: 1 ulp, less or more a little
        assert Exact("sigmoid", 0).at(-x).rounded(FLOAT64) == 0
        assert Exact("sigmoid", 0).at(x).rounded(FLOAT64) == 0x3FF0000000000000
        assert Exact("sigmoid", 2).at(-x).rounded(FLOAT64) == 0
    decimal = Exact("sigmoid", 1).at(1e30).decimal(25)
    assert decimal == "5.687645194995960896750278e-434294481903251836286911761062"


@formats
@pytest.mark.parametrize("x", [50.0, 1e3, 1e10, 1e30, 1e308])
def test_a_result_that_is_almost_one_is_less_than_one(x: float, format: Format) -> None:
    one = format.round_dyadic(1, 0)
    for result in (Exact("sigmoid", 0).at(x), Exact("tanh", 0).at(x)):
        assert result.rounded(format) == one
        assert result.compare(one, format) == -1
        assert result.compare(one - 1, format) == 1
        # The ulp is that of the binade below 1.
        assert result.error_ulps(one + 1, format) == pytest.approx(2.0, abs=1e-4)
        assert result.compare_error(one + 1, format, 2) == 1
        assert result.compare_error(one, format, Fraction(1, 10**4)) == -1
        assert result.compare_error(one - 1, format, 1) == -1  # less than an ulp by next to nothing
    minus = Exact("tanh", 0).at(-x)
    assert minus.compare(one | format.sign_bit, format) == 1
    assert minus.compare_error(one - 1 | format.sign_bit, format, 1) == -1


@pytest.mark.parametrize("x", [200.0, 1e30])
def test_a_result_that_is_almost_a_tie_is_none(x: float) -> None:
    flat = ((0.0, 0.0),) * 3
    for tie, even in ((1 + 2.0**-24, 0), (1 + 2.0**-23 + 2.0**-24, 2)):  # 1 + even·2^-23 is where the tie itself goes
        below = Activation("below", lambda x, f, tie=tie: tie - f.exp(-x), limits=flat)
        above = Activation("above", lambda x, f, tie=tie: tie + f.exp(-x), limits=flat)
        one = 0x3F800000
        for sign, flip in ((1, 0), (-1, FLOAT32.sign_bit)):
            for definition, expected in ((below, (even or 1) - 1), (above, even or 1)):
                signed = Activation("signed", lambda x, f, s=sign, d=definition: s * d.expression(x, f), limits=flat)
                result = Exact(signed, 0).at(x)
                assert result.rounded(FLOAT32) == one + expected | flip
                assert result.compare_error(one + expected | flip, FLOAT32, Fraction(1, 2)) == -1
                assert result.compare_error(one + 1 - expected % 2 | flip, FLOAT32, Fraction(1, 2)) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_no_result_without_an_input(order: int) -> None:
    result = Exact("sigmoid", order).at(math.nan)
    assert result.is_nan
    assert result.sign == 0
    assert FLOAT32.is_nan(result.rounded(FLOAT32))
    assert result.decimal(17) == "nan"
    with pytest.raises(ValueError, match="no error in ulps"):
        result.error_ulps(0, FLOAT32)


@pytest.mark.parametrize(
    ("name", "order", "x", "expected"),
    [
        ("sigmoid", 0, -math.inf, "0"),
        ("sigmoid", 0, math.inf, "1"),
        ("sigmoid", 1, math.inf, "0"),
        ("sigmoid", 2, -math.inf, "0"),
        ("sigmoid", 2, math.inf, "-0"),
        ("tanh", 0, -math.inf, "-1"),
        ("tanh", 2, math.inf, "-0"),
        ("relu", 0, -math.inf, "0"),
        ("relu", 0, math.inf, "inf"),
        ("relu", 1, math.inf, "1"),
    ],
)
def test_limits(name: str, order: int, x: float, expected: str) -> None:
    result = Exact(name, order).at(x)
    assert result.decimal(17) == expected
    assert not result.is_interval
    assert FLOAT16.value(result.rounded(FLOAT16)) == float(expected)
    assert math.copysign(1, FLOAT16.value(result.rounded(FLOAT16))) == math.copysign(1, float(expected))
    assert result.is_infinite == (expected == "inf")


@pytest.mark.parametrize(
    ("name", "order", "x", "sign"),
    [
        ("tanh", 0, 0.0, 1),
        ("tanh", 0, -0.0, -1),
        ("tanh", 2, 0.0, -1),
        ("tanh", 2, -0.0, 1),
        ("sigmoid", 2, 0.0, -1),
        ("sigmoid", 2, -0.0, 1),
        ("relu", 0, 0.0, 1),
        ("relu", 0, -0.0, 0),
        ("relu", 0, -5.0, 1),
        ("relu", 1, -5.0, 1),
        ("relu", 2, 5.0, 1),
        ("sigmoid", 0, 0.0, 0),  # no zero at all
    ],
)
def test_signs_of_zeros(name: str, order: int, x: float, sign: int) -> None:
    result = Exact(name, order).at(x)
    assert result.zero_sign == sign
    if result.sign == 0:
        assert result.rounded(FLOAT32) == (FLOAT32.sign_bit if sign < 0 else 0)
        assert result.decimal(17) == ("-0" if sign < 0 else "0")
        assert result.error_ulps(1, FLOAT32) == 1.0  # the unit is the smallest subnormal
        assert result.error_ulps(FLOAT32.sign_bit, FLOAT32) == 0.0


def test_at_a_kink_every_subgradient_is_right() -> None:
    for zero in (0.0, -0.0):
        result = Exact("relu", 1).at(zero)
        assert result.is_interval
        assert result.decimal(17) == "[0, 1]"
        one = 0x3F800000
        for bits in (0, FLOAT32.sign_bit, 1, 0x3F000000, one):
            assert result.contains(bits, FLOAT32)
            assert result.error_ulps(bits, FLOAT32) == 0.0
            assert result.compare_error(bits, FLOAT32, 1) == -1
        for bits, ulps in ((one + 1, 1.0), (one + 2, 2.0), (FLOAT32.sign_bit | 3, 3.0)):
            assert not result.contains(bits, FLOAT32)
            assert result.error_ulps(bits, FLOAT32) == ulps
        assert result.compare_error(one + 1, FLOAT32, 1) == 0
        assert result.sign == 0
        assert result.rounded(FLOAT32) == 0
        curvature = Exact("relu", 2).at(zero)
        assert curvature.decimal(17) == "0"
        assert curvature.contains(0, FLOAT32)
        assert not curvature.contains(1, FLOAT32)


def test_a_kink_away_from_zero_with_ends_that_are_not_dyadic() -> None:
    def expression(x: Any, f: Operations) -> Any:
        return f.split(x, 1.0, lambda: f.exp(x), lambda: f.exp(1 + 0 * x) - f.exp(x / 3))

    zero = (0.0, 0.0)
    crooked = Activation("crooked", expression, limits=(zero, zero, zero), kinks=(1.0,))
    result = Exact(crooked, 1).at(1.0)
    assert isinstance(result, Interval)
    assert result.low.decimal(10) == "-0.4652041417"  # -e^(1/3)/3
    assert result.high.decimal(10) == "2.718281828"  # e
    assert result.contains(0, FLOAT64)
    assert result.contains(FLOAT64.sign_bit, FLOAT64)
    assert not result.contains(0x4006000000000000, FLOAT64)  # 2.75
    value = Exact(crooked, 0).at(1.0)  # the value is that of the right piece
    assert float(value.decimal(12)) == pytest.approx(math.e - math.exp(1 / 3), rel=1e-11)


def test_ends_that_are_equal_make_one_number() -> None:
    def expression(x: Any, f: Operations) -> Any:
        return f.split(x, 1.0, lambda: f.exp(x), lambda: f.exp(2 * x) / f.exp(x))

    joined = Activation("joined", expression, limits=((0.0, math.inf),) * 3, kinks=(1.0,))
    result = Exact(joined, 1).at(1.0)
    assert result.is_interval
    assert result.decimal(12) == "2.71828182846"


def test_a_result_beyond_the_format_rounds_to_infinity() -> None:
    exponential = Activation("exponential", lambda x, f: f.exp(x), limits=((0.0, math.inf),) * 3)
    result = Exact(exponential, 1).at(100.0)
    assert result.rounded(FLOAT32) == FLOAT32.inf_bits
    assert not result.is_normal(FLOAT32)
    assert result.is_normal(FLOAT64)
    # e^100 lies in [2^144, 2^145): ulp is 2^121 there, and the largest float32 is almost e^100/2^121 ulps away.
    expected = (Fraction(math.exp(100)) - Fraction(FLOAT32.max_finite)) / 2**121
    assert result.error_ulps(FLOAT32.inf_bits - 1, FLOAT32) == pytest.approx(float(expected))
    assert result.compare_error(FLOAT32.inf_bits - 1, FLOAT32, 1) == 1
    huge = Exact(exponential, 0).at(1e300)
    assert huge.rounded(FLOAT64) == FLOAT64.inf_bits
    assert huge.error_ulps(0x3FF0000000000000, FLOAT64) == pytest.approx(1.5 * 2**52, rel=0.34)
    just_beyond = Activation("shifted", lambda x, f: x + FLOAT16.max_finite, limits=((0.0, 0.0),) * 3)
    assert Exact(just_beyond, 0).at(15.999).rounded(FLOAT16) == FLOAT16.inf_bits - 1
    assert Exact(just_beyond, 0).at(16.0).rounded(FLOAT16) == FLOAT16.inf_bits
    assert Exact(just_beyond, 0).at(16.0).compare_error(FLOAT16.inf_bits - 1, FLOAT16, 1) == -1


def test_is_normal_is_about_the_rounded_result() -> None:
    identity = Exact(Activation("identity", lambda x, f: x, limits=((0.0, 0.0),) * 3), 0)
    assert identity.at(FLOAT32.min_normal).is_normal(FLOAT32)
    assert identity.at(math.nextafter(FLOAT32.min_normal, 0)).is_normal(FLOAT32)
    assert not identity.at(FLOAT32.min_normal - FLOAT32.min_subnormal).is_normal(FLOAT32)
    assert not identity.at(0.0).is_normal(FLOAT32)
    assert identity.at(-1.0).is_normal(FLOAT32)


def test_what_cannot_be_decided_is_said() -> None:
    # e^x·e^-x is 1 and e^x - e^x is 0, but no ball says so: only the first agrees with a number to thousands of bits.
    one = Exact(Activation("one", lambda x, f: f.exp(x) * f.exp(-x), limits=((1.0, 1.0),) * 3), 0).at(0.5)
    assert one.rounded(FLOAT32) == 0x3F800000
    assert one.decimal(5) in ("1.0000",)
    assert isinstance(one, Number)
    assert one.compare(0x3F800000, FLOAT32) == 0
    nothing = Exact(Activation("nothing", lambda x, f: f.exp(x) - f.exp(x), limits=((0.0, 0.0),) * 3), 0).at(0.5)
    with pytest.raises(ArithmeticError, match=r"nothing at 0\.5: not decided"):
        _ = nothing.sign


def test_bad_questions() -> None:
    with pytest.raises(ValueError, match="order 3: choose 0"):
        Exact("sigmoid", 3)
    with pytest.raises(ValueError, match="choose from sigmoid"):
        Exact("sigmoyd", 0)
    result = Exact("sigmoid", 0).at(1.0)
    with pytest.raises(ValueError, match="not a finite float32"):
        result.error_ulps(FLOAT32.inf_bits, FLOAT32)
    with pytest.raises(ValueError, match="threshold 0"):
        result.compare_error(0, FLOAT32, 0)


def test_results_are_remembered_by_input_and_its_sign() -> None:
    exact = Exact("sigmoid", 2)
    assert exact.at(1.5) is exact.at(1.5)
    assert exact.at(0.0) is not exact.at(-0.0)
    assert str(exact) == "sigmoid''"
    assert repr(exact.at(0.0)) == "sigmoid'' at 0.0 = -0"
    assert Exact(activation("tanh"), 0).activation == activation("tanh")


def test_the_second_opinion_is_not_the_same_opinion() -> None:
    # The oracle above is itself checked: against mpmath's numerical differentiation.
    for name, function in (("sigmoid", lambda t: 1 / (1 + mpmath.exp(-t))), ("tanh", mpmath.tanh)):
        with mpmath.workdps(60):
            for x in np.linspace(-5.3, 5.1, 7):
                for order in ORDERS:
                    numerical = mpmath.diff(function, mpmath.mpf(float(x)), order)
                    assert abs(textbook(name, order, float(x)) / numerical - 1) < mpmath.mpf(10) ** -25


def test_a_slope_that_is_a_simple_number_in_disguise_is_decided() -> None:
    half = FORMATS["float16"]
    left = Exact(activation("celu", alpha=0.1), 1).at(0.0)  # (1/α)·α
    assert left.contains(half.round([1.0])[0].item(), half)
    assert left.error_ulps(half.round([1.5])[0].item(), half) == 512.0
