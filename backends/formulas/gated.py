"""Formulas for x times something that rises from 0 to 1: silu, gelu, mish."""

from __future__ import annotations

import math
from typing import Any

from .formula import Formula, Formulas, Means

_ROOT_HALF, _BY_ROOT_TWO_PI = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)
_C, _A = math.sqrt(2 / math.pi), 0.044715  # u = C (x + A x³)


def _silu_exponential(f: Means, x: Any) -> Any:
    q = f.decay(x)
    return f.below(x, q * (1 + q + x), 1 + q * (1 + x)) / ((1 + q) * (1 + q))


def _silu_exponential_second(f: Means, x: Any) -> Any:
    q, size = f.decay(x), f.xp.abs(x)
    return q * (2 * (1 + q) + size * f.xp.expm1(-size)) / ((1 + q) * (1 + q) * (1 + q))


def _density(f: Means, x: Any) -> Any:
    """φ(x) = e^(-x²/2) / √(2π)."""
    return _BY_ROOT_TWO_PI * f.xp.exp(-x * x / 2)


def _inner(x: Any) -> tuple[Any, Any, Any]:
    """u of gelu_tanh, u' and u''."""
    return _C * (x + _A * x * x * x), _C * (1 + 3 * _A * x * x), 6 * _C * _A * x


def _gelu_from_tanh(f: Means, x: Any) -> Any:
    u, slope, _ = _inner(x)
    t = f.xp.tanh(u)
    return (1 + t) / 2 + x / 2 * (1 - t * t) * slope


def _gelu_mirrored(f: Means, x: Any) -> Any:
    u, slope, _ = _inner(x)
    s, m = f.xp.sigmoid(2 * u), f.xp.sigmoid(-2 * u)
    return s + 2 * x * s * m * slope


def _gelu_from_tanh_second(f: Means, x: Any) -> Any:
    u, slope, bend = _inner(x)
    t = f.xp.tanh(u)
    return (1 - t * t) * (slope + x / 2 * bend - x * t * slope * slope)


def _gelu_mirrored_second(f: Means, x: Any) -> Any:
    u, slope, bend = _inner(x)
    s, m = f.xp.sigmoid(2 * u), f.xp.sigmoid(-2 * u)
    return 4 * s * m * (slope + x / 2 * bend - x * f.xp.tanh(u) * slope * slope)


def _mish_from_tanh(f: Means, x: Any) -> Any:
    t = f.xp.tanh(f.xp.softplus(x))
    return t + x * f.xp.sigmoid(x) * (1 - t * t)


def _mish_published(f: Means, x: Any) -> Any:
    e = f.xp.exp(x)
    d = 2 * e + e * e + 2
    return e * (4 * (x + 1) + 4 * e * e + e * e * e + e * (4 * x + 6)) / (d * d)


def _mish_exponential(f: Means, x: Any) -> Any:
    q = f.decay(x)
    left, right = 2 + q * (2 + q), 1 + q * (2 + 2 * q)
    numerator = f.below(x, q * (4 * (1 + x) + q * (4 * x + 6 + q * (4 + q))), 1 + q * (4 + q * (4 * x + 6 + q * 4 * (1 + x))))
    return numerator / f.below(x, left * left, right * right)


GATED: Formulas = {
    ("silu", 0): {"composed": Formula("x σ(x)", lambda f, x: x * f.xp.sigmoid(x))},
    ("gelu", 0): {"composed": Formula("x/2 (1 + erf(x/√2))", lambda f, x: x / 2 * (1 + f.xp.erf(x * _ROOT_HALF)))},
    ("gelu_tanh", 0): {"composed": Formula("x/2 (1 + tanh(u))", lambda f, x: x / 2 * (1 + f.xp.tanh(_inner(x)[0])))},
    ("mish", 0): {"composed": Formula("x tanh(softplus(x))", lambda f, x: x * f.xp.tanh(f.xp.softplus(x)))},
    ("silu", 1): {
        "from_value": Formula("σ(x) + y (1 − σ(x))", lambda f, x: (s := f.xp.sigmoid(x)) + f.value(x) * (1 - s), asks_value=True),
        "from_sigmoid": Formula("σ(x) (1 + x (1 − σ(x)))", lambda f, x: (s := f.xp.sigmoid(x)) * (1 + x * (1 - s))),
        "mirrored": Formula("σ(x) (1 + x σ(−x))", lambda f, x: f.xp.sigmoid(x) * (1 + x * f.xp.sigmoid(-x))),
        "exponential": Formula("(1 + q (1 + x)) / (1 + q)², or q (1 + q + x) / (1 + q)² for x < 0", _silu_exponential),
    },
    ("silu", 2): {
        "from_sigmoid": Formula(
            "σ(x) (1 − σ(x)) (2 + x (1 − 2 σ(x)))",
            lambda f, x: (s := f.xp.sigmoid(x)) * (1 - s) * (2 + x * (1 - 2 * s)),
        ),
        "mirrored": Formula(
            "σ(x) σ(−x) (2 + x (σ(−x) − σ(x)))",
            lambda f, x: (s := f.xp.sigmoid(x)) * (m := f.xp.sigmoid(-x)) * (2 + x * (m - s)),
        ),
        "exponential": Formula("q (2 (1 + q) + ∣x∣ expm1(−∣x∣)) / (1 + q)³", _silu_exponential_second),
    },
    ("gelu", 1): {
        "from_erf": Formula("(1 + erf(x/√2)) / 2 + x φ(x)", lambda f, x: (1 + f.xp.erf(x * _ROOT_HALF)) / 2 + x * _density(f, x)),
        "from_erfc": Formula("erfc(−x/√2) / 2 + x φ(x)", lambda f, x: f.xp.erfc(x * -_ROOT_HALF) / 2 + x * _density(f, x)),
    },
    ("gelu", 2): {"exponential": Formula("φ(x) (2 − x²)", lambda f, x: _density(f, x) * (2 - x * x))},
    ("gelu_tanh", 1): {
        "from_tanh": Formula("(1 + t) / 2 + x/2 (1 − t²) u′, t = tanh(u)", _gelu_from_tanh),
        "mirrored": Formula("σ(2u) + 2x σ(2u) σ(−2u) u′", _gelu_mirrored),
    },
    ("gelu_tanh", 2): {
        "from_tanh": Formula("(1 − t²) (u′ + x/2 u″ − x t u′²), t = tanh(u)", _gelu_from_tanh_second),
        "mirrored": Formula("4 σ(2u) σ(−2u) (u′ + x/2 u″ − x t u′²)", _gelu_mirrored_second),
    },
    ("mish", 1): {
        "from_tanh": Formula("t + x σ(x) (1 − t²), t = tanh(softplus(x))", _mish_from_tanh),
        "published": Formula("e^x (4 (x + 1) + 4e^2x + e^3x + e^x (4x + 6)) / (2e^x + e^2x + 2)²", _mish_published),
        "exponential": Formula("the published one with numerator and denominator times q⁴ for x ≥ 0", _mish_exponential),
    },
}
