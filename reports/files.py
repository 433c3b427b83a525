"""A run's reports as files: each kind by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.runs.results import FRAMES, OPTIONAL, Run

from . import figures, html, latex, markdown, terminal
from .tidy import to_csv


@dataclass(frozen=True)
class Kind:
    """A kind of report.

    Attributes:
        place: its file or directory within the directory of the run, unless another is asked for.
        text: renders it, where it is one file.
        write: writes several files into a directory and returns their paths, where it is several.
    """

    place: str
    text: Callable[[Run], str] | None = None
    write: Callable[..., list[Path]] | None = None


def _csv(run: Run, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in (*FRAMES, *OPTIONAL):
        frame = getattr(run, name)
        if name in FRAMES or len(frame):
            path = folder / f"{name}.csv"
            path.write_text(to_csv(frame))
            written.append(path)
    return written


KINDS = {
    "html": Kind("report.html", html.render),
    "text": Kind("report.txt", terminal.render),
    "latex": Kind("report.tex", latex.render),
    "markdown": Kind("report.md", markdown.render),
    "csv": Kind("csv", write=_csv),
    "figures": Kind("figures", write=figures.write),
}


def write(run: Run, kind: str, place: Path, **choice: Any) -> list[Path]:
    """Write a report to a file or, where it is several files, into a directory; nothing is touched before it is rendered.

    Args:
        run: of which.
        kind: of :data:`KINDS`.
        place: where to.
        choice: for figures, which of them, see :func:`reports.figures.write`.

    Raises:
        ValueError: where the place cannot be written.
    """
    chosen = KINDS[kind]
    try:
        if chosen.text:
            text = chosen.text(run)
            place.write_text(text, encoding="utf-8")
            return [place]
        assert chosen.write
        return chosen.write(run, place, **choice)
    except OSError as error:
        raise ValueError(f"cannot write to {place}: {error.strerror or error}") from None
