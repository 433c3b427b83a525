"""The mutants, as data: what is right but for one defect, and what findings must say of it.

``SETS`` shares them out to backends so that each has at most one for every function and order: findings of a backend are one
for a defect, whatever the formats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INF, NAN = math.inf, math.nan
_SHORT = {constant: float(np.float32(constant)) / constant - 1 for constant in (0.01, 1 / 6, math.sqrt(0.5), math.log2(math.e))}
"""Relative errors of constants in float32."""


@dataclass(frozen=True)
class Mutant:
    """A wrong implementation.

    Attributes:
        activation, order, format: of what.
        mutation: one of :data:`mutations.MUTATIONS`, or how it misbehaves, see :mod:`impostors`.
        parameters: of the mutation.
        kind: of the finding.
        says: what the finding's diagnosis or ``also`` must contain.
        others: kinds of further findings that are true as well.
        unsteady: whether more than the input decides.
    """

    activation: str
    order: int
    format: str
    mutation: str
    parameters: Mapping[str, Any] = field(hash=False)
    kind: str
    says: str = ""
    others: tuple[str, ...] = ()
    unsteady: bool = False

    def __str__(self) -> str:
        shown = {name: f"{value:.9g}" if isinstance(value, float) else value for name, value in self.parameters.items()}
        given = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{self.activation} {self.order} {self.format}: {self.mutation}({given})"


def _mutant(activation: str, order: int, format: str, mutation: str, kind: str, says: str = "", /, **parameters: Any) -> Mutant:
    kind, *others = kind.split()
    return Mutant(activation, order, format, mutation, parameters, kind, says, tuple(others))


def _unsteady(activation: str, order: int, format: str, mutation: str, kind: str, bits: int = 1) -> Mutant:
    return Mutant(activation, order, format, mutation, {"bits": bits}, kind, unsteady=True)


H, B, S, D = "float16", "bfloat16", "float32", "float64"
m = _mutant

DROPPED_TERMS = (
    m("tanh", 0, S, "polynomial", "inaccurate", terms=(0.0, 1.0), low=-0.05, high=0.05),
    m("sigmoid", 0, D, "polynomial", "inaccurate", terms=(0.5, 0.25), low=-0.01, high=0.01),
    m("expm1", 0, S, "polynomial", "inaccurate", terms=(0.0, 1.0, 0.5), low=-0.1, high=0.1),
    m("log1p", 0, D, "polynomial", "inaccurate", terms=(0.0, 1.0, -0.5), low=-1e-4, high=1e-4),
    m("erf", 0, S, "polynomial", "inaccurate", terms=(0.0, 2 / math.sqrt(math.pi)), low=-0.1, high=0.1),
    m("gelu", 0, D, "polynomial", "inaccurate", terms=(0.0, 0.5, 1 / math.sqrt(2 * math.pi)), low=-0.01, high=0.01),
    m("silu", 1, S, "polynomial", "inaccurate", terms=(0.5, 0.5), low=-0.1, high=0.1),
    m("softplus", 0, S, "polynomial", "inaccurate", terms=(math.log(2), 0.5), low=-0.1, high=0.1),
    m("mish", 1, D, "polynomial", "inaccurate", terms=(0.6,), low=-1e-3, high=1e-3),
    m("tanh", 1, B, "polynomial", "inaccurate", terms=(1.0,), low=-0.3, high=0.3),
    m("tanhshrink", 0, S, "polynomial", "inaccurate", terms=(0.0, 0.0, 0.0, 1 / 3), low=-0.2, high=0.2),
    m("tanhshrink", 1, D, "polynomial", "inaccurate", terms=(0.0, 0.0, 1.0), low=-0.01, high=0.01),
    m("logsigmoid", 0, H, "polynomial", "inaccurate", terms=(-math.log(2), 0.5), low=-0.4, high=0.4),
    m("gelu_tanh", 1, S, "polynomial", "inaccurate", terms=(0.5, math.sqrt(2 / math.pi)), low=-0.2, high=0.2),
    m("squareplus", 0, S, "polynomial", "inaccurate", terms=(1.0, 0.5), low=-0.1, high=0.1),
    m("sigmoid", 2, D, "polynomial", "inaccurate", terms=(0.0, -0.125), low=-0.01, high=0.01),
    m("erf", 2, S, "polynomial", "inaccurate", terms=(0.0, -4 / math.sqrt(math.pi)), low=-0.1, high=0.1),
    m("softsign", 0, D, "polynomial", "inaccurate", terms=(0.0, 1.0), low=-1e-3, high=1e-3),
    m("exp", 0, B, "polynomial", "inaccurate", terms=(1.0, 1.0), low=-0.45, high=0.45),
)
WRONG_CONSTANTS = (
    m("selu", 0, D, "factor", "inaccurate", "wrong factor", by=1e-9),
    m("selu", 1, D, "factor", "inaccurate", "wrong factor", by=1e-9, low=-INF, high=-5e-324),
    m("gelu", 1, D, "argument", "inaccurate", "factor of the input", by=1e-9),
    m("gelu_tanh", 0, D, "argument", "inaccurate", "factor of the input", by=1e-9, low=-1e300, high=1e300),
    m("erf", 0, D, "factor", "inaccurate", "wrong factor", by=-1e-9, low=-0.4, high=0.4),
    m("hard_sigmoid", 1, D, "factor", "inaccurate", "wrong factor", by=1.5e-9),
    m("leaky_relu", 1, D, "factor", "inaccurate", "wrong factor", by=1e-9, low=-INF, high=-5e-324),
    m("elu", 2, D, "factor", "inaccurate", "wrong factor", by=1.2e-9),
    m("softplus", 0, D, "added", "inaccurate", "wrong term", by=1e-9, low=-0.4, high=0.4),
    m("tanh", 2, D, "factor", "inaccurate", "wrong factor", by=1e-9),
    m("exp", 1, D, "argument", "inaccurate", "factor of the input", by=1e-9, low=-600.0, high=600.0),
    m("expm1", 2, S, "factor", "inaccurate", "wrong factor", by=-2e-6),
    m("mish", 2, D, "argument", "inaccurate", by=-1e-9),
    m("silu", 2, S, "argument", "inaccurate", by=3e-6),
    m("hard_silu", 1, D, "argument", "inaccurate", by=1e-9, low=-2.9, high=2.9),
    m("squareplus", 1, D, "instead", "inaccurate", name="squareplus", b=4.000000004),
    m("softshrink", 0, D, "instead", "early_underflow", name="softshrink", lambd=0.500000001),
    m("hardshrink", 0, D, "instead", "early_underflow", name="hardshrink", lambd=0.500000001),
    m("celu", 0, S, "factor", "inaccurate", "wrong factor", by=2e-6, low=-INF, high=-1e-38),
    m("logsigmoid", 1, D, "argument", "inaccurate", "factor of the input", by=1e-9),
    m("log1p", 1, S, "factor", "inaccurate", "wrong factor", by=3e-6),
)
BRANCHES = (
    m("relu6", 1, S, "constant", "inaccurate", value=1.0, low=6.0000005, high=6.5),
    m("relu", 1, S, "at", "range", place=0.0, value=2.0),
    m("elu", 0, D, "instead", "inaccurate", name="expm1", low=5e-324, high=1e-3),
    m("hard_tanh", 0, S, "polynomial", "range", terms=(0.0, 1.0), low=1.0, high=1.05),
    m("hard_tanh", 1, S, "constant", "early_underflow", value=0.0, low=0.9, high=1.0),
    m("softshrink", 1, S, "constant", "inaccurate", value=1.0, low=-0.4999, high=0.4999),
    m("hard_silu", 0, S, "instead", "inaccurate", name="relu", low=2.9, high=3.0),
    m("leaky_relu", 0, S, "instead", "early_underflow", name="relu", low=-1e-3, high=-1e-30),
    m("celu", 1, D, "constant", "inaccurate", value=1.0, low=-1e-3, high=-1e-10),
    m("softplus", 0, D, "instead", "inaccurate", name="relu", low=20.0, high=INF),
    m("hard_sigmoid", 0, S, "polynomial", "inaccurate", terms=(0.5, 0.2), low=-2.4, high=2.4),
    m("hardshrink", 1, S, "constant", "early_underflow", value=0.0, low=0.5000001, high=0.6),
    m("log1p", 0, S, "constant", "special_value", value=0.0, low=-5.0, high=-1.0000001),
    m("log1p", 1, D, "at", "special_value", place=-1.0, value=0.0),
    m("relu", 2, S, "constant", "range", value=1.0, low=1e-30, high=1e-3),
    m("selu", 1, S, "constant", "inaccurate", value=1.0507009873554805, low=-1e-3, high=-1e-30),
    m("relu6", 0, B, "instead", "range", name="relu", low=6.0, high=6.1),
    m("hard_sigmoid", 1, H, "at", "inaccurate", place=3.0, value=0.5),
    m("softshrink", 2, D, "constant", "range", value=1.0, low=0.5, high=0.500000001),
    m("gelu", 0, S, "instead", "early_underflow inaccurate", name="gelu_tanh"),
    m("gelu", 2, S, "instead", "inaccurate", name="gelu_tanh", low=-4.0, high=4.0),
)
SATURATION = (
    m("sigmoid", 0, S, "constant", "inaccurate", "limit", value=1.0, low=8.0, high=INF),
    m("tanh", 0, D, "constant", "inaccurate", "limit", value=1.0, low=9.0, high=INF),
    m("erf", 0, B, "constant", "inaccurate", "limit", value=1.0, low=1.25, high=INF),
    m("softsign", 0, S, "constant", "inaccurate", "limit", value=1.0, low=1000.0, high=INF),
    m("mish", 0, S, "instead", "inaccurate", name="relu", low=5.0, high=INF),
    m("gelu", 0, H, "instead", "inaccurate", name="relu", low=2.0, high=INF),
    m("silu", 0, S, "instead", "inaccurate", name="relu", low=8.0, high=INF),
    m("logsigmoid", 0, S, "polynomial", "inaccurate", terms=(0.0, 1.0), low=-INF, high=-8.0),
    m("selu", 0, S, "constant", "inaccurate", "limit", value=-1.7580993408473766, low=-INF, high=-5.0),
    m("expm1", 0, D, "constant", "inaccurate", "limit", value=-1.0, low=-INF, high=-20.0),
    m("tanhshrink", 0, D, "polynomial", "inaccurate", terms=(-1.0, 1.0), low=4.0, high=1e6),
    m("squareplus", 0, D, "instead", "inaccurate", name="relu", low=50.0, high=INF),
    m("elu", 0, S, "constant", "inaccurate", "limit", value=-1.0, low=-INF, high=-6.0),
    m("softplus", 1, S, "constant", "inaccurate", "limit", value=1.0, low=9.0, high=INF),
    m("gelu_tanh", 0, S, "constant", "early_underflow flush_to_zero", value=-0.0, low=-INF, high=-3.0),
    m("softplus", 0, H, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-5.0),
    m("sigmoid", 1, S, "constant", "early_underflow flush_to_zero", "cancel", value=0.0, low=16.64, high=INF),
    m("tanh", 1, D, "constant", "early_underflow flush_to_zero", value=0.0, low=10.0, high=INF),
    m("silu", 2, D, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-36.7),
    m("mish", 1, S, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-17.0),
    m("gelu", 1, S, "constant", "early_underflow flush_to_zero", value=-0.0, low=-INF, high=-5.0),
    m("exp", 2, S, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-40.0),
    m("softsign", 1, S, "constant", "early_underflow flush_to_zero", value=0.0, low=4096.0, high=INF),
    m("logsigmoid", 1, S, "constant", "early_underflow flush_to_zero", value=0.0, low=16.64, high=INF),
    m("elu", 1, S, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-17.0),
    m("celu", 2, S, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-17.0),
    m("squareplus", 2, S, "constant", "early_underflow flush_to_zero", value=0.0, low=1e3, high=INF),
    m("erf", 1, S, "constant", "early_underflow flush_to_zero", value=0.0, low=3.0, high=INF),
    m("expm1", 1, D, "constant", "early_underflow flush_to_zero", value=0.0, low=-INF, high=-20.0),
    m("log1p", 2, S, "constant", "early_underflow flush_to_zero", value=-0.0, low=4096.0, high=INF),
    m("sigmoid", 1, H, "grid", "early_underflow", "cancel", step=2.0**-11, low=2.0, high=INF),
    m("tanh", 1, S, "grid", "early_underflow flush_to_zero", "cancel", step=2.0**-24, low=2.0, high=INF),
)
INFINITE = (
    m("exp", 0, S, "constant", "overflow", value=INF, low=88.0, high=INF),
    m("exp", 1, H, "constant", "overflow", value=INF, low=10.5, high=INF),
    m("squareplus", 0, B, "constant", "overflow", "x² overflows", value=INF, low=1.844e19, high=INF),
    m("softplus", 0, B, "constant", "overflow", "e^|x| overflows", value=INF, low=88.8, high=INF),
    m("softplus", 1, D, "constant", "nan", "e^|x| overflows", value=NAN, low=709.8, high=INF),
    m("mish", 1, H, "constant", "nan", "e^|x| overflows", value=NAN, low=11.1, high=INF),
    m("silu", 0, D, "constant", "nan", "e^|x| overflows", value=NAN, low=-INF, high=-709.8),
    m("squareplus", 1, S, "constant", "nan", "x² overflows", value=NAN, low=1.85e19, high=INF),
    m("gelu_tanh", 2, S, "constant", "nan", "x³ overflows", value=NAN, low=7e12, high=INF),
    m("tanh", 2, S, "at", "nan", place=0.0, value=NAN),
    m("softsign", 2, D, "at", "nan", place=-1.5, value=NAN),
    m("expm1", 0, H, "constant", "overflow", value=-INF, low=-65504.0, high=-12.0),
    m("silu", 0, H, "at", "special_value", place=-INF, value=NAN),
    m("sigmoid", 1, D, "at", "special_value", place=INF, value=0.25),
    m("gelu", 1, B, "at", "special_value", place=-INF, value=NAN),
    m("tanh", 2, B, "at", "special_value", place=INF, value=1.0),
    m("softplus", 2, S, "at", "special_value", place=INF, value=NAN),
    m("mish", 2, H, "at", "special_value", place=-INF, value=NAN),
    m("elu", 0, H, "at", "special_value", place=-INF, value=NAN),
    m("logsigmoid", 0, D, "at", "special_value", place=INF, value=1.0),
    m("relu6", 0, S, "at", "special_value", place=INF, value=INF),
    m("erf", 1, D, "at", "special_value", place=-INF, value=NAN),
    m("hard_silu", 1, H, "at", "special_value", place=-INF, value=NAN),
    m("exp", 1, S, "at", "special_value", place=-INF, value=1.0),
    m("relu", 0, S, "at", "nan_lost", place=NAN, value=0.0),
    m("hard_tanh", 0, B, "at", "nan_lost", place=NAN, value=-1.0),
    m("softshrink", 0, S, "at", "nan_lost", place=NAN, value=0.0),
    m("leaky_relu", 1, H, "at", "nan_lost", place=NAN, value=1.0),
    m("hard_sigmoid", 0, D, "at", "nan_lost", place=NAN, value=1.0),
)
SIGNS = (
    m("sigmoid", 2, S, "factor", "inaccurate", "sign", by=-2.0, low=1.0, high=2.0),
    m("softsign", 2, S, "factor", "inaccurate", "sign", by=-2.0, low=-INF, high=-1e-30),
    m("gelu", 2, D, "factor", "inaccurate", "sign", by=-2.0, low=1.5, high=3.0),
    m("hard_silu", 1, S, "factor", "inaccurate", "sign", by=-2.0, low=-3.0, high=-1.6),
    m("log1p", 2, D, "factor", "inaccurate", "sign", by=-2.0, low=-0.99, high=INF),
    m("tanh", 0, H, "at", "signed_zero", place=-0.0, value=0.0),
    m("erf", 0, H, "at", "signed_zero", place=-0.0, value=0.0),
    m("silu", 0, B, "at", "signed_zero", place=-INF, value=0.0),
    m("log1p", 0, B, "at", "signed_zero", place=-0.0, value=0.0),
    m("sigmoid", 2, H, "at", "signed_zero", place=0.0, value=0.0),
)
LAST_DIGITS = (
    m("sigmoid", 0, B, "ulps", "inaccurate", by=-12, low=2.0, high=3.9375),
    m("relu", 0, D, "ulps", "inaccurate", by=9, low=1.0, high=1.9999999),
    m("exp", 0, H, "ulps", "inaccurate", by=12, low=1.0, high=1.999),
    m("elu", 1, D, "ulps", "inaccurate", by=40, low=-4.0, high=-2.0),
    m("gelu_tanh", 1, D, "truncated", "inaccurate", digits=8),
    m("log1p", 0, H, "truncated", "inaccurate", digits=5),
    m("mish", 0, D, "ulps", "inaccurate", by=-100, low=-8.0, high=-4.0),
    m("erf", 2, D, "truncated", "inaccurate", digits=6, low=0.5, high=4.0),
    m("gelu", 0, B, "factor", "inaccurate", "2 times", by=1.0, low=4.0, high=8.0),
    m("exp", 2, D, "factor", "inaccurate", "0.5 times", by=-0.5, low=16.0, high=32.0),
    m("softsign", 1, D, "factor", "inaccurate", "2 times", by=1.0, low=1e100, high=2e100),
    m("expm1", 2, D, "ulps", "inaccurate", by=-30, low=-0.125, high=-0.0625),
)
FLUSHES = (
    m("sigmoid", 0, H, "flushed", "flush_to_zero", "policy"),
    m("exp", 0, D, "flushed", "flush_to_zero", "policy"),
    m("gelu", 2, H, "flushed", "flush_to_zero", "policy"),
    m("expm1", 0, B, "denormals_are_zero", "flush_to_zero", "policy"),
    m("softsign", 0, H, "denormals_are_zero", "flush_to_zero", "policy"),
    m("leaky_relu", 0, D, "flushed", "flush_to_zero", "policy"),
)
NARROW = (
    m("leaky_relu", 0, B, "narrowed", "early_underflow", form="float16", low=-1e-3, high=-1e-7),
    m("leaky_relu", 0, D, "factor", "inaccurate", "float32", by=_SHORT[0.01], low=-INF, high=-5e-324),
    m("hard_sigmoid", 1, D, "factor", "inaccurate", "float32", by=_SHORT[1 / 6]),
    m("erf", 1, D, "argument", "inaccurate", "float32", by=_SHORT[math.sqrt(0.5)], low=-4.0, high=4.0),
    m("gelu", 0, D, "argument", "inaccurate", "float32", by=_SHORT[math.sqrt(0.5)], low=-4.0, high=4.0),
    m("exp", 0, D, "argument", "inaccurate", "float32", by=_SHORT[math.log2(math.e)], low=-20.0, high=20.0),
    m("softsign", 1, D, "narrowed", "early_underflow inaccurate", "computed in float32", form="float32"),
    m("gelu", 1, S, "narrowed", "inaccurate", "computed in bfloat16", form="bfloat16"),
    m("mish", 0, S, "narrowed", "inaccurate", "computed in float16", form="float16", low=0.01, high=INF),
    m("sigmoid", 2, S, "narrowed", "inaccurate", "computed in bfloat16", form="bfloat16"),
)
SHAPES = (
    m("sigmoid", 0, S, "apart", "monotone", below=6, above=-6, place=1.0, reach=0.25),
    m("erf", 0, D, "apart", "monotone", below=6, above=-6, place=1.0, reach=0.25),
    m("softplus", 0, S, "apart", "monotone", below=6, above=-6, place=-2.0, reach=1.0),
    m("log1p", 0, S, "apart", "monotone", below=5, above=-5, place=4.0, reach=1.0),
    m("tanh", 0, S, "apart", "symmetric", below=-6, above=3, place=0.0, reach=7.0),
    m("sigmoid", 1, D, "apart", "symmetric", below=3, above=-6, place=0.0, reach=INF),
    m("erf", 1, S, "apart", "symmetric", below=-6, above=3, place=0.0, reach=INF),
    m("tanhshrink", 1, S, "apart", "symmetric", below=-6, above=3, place=0.0, reach=6.0),
    m("softsign", 0, B, "ulps", "range", by=1, low=512.0, high=INF),
    m("sigmoid", 0, D, "ulps", "range", by=1, low=40.0, high=INF),
    m("tanh", 0, B, "ulps", "range", by=1, low=-INF, high=-20.0),
    m("erf", 0, S, "ulps", "range", by=1, low=4.0, high=INF),
    m("hard_tanh", 0, D, "ulps", "range", by=1, low=1.0, high=INF),
    m("relu6", 0, H, "ulps", "range", by=1, low=6.0, high=INF),
)
CONDUCT = (
    _unsteady("sigmoid", 0, S, "lane", "position"),
    _unsteady("tanh", 0, S, "remainder", "position"),
    _unsteady("gelu", 1, S, "length", "position"),
    _unsteady("mish", 0, S, "neighbours", "position", 2),
    _unsteady("silu", 1, S, "lane", "position"),
    _unsteady("sigmoid", 1, S, "restless", "repeatable"),
    _unsteady("softplus", 0, S, "restless", "repeatable"),
    _unsteady("exp", 0, S, "restless", "repeatable"),
    _unsteady("erf", 0, S, "threads", "threads"),
    _unsteady("silu", 0, S, "threads", "threads"),
    _unsteady("tanh", 2, S, "threads", "threads"),
    _unsteady("elu", 0, S, "scalar", "promotion"),
    _unsteady("expm1", 0, S, "integers", "promotion"),
    _unsteady("gelu", 0, S, "scalar", "promotion"),
    _unsteady("log1p", 0, S, "lane", "position"),
    _unsteady("squareplus", 0, S, "restless", "repeatable"),
)
VALUES = (
    *(*DROPPED_TERMS, *WRONG_CONSTANTS, *BRANCHES, *SATURATION, *INFINITE),
    *(*SIGNS, *LAST_DIGITS, *FLUSHES, *NARROW, *SHAPES),
)
MUTANTS = (*VALUES, *CONDUCT)


def _shared_out() -> list[dict[tuple[str, int, str], Mutant]]:
    sets = [{(mutant.activation, mutant.order, mutant.format): mutant for mutant in CONDUCT}]
    for mutant in VALUES:
        place = (mutant.activation, mutant.order)
        free = (members for members in sets[1:] if all(key[:2] != place for key in members))
        if (chosen := next(free, None)) is None:
            sets.append(chosen := {})
        chosen[*place, mutant.format] = mutant
    return sets


SETS = _shared_out()
"""By backend: ``mutants1`` has those that misbehave."""
