"""A real number known through enclosures as narrow as one likes, and the questions it answers with certainty.

A question is put to an enclosure; where not every number in it gives the same answer, the precision doubles. The
hardest questions known here need about 2^12 bits (the second derivative of sigmoid at x = 2^-1074 lies
x³/48 ≈ 2^-3228 beside a tie of -x/8); the precision ends at :data:`MAX_PRECISION`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

from ..formats import Format
from . import balls
from .balls import Enclosure

START_PRECISION = 96
"""Bits; decides the rounding of all but a few inputs in formats up to 32 bits."""
MAX_PRECISION = START_PRECISION << 10
"""Bits; a question that is open beyond it ends in an ArithmeticError."""

_RELATIVE = 34  # errors in ulps are right to 2^-34 of themselves ...
_ABSOLUTE = 100  # ... or to 2^-100 ulp
_EQUAL = START_PRECISION << 6  # bits; two numbers that agree to so many are taken for equal
_AGREED, _SIMPLE = 5000, 64  # bits
_PLAIN = 30_000  # binary exponents up to this are turned into decimals by integer arithmetic
_SCIENTIFIC = 17  # decimal exponents from this on, or below -4, are written out


class Number:
    """An exact result that is a real number, known through enclosures as narrow as one likes.

    Args:
        enclose: the enclosure at a precision in bits, or None where it is too low to give one.
        zero_sign: asked only if the number is exactly 0: the sign it should carry, or 0 for either.
        name: what it is, for messages.
    """

    is_nan = False
    is_infinite = False
    is_interval = False

    def __init__(self, enclose: Callable[[int], Enclosure | None], zero_sign: Callable[[], int], name: str) -> None:
        self._enclose = enclose
        self._zero_sign = zero_sign
        self._name = name
        self._precision = START_PRECISION
        self._best = enclose(START_PRECISION)

    def __repr__(self) -> str:
        return f"{self._name} = {self.decimal(17)}"

    def enclosures(self) -> Iterator[tuple[Enclosure, int]]:
        """Ever narrower enclosures, each with its precision in bits, from the narrowest that was asked for so far on.

        Raises:
            ArithmeticError: past the last precision.
        """
        while True:
            if self._best is not None:
                yield self._best, self._precision
            self._narrow()

    def _narrow(self) -> None:
        if self._precision >= _EQUAL and self._best is not None and (simple := _simplest(self._best)) is not None:
            self._best = simple
            return
        if self._precision >= MAX_PRECISION or (self._best is not None and self._best.exact):
            raise ArithmeticError(f"{self._name}: not decided with {self._precision} bits")
        precision = 2 * self._precision
        self._best, self._precision = self._enclose(precision), precision

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return next(sign for enclosure, _ in self.enclosures() if (sign := enclosure.sign) is not None)

    @property
    def zero_sign(self) -> int:
        """For an exact zero the sign it should carry, -1 or 1; 0 where either is accepted, or it is not zero."""
        return self._zero_sign() if self.sign == 0 else 0

    def rounded(self, format: Format) -> int:
        """See :meth:`harness.reference.exact.ExactResult.rounded`; a zero of either sign comes out as +0."""
        finer = format.precision + 3  # digits; no tie lies between a bound and the next number inward
        for (low, high, exponent), _ in self.enclosures():
            if low == high:
                return format.round_dyadic(low, exponent, low == 0 and self._zero_sign() < 0)
            bits = format.round_dyadic((low << finer) + 1, exponent - finer)
            if bits == format.round_dyadic((high << finer) - 1, exponent - finer):
                return bits
        raise AssertionError("enclosures end with an exception")

    def is_normal(self, format: Format) -> bool:
        """See :meth:`harness.reference.exact.ExactResult.is_normal`."""
        return format.hidden_bit <= self.rounded(format) & ~format.sign_bit < format.inf_bits

    def contains(self, bits: int, format: Format) -> bool:
        """See :meth:`harness.reference.exact.ExactResult.contains`."""
        return self.compare(bits, format) == 0

    def compare(self, bits: int, format: Format) -> int:
        """-1, 0 or 1: whether the number is below, equal to or above that of a finite encoding, certified."""
        mantissa, exponent = format.dyadic(bits)
        for enclosure, _ in self.enclosures():
            low, high = (_order(end, enclosure.exponent, mantissa, exponent) for end in enclosure[:2])
            if enclosure.exact:
                return low
            if low >= 0 or high <= 0:
                return 1 if low >= 0 else -1
        raise AssertionError("enclosures end with an exception")

    def exceeds(self, other: Number) -> bool:
        """Whether this number is larger than another; numbers that about 6000 bits do not tell apart count as equal."""
        while True:
            mine, yours = self._best, other._best
            if mine is not None and yours is not None:
                if _order(mine.high, mine.exponent, yours.low, yours.exponent) <= 0:
                    return False
                if _order(mine.low, mine.exponent, yours.high, yours.exponent) >= 0:
                    return True
            open_ends = [end for end in (self, other) if end._best is None or not end._best.exact]
            if any(end._precision >= _EQUAL for end in open_ends):
                return False
            for end in open_ends:
                end._narrow()

    def error_ulps(self, bits: int, format: Format) -> float:
        """See :meth:`harness.reference.exact.ExactResult.error_ulps`."""
        mantissa, exponent = format.dyadic(bits)
        for enclosure, precision, ulp in self._measured(format):
            grid = precision + 2 * _ABSOLUTE  # everything in units of 2^-grid ulp
            unit = ulp - grid
            got_low, got_high = _floor(mantissa, exponent - unit), -_floor(-mantissa, exponent - unit)
            least = _floor(enclosure.low, enclosure.exponent - unit)
            most = -_floor(-enclosure.high, enclosure.exponent - unit)
            low, high = max(got_low - most, least - got_high, 0), max(got_high - least, most - got_low)
            if low == high or (high - low) << _RELATIVE < low or (high - low) << _ABSOLUTE < 1 << grid:
                try:
                    return (low + high) / (2 << grid)
                except OverflowError:
                    return sys.float_info.max
        raise AssertionError("enclosures end with an exception")

    def compare_error(self, bits: int, format: Format, threshold: int | Fraction) -> int:
        """See :meth:`harness.reference.exact.ExactResult.compare_error`."""
        if threshold <= 0:
            raise ValueError(f"threshold {threshold}: give a positive number of ulps")
        mantissa, exponent = format.dyadic(bits)
        times = threshold.denominator
        for (low, high, scale), _, ulp in self._measured(format):
            # Is y between ŷ - threshold·ulp and ŷ + threshold·ulp? All times the denominator, in units of 2^unit.
            unit = min(ulp, max(exponent, ulp - _PLAIN))
            got, rest = _floor(mantissa, exponent - unit) * times, times if exponent < unit else 0
            reach = threshold.numerator << (ulp - unit)

            def order(end: int, point: int, scale: int = scale, unit: int = unit) -> int:
                return _order(end * times, scale, point, unit)

            if low == high and rest == 0:
                return max(-order(low, got - reach), order(low, got + reach))
            if order(low, got + rest - reach) >= 0 and order(high, got + reach) <= 0:
                return -1
            if order(high, got - reach) <= 0 or order(low, got + rest + reach) >= 0:
                return 1
        raise AssertionError("enclosures end with an exception")

    def _measured(self, format: Format) -> Iterator[tuple[Enclosure, int, int]]:
        """The enclosures that tell ulp(y), each with its precision and that ulp's exponent."""
        for enclosure, precision in self.enclosures():
            if enclosure.sign:
                least, most = enclosure.binades()
                ulp = format.ulp_exponent(most)
                if format.ulp_exponent(format.emin if least is None else least) == ulp:
                    yield enclosure, precision, ulp
            elif enclosure.sign == 0:
                yield enclosure, precision, format.ulp_exponent(format.emin)

    def decimal(self, digits: int) -> str:
        """See :meth:`harness.reference.exact.ExactResult.decimal`."""
        for enclosure, _ in self.enclosures():
            if enclosure.sign is None:
                continue
            if enclosure.sign == 0:
                return "-0" if self._zero_sign() < 0 else "0"
            if abs(enclosure.exponent) > _PLAIN:
                text = balls.digits(enclosure, digits)
            else:
                low, high = (_decimal(end, enclosure.exponent, digits) for end in enclosure[:2])
                text = _show(*low[:2], complete=enclosure.exact and low[2]) if low[:2] == high[:2] else None
            if text is not None:
                return text
        raise AssertionError("enclosures end with an exception")


def _simplest(enclosure: Enclosure) -> Enclosure | None:
    """The number of at most 64 bits that an enclosure agrees with to 5000 bits, if there is one.

    Balls cannot tell (1/α)·α from 1: such a number is taken for the simple one.
    """
    low, high, exponent = enclosure
    size = max(abs(low), abs(high)).bit_length()
    if enclosure.exact or (high - low).bit_length() > size - _AGREED:
        return None
    shift = size - _SIMPLE
    middle = ((low + high >> shift) + 1) >> 1
    return Enclosure(middle, middle, exponent + shift) if low < middle << shift < high else None


def _floor(mantissa: int, exponent: int) -> int:
    """The largest integer that is at most mantissa·2^exponent; an exponent may be astronomically small."""
    return mantissa << exponent if exponent >= 0 else mantissa >> min(-exponent, mantissa.bit_length() + 1)


def _order(mantissa: int, exponent: int, other: int, scale: int) -> int:
    """-1, 0 or 1: how mantissa·2^exponent compares with other·2^scale."""
    if mantissa == 0 or other == 0 or (mantissa < 0) != (other < 0):
        return (mantissa > other) - (mantissa < other)
    sign = -1 if mantissa < 0 else 1
    top, bar = exponent + mantissa.bit_length(), scale + other.bit_length()
    if top != bar:
        return sign if top > bar else -sign
    common = min(exponent, scale)  # the leading digits are in the same place, so that the shifts are small
    left, right = mantissa << (exponent - common), other << (scale - common)
    return (left > right) - (left < right)


def _decimal(mantissa: int, exponent: int, digits: int) -> tuple[int, int, bool]:
    """(n, d, all) with mantissa·2^exponent ≈ n·10^(d-digits+1), n of that many digits; whether these are all it has."""
    numerator, denominator = abs(mantissa) << max(exponent, 0), 1 << max(-exponent, 0)
    power = (numerator.bit_length() - denominator.bit_length()) * 30103 // 100000 - 1
    while numerator * 10 ** max(-power - 1, 0) >= denominator * 10 ** max(power + 1, 0):
        power += 1
    shift = digits - 1 - power
    quotient, rest = divmod(numerator * 10 ** max(shift, 0), denominator * 10 ** max(-shift, 0))
    doubled = 2 * rest - denominator * 10 ** max(-shift, 0)
    quotient += doubled > 0 or (doubled == 0 and quotient & 1)
    if quotient == 10**digits:
        quotient, power = quotient // 10, power + 1
    return (-quotient if mantissa < 0 else quotient), power, rest == 0


def _show(number: int, power: int, complete: bool) -> str:
    """The decimal for people: plain from 0.0001 on, else with an exponent of at least two digits."""
    sign, text = ("-" if number < 0 else ""), str(abs(number))
    if complete:
        text = text.rstrip("0")
    if -5 < power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{text}"
    if 0 <= power < _SCIENTIFIC:
        text = text.ljust(power + 1, "0")
        return f"{sign}{text[: power + 1]}.{text[power + 1 :]}".rstrip(".")
    return f"{sign}{text[0]}.{text[1:]}".rstrip(".") + f"e{power:+03d}"
