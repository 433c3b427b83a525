"""A function of the user's own in the place of the framework's: what :mod:`backends.target` names, as adapters take it.

Without a gradient of its own the framework differentiates it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from .declaration import declaration
from .elementwise import of_floats
from .protocol import Case, Unsupported
from .target import TAKES, Target, evaluated, parse
from .trial import Notes, conforming, numbers

_UPSTREAM = "upstream"


@dataclass
class Substitute:
    """The user's function, its gradient where there is one, and how they are called.

    Attributes:
        function, gradient: from a tensor to a tensor; parameters of the activation that they have keywords for are passed.
        takes: what the gradient takes, one of :data:`backends.target.TAKES`.
        fixed, gradient_fixed: further keyword arguments of either.
        item: of a tuple that is returned, the item that is meant.
        elementwise: whether they are functions of Python floats.
        anew: make the function once more, where an expression makes it.
        home: the module that it is defined in.
        taken: whether an adapter has asked for it.
    """

    function: Callable[..., Any]
    gradient: Callable[..., Any] | None = None
    takes: str = TAKES[0]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    item: int | None = None
    elementwise: bool = False
    anew: Callable[[], Any] | None = None
    home: str = ""
    gradient_fixed: Mapping[str, Any] = field(default_factory=dict)
    taken: bool = field(default=False, init=False, compare=False)

    def __post_init__(self) -> None:
        self.home = self.home or getattr(self.function, "__module__", None) or type(self.function).__module__

    def bound(self, case: Case) -> Callable[[Any], Any]:
        """The function with the parameters of a case."""
        self.taken = True
        return bound(self.function, case, self.fixed)


def bound(function: Callable[..., Any], case: Case, fixed: Mapping[str, Any]) -> Callable[[Any], Any]:
    """A function with its fixed arguments, and those parameters of a case that it has keywords for."""
    given = dict(fixed)
    try:
        known = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a builtin that does not tell
        known = []
    kinds = [parameter.kind for parameter in known]
    # One that takes anything in any place is a wrapper that does not tell what it wraps.
    every = inspect.Parameter.VAR_KEYWORD in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds
    # The first one takes the tensor.
    named = {parameter.name for parameter in known[1:] if parameter.kind is not parameter.POSITIONAL_ONLY}
    given = {name: value for name, value in case.parameters if every or name in named} | given
    return partial(function, **given) if given else function


def load(text: str, folder: str = "") -> Substitute:
    """Import what a target names; relative paths, and modules, are looked for in ``folder``.

    Raises:
        ValueError, AttributeError, TypeError: where there is no such function.
        BaseException: whatever the user's module raises.
    """
    target = parse(text)
    module = _imported(target.module, folder)
    other = _imported(target.gradient_module, folder) if target.gradient_module else module
    known: dict[str, Any] = {}
    function = _function(module, target.module, target.function, known)
    gradient = target.gradient and _function(other, target.gradient_module or target.module, target.gradient, known)

    def anew() -> Any:
        return _function(module, target.module, target.function, {})

    how = (target.takes, dict(target.fixed), target.item, target.elementwise, anew)
    return Substitute(function, gradient or None, *how, gradient_fixed=dict(target.gradient_fixed))


def described(text: str, folder: str = "") -> dict[str, str]:
    """What a function says of itself (:func:`backends.declaration.implementation`): ``text``, the target with all of it, and
    ``activation`` and ``backend``; nothing where it says nothing.

    Raises:
        BaseException: as :func:`load`.
    """
    target = parse(text)
    module = _imported(target.module, folder)
    said = declaration(_function(module, target.module, target.function, {}))
    if said is None:
        return {}
    return {"text": str(said.completed(target, vars(module))), "activation": said.activation, "backend": said.backend}


def _imported(place: str, folder: str) -> ModuleType:
    if not place.endswith(".py"):
        sys.path.append(str(Path(folder).resolve()))
        return importlib.import_module(place)
    path = Path(folder) / place
    # After all that is installed: a file beside it may have the name of a package.
    sys.path.append(str(path.parent.resolve()))
    name = f"lastbit_own_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except ImportError as error:
        if "relative import" not in str(error):
            raise
        return _of_package(path.resolve())
    return module


def _of_package(path: Path) -> ModuleType:
    """The module of a file that imports from the package that it is in."""
    root = next(parent for parent in path.parents if not (parent / "__init__.py").is_file())
    sys.path.append(str(root))
    return importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))


def _function(module: Any, place: str, expression: str, known: dict[str, Any]) -> Callable[..., Any]:
    try:
        found = evaluated(expression, vars(module), known)
    except AttributeError as error:
        raise AttributeError(f"{place} {error}") from None if str(error).startswith("has no ") else error
    if not callable(found):
        raise TypeError(f"{expression} in {place} is no function but of type {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def routes_of(target: Target, order: int, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The routes to a result of that order; where the target gives a gradient there is one: it, or its derivative."""
    return (("native",) if order == 1 else ("autodiff",)) if target.gradient and order else otherwise


def prepare(backend: Any, case: Case, notes: Notes | None = None) -> Callable[[Any], Any]:
    """``backend.prepare(case)``; a case of order n of a gradient is one of order n - 1 of a function.

    A function of the user's own is tried on a few inputs first.

    Args:
        backend: the adapter.
        case: what is asked of it.
        notes: takes up what is to be said of how the user's function is called.

    Raises:
        Unsupported: where the framework lacks the case, or the adapter has no place for a function of the user's own.
        Exception: whatever the user's function raises.
    """
    mine = case.substitute
    if mine is None:
        plain: Callable[[Any], Any] = backend.prepare(case)
        return plain
    notes = {} if notes is None else notes
    mine = _called(backend, case, mine, notes)
    order = case.order - 1 if mine.gradient and case.order else case.order
    inner = Substitute(mine.gradient if mine.gradient and case.order else mine.function, home=mine.home)
    if mine.elementwise and order:
        raise Unsupported("a function of Python floats has no automatic differentiation: give --gradient")
    depends = getattr(backend, "depends", None)
    if order and depends and not depends(inner.function, backend.load(numbers(case.format), case.format)):
        notes["constant"] = "the framework does not see that its results depend on the input, and so their derivative is 0"
    function: Callable[[Any], Any] = backend.prepare(replace(case, order=order, substitute=inner))
    if not inner.taken:
        raise Unsupported(f"the adapter {type(backend).__name__} takes no functions but the framework's own")
    return _twice(function) if case.order == 2 else function


def _called(backend: Any, case: Case, mine: Substitute, notes: Notes) -> Substitute:
    """The same function and gradient as functions of one tensor, for the format of a case."""
    tensors = partial(_of_tensors, backend, case, mine.elementwise, notes)
    conform = partial(conforming, backend, format=case.format, item=mine.item, notes=notes)
    function = tensors(mine.function, mine.fixed, mine.anew)
    function = function if mine.elementwise else conform(function)
    if mine.gradient is None or not case.order:
        return replace(mine, function=function, gradient=None)
    gradient = _arguments(backend, mine, function, tensors(mine.gradient, mine.gradient_fixed, None))
    return replace(mine, function=function, gradient=gradient if mine.elementwise else conform(gradient))


def _of_tensors(
    backend: Any,
    case: Case,
    elementwise: bool,
    notes: Notes,
    thing: Callable[..., Any],
    fixed: Mapping[str, Any],
    anew: Callable[[], Any] | None,
) -> Callable[..., Any]:
    """What was handed in as a function of tensors alone."""
    adopt = getattr(backend, "adopt", None)
    function = adopt(thing, case.format, anew) if adopt else thing
    if isinstance(function, type):
        raise TypeError(f"{function.__name__} is a class: give what makes one of it, {function.__name__}()")
    function = bound(function, case, fixed)
    return of_floats(backend, case.format, function, notes) if elementwise else function


def _arguments(backend: Any, mine: Substitute, value: Callable[[Any], Any], gradient: Callable[..., Any]) -> Callable[[Any], Any]:
    """A gradient as a function of the input, whatever it takes."""
    *upstream, what = mine.takes.split(",")
    owner = getattr(mine.function, "__self__", mine)
    forward_first = mine.takes == _UPSTREAM or owner is getattr(mine.gradient, "__self__", None)

    def call(x: Any) -> Any:
        y = value(x) if forward_first or what == "value" else None
        given = {"input": x, "value": y}.get(what)
        ones = backend.xp.ones_like(x) if upstream or what == _UPSTREAM else None
        return gradient(*(each for each in (ones, given) if each is not None))

    return gradient if mine.takes == TAKES[0] and not forward_first else call


def _twice(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A second derivative; what cannot be differentiated twice lacks it."""

    def call(x: Any) -> Any:
        try:
            return function(x)
        except Unsupported:
            raise
        except Exception as error:
            said = " ".join(str(error).split())
            raise Unsupported(f"it has no second derivative here: {type(error).__name__}: {said}") from None

    return call
