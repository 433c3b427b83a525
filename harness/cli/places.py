"""Where commands that measure something of their own put it: a directory, the directory of a run, the file of a figure."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from .common import usage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KINDS = (".svg", ".pdf", ".png")


def place(what: str, out: Path | None, run: Path | None) -> Path:
    """The directory for the frames.

    Args:
        what: of a directory that is named after the time, where none is given.
        out: a new or empty one.
        run: one that holds a run.

    Raises:
        ValueError: where both are given, or there is no such run.
    """
    from ..folders import fresh, make, prepare
    from ..runs.saved import read

    if out and run:
        raise ValueError("--out and --run both say where to save: give one of them")
    if run:
        read(run, "accuracy")
        return make(run)
    return prepare(out) if out else fresh(what)


def check_figure(path: Path) -> None:
    """See that a figure can be drawn there, before anything is measured.

    Raises:
        ValueError: where it cannot.
    """
    if path.suffix not in _KINDS:
        raise ValueError(f"figure {path}: give a file that ends in {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    if not path.parent.is_dir():
        raise ValueError(f"figure {path}: there is no directory {path.parent}")
    if find_spec("matplotlib") is None:
        raise ValueError("matplotlib is not installed: pip install 'lastbit[report]'")


def draw(figure: Callable[[], Figure], path: Path) -> None:
    """Draw a figure into a file; where that fails the frames are saved."""
    from reports import drawing

    try:
        drawing.write(figure(), path)
    except (OSError, ValueError) as error:
        usage(f"figure {path}: {error}")
