"""One small run with real frameworks that all tests of reports read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.runs.results import Run
from harness.runs.saved import load
from lastbit import run as measure


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a saved run: values that vanish, NaNs, a parameter, a format that NumPy has not, 64-bit encodings."""
    place = tmp_path_factory.mktemp("run")
    chosen = {"backends": ("numpy", "torch:eager"), "formats": ("float16", "bfloat16", "float64"), "orders": (0, 1)}
    measure("sigmoid", "softplus(beta=2)", **chosen, inputs=4096, out=place)
    return place


@pytest.fixture(scope="session")
def run(folder: Path) -> Run:
    """The same run, read back."""
    return load(folder)
