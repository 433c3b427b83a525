"""Formats against NumPy's and ml_dtypes' own types, and the fast algorithms against the slow ones."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.formats import FORMATS, Format, number_format

NATIVE: dict[str, Any] = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float32": np.float32,
    "float64": np.float64,
}
ALL = list(FORMATS.values())
SHORT = [format for format in ALL if format.bits == 16]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's about its own casts

formats = pytest.mark.parametrize("format", ALL, ids=str)
short_formats = pytest.mark.parametrize("format", SHORT, ids=str)


def patterns(format: Format, count: int = 1 << 16) -> np.ndarray[Any, Any]:
    """All encodings of a 16-bit format; random ones and every exponent's edges of a longer one."""
    if format.bits == 16:
        return np.arange(1 << 16, dtype=np.uint16)
    random = np.random.default_rng(1).integers(0, 1 << format.bits, count, dtype=np.uint64, endpoint=False)
    first = np.arange(0, format.sign_bit, format.hidden_bit, dtype=np.uint64)
    edges = np.concatenate([first, first + 1, first + (format.hidden_bit - 1)])
    return np.concatenate([random, edges, edges | np.uint64(format.sign_bit)]).astype(format.carrier)


def native_values(format: Format, bits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return bits.view(NATIVE[format.name]).astype(np.float64)


def assert_same_values(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    """Equal to the bit, except that one NaN is as good as another."""
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(got), nan)
    np.testing.assert_array_equal(got[~nan].view(np.uint64), expected[~nan].view(np.uint64))


def nearest(format: Format, number: Fraction) -> int:
    """The nearest encoding by definition: halve the encodings, then compare the distances of the two around it."""
    size, low, high = abs(number), 0, format.inf_bits

    def place(bits: int) -> Fraction:  # infinity stands where the next number would be
        if bits == format.inf_bits:
            return 2 * Fraction(format.max_finite) - place(bits - 2)
        return Fraction(format.value(bits))

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if place(middle) <= size else (low, middle)
    below, above = size - place(low), place(high) - size
    best = low if (below, low & 1) < (above, high & 1) else high
    return best | (format.sign_bit if number < 0 else 0)


@formats
def test_the_record_is_that_of_the_real_type(format: Format) -> None:
    info = ml_dtypes.finfo(NATIVE[format.name])
    assert format.bits == info.bits
    assert format.precision == info.nmant + 1
    assert format.emin == info.minexp
    assert format.emax == info.maxexp - 1
    assert format.min_normal == float(info.smallest_normal)
    assert format.min_subnormal == float(info.smallest_subnormal)
    assert format.max_finite == float(info.max)
    assert format.carrier == np.dtype(f"u{NATIVE[format.name](0).dtype.itemsize}")
    assert np.array(math.inf, NATIVE[format.name]).view(format.carrier) == format.inf_bits
    assert np.array(-0.0, NATIVE[format.name]).view(format.carrier) == format.sign_bit
    assert np.array(1.0, NATIVE[format.name]).view(format.carrier) == (1 - format.emin) * format.hidden_bit


def test_names_and_order() -> None:
    assert list(FORMATS) == ["float16", "bfloat16", "float32", "float64"]
    assert all(number_format(name) is FORMATS[name] for name in FORMATS)
    with pytest.raises(ValueError, match=r"'float8'.*float16, bfloat16, float32, float64"):
        number_format("float8")


@formats
def test_decode_is_exact(format: Format) -> None:
    bits = patterns(format)
    assert_same_values(format.decode(bits), native_values(format, bits))


@formats
def test_the_scalar_twin_decodes_alike(format: Format) -> None:
    bits = patterns(format, 1 << 10)
    assert_same_values(np.array([format.value(int(b)) for b in bits]), format.decode(bits))


@formats
def test_dyadic_is_the_value(format: Format) -> None:
    for b in patterns(format, 1 << 10)[::7]:
        if format.is_finite(b):
            m, e = format.dyadic(int(b))
            assert Fraction(m) * Fraction(2) ** e == Fraction(format.value(int(b)))
        else:
            with pytest.raises(ValueError, match=f"not a finite {format.name}"):
                format.dyadic(int(b))


@formats
def test_predicates(format: Format) -> None:
    bits = patterns(format)
    values = native_values(format, bits)
    np.testing.assert_array_equal(format.is_nan(bits), np.isnan(values))
    np.testing.assert_array_equal(format.is_inf(bits), np.isinf(values))
    np.testing.assert_array_equal(format.is_finite(bits), np.isfinite(values))


@formats
def test_rounding_a_value_of_the_format_gives_its_encoding(format: Format) -> None:
    bits = patterns(format)
    bits = bits[~format.is_nan(bits)]
    np.testing.assert_array_equal(format.round(format.decode(bits)), bits)


@short_formats
def test_rounding_at_every_tie_and_beside_it(format: Format) -> None:
    low = np.arange(format.inf_bits - 1, dtype=np.uint16)
    below, above = format.decode(low), format.decode(low + np.uint16(1))
    tie = (below + above) / 2  # exact in float64
    even = low + (low & np.uint16(1))
    np.testing.assert_array_equal(format.round(tie), even)
    np.testing.assert_array_equal(format.round(-tie), even | np.uint16(format.sign_bit))
    np.testing.assert_array_equal(format.round(np.nextafter(tie, -1)), low)
    np.testing.assert_array_equal(format.round(np.nextafter(tie, np.inf)), low + np.uint16(1))


@formats
def test_rounding_overflows_from_half_an_ulp_beyond_the_largest(format: Format) -> None:
    half = Fraction(format.ulp(format.max_finite)) / 2
    edge = Fraction(format.max_finite) + half
    tiny = Fraction(1, 10**400)
    assert format.round_fraction(edge) == format.inf_bits
    assert format.round_fraction(edge - tiny) == format.inf_bits - 1
    assert format.round_fraction(-edge) == format.inf_bits | format.sign_bit
    assert format.round_fraction(tiny) == 0
    assert format.round_fraction(-tiny) == format.sign_bit
    assert format.round_fraction(Fraction(format.min_subnormal) / 2) == 0
    assert format.round_fraction(Fraction(format.min_subnormal) / 2 + tiny) == 1


@formats
def test_rounding_nan_keeps_its_sign_and_zero_too(format: Format) -> None:
    nans = format.round(np.array([np.nan, -np.nan, 0.0, -0.0]))
    assert [int(b) for b in nans] == [format.nan_bits, format.nan_bits | format.sign_bit, 0, format.sign_bit]
    assert format.round_dyadic(0, 7) == 0
    assert format.round_dyadic(0, 7, negative_zero=True) == format.sign_bit


@given(st.floats(allow_nan=False))
def test_rounding_agrees_with_numpy_casts(value: float) -> None:
    for name in ("float16", "float32", "float64"):
        format = FORMATS[name]
        expected = np.array(value).astype(NATIVE[name]).view(format.carrier)
        assert format.round(value) == expected


@given(st.floats(allow_nan=False, width=32))
def test_rounding_agrees_with_ml_dtypes(value: float) -> None:
    expected = np.float32(value).astype(ml_dtypes.bfloat16).view(np.uint16)
    assert FORMATS["bfloat16"].round(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_scalar_twins_round_alike(value: float) -> None:
    numerator, denominator = value.as_integer_ratio()
    negative = math.copysign(1, value) < 0
    for format in ALL:
        expected = int(format.round(value))
        assert format.round_dyadic(numerator, 1 - denominator.bit_length(), negative) == expected
        assert format.round_fraction(Fraction(value), negative) == expected


@given(st.fractions(), st.integers(-1100, 1100), st.sampled_from(ALL))
def test_rounding_a_rational_number_is_nearest_by_definition(number: Fraction, exponent: int, format: Format) -> None:
    number *= Fraction(2) ** exponent
    if number and abs(number) < 2 * Fraction(format.max_finite):
        assert format.round_fraction(number) == nearest(format, number)


@formats
def test_rounding_integers_with_astronomical_exponents(format: Format) -> None:
    assert format.round_dyadic(3, 10**40) == format.inf_bits
    assert format.round_dyadic(-3, -(10**40)) == format.sign_bit


@short_formats
def test_order_numbers_every_encoding_once_and_in_order(format: Format) -> None:
    bits = patterns(format)
    ordered = format.to_ordered(bits)
    assert set(ordered.tolist()) == set(range(-(1 << 15), 1 << 15))
    np.testing.assert_array_equal(format.from_ordered(ordered), bits)
    finite = np.sort(ordered[~format.is_nan(bits)])
    values = format.decode(format.from_ordered(finite))
    assert (np.diff(values[np.isfinite(values)]) >= 0).all()
    assert format.to_ordered([0, format.sign_bit]).tolist() == [0, -1]


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1))
def test_order_is_that_of_the_values(one: int, other: int) -> None:
    for format in (FORMATS["float32"], FORMATS["float64"]):
        pair = np.array([one, other], np.uint64).astype(format.carrier)
        ordered = format.to_ordered(pair)
        np.testing.assert_array_equal(format.from_ordered(ordered), pair)
        x, y = format.decode(pair)
        assert not x < y or ordered[0] < ordered[1]
        assert (ordered[0] == ordered[1]) == (pair[0] == pair[1])


@formats
def test_neighbours_are_the_next_numbers(format: Format) -> None:
    bits = patterns(format)
    bits = bits[~format.is_nan(bits)]
    native = bits.view(NATIVE[format.name])
    inf = np.array(np.inf, native.dtype)
    below, above = format.neighbours(bits)
    np.testing.assert_array_equal(below, np.nextafter(native, -inf).view(format.carrier))
    np.testing.assert_array_equal(above, np.nextafter(native, inf).view(format.carrier))
    nan = format.nan_bits
    assert [int(b) for b in format.neighbours(nan)] == [nan, nan]


@formats
def test_ulp_is_the_spacing_at_numbers_of_the_format(format: Format) -> None:
    bits = patterns(format, 1 << 10)[::11]
    for value in format.decode(bits[format.is_finite(bits)]):
        up = np.nextafter(np.abs(value).astype(NATIVE[format.name]), np.array(np.inf, NATIVE[format.name]))
        if np.isfinite(up):
            assert format.ulp(float(value)) == float(up) - abs(float(value))


@formats
def test_ulp_between_numbers(format: Format) -> None:
    one = Fraction(format.ulp(1))
    assert one == Fraction(2) ** (1 - format.precision)
    assert format.ulp(1 - Fraction(1, 10**50)) == one / 2
    assert format.ulp(1 + Fraction(1, 10**50)) == one
    assert format.ulp(-Fraction(1, 10**5000)) == format.min_subnormal
    assert format.ulp(0.0) == format.min_subnormal
    assert format.ulp(format.min_normal) == format.min_subnormal
    assert format.ulp(2 * format.min_normal) == 2 * format.min_subnormal
    for bad in (math.inf, -math.inf, math.nan):
        with pytest.raises(ValueError, match="finite"):
            format.ulp(bad)


def test_show_is_the_shortest_decimal() -> None:
    for name in ("float16", "float32", "float64"):
        format = FORMATS[name]
        bits = patterns(format, 1000)[:: 53 if format.bits == 16 else 7]
        for b in bits[format.is_finite(bits)]:
            decimal, hexadecimal = format.show(int(b)).rstrip(")").split(" (")
            value = format.decode(b)[()]
            shortest = np.format_float_scientific(b.view(NATIVE[name]), unique=True, trim="-")
            assert np.format_float_scientific(float(decimal), unique=True, trim="-") == shortest
            assert float.fromhex(hexadecimal) == value
            assert math.copysign(1, float(decimal)) == math.copysign(1, value)
    assert FORMATS["float32"].show(0x3DCCCCCD) == "0.1 (0x1.99999ap-4)"
    assert FORMATS["bfloat16"].show(0x7F80) == "inf"
    assert FORMATS["bfloat16"].show(0xFFC1) == "nan (0xffc1)"
