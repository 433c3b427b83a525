"""The frames ``training``, a row per run and step, ``training_layers``, with each layer's gradient, and ``training_pairs``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..frames import Row, frame, write
from ..workers.environments import version
from .execution import Trained
from .setting import Setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Training:
    """What a training gave.

    Attributes:
        run_id: names it.
        training: a row per implementation, seed, gradient and step, see :data:`TRAINING`; one without a step for a run that was
            not done, or not to the end.
        layers: a row per layer of each of these steps, see :data:`LAYERS`.
        pairs: a row for every two runs of a seed that came to their end, see :data:`PAIRS`.
    """

    run_id: str
    training: pd.DataFrame
    layers: pd.DataFrame
    pairs: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write the frames as Parquet and CSV."""
        for name, table in (("training", self.training), ("training_layers", self.layers), ("training_pairs", self.pairs)):
            write(table, folder / f"{name}.parquet")
            table.to_csv(folder / f"{name}.csv", index=False)


def collect(run_id: str, setting: Setting, runs: list[Trained]) -> Training:
    """The frames of these runs."""
    shared: Row = {"run_id": run_id, "activation": str(setting.definition()), "format": setting.format}
    rows = [shared | row for run in runs for row in _rows(setting, run)]
    done = [run for run in runs if run.status == "ok"]
    pairs = [shared | _pair(first, second) for first, second in combinations(done, 2) if first.seed == second.seed]
    layers = [shared | row for run in runs for row in _layers(run)]
    return Training(run_id, frame(rows, TRAINING), frame(layers, LAYERS), frame(pairs, PAIRS))


def _rows(setting: Setting, run: Trained) -> list[Row]:
    row: Row = {name: getattr(setting, name) for name in ("layers", "width", "examples", "rate", "rule", "scale", "bias")}
    row |= {"backend": run.implementation.backend, "backend_version": version(run.gradient, run.hello)}
    row |= {"mode": run.implementation.mode, "device": run.implementation.device, "gradient": run.gradient, "seed": run.seed}
    rows = [row | {"status": "ok", "reason": "", "step": number} | vars(step) for number, step in enumerate(run.steps)]
    return rows if run.status == "ok" else [*rows, row | {"status": run.status, "reason": run.reason}]


def _layers(run: Trained) -> list[Row]:
    who: Row = {"backend": run.implementation.backend, "mode": run.implementation.mode, "device": run.implementation.device}
    who |= {"gradient": run.gradient, "seed": run.seed}
    steps = enumerate(run.steps)
    return [
        who | {"step": number, "layer": layer, "norm": norm} for number, step in steps for layer, norm in enumerate(step.norms)
    ]


def _pair(first: Trained, second: Trained) -> Row:
    steps = zip(first.steps, second.steps, strict=True)
    apart = next((number for number, (one, other) in enumerate(steps) if one.digest != other.digest), None)
    with np.errstate(all="ignore"):
        difference = first.parameters - second.parameters
        size = max(np.linalg.norm(first.parameters), np.linalg.norm(second.parameters))
        relative = np.linalg.norm(difference) / size if apart is not None else 0.0
    row: Row = {"first": str(first), "second": str(second), "seed": first.seed, "first_step": apart}
    equal = bool((first.parameters == second.parameters).all())
    return row | {"largest": 0.0 if equal else float(np.abs(difference).max()), "distance": float(relative)}


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
TRAINING = dict.fromkeys(("run_id", "activation", "format"), _TEXT)
TRAINING |= dict.fromkeys(("layers", "width", "examples"), _WHOLE) | {"rate": _REAL, "rule": _TEXT, "scale": _REAL, "bias": _REAL}
TRAINING |= dict.fromkeys(("backend", "backend_version", "mode", "device", "gradient", "status", "reason"), _TEXT) | {
    "seed": _WHOLE
}
TRAINING |= {"step": _WHOLE, "loss": _REAL, "accuracy": _REAL, "dead": _WHOLE, "dead_exactly": _WHOLE, "vanished": _WHOLE}
TRAINING |= {"seconds": _REAL}
"""Columns of ``training``; the figures of a step are those of :class:`harness.training.execution.Step`. A loss that is NaN is
missing."""
LAYERS = dict.fromkeys(("run_id", "activation", "format", "backend", "mode", "device", "gradient"), _TEXT)
LAYERS |= {"seed": _WHOLE, "step": _WHOLE, "layer": _WHOLE, "norm": _REAL}
"""Columns of ``training_layers``: the Euclidean norm of the gradient of a layer's weights and biases in a step. Layer 0 comes
first, the last one is the output; a norm that is no number is missing."""
PAIRS = dict.fromkeys(("run_id", "activation", "format", "first", "second"), _TEXT)
PAIRS |= {"seed": _WHOLE, "first_step": _WHOLE, "largest": _REAL, "distance": _REAL}
"""Columns of ``training_pairs``: the first step after which any bit of the weights and biases differs (missing where none ever
does); at the end the largest difference of one of them, and the Euclidean distance relative to the longer of the two vectors
(missing where not all of them are finite)."""
