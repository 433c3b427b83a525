"""Reference kernels in double-double for sigmoid and tanh, orders 0 to 2, for float64.

With a = |x| for sigmoid and a = 2|x| for tanh, e = exp(-a), m = expm1(-a) and s = 1 + e = 2 + m, all six functions
are products and quotients of e, m and s, and none of them cancels:

====  ==========================  ==================
order sigmoid                     tanh
====  ==========================  ==================
0     1/s for x > 0, else e/s     -m/s, odd
1     e/s^2                       4 e/s^2
2     e m/s^3, odd                8 e m/s^3, odd
====  ==========================  ==================

They are evaluated in numbers of two float64, hi + lo (Dekker, Numer. Math. 18, 1971, with
fused multiply-add). expm1 is the Taylor series at r/32, five times doubled by expm1(2r) = expm1(r)(2 + expm1(r)).
Results below 2^-900 are carried with a factor of 2^512, so that lo never underflows. Close to zero and in saturation lo
is written down from the next term of the series, because there its sign decides and a product would not keep it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from .machine import fma, kernel, step

BOUND = 2.0**-98
"""Relative error bound of hi + lo; tests hold it against ball arithmetic."""

_NEAR = 2.0**-40
_SATURATED = 40.0
_FAR = 1300.0  # exp(-1300) < 2^-1400
_SCALE = 2.0**512
_LOG2_E = 1 / math.log(2)
# ln 2 in three parts; the first has 41 bits, so that its product with an exponent is exact.
_LN2 = tuple(float.fromhex(part) for part in ("0x1.62e42fefa3000p-1", "0x1.3de6af278ece6p-42", "0x1.f97b57a079a19p-103"))
_DOUBLINGS = 5
_INVERSES = tuple((1.0 / n, float(Fraction(1, n) - Fraction(1.0 / n))) for n in range(2, 15))


@step
def two_sum(a: Any, b: Any) -> Any:
    """a + b as the rounded sum and what rounding lost (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@step
def _fast_two_sum(a: Any, b: Any) -> Any:
    s = a + b
    return s, b - (s - a)


@step
def _mul(a: Any, b: Any) -> Any:
    p = a[0] * b[0]
    return _fast_two_sum(p, fma(a[0], b[0], -p) + (a[0] * b[1] + a[1] * b[0]))


@step
def _add(a: Any, b: Any) -> Any:
    s, t = two_sum(a[0], b[0])
    u, v = two_sum(a[1], b[1])
    s, t = _fast_two_sum(s, t + u)
    return _fast_two_sum(s, t + v)


@step
def _div(a: Any, b: Any) -> Any:
    q = a[0] / b[0]
    r = _add(a, _mul((-q, 0.0), b))
    q2 = r[0] / b[0]
    r = _add(r, _mul((-q2, 0.0), b))
    s, t = _fast_two_sum(q, q2)
    return _add((s, t), (r[0] / b[0], 0.0))


@step
def _exponentials(a: Any) -> Any:
    """k, expm1(r) with exp(-a) = 2^k (1 + expm1(r)), for 0 <= a <= _FAR."""
    k = np.rint(-a * _LOG2_E)
    r = _add(two_sum(-a, -k * _LN2[0]), (-k * _LN2[1], fma(-k, _LN2[1], k * _LN2[1]) - k * _LN2[2]))
    small = 1.0 / (1 << _DOUBLINGS)
    r = (r[0] * small, r[1] * small)
    series = (1.0, 0.0)
    for n in range(len(_INVERSES) - 1, -1, -1):
        series = _add((1.0, 0.0), _mul(_mul(r, _INVERSES[n]), series))
    m = _mul(r, series)
    for _ in range(_DOUBLINGS):
        m = _mul(m, _add((2.0, 0.0), m))
    return k, m


@step
def _parts(a: Any) -> Any:
    """k, u = 1 + expm1(r), m = expm1(-a), s = 2 + m, so that exp(-a) = 2^k u; a beyond _FAR counts as _FAR."""
    k, q = _exponentials(min(a, _FAR))
    power = math.ldexp(1.0, max(int(k), -200))
    u = _add((1.0, 0.0), q)
    if k == 0.0:
        m = q
    else:
        m = _add(_fast_two_sum(-1.0, power), (q[0] * power, q[1] * power)) if k > -150.0 else (-1.0, power)
    return k, u, m, _add((2.0, 0.0), m)


@step
def _scaled(value: Any, k: Any) -> Any:
    """value * 2^k as hi, lo and the factor they carry."""
    exponent = int(k)
    if exponent > -900:
        power = math.ldexp(1.0, exponent)
        return value[0] * power, value[1] * power, 1.0
    power = math.ldexp(1.0, max(exponent + 512, -1000))
    return value[0] * power, value[1] * power, _SCALE


@step
def _saturated(a: Any, twice: Any) -> Any:
    """1 - twice * exp(-a)."""
    k, u, _, _ = _parts(min(a, 600.0))
    return 1.0, -twice * u[0] * math.ldexp(1.0, int(k)), 1.0


@step
def _linear(x: Any, slope: Any, ratio: Any) -> Any:
    """slope * x * (1 - ratio * x^2) near zero, slope a power of two."""
    factor = _SCALE if abs(x) < 2.0**-890 else 1.0
    hi = slope * (x * factor)
    return hi, -hi * max(ratio * (x * x), 2.0**-300), factor


@step
def _sigmoid_0(x: Any) -> Any:
    if abs(x) < _NEAR:
        hi, lo = _fast_two_sum(0.5, x * 0.25)
        if lo == 0.0:
            lo = math.copysign(2.0**-900, x) if x * 0.25 == 0.0 else -math.copysign(2.0**-900, x)
        return hi, lo, 1.0
    if x > _SATURATED:
        return _saturated(x, 1.0)
    k, u, _, s = _parts(abs(x))
    if x > 0:
        hi, lo = _div((1.0, 0.0), s)
        return hi, lo, 1.0
    return _scaled(_div(u, s), k)


@step
def _sigmoid_1(x: Any) -> Any:
    if abs(x) < _NEAR:
        return 0.25, -max(x * x * 0.0625, 2.0**-900), 1.0
    k, u, _, s = _parts(abs(x))
    return _scaled(_div(u, _mul(s, s)), k)


@step
def _sigmoid_2(x: Any) -> Any:
    if abs(x) < _NEAR:
        return _linear(x, -0.125, 1 / 3)
    k, u, m, s = _parts(abs(x))
    hi, lo, factor = _scaled(_div(_mul(u, m), _mul(s, _mul(s, s))), k)
    return (hi, lo, factor) if x > 0 else (-hi, -lo, factor)


@step
def _tanh_0(x: Any) -> Any:
    if abs(x) < _NEAR:
        return _linear(x, 1.0, 1 / 3)
    if 2.0 * abs(x) > _SATURATED:
        hi, lo, factor = _saturated(2.0 * abs(x), 2.0)
    else:
        _, _, m, s = _parts(2.0 * abs(x))
        hi, lo = _div((-m[0], -m[1]), s)
        factor = 1.0
    return (hi, lo, factor) if x > 0 else (-hi, -lo, factor)


@step
def _tanh_1(x: Any) -> Any:
    if abs(x) < _NEAR:
        return 1.0, -max(x * x, 2.0**-900), 1.0
    k, u, _, s = _parts(2.0 * abs(x))
    return _scaled(_div((4.0 * u[0], 4.0 * u[1]), _mul(s, s)), k)


@step
def _tanh_2(x: Any) -> Any:
    if abs(x) < _NEAR:
        return _linear(x, -2.0, 4 / 3)
    k, u, m, s = _parts(2.0 * abs(x))
    hi, lo, factor = _scaled(_div(_mul((8.0 * u[0], 8.0 * u[1]), m), _mul(s, _mul(s, s))), k)
    return (hi, lo, factor) if x > 0 else (-hi, -lo, factor)


def _reference(function: Callable[..., Any]) -> Callable[..., Any]:
    @kernel
    def reference(x: Any, hi: Any, lo: Any, scale: Any) -> None:
        for i in range(x.size):
            v = x[i]
            if v == 0.0 or v != v or abs(v) == math.inf:
                hi[i], lo[i], scale[i] = math.nan, 0.0, 1.0
            else:
                hi[i], lo[i], scale[i] = function(v)

    return reference


SIGMOID = tuple(_reference(function) for function in (_sigmoid_0, _sigmoid_1, _sigmoid_2))
TANH = tuple(_reference(function) for function in (_tanh_0, _tanh_1, _tanh_2))
