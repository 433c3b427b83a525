"""On which line of a TOML file a key stands, which its parser does not tell."""

from __future__ import annotations

import re

Place = tuple[str | int, ...]

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]")
_NEXT = {  # what matters next, in no string or in one that these quotes opened
    "": re.compile(r"""\"{3}|'{3}|["'\[\]{}#]"""),
    '"': re.compile(r'\\.|"'),
    "'": re.compile("'"),
    '"""': re.compile(r'\\.|"{3,5}'),
    "'''": re.compile("'{3,5}"),
}
State = tuple[int, str]
"""How many brackets are open, and the quotes of the string that is."""
_OUTSIDE: State = (0, "")


class Lines:
    """The lines of the keys of a text that is valid TOML; tables of an array are numbered from 0."""

    def __init__(self, text: str) -> None:
        self._places: dict[Place, int] = {}
        self._tables: dict[Place, int] = {}  # how many of an array there are so far
        here: Place = ()
        inside = _OUTSIDE  # or in a string or brackets that began on a line before
        for number, line in enumerate(text.split("\n"), start=1):
            rest = line
            if inside == _OUTSIDE:
                if header := _HEADER.match(line):
                    here = self._enter(_parts(header[2]), array=header[1] == "[[")
                    self._places.setdefault(here, number)
                    continue
                key = _KEY.match(line)
                if key:
                    for end in range(1, len(_parts(key[1])) + 1):
                        self._places.setdefault(here + _parts(key[1])[:end], number)
                rest = line[key.end() :] if key else line
            inside = _after(rest, inside)

    def __getitem__(self, place: Place) -> int:
        """The line of a key, or of the table it stands in; 1 where that is not known."""
        while place and place not in self._places:
            place = place[:-1]
        return self._places.get(place, 1)

    def _enter(self, parts: Place, array: bool) -> Place:
        here: Place = ()
        for part in parts[: len(parts) - array]:
            here += (part,)
            if here in self._tables:
                here += (self._tables[here] - 1,)
        if array:
            here += parts[-1:]
            self._tables[here] = self._tables.get(here, 0) + 1
            here += (self._tables[here] - 1,)
        return here


def _parts(key: str) -> Place:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def _after(text: str, state: State) -> State:
    """What is still open at the end of a line."""
    depth, quote = state
    position = 0
    while match := _NEXT[quote].search(text, position):
        token, position = match[0], match.end()
        if quote:
            quote = quote if token.startswith("\\") else ""
        elif token == "#":
            break
        elif token in "[]{}":
            depth += 1 if token in "[{" else -1
        else:
            quote = token
    return depth, quote
