"""Formulas for the derivatives of the elementary functions."""

from __future__ import annotations

from .formula import Formula, Formulas, of_value

ELEMENTARY: Formulas = {
    ("exp", 1): {"from_value": of_value("y", lambda f, y: y)},
    ("exp", 2): {"from_value": of_value("y", lambda f, y: y)},
    ("expm1", 1): {
        "from_value": of_value("y + 1", lambda f, y: y + 1),
        "exponential": Formula("e^x", lambda f, x: f.xp.exp(x)),
    },
    ("expm1", 2): {
        "from_value": of_value("y + 1", lambda f, y: y + 1),
        "exponential": Formula("e^x", lambda f, x: f.xp.exp(x)),
    },
    ("log1p", 1): {
        "from_value": of_value("e^−y", lambda f, y: f.xp.exp(-y)),
        "rational": Formula("1 / (1 + x)", lambda f, x: 1 / (1 + x)),
    },
    ("log1p", 2): {
        "from_value": of_value("−e^−2y", lambda f, y: -f.xp.exp(-2 * y)),
        "rational": Formula("−1 / (1 + x)²", lambda f, x: -1 / ((d := 1 + x) * d)),
    },
}
