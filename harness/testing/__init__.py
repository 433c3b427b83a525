"""Accuracy in other people's test suites: ``assert_accurate``, and what pytest needs to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assertion import assert_accurate

__all__ = ["assert_accurate"]


def __getattr__(name: str) -> Any:
    if name == "assert_accurate":  # with the reference behind it, which a plug-in that is not used should not import
        from .assertion import assert_accurate

        return assert_accurate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
