"""Formulas for sigmoid, tanh and the others that stay between two numbers, and those made of pieces of them."""

from __future__ import annotations

from .formula import Formula, Formulas, of_value

SIGMOID: Formulas = {
    ("sigmoid", 0): {
        "exponential": Formula("1 / (1 + q), or q / (1 + q) for x < 0", lambda f, x: f.below(x, q := f.decay(x), 1) / (1 + q)),
    },
    ("sigmoid", 1): {
        "from_value": of_value("y (1 − y)", lambda f, y: y * (1 - y)),
        "mirrored": Formula("σ(x) σ(−x)", lambda f, x: f.value(x) * f.value(-x), asks_value=True),
        "exponential": Formula("q / (1 + q)²", lambda f, x: (q := f.decay(x)) / ((1 + q) * (1 + q))),
    },
    ("sigmoid", 2): {
        "from_value": of_value("y (1 − y) (1 − 2y)", lambda f, y: y * (1 - y) * (1 - 2 * y)),
        "mirrored": Formula(
            "σ(x) σ(−x) (σ(−x) − σ(x))",
            lambda f, x: (s := f.value(x)) * (m := f.value(-x)) * (m - s),
            asks_value=True,
        ),
        "exponential": Formula(
            "sign(x) q expm1(−∣x∣) / (1 + q)³",
            lambda f, x: f.xp.sign(x) * (q := f.decay(x)) * f.xp.expm1(-f.xp.abs(x)) / ((1 + q) * (1 + q) * (1 + q)),
        ),
    },
}

TANH: Formulas = {
    ("tanh", 0): {
        "exponential": Formula(
            "−sign(x) expm1(−2∣x∣) / (1 + r)", lambda f, x: -f.xp.sign(x) * f.xp.expm1(-2 * f.xp.abs(x)) / (1 + f.decay(2 * x))
        ),
    },
    ("tanh", 1): {
        "from_value": of_value("1 − y²", lambda f, y: 1 - y * y),
        "factored": of_value("(1 − y) (1 + y)", lambda f, y: (1 - y) * (1 + y)),
        "hyperbolic": Formula("1 / cosh²(x)", lambda f, x: 1 / ((c := f.xp.cosh(x)) * c)),
        "exponential": Formula("4r / (1 + r)²", lambda f, x: 4 * (r := f.decay(2 * x)) / ((1 + r) * (1 + r))),
    },
    ("tanh", 2): {
        "from_value": of_value("−2y (1 − y²)", lambda f, y: -2 * y * (1 - y * y)),
        "factored": of_value("−2y (1 − y) (1 + y)", lambda f, y: -2 * y * (1 - y) * (1 + y)),
        "exponential": Formula(
            "8 sign(x) r expm1(−2∣x∣) / (1 + r)³",
            lambda f, x: 8 * f.xp.sign(x) * (r := f.decay(2 * x)) * f.xp.expm1(-2 * f.xp.abs(x)) / ((1 + r) * (1 + r) * (1 + r)),
        ),
    },
    ("tanhshrink", 0): {"composed": Formula("x − tanh(x)", lambda f, x: x - f.xp.tanh(x))},
    ("tanhshrink", 1): {
        "from_tanh": Formula("tanh²(x)", lambda f, x: (t := f.xp.tanh(x)) * t),
        "exponential": Formula(
            "(expm1(−2∣x∣) / (1 + r))²", lambda f, x: (t := f.xp.expm1(-2 * f.xp.abs(x)) / (1 + f.decay(2 * x))) * t
        ),
    },
    ("tanhshrink", 2): {
        "from_tanh": Formula("2 tanh(x) (1 − tanh²(x))", lambda f, x: 2 * (t := f.xp.tanh(x)) * (1 - t * t)),
        "exponential": Formula(
            "−8 sign(x) r expm1(−2∣x∣) / (1 + r)³",
            lambda f, x: -8 * f.xp.sign(x) * (r := f.decay(2 * x)) * f.xp.expm1(-2 * f.xp.abs(x)) / ((1 + r) * (1 + r) * (1 + r)),
        ),
    },
}

OTHERS: Formulas = {
    ("softsign", 1): {
        "from_value": of_value("(1 − ∣y∣)²", lambda f, y: (d := 1 - f.xp.abs(y)) * d),
        "rational": Formula("1 / (1 + ∣x∣)²", lambda f, x: 1 / ((d := 1 + f.xp.abs(x)) * d)),
    },
    ("softsign", 2): {
        "from_value": of_value("−2 sign(y) (1 − ∣y∣)³", lambda f, y: -2 * f.xp.sign(y) * (d := 1 - f.xp.abs(y)) * d * d),
        "rational": Formula("−2 sign(x) / (1 + ∣x∣)³", lambda f, x: -2 * f.xp.sign(x) / ((d := 1 + f.xp.abs(x)) * d * d)),
    },
    ("erf", 1): {
        "exponential": Formula("2/√π e^−x²", lambda f, x: _TWO_BY_ROOT_PI * f.xp.exp(-x * x)),
    },
    ("erf", 2): {
        "exponential": Formula("−4/√π x e^−x²", lambda f, x: -2 * _TWO_BY_ROOT_PI * x * f.xp.exp(-x * x)),
    },
}
_TWO_BY_ROOT_PI = 1.1283791670955126
