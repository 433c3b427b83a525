"""Rows of frames as the gate reads them."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]


def rows(frame: Any) -> Rows:
    """The rows of a frame, with None for what is missing."""
    return [{name: None if _missing(value) else value for name, value in row.items()} for row in frame.to_dict("records")]


def _missing(value: Any) -> bool:
    return value is None or str(value) == "<NA>"
