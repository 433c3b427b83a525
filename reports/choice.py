"""Which rows of a frame a figure shows."""

from __future__ import annotations

import pandas as pd


def chosen(rows: pd.DataFrame, activation: str, order: int, parameters: str | None) -> pd.DataFrame:
    """The rows of one function and derivative; without parameters (JSON, as in the frames) of those that come first.

    Raises:
        ValueError: where there is none.
    """
    part = rows[(rows.activation == activation) & (rows.order == order)]
    if part.empty:
        raise ValueError(f"this run has no {activation} of order {order}: it has {', '.join(rows.activation.unique())}")
    return part[part.parameters == (part.parameters.iloc[0] if parameters is None else parameters)]
