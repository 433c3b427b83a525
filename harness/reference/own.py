"""Activations of the user's own: one expression each in a Python file, see :mod:`backends.own`.

Of a function nothing needs to be said but the expression. Where it is split, ball arithmetic tells whether a derivative
jumps there. Limits at ±∞ are read off results far out: a number that no longer changes, one that has grown or vanished
beyond all measure. Where that does not settle, the function says it: ``NAME.limits = ((f(-∞), f(∞)), (f'(-∞), f'(∞)), ...)``.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from backends.own import load

from ..activations import ORDERS, Activation, Definitions, Limits, Operations
from ..catalogue import names
from ..formats import FORMATS

_PRECISION = 320  # bits
_TERMS = 12  # coefficients by which two sides of a split are told apart
_FAR = (2.0**600, 2.0**1000)  # where limits are read off
_GREAT, _SMALL = 2.0**100, 2.0**-100  # beyond it a result that still grows, or vanishes, counts as endless, or as nothing
_POINTS = (0.0, *(sign * 2.0**octave for octave in range(-40, 41) for sign in (-1, 1)))  # where there must be a result
_ALLOWED = "+ - * / with x and numbers, and f.exp, f.expm1, f.log1p, f.sqrt, f.erf, f.erfc, f.split, f.number, f.pi"


def definitions(file: str) -> Definitions:
    """The activations that a file defines, for :func:`harness.catalogue.parse`; none for no file.

    Raises:
        ValueError: where something in it is wrong; the message is one line.
    """
    if not file:
        return {}
    found = load(file)
    if taken := [name for name in found if name in names()]:
        raise ValueError(f"{file}: {taken[0]} is in the catalogue: give it another name")
    digest = fingerprint(file)
    return {name: _definition(file, digest, name, function) for name, function in found.items()}


def fingerprint(file: str) -> str:
    """A hash of what is in the file, by which definitions of one name are told apart; empty where there is none."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if Path(file).is_file() else ""


def _definition(file: str, digest: str, name: str, function: Callable[..., Any]) -> Callable[..., Activation]:
    def define(**parameters: float) -> Activation:
        def expression(x: Any, f: Operations) -> Any:
            return function(x, _Constants(f), **parameters)

        return _complete(f"{file}: {name}", expression, name, digest, getattr(function, "limits", None))

    given = list(inspect.signature(function).parameters.values())[2:]
    define.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in given]
    )
    return define


class _Constants:
    """Operations whose sides of a split may be numbers."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operations, name)

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        def side(piece: Callable[[], Any]) -> Any:
            found = piece()
            return 0 * x + found if isinstance(found, int | float) else found

        return self._operations.split(x, at, lambda: side(left), lambda: side(right), value)


def _complete(where: str, expression: Callable[[Any, Operations], Any], name: str, digest: str, stated: Any) -> Activation:
    """The activation, its kinks and limits found.

    Raises:
        ValueError: where the expression is none, has no result somewhere, or leaves a limit open.
    """
    from .kernels.tape import tapes

    draft = Activation(name, expression, ((math.nan, math.nan),) * 3, digest=digest)
    try:
        cuts = [tape.high for tape in tapes(draft, -math.inf, math.inf)[:-1]]
        missing = next((x for x in (*_POINTS, *cuts) if _coefficients(draft, x, 1, len(ORDERS) + 1) is None), None)
    except Exception as error:  # it is the user's, and may raise anything
        words = " ".join(str(error).split())
        raise ValueError(f"{where} is not an expression ({type(error).__name__}: {words}): use {_ALLOWED}") from None
    if missing is not None:
        raise ValueError(f"{where} has no result, or no derivatives, at x = {missing!r}: they are wanted at every real number")
    kinks = tuple(cut for cut in cuts if _jumps(draft, cut))
    limits = _given(where, stated) if stated is not None else _found(where, replace(draft, kinks=kinks))
    return replace(draft, limits=limits, kinks=kinks)


def _coefficients(draft: Activation, x: float, side: int, terms: int) -> list[Any] | None:
    """Taylor coefficients at x, or None."""
    from . import balls

    with balls.working(_PRECISION, terms):
        series = balls.coefficients(draft, x, side)
        return None if series is None else [series[n] for n in range(terms)]


def _jumps(draft: Activation, at: float) -> bool:
    """Whether the two sides of a split are not one and the same analytic function."""
    left, right = (_coefficients(draft, at, side, _TERMS) for side in (-1, 1))
    return left is None or right is None or not all(a.overlaps(b) for a, b in zip(left, right, strict=True))


def _given(where: str, stated: Any) -> Limits:
    """The limits that the user states."""
    try:
        (a, b), (c, d), (e, f) = stated
        return (float(a), float(b)), (float(c), float(d)), (float(e), float(f))
    except (TypeError, ValueError):
        expected = "((f(-∞), f(∞)), (f'(-∞), f'(∞)), (f''(-∞), f''(∞)))"
        raise ValueError(f"{where}.limits is {stated!r}: give three pairs of numbers, {expected}") from None


def _found(where: str, draft: Activation) -> Limits:
    """The limits as results far out show them."""
    value, gradient, second = ((_limit(where, draft, order, -1), _limit(where, draft, order, 1)) for order in ORDERS)
    return value, gradient, second


def _limit(where: str, draft: Activation, order: int, sign: int) -> float:
    from .exact import Exact

    exact, form = Exact(draft, order), FORMATS["float64"]
    try:
        near, far = (form.value(exact.at(sign * x).rounded(form)) for x in _FAR)
    except ArithmeticError:
        near, far = 1.0, 2.0
    if far == near or math.isinf(far):
        return far
    if abs(far) > _GREAT and abs(far) > abs(near):
        return math.copysign(math.inf, far)
    if abs(far) < _SMALL and abs(far) < abs(near):
        return math.copysign(0.0, far)
    side = "∞" if sign > 0 else "-∞"
    raise ValueError(f"{where}: its limit (order {order}) at {side} does not show: state limits = three pairs of numbers")
