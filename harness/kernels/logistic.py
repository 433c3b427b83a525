"""Reference kernels in float64 for sigmoid and tanh, orders 0 to 2, for formats of up to 32 bits.

With a = |x| for sigmoid and a = 2|x| for tanh, e = exp(-a), m = expm1(-a) and s = 1 + e = 2 + m, all six functions
are products and quotients of e, m and s, and none of them cancels:

====  ==========================  ==================
order sigmoid                     tanh
====  ==========================  ==================
0     1/s for x > 0, else e/s     -m/s, odd
1     e/s^2                       4 e/s^2
2     e m/s^3, odd                8 e m/s^3, odd
====  ==========================  ==================

exp and expm1 come from one polynomial: a = -(k ln 2 + r), |r| <= ln(2)/2, q = expm1(r), then e = 2^k q + 2^k and
m = 2^k q + (2^k - 1) (the reduction of Cody and Waite, Software Manual for the Elementary Functions, 1980, with one
constant, since |k| < 2^9 leaves its error below 2^-46).

The contract of what the kernels write is in :mod:`harness.kernels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .machine import fma, from_bits, kernel, step, to_bits

BOUND = 2.0**-42
"""Relative error bound of the even results (2^-43.3 of it the polynomial's); tests hold it against ball arithmetic."""

_NEAR = 2.0**-13  # below this |x| the exact result is a short number plus a term under 2^-26 of it
_FAR = 160.0  # above this |x| it is 1 less, or 0 plus, something below 2^-230
_TINY = 2.0**-230
_BELOW_ONE = 1 - 2.0**-53
_SATURATED = 1 - 2.0**-27
_CHUNK = 1024

_LOG2_E = 1 / math.log(2)
_LN2 = math.log(2)
_SHIFTER = 1.5 * 2.0**52  # adding it rounds to an integer and leaves that integer in the low bits

# expm1(r)/r on |r| <= ln(2)/2: interpolation in nine Chebyshev nodes, relative error 2^-43.35.
_P = tuple(
    float.fromhex(coefficient)
    for coefficient in (
        "0x1.0000000000000p+0",
        "0x1.fffffffff713dp-2",
        "0x1.5555555553b63p-3",
        "0x1.5555557440915p-5",
        "0x1.1111111c4e74fp-7",
        "0x1.6c164db90c301p-10",
        "0x1.a019ad80eed25p-13",
        "0x1.a15aa1ba58173p-16",
        "0x1.72c75c67ac6b9p-19",
    )
)


@step
def _exponentials(a: Any) -> Any:
    """exp(-a) and expm1(-a) for 0 <= a <= 320."""
    shifted = fma(-a, _LOG2_E, _SHIFTER)
    r = fma(shifted - _SHIFTER, -_LN2, -a)
    r2 = r * r
    low = fma(r2, fma(r, _P[3], _P[2]), fma(r, _P[1], _P[0]))
    high = fma(r2, fma(r, _P[7], _P[6]), fma(r, _P[5], _P[4]))
    r4 = r2 * r2
    q = r * fma(r4, fma(r4, _P[8], high), low)
    power = from_bits((to_bits(shifted) << 52) + (1023 << 52))
    return fma(power, q, power), fma(power, q, power - 1.0)


@step
def _even(y: Any) -> Any:
    """Mark y as approximate."""
    return from_bits(to_bits(y) & -2)


@step
def _odd(y: Any, lead: Any, toward: Any) -> Any:
    """Mark y as on its side of ``lead``; if rounding took it onto ``lead``, ``toward`` (+1, -1 in bits) moves it off."""
    bits = to_bits(y)
    return from_bits((bits + toward if bits == to_bits(lead) else bits) | 1)


@step
def _one_less(y: Any) -> Any:
    """Mark y, which approaches 1 from below: approximate, or on its side of 1 when saturated."""
    return from_bits(to_bits(min(y, _BELOW_ONE)) | 1) if y > _SATURATED else _even(y)


@step
def _sigmoid_0(x: Any) -> Any:
    e, m = _exponentials(abs(x))
    return _one_less((1.0 if x > 0 else e) / (2.0 + m))


@step
def _sigmoid_0_edge(x: Any) -> Any:
    if abs(x) > _FAR:
        return _BELOW_ONE if x > 0 else _TINY
    return _odd(fma(x, 0.25, 0.5), 0.5, 1 if x > 0 else -1)


@step
def _sigmoid_1(x: Any) -> Any:
    e, m = _exponentials(abs(x))
    s = 2.0 + m
    return _even(e / (s * s))


@step
def _sigmoid_1_edge(x: Any) -> Any:
    return _TINY if abs(x) > _FAR else _odd(fma(x * x, -0.0625, 0.25), 0.25, -1)


@step
def _sigmoid_2(x: Any) -> Any:
    e, m = _exponentials(abs(x))
    s = 2.0 + m
    return math.copysign(_even(e * m / (s * s * s)), -x)


@step
def _sigmoid_2_edge(x: Any) -> Any:
    lead = x * -0.125
    return math.copysign(_TINY, -x) if abs(x) > _FAR else _odd(fma(lead * x, x * (-1 / 3), lead), lead, -1)


@step
def _tanh_0(x: Any) -> Any:
    _, m = _exponentials(2.0 * abs(x))
    return math.copysign(_one_less(-m / (2.0 + m)), x)


@step
def _tanh_0_edge(x: Any) -> Any:
    return math.copysign(_BELOW_ONE, x) if abs(x) > _FAR else _odd(fma(x * x, x * (-1 / 3), x), x, -1)


@step
def _tanh_1(x: Any) -> Any:
    e, m = _exponentials(2.0 * abs(x))
    s = 2.0 + m
    return _even(4.0 * e / (s * s))


@step
def _tanh_1_edge(x: Any) -> Any:
    return _TINY if abs(x) > _FAR else _odd(fma(-x, x, 1.0), 1.0, -1)


@step
def _tanh_2(x: Any) -> Any:
    e, m = _exponentials(2.0 * abs(x))
    s = 2.0 + m
    return math.copysign(_even(8.0 * e * m / (s * s * s)), -x)


@step
def _tanh_2_edge(x: Any) -> Any:
    lead = x * -2.0
    return math.copysign(_TINY, -x) if abs(x) > _FAR else _odd(fma(lead * x, x * (-4 / 3), lead), lead, -1)


def _reference(inside: Callable[..., Any], edge: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel that takes ``inside`` between ``_NEAR`` and ``_FAR``, ``edge`` elsewhere, and NaN at 0 and infinity.

    It looks at a chunk first: in an exhaustive sweep nearly every chunk lies wholly in one regime.
    """

    @kernel
    def reference(x: Any, y: Any) -> None:
        for start in range(0, x.size, _CHUNK):
            inputs, results = x[start : start + _CHUNK], y[start : start + _CHUNK]
            ordinary = 0
            for i in range(inputs.size):
                ordinary += (abs(inputs[i]) >= _NEAR) & (abs(inputs[i]) <= _FAR)
            if ordinary:
                for i in range(inputs.size):
                    results[i] = inside(np.float64(inputs[i]))
            if ordinary < inputs.size:
                for i in range(inputs.size):
                    v = np.float64(inputs[i])
                    if v == 0.0 or abs(v) == math.inf or v != v:
                        results[i] = math.nan
                    elif not _NEAR <= abs(v) <= _FAR:
                        results[i] = edge(v)

    return reference


SIGMOID = tuple(
    _reference(*pair) for pair in ((_sigmoid_0, _sigmoid_0_edge), (_sigmoid_1, _sigmoid_1_edge), (_sigmoid_2, _sigmoid_2_edge))
)
TANH = tuple(_reference(*pair) for pair in ((_tanh_0, _tanh_0_edge), (_tanh_1, _tanh_1_edge), (_tanh_2, _tanh_2_edge)))
