"""Measures what docs/derivation.md says, and draws its figures; some five minutes.

    python docs/make.py                 # all of it
    python docs/make.py chain figures   # some parts: saving, loss (with right), chain, figures

What is measured stands between ``<!-- measured: NAME -->`` and ``<!-- end -->`` and is replaced; the rest of the page stays.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from harness.catalogue import activation  # noqa: E402
from harness.formats import FORMATS  # noqa: E402
from harness.reference.exact import Exact  # noqa: E402
from harness.runs.execution import run  # noqa: E402
from harness.speed.execution import speed as time_calls  # noqa: E402
from harness.speed.jobs import Request as Timing  # noqa: E402
from harness.training.chain import Chains, compute  # noqa: E402
from reports.chains import chains, table  # noqa: E402
from reports.drawing import BLUE, RED, canvas, legend, panels, write  # noqa: E402
from reports.words import (  # noqa: E402
    implementation,
    records,
    ulps,
    undone,
)

PAGE = ROOT / "docs" / "derivation.md"
BACKENDS = ("numpy:eager", "torch:eager", "jax:compiled", "tensorflow:eager")
FORMULAS = {
    "from_value": "σ(1 − σ), σ computed again",
    "mirrored": "σ(x) σ(−x)",
    "exponential": "e^−∣x∣ / (1 + e^−∣x∣)²",
    "autodiff": "automatic differentiation, with its forward pass",
}
"""Routes, in the words of the page."""


def saving() -> dict[str, str]:
    """The times of all ways to σ' as ratios to σ(1 − σ) from the cached value."""
    frame = time_calls(Timing(("sigmoid",), BACKENDS, ("float32",), (1,), sizes=(1 << 16,))).speed
    timed = frame[(frame.phase == "steady") & (frame.status == "ok") & frame.ratio.notna()]
    rows = {implementation(row): {} for row in records(timed)}
    for row in records(timed):
        rows[implementation(row)][row["route"]] = f"{row['ratio']:.2f} [{row['ratio_low']:.2f}, {row['ratio_high']:.2f}]"
    lines = [[who, *(cells.get(route, "") for route in FORMULAS)] for who, cells in rows.items()]
    pairs = int(timed.pairs.min())
    note = "65,536 numbers of 32 bits (float32), one thread, one operation at a time (eager) or compiled; "
    note += f"99 % intervals from {pairs} pairs of fresh processes each. {_versions()}"
    return {"saving": _table(["", *FORMULAS.values()], lines) + "\n\n" + note}


def loss() -> dict[str, str]:
    """Where automatic differentiation gives 0 although the derivative is a normal number; how wrong the formulas are."""
    frame = run("sigmoid", backends=BACKENDS, orders=(1,)).accuracy
    done = frame[frame.status == "ok"]
    zeros, exact = [], Exact("sigmoid", 1)
    for row in records(done[(done.route == "autodiff") & done.first_vanished_positive.notna()]):
        x = float(row["first_vanished_positive"])
        of = f"{row['vanished']:,} of {row['inputs']:,}"
        zeros.append([row["format"], implementation(row), f"{x:.5g}", f"{float(exact.at(x).decimal(3)):.3g}", of])
    broken = records(done[(done.route == "autodiff") & (done.nan > 0)])
    words = "; ".join(f"{implementation(row)} in {row['format']} on {row['nan']:,} of {row['inputs']:,}" for row in broken)
    zeros.sort(key=lambda line: list(FORMATS).index(line[0]))
    head = ["format", "framework", "0 from x =", "the derivative there", "inputs for which it is 0 and should not be"]
    note = "16-bit formats: all their numbers; float32 and float64: a sample. "
    note += f"It is no number at all (NaN) for {words}. {_versions()}"
    routes = ("from_value", "mirrored", "exponential")
    worst = done[done.route.isin(routes)].pivot_table(index=["format", "route"], values="max_ulp", aggfunc="max").max_ulp
    lines = [[form, *(f"{ulps(worst[form, route])} ulp" for route in routes)] for form in FORMATS]
    names = ["format", "σ(1 − σ)", *(FORMULAS[route] for route in routes[1:])]
    said = "The largest error that any of the four frameworks makes, rounded up; on the same inputs. " + _versions()
    return {"loss": _table(head, zeros) + "\n\n" + note, "right": _table(names, lines) + "\n\n" + said}


def chain() -> dict[str, str]:
    """The gradient through chains of layers; draws the figure."""
    frame = compute(Chains())
    with canvas():
        write(chains(frame), ROOT / "docs" / "chain.svg")
    names, lines = table(frame)
    words = (
        "0 from L: with L layers or more; behind it how far off the gradient was with one layer less, relative to the exact one. "
    )
    words += f"Else how far off it is after 160 layers. {'; '.join(undone(frame, 'format'))}. " + _versions()
    return {"chain": _table(names, lines) + "\n\n" + words}


def figures() -> dict[str, str]:
    """Draws the three functions, blue, and their derivatives, red, from the exact reference."""
    x = np.linspace(-6.0, 6.0, 193)
    with canvas():
        figure, axes = panels(3, height=2.2)
        for axis, name in zip(axes, ("sigmoid", "tanh", "relu"), strict=True):
            for order, (colour, label) in enumerate(((BLUE, "f(x)"), (RED, "f′(x)"))):
                axis.plot(x, [_real(name, order, at) for at in x.tolist()], color=colour, linewidth=1.6, label=label)
            axis.set(title=str(activation(name)), xlabel="x", ylim=(-1.1, 1.6))
        legend(figure, axes)
        write(figure, ROOT / "docs" / "activations.svg")
    return {}


def _real(name: str, order: int, x: float) -> float:
    """NaN, a gap in the line, where there is more than one derivative."""
    text = Exact(name, order).at(x).decimal(17)
    return float("nan") if text.startswith("[") else float(text)


def _table(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *lines))


def _versions() -> str:
    names = {"PyTorch": "torch", "JAX": "jax", "TensorFlow": "tensorflow", "NumPy": "numpy", "autograd": "autograd"}
    found = ", ".join(f"{name} {version(package).split('+')[0]}" for name, package in names.items())
    return f"{found}; {platform.machine()}, {date.today().isoformat()}."


PARTS: dict[str, Callable[[], dict[str, str]]] = {"saving": saving, "loss": loss, "chain": chain, "figures": figures}


def main(parts: list[str]) -> None:
    """Measure these parts, and put them into the page."""
    for name in parts or list(PARTS):
        for block, text in PARTS[name]().items():
            before = PAGE.read_text()
            PAGE.write_text(re.sub(rf"(?s)(<!-- measured: {block} -->\n).*?(<!-- end -->)", rf"\g<1>\n{text}\n\n\g<2>", before))


if __name__ == "__main__":
    main(sys.argv[1:])
