"""Figures of trained networks: what every step was like with each gradient, the median of the seeds and their spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .drawing import BLUE, GREEN, RED, canvas, legend, panels
from .training import RUN, title
from .words import implementation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE = 10.0  # losses that span more are drawn on a log scale
_LINES: dict[str, Any] = {
    "autodiff": {"color": BLUE, "linewidth": 2.2, "linestyle": "-"},
    "formula": {"color": RED, "linewidth": 1.4, "linestyle": (0, (4, 2))},
    "exact": {"color": GREEN, "linewidth": 1.0, "linestyle": "-"},
}


def training(frame: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Loss and accuracy at every step, how far the loss is from that with the exact f', and the gradient of each layer.

    Two rows of two panels for each implementation. Lines are medians of the seeds, bands go from the least to the most.
    """
    groups = dict(list(frame[frame.step.notna()].groupby(RUN, sort=False)))
    with canvas():
        figure, axes = panels(max(4 * len(groups), 2))
        for number, (key, part) in enumerate(groups.items()):
            who = implementation(part.iloc[0])
            loss, right, apart, norms = axes[4 * number : 4 * number + 4]
            _draw(loss, part, "loss")
            _draw(right, part, "accuracy")
            distances = _apart(part)
            _draw(apart, distances, "apart")
            own = layers[(layers[RUN] == list(key)).all(axis="columns")]
            _draw_norms(norms, own)
            loss.set(title=who, xlabel="step", ylabel="mean squared error")
            right.set(title=f"{who}: share of examples that are right", xlabel="step", ylim=(-0.02, 1.02))
            apart.set(title=f"{who}: ∣loss − loss with exact f′∣", xlabel="step", xlim=loss.get_xlim())
            _logarithmic(apart, distances.apart)
            if (losses := part.loss.dropna()).size and losses.max() > _WIDE * losses.min():
                loss.set_yscale("log")
            norms.set(title=f"{who}: ∣gradient∣ in the last step", xlabel="layer")
            _logarithmic(norms, own.norm)
        figure.suptitle(title(frame))
        legend(figure, axes)
    return figure


def _draw(axis: Axes, part: pd.DataFrame, column: str) -> None:
    """One quantity against the step."""
    for gradient, look in _LINES.items():
        of = part[part.gradient == gradient]
        if len(of):
            found = of.assign(value=of[column].astype(float)).groupby("step").value.agg(["median", "min", "max"])
            found = found.where(found > 0) if column == "apart" else found
            steps = found.index.to_numpy(int)
            axis.plot(steps, found["median"], label=f"f′: {gradient}", **look)
            axis.fill_between(steps, found["min"], found["max"], color=look["color"], alpha=0.15, linewidth=0)


def _logarithmic(axis: Axes, values: pd.Series[float]) -> None:
    """A logarithmic axis, where there is anything to be seen on one."""
    if (values > 0).any():
        axis.set_yscale("log")
    else:
        axis.text(0.5, 0.5, "0", transform=axis.transAxes, ha="center")


def _apart(part: pd.DataFrame) -> pd.DataFrame:
    """How far each loss is from that with the exact f'."""
    keys = ["seed", "step"]
    exact = part[part.gradient == "exact"].set_index(keys).loss.rename("right").astype(float)
    others = part[part.gradient != "exact"].join(exact, on=keys)
    return others.assign(apart=(others.loss.astype(float) - others["right"]).abs())


def _draw_norms(axis: Axes, layers: pd.DataFrame) -> None:
    end = layers[layers.step == layers.step.max()]
    for gradient, look in _LINES.items():
        of = end[end.gradient == gradient]
        if len(of):
            norms = of.assign(norm=of.norm.astype(float)).groupby("layer").norm.median()
            axis.plot(norms.index.to_numpy(int) + 1, norms.where(norms > 0), marker="o", markersize=3, **look)
