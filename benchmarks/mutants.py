"""What the usual checks see of the tests' mutants, measured; writes ``docs/what-the-usual-checks-see.md``.

    python benchmarks/mutants.py

Every check sees the mutant's results beside the correctly rounded ones at the same random points, and only points where the
right implementation passes it. Each is given the better of two distributions: where it fails for either, the mutant is found.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "tests" / "plugins"
sys.path[:0] = [str(ROOT), str(PLUGINS)]

import impostors  # noqa: E402
from correct import values  # noqa: E402
from mutations import Right, faithful, mutate  # noqa: E402
from specimens import MUTANTS, Mutant  # noqa: E402
from trial import HOMES, WIDE, about, findings, measure, named  # noqa: E402

from backends.protocol import Case  # noqa: E402
from harness.catalogue import activation, names  # noqa: E402
from harness.formats import FORMATS, Format  # noqa: E402

DOCUMENT = ROOT / "docs" / "what-the-usual-checks-see.md"
COUNTS = (600, 10**6)
CHECKS = ("assert_close", "assert_allclose", "finite differences")
LETTERS = {"n": lambda rng, count: rng.standard_normal(count), "u": lambda rng, count: rng.uniform(-10, 10, count)}
EPS, ATOL, RTOL = 1e-6, 1e-5, 1e-3  # gradcheck's defaults

HONEST = [(name, number % 3, "float32") for number, name in enumerate(names())]  # right but for the last bit

Cells = dict[tuple[str, int], str]
Change = Callable[[Right], Any]


class Points:
    """Right results at random points, for one function, order and format, as far as the points lie between two bounds.

    Where they do not, a mutant that changes nothing there cannot show, and nothing is computed.
    """

    def __init__(self, case: tuple[str, int, str], letter: str, count: int, low: float = -np.inf, high: float = np.inf) -> None:
        name, self.order, form = case
        self.definition, self.form = activation(name), FORMATS[form]
        bits = self.form.round(LETTERS[letter](np.random.default_rng(0), count))
        x = self.form.decode(bits)
        self.number = np.flatnonzero((x >= low - 2 * EPS) & (x <= high + 2 * EPS))
        self.right = Right(self.definition, self.order, self.form, bits[self.number])
        x = self.right.x
        if self.order:
            ends = [values(self.definition, self.order - 1, x + step) for step in (EPS, -EPS)]
            self.slope = (ends[0] - ends[1]) / (2 * EPS)
        elif form == "float64":
            self.beside = [Right(self.definition, 0, self.form, self.form.round(x + step)) for step in (EPS, -EPS)]
            self.slope = values(self.definition, 1, x)

    def failures(self, change: Change, counts: tuple[int, ...]) -> dict[tuple[str, int], bool]:
        """Whether each check fails on the first points; checks that do not apply are left out."""
        found, right = change(self.right), self.right
        usable = np.isfinite(right.y)
        failed: dict[tuple[str, int], bool] = {}
        for count in counts:
            some = np.flatnonzero(usable & (self.number < count))
            for check, (assertion, array) in _ASSERTIONS.items():
                failed[check, count] = _raises(assertion, array(self.form, found[some]), array(self.form, right.best[some]))
        if self.order:
            differ = self._differ(right.y, self.slope, self.form.decode(found), self.slope)
        elif self.form.name == "float64":
            ends = [(self.form.decode(change(end)), end.y) for end in self.beside]
            wrong, rightly = ((ends[0][which] - ends[1][which]) / (2 * EPS) for which in (0, 1))
            differ = self._differ(self.slope, rightly, self.slope, wrong)
        else:
            return failed
        return failed | {(CHECKS[2], count): bool(differ[self.number < count].any()) for count in counts}

    @staticmethod
    def _differ(right: Any, rightly: Any, found: Any, numerical: Any) -> Any:
        """Where an analytical and a numerical derivative differ, and those of the right implementation do not."""
        passes = np.isclose(right, rightly, rtol=RTOL, atol=ATOL)
        return passes & ~np.isclose(found, numerical, rtol=RTOL, atol=ATOL)


def _tensor(form: Format, bits: Any) -> Any:
    return torch.from_numpy(bits.view(f"i{bits.itemsize}")).view(getattr(torch, form.name))


_ASSERTIONS = {
    "assert_close": (torch.testing.assert_close, _tensor),
    "assert_allclose": (np.testing.assert_allclose, Format.decode),
}


def _raises(assertion: Any, found: Any, right: Any) -> bool:
    try:
        assertion(found, right)
    except AssertionError:
        return True
    return False


def change_of(mutant: Mutant) -> Change:
    """How a mutant changes right results."""
    if not mutant.unsteady:
        return lambda right: mutate(right, mutant.mutation, dict(mutant.parameters))
    adapter = getattr(impostors, HOMES[mutant].capitalize())("eager", "cpu")
    case = Case(mutant.activation, mutant.order, "native", mutant.format, activation(mutant.activation).parameters)
    function = adapter.prepare(case)
    return lambda right: adapter.store(function(adapter.load(right.bits, mutant.format)), mutant.format)


def cells(points: dict[str, Points], change: Change, counts: tuple[int, ...]) -> Cells:
    """By check and number of points the distributions that show a mutant; ``-`` where the check does not apply."""
    failed = {letter: each.failures(change, counts) for letter, each in points.items()}
    return {
        key: "".join("-" if key not in fails else letter * fails[key] for letter, fails in failed.items()).replace("--", "-")
        for key in ((check, count) for check in CHECKS for count in counts)
    }


def span(mutant: Mutant) -> tuple[float, float]:
    """Bounds of the inputs that a mutant concerns."""
    given = mutant.parameters
    if "place" in given and math.isfinite(given["place"]):
        return given["place"] - given.get("reach", 0.0), given["place"] + given.get("reach", 0.0)
    return given.get("low", -math.inf), given.get("high", math.inf)


def table(mutants: tuple[Mutant, ...], counts: tuple[int, ...] = COUNTS) -> dict[Mutant, Cells]:
    """The cells of all mutants."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out = {}
    for mutant in mutants:
        case, found = (mutant.activation, mutant.order, mutant.format), Cells()
        for alike in ((count,) for count in counts) if mutant.unsteady else (counts,):  # the length may matter
            points = {letter: Points(case, letter, max(alike), *span(mutant)) for letter in LETTERS}
            found |= cells(points, change_of(mutant), alike)
        out[mutant] = {(check, count): found[check, count] for check in CHECKS for count in counts}
    return out


def alarms(counts: tuple[int, ...] = COUNTS) -> list[Cells]:
    """The cells of implementations that are right but for the last bit."""
    return [cells({at: Points(case, at, max(counts)) for at in LETTERS}, faithful, counts) for case in HONEST]


def totals(found: list[Cells], counts: tuple[int, ...] = COUNTS) -> Iterator[tuple[str, int, int, int]]:
    """By check and number of points: how many are seen, of how many that it applies to."""
    for check in CHECKS:
        for count in counts:
            column = [each[check, count] for each in found]
            yield check, count, sum(cell not in ("", "-") for cell in column), sum(cell != "-" for cell in column)


def main() -> None:
    """Measure all, and write the document."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PLUGINS), str(ROOT)])
    found = findings(MUTANTS)
    seen = {mutant: named(mutant, about(mutant, found)) for mutant in MUTANTS}
    for mutant in (mutant for mutant in MUTANTS if not seen[mutant]):
        print(f"missed: {mutant}: {about(mutant, found).sentence.tolist()}", flush=True)
    blamed = measure((("faithful", *case) for case in HONEST), WIDE).findings.activation.nunique()
    DOCUMENT.write_text(page(seen, blamed, table(MUTANTS), alarms()))


def page(seen: dict[Mutant, bool], blamed: int, measured: dict[Mutant, Cells], false: list[Cells]) -> str:
    """The document."""
    lines = [INTRODUCTION.format(torch=torch.__version__.split("+")[0], numpy=np.__version__, honest=len(false))]
    lines += ["| check | finds | of | fails a right implementation | of |", "|---|---:|---:|---:|---:|"]
    lines.append(f"| lastbit: found and named | {sum(seen.values())} | {len(seen)} | {blamed} | {len(false)} |")
    for (check, count, hits, of), (_, _, wrong, honest) in zip(totals(list(measured.values())), totals(false), strict=True):
        lines.append(f"| {check}, {SHOWN[count]} points | {hits} | {of} | {wrong} | {honest} |")
    lines.append(LEGEND)
    heads = [f"{check} {SHOWN[count]}" for check in CHECKS for count in COUNTS]
    lines += ["| " + " | ".join(["mutant", "lastbit", *heads]) + " |", "|---|---|" + "---|" * len(heads)]
    for mutant in MUTANTS:
        row = [str(mutant), mutant.kind if seen[mutant] else "missed", *measured[mutant].values()]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


SHOWN = {600: "600", 10**6: "10^6"}
INTRODUCTION = """\
# What the usual checks see

The tests have implementations that are right to the last bit but for one planted defect each (`tests/plugins/specimens.py`), and
`lastbit` must find every one, with the right kind and diagnosis. Here the same mutants meet the checks that people write. All
of it is measured: `python benchmarks/mutants.py` makes this page (PyTorch {torch}, NumPy {numpy}).

Each check compares with correctly rounded results, which its users rarely have, at random points: standard normal, and uniform in
[-10, 10]; a mutant counts as found where either shows it. *assert_close* is `torch.testing.assert_close` with its default
tolerances; *assert_allclose* is `numpy.testing.assert_allclose`'s default, a relative 1e-7; *finite differences* compares
a derivative with central differences in float64, with the step and the tolerances of `torch.autograd.gradcheck` (1e-6; 1e-5 and
1e-3), at points where the right implementation passes; it does not apply to values in other formats than float64.
The right implementations of the last two columns are correctly rounded, but every other result is one step nearer to
zero: {honest} functions and derivatives in float32, as right as most kernels are. A check that fails them cannot be used.
"""
LEGEND = """
In the table `n` and `u` tell which distribution shows the mutant, an empty cell that none does, `-` that the check does not
apply. A mutant is written: function, order, format, and what is done to right results (`tests/plugins/mutations.py`).
"""

if __name__ == "__main__":
    main()
