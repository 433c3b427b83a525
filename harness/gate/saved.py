"""The figures of a run that was saved."""

from __future__ import annotations

from pathlib import Path

from ..runs.saved import read
from .baseline import Baseline, of_rows
from .rows import rows


def saved_figures(folder: Path) -> Baseline:
    """The figures of a run's directory; its environments tell versions and machine.

    Raises:
        ValueError: where there is no run that can be read.
    """
    accuracy, environments = (rows(read(folder, name)) for name in ("accuracy", "environments"))
    seeds = {int(row["seed"]) for row in environments if row["seed"]}
    return of_rows(accuracy, environments, min(seeds, default=0))
