"""Numbers in double-double with an exponent of their own and an error bound: balls of some 104 bits, in compiled loops.

A number is (hi, lo, error, exponent): the real number meant is within error·2^exponent of (hi + lo)·2^exponent. hi is 0
or its magnitude is in [1, 2), and it is hi + lo rounded. The exponent is an integer in a float64, so that e^-5000 is a
number like any other. Every operation bounds what its rounding loses from what it really lost (running error analysis: N. J.
Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.3), so that exact operations stay exact, with
an error of 0. The algorithms are those of T. J. Dekker, "A floating-point technique for extending the available
precision", Numer. Math. 18 (1971), with fused multiply-add.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .machine import fma, from_bits, routine, step, to_bits

_BIAS = 1023
_APART = -900.0  # a summand with an exponent so much less than the other's only widens the error
_LEAST = 2.0**-1000  # no part of a sum that counts is less, or the error says so
_WIDER = 1 + 2.0**-40  # covers the rounding of the error bounds themselves


@step
def two_sum(a: Any, b: Any) -> Any:
    """a + b as the rounded sum and what rounding lost (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@step
def fast_two_sum(a: Any, b: Any) -> Any:
    """The same for |a| >= |b|."""
    s = a + b
    return s, b - (s - a)


@step
def power(exponent: Any) -> Any:
    """2^exponent for an int64 from -1022 to 1023."""
    return from_bits((exponent + _BIAS) << 52)


@routine
def normal(hi: Any, lo: Any, error: Any, exponent: Any) -> Any:
    """The number with hi in [1, 2); |hi| >= |lo|."""
    hi, lo = fast_two_sum(hi, lo)
    shift = max(((to_bits(hi) >> 52) & 0x7FF) - _BIAS, np.int64(-1000))
    factor = power(-shift)
    if hi == 0.0:
        return 0.0, 0.0, error, exponent
    return hi * factor, lo * factor, error * factor * _WIDER, exponent + shift


@routine
def multiply(a: Any, b: Any) -> Any:
    """a·b."""
    p = a[0] * b[0]
    lost = fma(a[0], b[0], -p)
    cross = fma(a[0], b[1], a[1] * b[0])
    lo = lost + cross
    error = abs(a[1] * b[1])
    if cross != 0.0:
        error += 2.0**-51 * abs(cross) + 2.0**-52 * abs(lo)
    error += abs(a[0]) * b[2] + abs(b[0]) * a[2] + a[2] * b[2]
    return normal(p, lo, error * _WIDER, a[3] + b[3])


@routine
def add(a: Any, b: Any) -> Any:
    """a + b."""
    if b[0] == 0.0 and b[2] == 0.0:
        return a
    if a[0] == 0.0 and a[2] == 0.0:
        return b
    if a[3] < b[3]:
        a, b = b, a
    distance = b[3] - a[3]
    if distance < _APART:
        return a[0], a[1], a[2] + (3.0 + b[2]) * 2.0**_APART, a[3]
    factor = power(np.int64(distance))
    error = a[2] + b[2] * factor
    tail = b[1] * factor
    if b[1] != 0.0 and abs(tail) < _LEAST:
        error += _LEAST
    s, t = two_sum(a[0], b[0] * factor)
    u, v = two_sum(a[1], tail)
    c, d = two_sum(t, u)
    s, w = fast_two_sum(s, c)
    g, first = two_sum(v, d)
    lo, second = two_sum(w, g)
    return normal(s, lo, (error + abs(first) + abs(second)) * _WIDER, a[3])


@step
def negative(a: Any) -> Any:
    """-a."""
    return -a[0], -a[1], a[2], a[3]


@routine
def reciprocal(a: Any) -> Any:
    """1/a; the error is infinite where a may be 0."""
    q = 1.0 / a[0]
    rest = fma(-q, a[0], 1.0)  # exact
    lo = fma(-q, a[1], rest) / a[0]
    lo -= lo * a[1] / a[0]
    size = abs(q)
    error = 0.0 if rest == 0.0 and a[1] == 0.0 else 2.0**-102
    if a[2] > 0.0:
        error = error + a[2] * size * size / (1.0 - 2.0 * a[2] * size) if a[2] * size < 0.25 else np.inf
    return normal(q, lo, error * _WIDER, -a[3])


@routine
def square_root(a: Any) -> Any:
    """The square root; the error is infinite where a may be negative or 0."""
    odd = a[3] - 2.0 * np.floor(a[3] / 2.0)
    hi, lo, error = a[0] * (1.0 + odd), a[1] * (1.0 + odd), a[2] * (1.0 + odd)
    if not error < hi * 0.25:
        return 0.0, 0.0, np.inf, 0.0
    root = np.sqrt(hi)
    rest = fma(-root, root, hi)  # exact
    tail = (rest + lo) / (2.0 * root)
    correction = tail * tail / (2.0 * root)
    lost = 0.0 if tail == 0.0 else 2.0**-102
    return normal(root, tail - correction, (lost + 0.75 * error) * _WIDER, (a[3] - odd) / 2.0)
