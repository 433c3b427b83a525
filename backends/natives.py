"""A framework's own functions, named as data: ``"module:function parameter=keyword keyword='constant'"``.

On the left of a word stands a parameter of the activation, on the right the function's keyword for it, or the only value
that the function is for; in brackets where a parameter that is not there leaves the function to its own default. Any other
word is a keyword with the Python literal that is passed for it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from .own import expression
from .protocol import Case, Unsupported


def native(framework: str, functions: dict[str, str], xp: Any, case: Case) -> Callable[[Any], Any]:
    """The framework's function for a case, or the user's substitute for it, its parameters bound.

    Of an activation of the user's own it is the expression over the framework's operations ``xp``.

    Raises:
        Unsupported: where the framework has no such function, or none with these parameters.
    """
    if case.substitute:
        return case.substitute.bound(case)
    if case.definition:
        return expression(xp, case)
    if case.activation not in functions:
        raise Unsupported(f"{framework} has no {case.activation}")
    target, *words = functions[case.activation].split()
    module, _, path = target.partition(":")
    function: Any = importlib.import_module(module)
    for name in path.split("."):
        function = getattr(function, name)
    parameters, keywords = dict(case.parameters), {}
    for word in words:
        left, _, right = word.strip("[]").partition("=")
        if left not in parameters:
            if not word.startswith("["):
                keywords[left] = ast.literal_eval(right)
        elif right.isidentifier():
            keywords[right] = parameters.pop(left)
        elif parameters[left] == ast.literal_eval(right):
            del parameters[left]
    if parameters:
        given = ", ".join(f"{name} = {value!r}" for name, value in parameters.items())
        raise Unsupported(f"{framework}'s {path} has no parameter for {given}")
    return partial(function, **keywords)
