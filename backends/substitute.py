"""A function of the user's own in the place of the framework's: ``path/to/file.py:name`` or ``package.module:name``.

A second name, ``:name+gradient``, gives its gradient; without one the framework differentiates it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .protocol import Case, Unsupported

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_TARGET = re.compile(rf"(?P<module>[\w./][^:]*):(?P<function>{_NAME})(?:\+(?P<gradient>{_NAME}))?")
_SAID = 60  # characters of a text that is no target


class Target(NamedTuple):
    """Where a function is: a file that ends in ``.py``, or a module; the gradient's name may be empty."""

    module: str
    function: str
    gradient: str


@dataclass
class Substitute:
    """The user's function, and its gradient where there is one.

    Attributes:
        function, gradient: from a tensor to a tensor; parameters of the activation that they have keywords for are passed.
        taken: whether an adapter has asked for it.
    """

    function: Callable[..., Any]
    gradient: Callable[..., Any] | None = None
    taken: bool = field(default=False, init=False, compare=False)

    def bound(self, case: Case) -> Callable[[Any], Any]:
        """The function with the parameters of a case."""
        self.taken = True
        try:
            known = inspect.signature(self.function).parameters.values()
        except (TypeError, ValueError):  # a builtin that does not tell
            return self.function
        every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known)
        # The first one takes the tensor.
        named = {parameter.name for parameter in list(known)[1:] if parameter.kind is not parameter.POSITIONAL_ONLY}
        given = {name: value for name, value in case.parameters if every or name in named}
        return partial(self.function, **given) if given else self.function


def parse(text: str) -> Target:
    """What a target names.

    Raises:
        ValueError: where it names nothing.
    """
    match = _TARGET.fullmatch(text)
    if match is None or not text.isprintable():
        raise ValueError(f"implementation {text[:_SAID]!r}: give path/to/file.py:function or package.module:function")
    found = Target(match["module"], match["function"], match["gradient"] or "")
    if not is_file(found) and not re.fullmatch(_NAME, found.module):
        raise ValueError(f"implementation {text[:_SAID]!r}: a file must end in .py, a module has a dotted name")
    return found


def is_file(target: Target) -> bool:
    """Whether the function is in a file, and not in a module to be imported."""
    return target.module.endswith(".py")


def load(text: str, folder: str = "") -> Substitute:
    """Import the functions that a target names; relative paths, and modules, are looked for in ``folder``.

    Raises:
        ValueError, AttributeError, TypeError: where there is no such function.
        BaseException: whatever the user's module raises.
    """
    target = parse(text)
    module = _from_file(Path(folder) / target.module) if is_file(target) else _from_path(target.module, folder)
    functions = [_named(module, target.module, name) for name in (target.function, target.gradient) if name]
    return Substitute(*functions)


def _from_file(path: Path) -> Any:
    # After all that is installed: a file beside it may have the name of a package.
    sys.path.append(str(path.parent.resolve()))
    name = f"lastbit_own_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def _from_path(name: str, folder: str) -> Any:
    sys.path.append(str(Path(folder).resolve()))
    return importlib.import_module(name)


def _named(module: Any, place: str, path: str) -> Callable[..., Any]:
    found = module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise AttributeError(f"{place} has no {path}") from None
    if not callable(found):
        raise TypeError(f"{path} in {place} is no function but of type {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def routes_of(target: Target, order: int, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The routes to a result of that order; where the target gives a gradient there is one: it, or its derivative."""
    return (("native",) if order == 1 else ("autodiff",)) if target.gradient and order else otherwise


def prepare(backend: Any, case: Case) -> Callable[[Any], Any]:
    """``backend.prepare(case)``; a case of order n of a gradient is one of order n - 1 of a function.

    Raises:
        Unsupported: where the framework lacks the case, or the adapter has no place for a function of the user's own.
    """
    mine = case.substitute
    if mine and mine.gradient and case.order:
        mine = Substitute(mine.gradient)
        case = replace(case, order=case.order - 1, substitute=mine)
    function: Callable[[Any], Any] = backend.prepare(case)
    if mine and not mine.taken:
        raise Unsupported(f"the adapter {type(backend).__name__} takes no functions but the framework's own")
    return function
