"""Columns of frames that keep every value."""

from __future__ import annotations

from typing import Any

import numpy as np


def column(values: list[Any], kind: str) -> Any:
    """Values as a column of a pandas type; integers beyond 2^63 keep their bits, beside smaller ones too."""
    import pandas as pd

    objects = np.empty(len(values), object)  # of a list with integers on both sides of 2^63 NumPy would make floats
    objects[:] = values
    array: Any = pd.array  # its overloads know no dtype by a name in a variable
    return array(objects, dtype=kind)
