"""What people may type for an input."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.formats import FORMATS, Format
from harness.notation import parse_input

FLOAT32 = FORMATS["float32"]


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("1", 0x3F800000),
        ("0x3f800000", 0x3F800000),
        ("0X3F800000", 0x3F800000),
        ("0x0", 0),
        ("0xffffffff", 0xFFFFFFFF),
        ("-0", 0x80000000),
        ("-0.0", 0x80000000),
        ("+.5", 0x3F000000),
        (" 17.5 ", 0x418C0000),
        ("1e-45", 1),
        ("-1e-400", 0x80000000),
        ("0x1.8p3", 0x41400000),
        ("-0x1p-149", 0x80000001),
        ("0x1.8", 0x3FC00000),
        ("inf", 0x7F800000),
        ("-Infinity", 0xFF800000),
        ("nan", 0x7FC00000),
        ("-nan", 0xFFC00000),
    ],
)
def test_an_input_is_a_number_or_bits(text: str, bits: int) -> None:
    assert parse_input(text, FLOAT32) == bits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0x3f8000000", "32 bits"),
        ("-0x3f800000p", "not an input"),
        ("1e39", "largest number"),
        ("-1e99999", "largest number"),
        ("0x1p128", "largest number"),
        ("", "not an input"),
        (".", "not an input"),
        ("one", "not an input"),
        ("--1", "not an input"),
        ("+-inf", "not an input"),
        ("1e999999", "not an input"),
        ("1_000", "not an input"),
    ],
)
def test_anything_else_is_an_error_in_one_line(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_input(text, FLOAT32)
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_decimal_is_rounded_once() -> None:
    # Just above the tie between 1 and the next float32; rounded to float64 first, it would be the tie itself.
    tie = 1 + Fraction(1, 1 << 24)
    text = "1.000000059604644775390625" + "0" * 20 + "1"
    assert float(text) == tie
    assert parse_input(text, FLOAT32) == 0x3F800001


@given(st.sampled_from(list(FORMATS.values())), st.integers(0, (1 << 64) - 1))
def test_what_is_shown_reads_back(format: Format, number: int) -> None:
    bits = number % (1 << format.bits)
    if format.is_finite(bits):
        decimal, hexadecimal = format.show(bits).rstrip(")").split(" (")
        assert parse_input(decimal, format) == bits
        assert parse_input(hexadecimal, format) == bits
    assert parse_input(hex(bits), format) == bits
