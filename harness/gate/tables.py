"""The values of a file of limits, each checked where it is read, and complained about by line."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .demands import COUNTS, LIMITS
from .files import Complaint
from .lines import Lines, Place

_LARGEST_NUMBER = 1 << 63


class Tables:
    """Reads values out of tables; knows where each key stands.

    Args:
        path: the file.
        lines: of its keys.
        at: where in it the tables begin.
    """

    def __init__(self, path: Path, lines: Lines, at: Place) -> None:
        self.path, self._lines, self._at = path, lines, at
        self.folder = "" if path.parent == Path() else str(path.parent)

    def line(self, where: Place) -> int:
        """The line of a key or a table."""
        return self._lines[self._at + where]

    def complain(self, where: Place, problem: object) -> Complaint:
        """The complaint about a key."""
        return Complaint(self.path, self.line(where), str(problem))

    def known(self, table: dict[str, Any], where: Place, known: tuple[str, ...]) -> None:
        """See that there are no other keys.

        Raises:
            Complaint: where there are.
        """
        for key in table:
            if key not in known:
                raise self.complain((*where, key), f"unknown key {key!r}: choose from {', '.join(known)}")

    def limits(self, table: dict[str, Any], where: Place) -> dict[str, float]:
        """The limits in a table."""
        return {name: self.number(table, name, where, whole=name in COUNTS) for name in LIMITS if name in table}

    def number(self, table: dict[str, Any], key: str, where: Place, whole: bool) -> float:
        """A number that is not negative."""
        value = table[key]
        right = is_whole(value) or (not whole and isinstance(value, float) and math.isfinite(value))
        if not right:
            raise self.complain((*where, key), f"{key} {value!r}: give a {'whole number' if whole else 'number'}")
        if value < 0:
            raise self.complain((*where, key), f"{key} {value!r} is negative")
        if value > _LARGEST_NUMBER:
            raise self.complain((*where, key), f"{key} is larger than 2^63")
        return float(value) if not whole else int(value)

    def each(self, table: dict[str, Any], key: str, where: Place, read: Callable[[str], Any]) -> list[Any]:
        """What a text, or each of a list of texts, stands for."""
        given = table[key] if isinstance(table[key], list) else [table[key]]
        if not given:
            raise self.complain((*where, key), f"{key} is an empty list")
        return [self._read(word, key, where, read, " or a list of texts") for word in given]

    def one(self, table: dict[str, Any], key: str, where: Place, read: Callable[[str], Any]) -> Any:
        """What a text stands for."""
        return self._read(table[key], key, where, read, "")

    def _read(self, word: object, key: str, where: Place, read: Callable[[str], Any], else_: str) -> Any:
        if not isinstance(word, str):
            raise self.complain((*where, key), f"{key} {word!r} is not a text{else_}")
        try:
            return read(word)
        except ValueError as error:
            raise self.complain((*where, key), error) from None


def is_whole(value: object) -> bool:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
