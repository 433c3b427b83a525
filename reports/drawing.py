"""How figures look, and how they are written so that equal figures are equal bytes."""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

BLUE, RED, GREEN = "#0072B2", "#CC3311", "#009E73"
"""For a function and its two derivatives; they differ in lightness too."""
BACKENDS: dict[str, tuple[str, str, Any]] = {
    "numpy": ("o", "#0072B2", "-"),
    "torch": ("s", "#D55E00", (0, (5, 1.2))),
    "jax": ("^", "#009E73", (0, (4, 1, 1, 1))),
    "tensorflow": ("v", "#CC79A7", (0, (1.2, 0.8))),
    "scipy": ("P", "#56B4E9", (0, (2, 1, 1, 1))),
    "libm": ("D", "#333333", (0, (3, 1, 1, 1, 1, 1))),
}
"""Marker, colour and dashes of each framework (colours: Okabe and Ito, "Color Universal Design", 2008)."""
FORMULAS = ("#E69F00", "#56B4E9", "#8C6BB1", "#A6761D", "#666666")
"""For the formulas of a figure; the dashes tell whose arithmetic it is."""
_WORDS = 44  # letters in a line of a legend
_NARROW = 24  # letters in a line beside a panel
_STYLE: Any = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 9,
    "figure.titlesize": 9,
    "axes.grid": True,
    "grid.color": "0.88",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "lastbit",
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
}
_EMPTY = re.compile(r'(?<=<g) id="[^"]*"| transform="rotate\(-0 [^"]*"|(?<=\n) +')  # names of groups, no turn at all, indents
_NAMED = re.compile(r'\bid="|href="#|url\(#')
_PLACES = re.compile(r' (?:d|x|y|transform)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")  # of a point; a hundredth of one is too small to be seen
_PAGE_COLOURS = {"#000000": "currentColor", "#ffffff": "var(--page)", "#e0e0e0": "var(--line)", "#cccccc": "var(--line)"}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "lastbit"},
    "pdf": {"CreationDate": None, "Creator": "lastbit", "Producer": None},
    "png": {"Software": "lastbit"},
}


@contextmanager
def canvas() -> Iterator[None]:
    """The style of all figures, whatever the user's own settings are."""
    from matplotlib import rc_context, rcdefaults

    with rc_context():
        rcdefaults()
        with rc_context(_STYLE):
            yield


def panels(count: int, width: float = 3.5, height: float = 2.6) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, two in a row, in inches."""
    from matplotlib.figure import Figure

    across = min(count, 2)
    down = -(-count // 2)
    figure = Figure(figsize=(width * max(across, 1.5), height * down + 0.4), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def grid(rows: Sequence[str], columns: Sequence[str]) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a panel for each row and column; those of a column have the same axes, and names of rows are on the left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.1 * max(len(columns), 2) + 0.3, 1.15 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey="col").tolist()
    for across, name in zip(axes, rows, strict=True):
        across[0].set_ylabel("\n".join(wrap(name, _NARROW)), fontsize=5.5)
        for axis in across:
            axis.tick_params(labelsize=6)
    for down, name in enumerate(columns):
        axes[0][down].set_title(name)
        axes[-1][down].set_xlabel("x")
    return figure, axes


def legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend below all panels, each label once."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if not found:
        return
    labels = ["\n".join(wrap(label, _WORDS)) for label in found]
    longest = max(len(line) for label in labels for line in label.splitlines())
    columns = min(len(labels), max(1, int(figure.get_figwidth() / (0.5 + 0.055 * longest))))
    lines = sum(label.count("\n") + 1 for label in labels)
    figure.set_figheight(figure.get_figheight() + 0.16 * -(-lines // columns))  # panels keep their size
    figure.legend(list(found.values()), labels, loc="outside lower center", ncols=columns)


def style(label: str, formulas: Sequence[str] = ()) -> dict[str, Any]:
    """The line of the cases in a label, the first of which counts.

    A framework's own result has its colour, in a mode other than eager a thinner line; a formula has the colour that its place
    among the formulas of the figure gives it. The dashes are the framework's.
    """
    who, _, formula = label.split(", ")[0].partition(" ")
    framework, mode = who.split(":")[:2]
    _, colour, dashes = BACKENDS.get(framework, ("d", "#000000", "-"))
    if formula in formulas:
        return {"color": FORMULAS[formulas.index(formula) % len(FORMULAS)], "linestyle": dashes, "linewidth": 0.6, "label": label}
    return {"color": colour, "linestyle": dashes, "linewidth": 1.3 if mode == "eager" else 0.7, "label": label}


def points(label: str) -> dict[str, Any]:
    """The framework's marker, hollow in modes other than eager."""
    framework, mode = label.split(", ")[0].partition(" ")[0].split(":")[:2]
    shape, colour, _ = BACKENDS.get(framework, ("d", "#000000", "-"))
    return {"marker": shape, "color": colour, "markerfacecolor": colour if mode == "eager" else "none", "linestyle": "none"}


def decades(axis: Axis) -> None:
    """Label a logarithmic axis, in steps of 1, 2 and 5 where it is short, so that labels do not meet."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(lambda value, _: f"{value:g}" if value < 1e5 else f"$10^{{{math.log10(value):.0f}}}$")


def widely(axis: Axes, far: float) -> None:
    """An axis of x from -far to far (some 1000), logarithmic on both sides of zero."""
    axis.set_xscale("symlog", linthresh=0.125, linscale=0.6)
    axis.set_xticks([-1000, -100, -10, -1, 0, 1, 10, 100, 1000], ["−10³", "", "−10", "−1", "0", "1", "10", "", "10³"])
    axis.set_xlim(-far, far)
    axis.minorticks_off()


def powers(axis: Axes) -> None:
    """Label an axis of decimal logarithms with powers of ten."""
    from matplotlib.ticker import MaxNLocator

    axis.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axis.yaxis.set_major_formatter(lambda power, _: f"$10^{{{power:.0f}}}$")


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as SVG, PDF and PNG, and return the paths."""
    return [write(figure, stem.parent / f"{stem.name}.{kind}") for kind in _METADATA]


def write(figure: Figure, path: Path) -> Path:
    """Write a figure as SVG, PDF or PNG, whichever the path ends in."""
    with canvas():
        figure.savefig(path, metadata=_METADATA[path.suffix[1:]])
    figure.set_layout_engine("none")  # everything has its place now
    return path


def inline(figure: Figure) -> str:
    """A figure as SVG within a page, in the page's own colours."""
    buffer = io.StringIO()
    with canvas():
        figure.savefig(buffer, format="svg", metadata=_METADATA["svg"], transparent=True)
    return embedded(buffer.getvalue())


def embedded(text: str) -> str:
    """The text of an SVG file as part of a page, in the page's own colours; what it names is its own among the page's figures."""
    own = hashlib.blake2b(text.encode(), digest_size=3).hexdigest()
    text = re.sub("<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = _EMPTY.sub("", text)
    text = _NAMED.sub(rf"\g<0>{own}", text)
    text = _PLACES.sub(lambda found: _DIGITS.sub(r"\1", found[0]), text)
    for printed, shown in _PAGE_COLOURS.items():
        text = text.replace(printed, shown)
    return text
