"""The frames of a run as files: the same bytes or not, and if not, where."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

FRAMES = ("accuracy", "agreement", "findings", "laws", "curves", "distribution", "percentiles", "environments")


def contents(folder: Path) -> dict[str, bytes]:
    """The files' bytes, by frame."""
    return {name: (folder / f"{name}.parquet").read_bytes() for name in FRAMES}


def assert_same(got: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """See that the bytes are the same; where they are not, name a column that differs: nobody can read the bytes."""
    for name in FRAMES:
        if got[name] != expected[name]:
            pd.testing.assert_frame_equal(*(pd.read_parquet(io.BytesIO(each[name])) for each in (got, expected)), obj=name)
            raise AssertionError(f"{name}: the same values, but other bytes")
