"""The catalogue: the activations people use, each defined once, and the elementary functions beneath them.

An entry is a function that takes the parameters, with their defaults, and gives the activation. Where a definition has
two cases that are one and the same analytic function (softplus), the second form is there to keep the digits far out;
only points where a derivative really jumps are kinks.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, nan
from typing import Any

from .activations import Activation, Definitions, Edge, Limits, Operations, defined, parsed

_STEP: Limits = ((0.0, inf), (0.0, 1.0), (0.0, 0.0))
_SELF_GATED: Limits = ((-0.0, inf), (-0.0, 1.0), (-0.0, -0.0))
_BOUNDED: Limits = ((-1.0, 1.0), (0.0, 0.0), (0.0, -0.0))
_CORNERED: Limits = ((0.0, 1.0), (0.0, 0.0), (0.0, 0.0))
_LINE: Limits = ((-inf, inf), (1.0, 1.0), (0.0, 0.0))


def _sigmoid() -> Activation:
    """σ(x) = 1 / (1 + e^-x)."""
    return Activation("sigmoid", lambda x, f: 1 / (1 + f.exp(-x)), ((0.0, 1.0), (0.0, 0.0), (0.0, -0.0)))


def _tanh() -> Activation:
    """Hyperbolic tangent, 1 - 2 / (1 + e^2x): this form keeps the digits of the derivatives far out on both sides."""
    return Activation("tanh", lambda x, f: 1 - 2 / (1 + f.exp(2 * x)), _BOUNDED)


def _relu() -> Activation:
    """max(x, 0)."""
    return Activation("relu", lambda x, f: f.split(x, 0.0, lambda: 0 * x, lambda: x), _STEP, kinks=(0.0,))


def _relu6() -> Activation:
    """min(max(x, 0), 6)."""
    return Activation("relu6", lambda x, f: _clip(x, f, 0, 6), ((0.0, 6.0), (0.0, 0.0), (0.0, 0.0)), kinks=(0.0, 6.0))


def _clip(x: Any, f: Operations, low: int, high: int) -> Any:
    return f.split(x, low, lambda: 0 * x + low, lambda: f.split(x, high, lambda: x, lambda: 0 * x + high))


def _leaky_relu(alpha: float = 0.01) -> Activation:
    """x for x > 0, else αx."""
    sign = (alpha > 0) - (alpha < 0)
    return Activation(
        "leaky_relu",
        lambda x, f: f.split(x, 0.0, lambda: x * alpha, lambda: x),
        limits=((-sign * inf if sign else 0.0, inf), (alpha, 1.0), (0.0, 0.0)),
        kinks=(0.0,),
    )


def _elu(alpha: float = 1.0) -> Activation:
    """x for x > 0, else α(e^x - 1)."""
    return Activation(
        "elu",
        lambda x, f: f.split(x, 0.0, lambda: f.expm1(x) * alpha, lambda: x),
        limits=((-alpha, inf), (alpha * 0.0, 1.0), (alpha * 0.0, 0.0)),
        kinks=(0.0,),
    )


_SCALE, _ALPHA = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"


def _selu() -> Activation:
    """s·elu(x, α) with the constants of G. Klambauer et al., "Self-Normalizing Neural Networks" (2017), to 32 digits."""
    limit = -1.7580993408473768599402175208123  # -s·α
    return Activation(
        "selu",
        lambda x, f: f.split(x, 0.0, lambda: f.expm1(x) * f.number(_ALPHA), lambda: x) * f.number(_SCALE),
        limits=((limit, inf), (0.0, float(_SCALE)), (0.0, 0.0)),
        kinks=(0.0,),
    )


def _celu(alpha: float = 1.0) -> Activation:
    """max(x, 0) + min(0, α(e^(x/α) - 1)), for α > 0."""
    _positive("celu", "alpha", alpha)
    return Activation(
        "celu",
        lambda x, f: f.split(x, 0.0, lambda: f.expm1(x / alpha) * alpha, lambda: x),
        limits=((-alpha, inf), (0.0, 1.0), (0.0, 0.0)),
        kinks=(0.0,),
    )


def _softplus(beta: float = 1.0, threshold: float = inf) -> Activation:
    """ln(1 + e^(βx)) / β, for β > 0; a threshold that is given makes it x where βx exceeds that, a jump down.

    The jump is at the float64 nearest to threshold / β, where it is ln(1 + e^(βx)) / β still. Thresholds that frameworks
    have without being asked are approximations of theirs.
    """
    _positive("softplus", "beta", beta)
    jump = threshold / beta

    def smooth(x: Any, f: Operations) -> Any:
        return f.split(x, 0.0, lambda: f.log1p(f.exp(x * beta)) / beta, lambda: x + f.log1p(f.exp(x * -beta)) / beta)

    return Activation(
        "softplus",
        lambda x, f: f.split(x, jump, lambda: smooth(x, f), lambda: x, value="left"),
        limits=_STEP,
        kinks=(jump,) if isfinite(jump) else (),
    )


def _logsigmoid() -> Activation:
    """ln σ(x) = -ln(1 + e^-x)."""
    return Activation(
        "logsigmoid",
        lambda x, f: f.split(x, 0.0, lambda: x - f.log1p(f.exp(x)), lambda: -f.log1p(f.exp(-x))),
        limits=((-inf, -0.0), (1.0, 0.0), (-0.0, -0.0)),
    )


def _silu() -> Activation:
    """x·σ(x)."""
    return Activation("silu", lambda x, f: x / (1 + f.exp(-x)), _SELF_GATED)


def _gelu() -> Activation:
    """x·Φ(x) = x (1 + erf(x/√2)) / 2."""
    return Activation(
        "gelu",
        lambda x, f: f.split(x, 0.0, lambda: x * f.erfc(x * -f.sqrt(0.5)) / 2, lambda: x - x * f.erfc(x * f.sqrt(0.5)) / 2),
        limits=_SELF_GATED,
    )


def _gelu_tanh() -> Activation:
    """x (1 + tanh(u)) / 2 with u = √(2/π) (x + 0.044715 x³), which is x·σ(2u)."""

    def expression(x: Any, f: Operations) -> Any:
        u = (x + x * x * x * f.number("0.044715")) * f.sqrt(2 / f.pi)
        return x / (1 + f.exp(-2 * u))

    return Activation("gelu_tanh", expression, _SELF_GATED)


def _mish() -> Activation:
    """x·tanh(softplus(x)); with n = e^x (e^x + 2) it is x·n / (n + 2)."""

    def left(x: Any, f: Operations) -> Any:
        n = f.exp(x) * (f.exp(x) + 2)
        return x * n / (n + 2)

    def right(x: Any, f: Operations) -> Any:
        m = f.exp(-x)
        return x - x * 2 * m * m / (1 + 2 * m + 2 * m * m)

    return Activation("mish", lambda x, f: f.split(x, 0.0, lambda: left(x, f), lambda: right(x, f)), _SELF_GATED)


def _softsign() -> Activation:
    """x / (1 + |x|)."""
    return Activation(
        "softsign", lambda x, f: f.split(x, 0.0, lambda: 1 / (1 - x) - 1, lambda: 1 - 1 / (1 + x)), _BOUNDED, kinks=(0.0,)
    )


def _hard_sigmoid() -> Activation:
    """min(max(x + 3, 0), 6) / 6."""
    return Activation("hard_sigmoid", lambda x, f: _gate(x, f, lambda: (x + 3) / 6, 0 * x + 1), _CORNERED, kinks=(-3.0, 3.0))


def _hard_silu() -> Activation:
    """x·hard_sigmoid(x)."""
    return Activation("hard_silu", lambda x, f: _gate(x, f, lambda: x * (x + 3) / 6, x), _STEP, kinks=(-3.0, 3.0))


def _gate(x: Any, f: Operations, within: Callable[[], Any], beyond: Any) -> Any:
    return f.split(x, -3.0, lambda: 0 * x, lambda: f.split(x, 3.0, within, lambda: beyond))


def _hard_tanh() -> Activation:
    """min(max(x, -1), 1)."""
    return Activation("hard_tanh", lambda x, f: _clip(x, f, -1, 1), ((-1.0, 1.0), (0.0, 0.0), (0.0, 0.0)), kinks=(-1.0, 1.0))


def _tanhshrink() -> Activation:
    """x - tanh(x)."""
    limits = ((-inf, inf), (1.0, 1.0), (-0.0, 0.0))
    return Activation("tanhshrink", lambda x, f: x - 1 + 2 / (1 + f.exp(2 * x)), limits)


def _softshrink(lambd: float = 0.5) -> Activation:
    """x - λ for x > λ, x + λ for x < -λ, else 0, for λ >= 0."""
    if lambd == 0:
        return _unshrunk("softshrink")
    if lambd < 0:
        raise ValueError(f"softshrink: parameter lambd = {lambd} is negative")
    return Activation(
        "softshrink",
        lambda x, f: f.split(x, -lambd, lambda: x + lambd, lambda: f.split(x, lambd, lambda: 0 * x, lambda: x - lambd)),
        limits=_LINE,
        kinks=(-lambd, lambd),
    )


def _hardshrink(lambd: float = 0.5) -> Activation:
    """x for |x| > λ, else 0, for λ >= 0; it jumps at ±λ, where it is 0."""
    if lambd == 0:
        return _unshrunk("hardshrink")
    if lambd < 0:
        raise ValueError(f"hardshrink: parameter lambd = {lambd} is negative")
    return Activation(
        "hardshrink",
        lambda x, f: f.split(
            x, -lambd, lambda: x, lambda: f.split(x, lambd, lambda: 0 * x, lambda: x, value="left"), value="right"
        ),
        limits=_LINE,
        kinks=(-lambd, lambd),
    )


def _unshrunk(name: str) -> Activation:
    """x; at 0, which is all that is left of the part where a shrinking function is 0, the slope of that part is right as well."""
    return Activation(name, lambda x, f: x, _LINE, kinks=(0.0,), pinched=(0.0,))


def _squareplus(b: float = 4.0) -> Activation:
    """(x + √(x² + b)) / 2, for b > 0."""
    _positive("squareplus", "b", b)

    def left(x: Any, f: Operations) -> Any:
        return b / 2 / (f.sqrt(x * x + b) - x)

    def right(x: Any, f: Operations) -> Any:
        return x + b / 2 / (f.sqrt(x * x + b) + x)

    return Activation("squareplus", lambda x, f: f.split(x, 0.0, lambda: left(x, f), lambda: right(x, f)), _STEP)


def _exp() -> Activation:
    """e^x."""
    return Activation("exp", lambda x, f: f.exp(x), ((0.0, inf), (0.0, inf), (0.0, inf)))


def _expm1() -> Activation:
    """e^x - 1."""
    return Activation("expm1", lambda x, f: f.expm1(x), ((-1.0, inf), (0.0, inf), (0.0, inf)))


def _log1p() -> Activation:
    """ln(1 + x) for x > -1."""
    limits = ((nan, inf), (nan, 0.0), (nan, -0.0))
    return Activation("log1p", lambda x, f: f.log1p(x), limits, edge=Edge(-1.0, (-inf, inf, -inf)))


def _erf() -> Activation:
    """The error function; beyond ±1 by its complement, which keeps the digits."""
    return Activation(
        "erf",
        lambda x, f: f.split(x, -1.0, lambda: f.erfc(-x) - 1, lambda: f.split(x, 1.0, lambda: f.erf(x), lambda: 1 - f.erfc(x))),
        limits=_BOUNDED,
    )


def _positive(name: str, parameter: str, value: float) -> None:
    if value <= 0:
        raise ValueError(f"{name}: parameter {parameter} = {value} is not positive")


_DEFINITIONS = (
    *(_sigmoid, _tanh, _relu, _relu6, _leaky_relu, _elu, _selu, _celu, _softplus, _logsigmoid, _silu, _gelu, _gelu_tanh),
    *(_mish, _softsign, _hard_sigmoid, _hard_silu, _hard_tanh, _tanhshrink, _softshrink, _hardshrink, _squareplus),
    *(_exp, _expm1, _log1p, _erf),
)
_CATALOGUE: Definitions = {define.__name__[1:]: define for define in _DEFINITIONS}


def names() -> tuple[str, ...]:
    """The names of the catalogue, in the order of reports."""
    return tuple(_CATALOGUE)


def activation(name: str, **given: float) -> Activation:
    """The activation of that name; parameters that are not given have their defaults.

    Raises:
        ValueError: for a name or a parameter that is not in the catalogue (the message lists the choices), or a
            parameter that is not a finite number, too large or too small, or not one that the definition allows.
    """
    return defined(_CATALOGUE, name, given)


def parse(text: str, own: Definitions | None = None) -> Activation:
    """``NAME`` or ``NAME(parameter=value, …)`` as an activation, from the catalogue or of the user's own.

    Raises:
        ValueError: as :func:`activation`, or for a text that does not parse.
    """
    return defined({**_CATALOGUE, **(own or {})}, *parsed(text))
