"""Text files that somebody else may have written: read with a limit, and complained about by line."""

from __future__ import annotations

from pathlib import Path

LONGEST = 4096
"""Characters of a line."""
_LONGEST_PROBLEM = 400


class Complaint(ValueError):
    """What is wrong with a file, and where: its text is ``file:line: problem``, and printable."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        said = problem if len(problem) <= _LONGEST_PROBLEM else f"{problem[:_LONGEST_PROBLEM]}..."
        super().__init__(printable(f"{path}:{line}: {said}"))


def printable(text: str) -> str:
    """A text without orders to a terminal: other than printable characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def read_text(path: Path, most: int) -> str:
    """The text of a UTF-8 file of at most so many bytes, with lines of at most :data:`LONGEST` characters.

    Raises:
        ValueError: where it cannot be read.
        Complaint: where it is no such text.
    """
    try:
        if not path.is_file():
            raise ValueError(printable(f"there is no file {path}"))
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ValueError(printable(f"cannot read {path}: {error.strerror or error}")) from None
    if len(data) > most:
        raise Complaint(path, 1, f"is no such file: it has more than {most:,} bytes")
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Complaint(path, data[: error.start].count(b"\n") + 1, "is not UTF-8 text") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST:
            raise Complaint(path, number, f"has {len(line):,} characters: at most {LONGEST:,}")
    return text
