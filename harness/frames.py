"""Frames: columns that keep every value, and files with the version of their schema."""

from __future__ import annotations

import io
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .folders import write as write_whole

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Columns = dict[str, list[Any]]

SCHEMA = 2
"""Of the frames; a larger number means columns that this version would misread."""
SCHEMA_KEY, VERSION_KEY = b"lastbit.schema", b"lastbit.version"
"""In the metadata of a file."""


def column(values: list[Any], kind: str) -> Any:
    """Values as a column of a pandas type; integers beyond 2^63 keep their bits, beside smaller ones too."""
    import pandas as pd

    objects = np.empty(len(values), object)  # of a list with integers on both sides of 2^63 NumPy would make floats
    objects[:] = values
    array: Any = pd.array  # its overloads know no dtype by a name in a variable
    return array(objects, dtype=kind)


def frame(rows: list[Row], form: dict[str, str]) -> pd.DataFrame:
    """Rows as a frame with the column types of ``form``; a missing figure is a missing value, not a zero."""
    import pandas as pd

    return pd.DataFrame({name: column([row.get(name) for row in rows], kind) for name, kind in form.items()})


def series(parts: Iterable[tuple[Row, Columns]], form: dict[str, str]) -> pd.DataFrame:
    """Parts of several rows each, one after the other, as a frame with the column types of ``form``.

    Args:
        parts: what is the same in all rows of a part, and what is not, by column.
        form: the columns of the frame; what else parts have is left out.
    """
    import pandas as pd

    columns: Columns = {name: [] for name in form}
    for same, own in parts:
        count = len(next(iter(own.values())))
        for name, values in columns.items():
            values += own[name] if name in own else [same[name]] * count
    return pd.DataFrame({name: column(values, form[name]) for name, values in columns.items()})


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write one frame as Parquet, with the schema's version in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    told = {SCHEMA_KEY: str(SCHEMA).encode(), VERSION_KEY: _own_version().encode()}
    data = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **told}), data)
    write_whole(path, data.getvalue())


def _own_version() -> str:
    try:
        return version_of("lastbit")
    except PackageNotFoundError:  # a checkout
        return ""
