"""The decorator by which a function says what it implements, for whatever a command line cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .target import TAKES, Target

_F = TypeVar("_F")
_ATTRIBUTE = "lastbit"


@dataclass(frozen=True)
class Declaration:
    """What a function says of itself, see :func:`implementation`."""

    activation: str
    backend: str
    gradient: Callable[..., Any] | None
    takes: str
    of: str
    fixed: tuple[tuple[str, Any], ...]
    item: int | None
    elementwise: bool
    gradient_fixed: tuple[tuple[str, Any], ...]

    def completed(self, target: Target, names: Mapping[str, Any]) -> Target:
        """The target of the function, with what it says and the target does not.

        Args:
            target: what was asked for.
            names: of the function's module.
        """
        found = replace(target, fixed=target.fixed or self.fixed, elementwise=target.elementwise or self.elementwise)
        found = replace(found, item=self.item if target.item is None else target.item)
        if self.gradient is None or target.gradient:
            return found
        by_name = (name for name, value in names.items() if value is self.gradient)
        gradient = next(by_name, f"{target.function}.{_ATTRIBUTE}.gradient")
        return replace(found, gradient=gradient, takes=self.takes, of=self.of, gradient_fixed=self.gradient_fixed)


def implementation(
    activation: str,
    *,
    parameters: Mapping[str, float] | None = None,
    backend: str = "",
    gradient: Callable[..., Any] | None = None,
    gradient_takes: str = TAKES[0],
    gradient_of: str = "",
    gradient_arguments: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    item: int | None = None,
    elementwise: bool = False,
) -> Callable[[_F], _F]:
    """Say what a function implements; it stays as it is.

    Args:
        activation: ``NAME`` or ``NAME(parameter=value, ...)``.
        parameters: of the activation, in the place of those in its text.
        backend: whose tensors it takes: ``NAME[:MODE][@DEVICE]``.
        gradient: its gradient, in the place of automatic differentiation.
        gradient_takes: what that takes: ``input``, ``value``, ``upstream``, ``upstream,input`` or ``upstream,value``.
        gradient_of: the activation whose derivative the gradient is held against, where it is meant to differ.
        gradient_arguments, arguments: further keyword arguments of the gradient, and of the function.
        item: of a tuple that it returns, the item that is meant.
        elementwise: whether it is a function of Python floats.

    Raises:
        ValueError, TypeError: for a declaration that makes no sense.
    """
    if parameters:
        given = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
        activation = f"{activation.partition('(')[0]}({given})"
    fixed, more = (tuple((each or {}).items()) for each in (arguments, gradient_arguments))
    said = Declaration(activation, backend, gradient, gradient_takes, gradient_of, fixed, item, elementwise, more)
    Target("", "", "gradient" if gradient else "", takes=gradient_takes, of=gradient_of)  # refuses what cannot be

    def declare(function: _F) -> _F:
        try:
            setattr(function, _ATTRIBUTE, said)
        except AttributeError:
            raise TypeError(
                f"lastbit.implementation cannot be noted on a {type(function).__name__}: decorate a function"
            ) from None
        return function

    return declare


def declaration(function: Any) -> Declaration | None:
    """What a function says of itself, if anything."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Declaration) else None
