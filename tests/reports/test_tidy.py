"""Values survive: through Parquet, CSV and the data in a page, bit for bit."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import math
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.findings.curves import curves_frame
from harness.frames import frame, write
from harness.runs.results import ACCURACY, FINDINGS, Run
from harness.runs.saved import read
from reports.tidy import pack, to_columns, to_csv

_HARD = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 0.1, 2 / 3, 1.7976931348623157e308, 2.2250738585072014e-308]
_NUMBERS = st.one_of(st.sampled_from(_HARD), st.floats())
_BITS = st.one_of(st.sampled_from([0, 2**63, 2**64 - 1, 0x7FF0000000000001, 2**53 + 1]), st.integers(0, 2**64 - 1))
_TEXT = st.one_of(
    st.sampled_from(["", "NA", "nan", "null", 'a "b", c', "line\nline", "σ′(x) — ±0", "1e5", "-0.0", "True"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=20),
)


def _read(text: str, like: pd.DataFrame) -> pd.DataFrame:
    """CSV as anybody reads it, field by field with Python's own conversions."""
    names, *lines = csv.reader(io.StringIO(text, newline=""))
    assert names == list(like.columns)
    convert: dict[str, Any] = {"Int64": int, "UInt64": int, "Float64": float, "float64": float, "boolean": "True".__eq__}
    columns = {}
    for name, *fields in zip(names, *lines, strict=True):
        kind = str(like[name].dtype)
        values = np.empty(len(fields), object)  # a list with integers on both sides of 2^63 would become floats
        values[:] = [field if kind == "string" else convert[kind](field) if field else None for field in fields]
        columns[name] = pd.array(values, dtype=kind)  # type: ignore[call-overload]
    return pd.DataFrame(columns)


def _read_columns(text: str, like: pd.DataFrame) -> pd.DataFrame:
    """The data in a page, back to CSV as the page's own program makes it."""
    columns = json.loads(text)
    assert len({len(fields) for fields in columns.values()}) == 1
    rows = io.StringIO(newline="")
    csv.writer(rows, lineterminator="\n").writerows([list(columns), *zip(*columns.values(), strict=True)])
    assert rows.getvalue() == to_csv(like)
    return _read(rows.getvalue(), like)


def _unpack(packed: str) -> str:
    return gzip.decompress(base64.b64decode(packed)).decode()


def _encoded(value: Any) -> Any:
    """What must come back: the bits of a number; a NaN is missing, and so is an empty text."""
    if isinstance(value, float) and not math.isnan(value):
        return struct.pack("<d", value)
    return None if pd.isna(value) or value == "" else value


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert list(one.columns) == list(other.columns)
    assert len(one) == len(other)
    for name in one.columns:
        assert [_encoded(value) for value in one[name]] == [_encoded(value) for value in other[name]], name
        assert one[name].dtype == other[name].dtype


def _written(given_frame: pd.DataFrame, name: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        write(given_frame, Path(folder) / f"{name}.parquet")
        return read(Path(folder), name)


@given(st.lists(st.tuples(_NUMBERS, _BITS, _TEXT, st.booleans()), min_size=1, max_size=8))
@example([(value, 2**64 - 1 - number, "", True) for number, value in enumerate(_HARD)])
@settings(deadline=None, max_examples=50)
def test_every_value_comes_back(rows: list[tuple[float, int, str, bool]]) -> None:
    made = [
        {
            "worst_input": x,
            "seconds": -x,
            "worst_input_bits": bits,
            "reason": text,
            "exhaustive": yes,
            "inputs": max(bits >> 1, 1),
        }
        | {"worst_output_bits": bits, "worst_exact": text}
        for x, bits, text, yes in rows
    ]
    accuracy = frame([dict.fromkeys(ACCURACY, None) | _CASE | row for row in made], ACCURACY)
    _same(_written(accuracy, "accuracy"), accuracy)
    _same(_read(to_csv(accuracy), accuracy), accuracy)
    _same(_read_columns(_unpack(pack(to_columns(accuracy))), accuracy), accuracy)


@given(st.lists(st.tuples(_TEXT, _NUMBERS), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_text_comes_back(rows: list[tuple[str, float]]) -> None:
    found = frame([dict.fromkeys(FINDINGS, "") | _FINDING | {"sentence": text, "low": x} for text, x in rows], FINDINGS)
    _same(_written(found, "findings"), found)
    _same(_read(to_csv(found), found), found)


_NAMED = {"run_id": "1", "activation": "silu", "order": 1, "route": "native", "format": "float16", "backend": "numpy"}
_CASE = dict.fromkeys((name for name, kind in ACCURACY.items() if kind == "string"), "") | _NAMED
_CASE |= {"parameters": "{}", "mode": "eager", "device": "cpu", "status": "failed", "output_digest": None}
_FINDING = {name: None for name, kind in FINDINGS.items() if kind != "string"} | _NAMED
_FINDING |= {"kind": "nan", "severity": "minor", "inputs_affected": 1}


def test_the_frames_of_a_run_come_back(run: Run) -> None:
    for name in ("accuracy", "agreement", "findings", "laws", "curves", "distribution", "percentiles"):
        found = getattr(run, name)
        assert len(found)
        _same(_read_columns(_unpack(pack(to_columns(found))), found), found)


def test_an_empty_frame_of_curves_has_its_columns() -> None:
    nothing = curves_frame("1", [])
    _same(_written(nothing, "curves"), nothing)


def test_packing_is_deterministic() -> None:
    text = "x,y\n" + "0.1,0xff\n" * 1000
    assert pack(text) == pack(text)
    assert len(pack(text)) < len(text) / 10
