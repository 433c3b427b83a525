"""Functions with the signature of others, so that it can be told which parameters of an activation they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def like(function: Callable[..., Any], other: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with the signature of another that it calls."""

    def call(x: Any, **given: Any) -> Any:
        return function(x, **given)

    call.__signature__ = inspect.signature(other)  # type: ignore[attr-defined]
    return call


def positional(function: Callable[..., Any], other: Callable[..., Any], skipped: int) -> Callable[..., Any]:
    """A function that takes no keywords, called with those of another, whose first ``skipped`` parameters it has not."""
    known = list(inspect.signature(other).parameters.values())[skipped:]
    names = [parameter.name for parameter in known]

    def call(x: Any, **given: Any) -> Any:
        last = max(map(names.index, given)) if given else 0
        return function(x, *(given.get(each.name, each.default) for each in known[1 : last + 1]))

    call.__signature__ = inspect.Signature(known)  # type: ignore[attr-defined]
    return call
