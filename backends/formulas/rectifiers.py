"""Formulas for relu, its smooth relatives, and the functions made of straight lines."""

from __future__ import annotations

from .formula import Formula, Formulas, of_value

_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # selu's

SMOOTH: Formulas = {
    ("softplus", 0): {
        "exponential": Formula(
            "max(x, 0) + ln(1 + e^−β∣x∣) / β", lambda f, x: f.below(x, 0, x) + f.xp.log1p(f.decay(f.p.beta * x)) / f.p.beta
        ),
    },
    ("softplus", 1): {
        "from_value": of_value("−expm1(−βy)", lambda f, y: -f.xp.expm1(-f.p.beta * y)),
        "from_sigmoid": Formula("σ(βx)", lambda f, x: f.xp.sigmoid(f.p.beta * x)),
        "exponential": Formula(
            "1 / (1 + k), or k / (1 + k) for x < 0, k = e^−β∣x∣",
            lambda f, x: f.below(x, k := f.decay(f.p.beta * x), 1) / (1 + k),
        ),
    },
    ("softplus", 2): {
        "from_sigmoid": Formula("β σ(βx) (1 − σ(βx))", lambda f, x: f.p.beta * (s := f.xp.sigmoid(f.p.beta * x)) * (1 - s)),
        "mirrored": Formula("β σ(βx) σ(−βx)", lambda f, x: f.p.beta * f.xp.sigmoid(f.p.beta * x) * f.xp.sigmoid(-f.p.beta * x)),
        "exponential": Formula(
            "β k / (1 + k)², k = e^−β∣x∣", lambda f, x: f.p.beta * (k := f.decay(f.p.beta * x)) / ((1 + k) * (1 + k))
        ),
    },
    ("logsigmoid", 0): {
        "composed": Formula("−softplus(−x)", lambda f, x: -f.xp.softplus(-x)),
        "exponential": Formula("min(x, 0) − ln(1 + q)", lambda f, x: f.below(x, x, 0) - f.xp.log1p(f.decay(x))),
    },
    ("logsigmoid", 1): {
        "from_value": of_value("−expm1(y)", lambda f, y: -f.xp.expm1(y)),
        "from_sigmoid": Formula("1 − σ(x)", lambda f, x: 1 - f.xp.sigmoid(x)),
        "mirrored": Formula("σ(−x)", lambda f, x: f.xp.sigmoid(-x)),
        "exponential": Formula("q / (1 + q), or 1 / (1 + q) for x < 0", lambda f, x: f.below(x, 1, q := f.decay(x)) / (1 + q)),
    },
    ("logsigmoid", 2): {
        "from_sigmoid": Formula("−σ(x) (1 − σ(x))", lambda f, x: -(s := f.xp.sigmoid(x)) * (1 - s)),
        "mirrored": Formula("−σ(x) σ(−x)", lambda f, x: -f.xp.sigmoid(x) * f.xp.sigmoid(-x)),
        "exponential": Formula("−q / (1 + q)²", lambda f, x: -(q := f.decay(x)) / ((1 + q) * (1 + q))),
    },
    ("squareplus", 1): {
        "from_value": Formula("y / √(x² + b)", lambda f, x: f.value(x) / f.xp.sqrt(x * x + f.p.b), asks_value=True),
        "from_root": Formula("(1 + x / √(x² + b)) / 2", lambda f, x: (1 + x / f.xp.sqrt(x * x + f.p.b)) / 2),
    },
    ("squareplus", 2): {
        "from_root": Formula("b/2 / (x² + b)^(3/2)", lambda f, x: f.p.b / 2 / (r := f.xp.sqrt(x * x + f.p.b)) / r / r),
    },
    ("elu", 1): {
        "from_value": Formula("y + α for x < 0, else 1", lambda f, x: f.below(x, f.value(x) + f.p.alpha, 1), asks_value=True),
        "exponential": Formula("α e^x for x < 0, else 1", lambda f, x: f.below(x, f.p.alpha * f.decay(x), 1)),
    },
    ("elu", 2): {
        "from_value": Formula("y + α for x < 0, else 0", lambda f, x: f.below(x, f.value(x) + f.p.alpha, 0), asks_value=True),
        "exponential": Formula("α e^x for x < 0, else 0", lambda f, x: f.below(x, f.p.alpha * f.decay(x), 0)),
    },
    ("selu", 1): {
        "from_value": of_value("y + sα for y < 0, else s", lambda f, y: f.below(y, y + _SCALE * _ALPHA, _SCALE)),
        "exponential": Formula("sα e^x for x < 0, else s", lambda f, x: f.below(x, _SCALE * _ALPHA * f.decay(x), _SCALE)),
    },
    ("selu", 2): {
        "from_value": of_value("y + sα for y < 0, else 0", lambda f, y: f.below(y, y + _SCALE * _ALPHA, 0)),
        "exponential": Formula("sα e^x for x < 0, else 0", lambda f, x: f.below(x, _SCALE * _ALPHA * f.decay(x), 0)),
    },
    ("celu", 1): {
        "from_value": of_value("y/α + 1 for y < 0, else 1", lambda f, y: f.below(y, y / f.p.alpha + 1, 1)),
        "exponential": Formula("e^(x/α) for x < 0, else 1", lambda f, x: f.below(x, f.decay(x / f.p.alpha), 1)),
    },
    ("celu", 2): {
        "from_value": of_value("(y/α + 1) / α for y < 0, else 0", lambda f, y: f.below(y, (y / f.p.alpha + 1) / f.p.alpha, 0)),
        "exponential": Formula("e^(x/α) / α for x < 0, else 0", lambda f, x: f.below(x, f.decay(x / f.p.alpha) / f.p.alpha, 0)),
    },
}

STRAIGHT: Formulas = {
    ("relu", 1): {"from_value": of_value("sign(y)", lambda f, y: f.xp.sign(y))},
    ("relu", 2): {"from_value": of_value("0 sign(y)", lambda f, y: 0 * f.xp.sign(y))},
    ("relu6", 1): {"from_value": of_value("sign(y) sign(6 − y)", lambda f, y: f.xp.sign(y) * f.xp.sign(6 - y))},
    ("leaky_relu", 1): {"piecewise": Formula("α for x < 0, else 1", lambda f, x: f.below(x, f.p.alpha, 1))},
    ("hard_sigmoid", 1): {
        "from_value": of_value("sign(y) sign(1 − y) / 6", lambda f, y: f.xp.sign(y) * f.xp.sign(1 - y) / 6),
        "piecewise": Formula("1/6 for ∣x∣ < 3, else 0", lambda f, x: f.within(x, 3, 1 / 6, 0)),
    },
    ("hard_silu", 1): {
        "piecewise": Formula(
            "(2x + 3) / 6 for ∣x∣ < 3, else 1, or 0 for x < 0", lambda f, x: f.within(x, 3, (2 * x + 3) / 6, f.below(x, 0, 1))
        ),
    },
    ("hard_silu", 2): {"piecewise": Formula("1/3 for ∣x∣ < 3, else 0", lambda f, x: f.within(x, 3, 1 / 3, 0))},
    ("hard_tanh", 1): {"from_value": of_value("1 for ∣y∣ < 1, else 0", lambda f, y: f.within(y, 1, 1, 0))},
    ("softshrink", 1): {"from_value": of_value("∣sign(y)∣", lambda f, y: f.xp.abs(f.xp.sign(y)))},
    ("hardshrink", 1): {"from_value": of_value("∣sign(y)∣", lambda f, y: f.xp.abs(f.xp.sign(y)))},
}
