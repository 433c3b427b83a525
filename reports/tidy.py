"""The frames as text that holds every value bit for bit, and packed for a page.

A number is written with the shortest decimal that reads back as the same float64 (signs of zeros and infinities included), an
encoding as a whole number. What is missing, a figure or a text, is an empty field. A NaN is missing too: which NaN it was, the
column with the bits beside it says.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json

import pandas as pd

_LEVEL = 9


def to_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with the names of its columns in the first line."""
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text


def to_columns(frame: pd.DataFrame) -> str:
    """A frame as JSON: by the name of each column its fields, in the same text as in the CSV.

    What is alike stands together, so that it packs into two thirds of what the CSV does.
    """
    names, *lines = csv.reader(io.StringIO(to_csv(frame), newline=""))
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else dict.fromkeys(names, ())
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))


def pack(text: str) -> str:
    """Text compressed (gzip, without a time) and in base 64, for a page; equal text gives equal bytes."""
    return base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode("ascii")
