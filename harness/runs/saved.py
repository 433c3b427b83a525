"""Runs on disk: writing the frames with the version of their schema, and reading them back without trusting what is there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..folders import write as write_whole
from ..frames import SCHEMA, SCHEMA_KEY, write
from ..workers.environments import PEAK
from .contents import FORMS, wrong_types, wrong_values
from .results import FRAMES, OPTIONAL, Run
from .shards.manifest import load as load_requests
from .shards.store import FOLDER

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TIMES = {"accuracy": ("seconds", "framework_seconds"), "environments": ("time", PEAK)}
"""Columns that are not the same every time, by frame; they have a file of their own, so that the frame's is."""


def save(run: Run, folder: Path) -> None:
    """Write the frames of a run: all as Parquet, and as CSV but for the optional ones, which are long.

    Raises:
        OSError: where there is no room; every file is there whole, new or as it was, or not at all.
    """
    for name in (*FRAMES, *OPTIONAL):
        frame = getattr(run, name)
        if name in OPTIONAL and frame.empty:
            continue
        times = [column for column in TIMES.get(name, ()) if column in frame]
        write(frame.drop(columns=times), folder / f"{name}.parquet")
        if times:
            write(frame[times], folder / f"{name}_times.parquet")
        if name in FRAMES:
            write_whole(folder / f"{name}.csv", frame.to_csv(index=False).encode())


def load(folder: Path) -> Run:
    """Read a run that was saved.

    Raises:
        ValueError: where there is none, it is of a newer schema, a file is damaged, or nothing was measured; the message is
            one line that names the file and what to do.
    """
    accuracy = read(folder, "accuracy")
    if accuracy.empty:
        raise ValueError(f"the run in {folder} is empty: it has no case")
    agreement, findings, laws, environments = (read(folder, name) for name in FRAMES[1:])
    run = Run(str(accuracy.run_id.iloc[-1]), accuracy, agreement, findings, laws, environments)
    for name in OPTIONAL:
        if (folder / f"{name}.parquet").exists():
            setattr(run, name, read(folder, name))
    run.folder = folder
    with suppress(ValueError):  # the frames alone were copied here
        run.requests = tuple(load_requests(folder))
    return run


def newest() -> Path:
    """The directory of the last run in the current directory.

    Raises:
        ValueError: where there is none.
    """
    runs = sorted(Path().glob("lastbit-run-*/accuracy.parquet"))
    if not runs:
        raise ValueError("no run in lastbit-run-*: give the directory of a run (lastbit run --out DIR)")
    return runs[-1].parent


def load_findings(folder: Path | None) -> pd.DataFrame:
    """The findings of a run that was saved; without a directory, of the last one in the current directory.

    Raises:
        ValueError: where there is none.
    """
    return read(folder or newest(), "findings")


def read(folder: Path, name: str) -> pd.DataFrame:
    """Read one frame of a run that was saved.

    Raises:
        ValueError: as for :func:`load`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if not folder.is_dir():
        raise ValueError(f"no run in {folder}: there is no such directory")
    if not path.is_file():
        if (folder / FOLDER).exists():
            raise ValueError(f"the run in {folder} is not finished: lastbit run --resume {folder}")
        raise ValueError(f"no run in {folder}: it has no {path.name}: give the directory of a run (lastbit run --out DIR)")
    times = TIMES.get(name, ())
    try:
        table = pq.ParquetFile(path).read()
        found = _schema(table)
        if found > SCHEMA:
            raise ValueError(f"{path} is of schema {found:g}, this lastbit reads {SCHEMA}: pip install --upgrade lastbit")
        lacking = [column for column in FORMS[name].columns if column not in table.column_names and column not in times]
        if lacking and found < SCHEMA and SCHEMA_KEY in (table.schema.metadata or {}):
            raise ValueError(f"{path} is of schema {found:g}, of an older lastbit, this one reads {SCHEMA}: measure again")
        if lacking:
            raise ValueError(f"{path} is no {name} frame of lastbit: it has no column {lacking[0]!r}")
        frame = _frame(name, table, path)
        path = folder / f"{name}_times.parquet"
        if times and len(frame) and path.exists():
            frame = _joined(frame, _frame(name, pq.ParquetFile(path).read(), path), path, times)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} cannot be read, it is damaged or no Parquet: {reason}") from None
    if problem := next(wrong_values(name, frame), ""):
        raise ValueError(_foreign(folder / f"{name}.parquet", problem))
    known = [column for column in FORMS[name].columns if column in frame or column in times]
    return frame.reindex(columns=[*known, *(column for column in frame if column not in known)])


def _frame(name: str, table: pa.Table, path: Path) -> pd.DataFrame:
    """A table as pandas has it; what the file itself says of that is not asked: it could be anything."""
    import pandas as pd
    import pyarrow as pa

    if problem := next(wrong_types(name, table), ""):
        raise ValueError(_foreign(path, problem))
    kinds: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
    kinds |= dict.fromkeys((pa.string(), pa.large_string()), pd.StringDtype())
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas(types_mapper=kinds.get)
    reals = {column: kind for column, kind in FORMS[name].columns.items() if kind == "Float64" and column in frame}
    return frame.astype(reals)


def _joined(frame: pd.DataFrame, more: pd.DataFrame, path: Path, times: Iterable[str]) -> pd.DataFrame:
    if len(more) != len(frame):
        raise ValueError(f"{path} does not belong to its frame: {len(more)} rows, not {len(frame)}")
    return frame.assign(**{column: more[column] for column in times if column in more})


def _foreign(path: Path, problem: str) -> str:
    """That a frame is not what it should be, and what to do: from finished units it can be made again."""
    again = (path.parent / FOLDER).exists() and not path.name.startswith("speed")
    advice = f"lastbit run --resume {path.parent} makes it anew" if again else "measure again"
    return f"{path} is not as lastbit writes it: {problem}; {advice}"


def _schema(table: pa.Table) -> float:
    """The version a file has; without one it is of the first, and one that is no number is newer than all."""
    text = (table.schema.metadata or {}).get(SCHEMA_KEY, b"1")
    return int(text) if text.isdigit() else math.inf
