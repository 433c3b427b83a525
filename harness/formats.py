"""Number formats as data, and the algorithms that walk the record.

A binary interchange format (IEEE 754-2019, clause 3.4) is given by its width, its precision and its exponent range;
everything else follows. Bits travel as unsigned integers of the format's width (its *carrier*), so that nothing on the
way can round, flush or normalise them: bfloat16 is a ``uint16`` with a name. Every finite value of every format here is
a float64, which is why values are handed over as float64 exactly.

The array methods are the fast ones. The methods on Python integers (:meth:`Format.value`, :meth:`Format.round_dyadic`)
are slow and obvious; the exact reference uses them, and they are the oracle of the fast ones in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bits = NDArray[np.unsignedinteger[Any]]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes:
        name: what people call it, for example ``"bfloat16"``.
        bits: width of an encoding.
        precision: p, the digits of a significand, the hidden one counted (24 for float32).
        emin: exponent of the smallest normal number, 2^emin (-126 for float32).
        emax: exponent of the largest binade, [2^emax, 2^(emax+1)).
    """

    name: str
    bits: int
    precision: int
    emin: int
    emax: int

    @cached_property
    def carrier(self) -> np.dtype[Any]:
        """The unsigned NumPy dtype that encodings travel in."""
        return np.dtype(f"uint{self.bits}")

    @cached_property
    def sign_bit(self) -> int:
        """The encoding's sign bit, which is also the encoding of -0."""
        return 1 << (self.bits - 1)

    @cached_property
    def hidden_bit(self) -> int:
        """2^(p-1): the step of the exponent field, and the encoding of the smallest normal number."""
        return 1 << (self.precision - 1)

    @cached_property
    def inf_bits(self) -> int:
        """The encoding of +∞; encodings of NaNs have a larger magnitude."""
        return self.sign_bit - self.hidden_bit

    @cached_property
    def nan_bits(self) -> int:
        """The encoding of the positive quiet NaN without payload."""
        return self.inf_bits | self.hidden_bit >> 1

    @cached_property
    def min_subnormal(self) -> float:
        """2^(emin-p+1), the smallest positive number and the spacing of the subnormal ones."""
        return math.ldexp(1.0, self.emin - self.precision + 1)

    @cached_property
    def min_normal(self) -> float:
        """2^emin, the smallest positive normal number."""
        return math.ldexp(1.0, self.emin)

    @cached_property
    def max_finite(self) -> float:
        """(2 - 2^(1-p))·2^emax, the largest finite number."""
        return math.ldexp(2**self.precision - 1, self.emax - self.precision + 1)

    def __str__(self) -> str:
        return self.name

    # What an encoding is.

    def _load(self, bits: ArrayLike) -> Bits:
        return np.asarray(bits, dtype=self.carrier)

    def magnitude(self, bits: ArrayLike) -> Bits:
        """Encodings with the sign bit cleared (array of the carrier)."""
        return np.asarray(self._load(bits) & self.carrier.type(self.sign_bit - 1))

    def is_nan(self, bits: ArrayLike) -> Truth:
        """Which encodings are NaN."""
        return np.asarray(self.magnitude(bits) > self.inf_bits)

    def is_inf(self, bits: ArrayLike) -> Truth:
        """Which encodings are +∞ or -∞."""
        return np.asarray(self.magnitude(bits) == self.inf_bits)

    def is_finite(self, bits: ArrayLike) -> Truth:
        """Which encodings are finite numbers."""
        return np.asarray(self.magnitude(bits) < self.inf_bits)

    # Between encodings and values.

    def decode(self, bits: ArrayLike) -> NDArray[np.float64]:
        """Values of encodings, exact, as float64; signs of zeros are kept, every NaN becomes a quiet NaN."""
        magnitude = self.magnitude(bits).astype(np.uint64)
        field = magnitude >> np.uint64(self.precision - 1)
        significand = magnitude & np.uint64(self.hidden_bit - 1)
        normal = (field + np.uint64(1022 + self.emin)) << np.uint64(52) | significand << np.uint64(53 - self.precision)
        value = np.where(field == 0, significand * self.min_subnormal, normal.view(np.float64))
        value = np.where(magnitude == self.inf_bits, np.inf, np.where(magnitude > self.inf_bits, np.nan, value))
        return np.asarray(np.where(self._load(bits) & self.carrier.type(self.sign_bit), -value, value))

    def value(self, bits: int) -> float:
        """The value of one encoding, exact: the scalar twin of :meth:`decode`."""
        field, significand = divmod(bits & (self.sign_bit - 1), self.hidden_bit)
        if bits & (self.sign_bit - 1) >= self.inf_bits:
            size = math.nan if significand else math.inf
        elif field:
            size = math.ldexp(self.hidden_bit + significand, self.emin - self.precision + field)
        else:
            size = math.ldexp(significand, self.emin - self.precision + 1)
        return -size if bits & self.sign_bit else size

    def dyadic(self, bits: int) -> tuple[int, int]:
        """One finite encoding as integers (m, e) with value m·2^e; -0 becomes (0, e).

        Raises:
            ValueError: for an infinity or a NaN.
        """
        magnitude = bits & (self.sign_bit - 1)
        if magnitude >= self.inf_bits:
            raise ValueError(f"{self.show(bits)} is not a finite {self.name} number")
        field, significand = divmod(magnitude, self.hidden_bit)
        m = significand + self.hidden_bit if field else significand
        return (-m if bits & self.sign_bit else m), max(field, 1) + self.emin - self.precision

    def round(self, values: ArrayLike) -> Bits:
        """Encodings of float64 values rounded to nearest, ties to even; NaNs lose their payload, not their sign."""
        value = np.asarray(values, dtype=np.float64)
        size = np.abs(value)
        finite = np.isfinite(size)
        safe = np.where(finite, size, 0.0)
        exponent = np.maximum(np.frexp(safe)[1].astype(np.int64) - 1, self.emin)
        exponent = np.where(safe == 0, self.emin, exponent)
        # The number of units in the last place is exact, so that rint is the only rounding; a carry into the next
        # binade (or into infinity) falls out of the encoding's order.
        units = np.rint(np.ldexp(safe, self.precision - 1 - exponent)).astype(np.int64)
        magnitude = np.minimum(((exponent - self.emin) << (self.precision - 1)) + units, self.inf_bits)
        magnitude = np.where(finite, magnitude, np.where(np.isnan(size), self.nan_bits, self.inf_bits))
        signs = np.where(np.signbit(value), np.uint64(self.sign_bit), np.uint64(0))
        return np.asarray((magnitude.astype(np.uint64) | signs).astype(self.carrier))

    def round_dyadic(self, mantissa: int, exponent: int, negative_zero: bool = False) -> int:
        """The encoding of mantissa·2^exponent rounded to nearest, ties to even; exact for integers of any size.

        An exact zero has the sign that ``negative_zero`` says; a nonzero number that rounds to zero keeps its own.
        """
        if mantissa == 0:
            return self.sign_bit if negative_zero else 0
        sign, size = (self.sign_bit, -mantissa) if mantissa < 0 else (0, mantissa)
        top = exponent + size.bit_length() - 1  # 2^top ≤ size·2^exponent < 2^(top+1)
        if top > self.emax:
            return sign | self.inf_bits
        if top < self.emin - self.precision:  # below half of the smallest subnormal
            return sign
        binade = max(top, self.emin)
        shift = binade - self.precision + 1 - exponent  # drop so many digits
        if shift <= 0:
            units = size << -shift
        else:
            units, rest = size >> shift, size & ((1 << shift) - 1)
            half = 1 << (shift - 1)
            units += rest > half or (rest == half and units & 1)
        return sign | min((binade - self.emin) * self.hidden_bit + units, self.inf_bits)

    def round_fraction(self, number: Fraction, negative_zero: bool = False) -> int:
        """The encoding of a rational number rounded to nearest, ties to even."""
        # p+3 digits and a sticky one: no tie has more than p+1.
        shift = max(self.precision + 3 + number.denominator.bit_length() - number.numerator.bit_length(), 0)
        quotient, rest = divmod(abs(number.numerator) << shift, number.denominator)
        sticky = 2 * quotient + (rest != 0)
        return self.round_dyadic(-sticky if number < 0 else sticky, -shift - 1, negative_zero)

    # Order and spacing.

    def to_ordered(self, bits: ArrayLike) -> NDArray[np.int64]:
        """A number for every encoding, in the order of the values.

        n for a positive one, -n-1 for a negative one of magnitude n, so that -0 is -1 and lies just below +0.
        """
        magnitude = self.magnitude(bits).astype(np.int64)
        return np.where(self._load(bits) & self.carrier.type(self.sign_bit), ~magnitude, magnitude)

    def from_ordered(self, ordered: ArrayLike) -> Bits:
        """The encodings that :meth:`to_ordered` numbered."""
        number = np.asarray(ordered, dtype=np.int64)
        unsigned = np.where(number < 0, ~number, number).astype(np.uint64)
        sign = np.where(number < 0, np.uint64(self.sign_bit), np.uint64(0))
        return np.asarray((unsigned | sign).astype(self.carrier))

    def neighbours(self, bits: ArrayLike) -> tuple[Bits, Bits]:
        """The next encodings below and above in value (IEEE 754-2019, 5.3.1: nextDown and nextUp).

        The infinities end the line, NaNs are returned as they are, and the two zeros count as one value.
        """
        negate = self.carrier.type(self.sign_bit)
        below = self._next_up(self._load(bits) ^ negate) ^ negate
        return np.asarray(below, dtype=self.carrier), self._next_up(self._load(bits))

    def _next_up(self, bits: Bits) -> Bits:
        one = self.carrier.type(1)
        magnitude = self.magnitude(bits)
        negative = bits > self.sign_bit
        moved = np.where(magnitude == 0, one, np.where(negative, bits - negative.astype(self.carrier), bits + one))
        return np.asarray(np.where((magnitude > self.inf_bits) | (bits == self.inf_bits), bits, moved), self.carrier)

    def ulp_exponent(self, exponent: int) -> int:
        """The exponent q of ulp(y) = 2^q for 2^exponent ≤ |y| < 2^(exponent+1); the exponent may exceed emax."""
        return max(exponent, self.emin) - self.precision + 1

    def ulp(self, y: float | Fraction) -> float:
        """The unit in the last place at y: 2^(max(e, emin) - p + 1) for 2^e ≤ |y| < 2^(e+1), exact.

        For y = 0 the spacing of the subnormals. The definition is Goldberg's and Muller's; y is the exact result,
        not the computed one.

        Raises:
            ValueError: for an infinity or a NaN.
        """
        if not math.isfinite(y):
            raise ValueError(f"ulp({y}) is not defined: give a finite number")
        if y == 0:
            return self.min_subnormal
        size = abs(Fraction(y))
        exponent = size.numerator.bit_length() - size.denominator.bit_length()
        if size < Fraction(2) ** exponent:
            exponent -= 1
        return math.ldexp(1.0, self.ulp_exponent(exponent))

    def show(self, bits: int) -> str:
        """One encoding for people.

        The shortest decimal that reads back as the same number, and the hexadecimal float, for example
        ``"0.1 (0x1.99999ap-4)"``; a NaN with its bits.
        """
        bits = int(bits)
        value = self.value(bits)
        if math.isnan(value):
            return f"nan (0x{bits:0{self.bits // 4}x})"
        if math.isinf(value):
            return str(value)
        zero = bits == self.sign_bit
        shortest = next(text for text in _decimals(value) if self.round_fraction(Fraction(text), zero) == bits)
        significand, exponent = value.hex().split("p")
        return f"{float(shortest)!r} ({significand.rstrip('0').rstrip('.')}p{exponent})"


def _decimals(value: float) -> Iterator[Decimal]:
    """Decimals around a number with ever more digits, of each length the nearest first.

    Just above a power of two the numbers lie less dense than below, so that the shortest need not be a nearest one.
    """
    for digits, rounding in product(range(1, 18), (ROUND_HALF_EVEN, ROUND_UP, ROUND_DOWN)):
        yield Context(digits, rounding).create_decimal(Decimal(value))


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("float16", bits=16, precision=11, emin=-14, emax=15),
        Format("bfloat16", bits=16, precision=8, emin=-126, emax=127),
        Format("float32", bits=32, precision=24, emin=-126, emax=127),
        Format("float64", bits=64, precision=53, emin=-1022, emax=1023),
    )
}
"""The formats by name, in the order of reports."""


def number_format(name: str) -> Format:
    """The format of that name.

    Raises:
        ValueError: for another name; the message lists the choices.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise ValueError(f"unknown format {name!r}: choose from {', '.join(FORMATS)}") from None
