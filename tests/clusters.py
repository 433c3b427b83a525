"""Ball arithmetic for a thousand neighbouring inputs at once.

Around the middle m of some equally spaced inputs, f(m + tu) = Σ b_n (tu)^n: Arb encloses the first coefficients at m, and the
one after them at every point between the first and the last input (the remainder, by Taylor's theorem). Rounded to
integers, with what that loses added to the bound, the polynomial is evaluated in Python's integers, exactly. So every result
is enclosed as rigorously as by one ball each, at a fraction of the cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from harness.activations import Activation
from harness.reference import balls

_TERMS = 32  # at most
_LOWEST = -1150  # binade below which results are not told apart


@dataclass(frozen=True)
class Enclosures:
    """f at the inputs, to ±``error``, in units of 2^``exponent``.

    Attributes:
        values: Python integers, one per input; None where all results lie beyond 2^1030, with ``sign``.
        error: an integer.
        exponent: of the unit.
        sign: of results that are enormous.
    """

    values: Any
    error: int
    exponent: int
    sign: int = 0


def enclose(definition: Activation, order: int, first: float, spacing: float, count: int, digits: int) -> Enclosures | None:
    """The results at first + k·spacing, 0 ≤ k < count, to about 2^-``digits`` of the largest.

    All inputs must be float64, on one side of 0 and of every kink, and the spacing ± a power of two. None where no precision
    that is tried gives as many digits.
    """
    middle = first + count // 2 * spacing
    for precision in (digits + 128, 2 * digits + 256, 6 * digits + 1200):
        with balls.working(precision, order + _TERMS):
            found = _enclose(definition, order, middle, spacing, count, digits)
        if found is not None:
            return found
    return None


def _enclose(definition: Activation, order: int, middle: float, spacing: float, count: int, digits: int) -> Enclosures | None:
    at = balls.coefficients(definition, middle, 1, 0.0)
    between = balls.coefficients(definition, middle, 1, (count + 1) / 2 * abs(spacing))
    if at is None or between is None:
        return None
    whole = between[order] * math.factorial(order)
    if abs(whole) > arb(2) ** 1030:
        return Enclosures(None, 0, 0, 1 if whole > 0 else -1)
    reach = (count + 1) // 2
    # The size is that of the first terms' midpoints: where these mean nothing, the error tells, and the precision rises.
    terms = (at[order + n] * arb(reach * spacing) ** n * math.factorial(order + n) for n in range(3))
    shift = digits - max(map(_binade, terms))
    factors, rests = [arb(2) ** shift * math.factorial(order)], []
    for n in range(_TERMS):
        rests.append(abs(between[order + n] * factors[n]) * arb(reach) ** n)
        if rests[n] < 1:
            break
        factors.append(factors[n] * spacing * (order + n + 1) / (n + 1))
    guard = reach.bit_length() * len(rests)  # bits that keep what the integers lose, times powers of t, below a unit
    error, numbers = rests[-1] * arb(2) ** guard, []
    for n in range(len(rests) - 1):
        scaled = at[order + n] * factors[n] * arb(2) ** guard
        numbers.append(_integer(scaled))
        error += abs(scaled - numbers[n]) * arb(reach) ** n
    if not error < arb(2) ** (guard + 8):
        return None
    t = np.arange(count).astype(object) - count // 2
    values = np.zeros(count, object)
    for number in reversed(numbers):
        values = values * t + number
    return Enclosures(values >> guard, (_integer(error.abs_upper()) >> guard) + 2, -shift)


def _binade(ball: Any) -> int:
    """The e with 2^e <= |midpoint of the ball| < 2^(e + 1); no less than the least that counts."""
    mantissa, exponent = ball.mid().man_exp()
    return max(int(exponent) + int(abs(mantissa)).bit_length() - 1, _LOWEST) if mantissa else _LOWEST


def _integer(ball: Any) -> int:
    """An integer close to a ball."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    if exponent >= 0:
        return mantissa << exponent
    # Exponents may be astronomical, and what is that small rounds to 0.
    drop = min(-exponent, mantissa.bit_length() + 2)
    return mantissa + (1 << drop - 1) >> drop


def units(numbers: Any, exponent: int) -> Any:
    """float64[n] as Python integers in units of 2^exponent, rounded down."""
    significand, binade = np.frexp(numbers)
    whole = np.ldexp(significand, 53).astype(np.int64)
    shift = binade.astype(np.int64) - 53 - exponent
    whole >>= np.minimum(np.maximum(-shift, 0), 63)
    return whole.astype(object) << np.maximum(shift, 0).astype(object)
