"""Tables for papers (booktabs, siunitx), as the literature on the accuracy of mathematical functions has them.

For each order and format one table: a row per function, a column per implementation, in it the largest error in ulp. A letter
tells where worse things happen than an error. A run of all activations in all modes fits on landscape pages.
"""

from __future__ import annotations

import math
from itertools import groupby

from harness.runs.results import Run

from . import account
from .matrix import Cell, Line, matrix
from .words import rounded_up

_HEAD = r"""% Needs \usepackage{booktabs,siunitx}; \input this file.
% Errors are rounded up. v: some results are 0 where the exact ones are normal numbers; n: NaN; o: infinite;
% s: wrong at special inputs.
"""
_LETTERS = {"vanished": "v", "nan": "n", "overflowed": "o", "special": "s"}
_SPECIAL = {"\\": r"\textbackslash{}", "_": r"\_", "&": r"\&", "%": r"\%", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}"}
_SPECIAL |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}"}


def render(run: Run) -> str:
    """All tables of a run."""
    columns, lines = matrix(run.accuracy)
    told = "".join(f"% {line}\n" for line in [f"lastbit run {run.run_id}", *account.commands(run)])
    lines = sorted(lines, key=lambda line: (line.key[2], _first(lines, line.key[3])))
    groups = groupby(lines, key=lambda line: (line.key[2], line.key[3], line.order))
    return _HEAD + told + "\n".join(_table(order, form, columns, list(part)) for (_, form, order), part in groups)


def _first(lines: list[Line], form: str) -> int:
    return next(number for number, line in enumerate(lines) if line.key[3] == form)


def _table(order: str, form: str, columns: list[str], lines: list[Line]) -> str:
    """One table; implementations of which it has no result have no column, and those of a framework share a heading."""
    held = [number for number in range(len(columns)) if any((cell := line.cells[number]) and cell.cls for line in lines)]
    rows = "\n".join(rf"{' & '.join([escape(line.name), *(_entry(line.cells[number]) for number in held)])} \\" for line in lines)
    names = [columns[number].partition(":")[::2] for number in held]
    above, rules, first = [], [], 2
    for framework, modes in groupby(names, key=lambda name: name[0]):
        last = first + len(list(modes)) - 1
        above.append(rf"\multicolumn{{{last - first + 1}}}{{c}}{{{escape(framework)}}}")
        rules.append(rf"\cmidrule(lr){{{first}-{last}}}")
        first = last + 1
    return rf"""\begin{{table}}
\centering\footnotesize\setlength{{\tabcolsep}}{{3pt}}
\caption{{Largest known error in ulp: {order}, {escape(form)}.}}
\begin{{tabular}}{{l{"r" * len(held)}}}
\toprule
{" & ".join(["", *above])} \\
{"".join(rules)}
{" & ".join(["function", *(escape(mode) for _, mode in names)])} \\
\midrule
{rows}
\bottomrule
\end{{tabular}}
\end{{table}}
"""


def _entry(cell: Cell | None) -> str:
    if cell is None or not cell.cls:
        return "--"
    mark = rf"\,\textit{{{_LETTERS[cell.cls]}}}" if cell.cls in _LETTERS else ""
    return (rf"\num{{{rounded_up(cell.worst)}}}" if math.isfinite(cell.worst) else "--") + mark


def escape(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
