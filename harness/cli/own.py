"""Options on how functions of the user's own are called: several commands have them, and take them as one argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

Calls = dict[str, Any]
"""What is said with these options, by the names of the fields of :class:`harness.workers.own.Calling`."""


def _options(
    gradient: Annotated[str, typer.Option(help="[FILE.py:]FUNCTION: the gradient of your own implementations.")] = "",
    takes: Annotated[
        str,
        typer.Option("--gradient-takes", help="input, value, upstream, 'upstream,input' or 'upstream,value'. [default: input]"),
    ] = "",
    of: Annotated[
        str,
        typer.Option("--gradient-of", help="Activation whose derivative your gradient is held against, where it is another."),
    ] = "",
    fixed: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help="A further argument of your own implementations.")
    ] = None,
    gradient_fixed: Annotated[
        list[str] | None, typer.Option("--gradient-with", metavar="NAME=VALUE", help="A further argument of your gradient.")
    ] = None,
    item: Annotated[int | None, typer.Option(help="Of a tuple that your own implementations return.")] = None,
    elementwise: Annotated[
        bool, typer.Option("--elementwise", help="Your own implementations are functions of Python floats.")
    ] = False,
) -> None:
    """The options as a command would declare them."""


def calls_own(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options, after ``--implementation``; it takes them as its argument ``calls``."""
    options, parameters = _parameters(_options), [each for each in _parameters(command) if each.name != "calls"]
    place = [each.name for each in parameters].index("implementation") + 1
    parameters[place:place] = options

    @wraps(command)
    def called(**given: Any) -> None:
        calls: Calls = {option.name: given.pop(option.name) for option in options}
        command(**given, calls=calls)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [each.replace(annotation=hints[each.name]) for each in inspect.signature(function).parameters.values()]


@dataclass(frozen=True)
class Owned:
    """What is asked about functions of the user's own, completed by what these say of themselves."""

    activations: tuple[str, ...]
    backends: tuple[str, ...]
    implementations: tuple[str, ...]


def owned(activations: list[str] | None, backends: list[str] | None, implementations: list[str] | None, calls: Calls) -> Owned:
    """What the options about functions of the user's own mean.

    Raises:
        ValueError: where they make no sense.
    """
    from ..workers.own import Calling, completed, declared

    words: Calls = calls | {name: tuple(calls[name] or ()) for name in ("fixed", "gradient_fixed")}
    found = declared(completed(tuple(implementations or ()), Calling(**words)), activations or (), backends or ())
    return Owned(found[1], found[2], found[0])
