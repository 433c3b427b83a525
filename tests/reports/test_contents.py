"""Frames of the right form that say what cannot be: shown as they are, or refused in one line; never a traceback."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from harness.cli import app
from harness.frames import write
from harness.runs.contents import FORMS
from harness.runs.saved import TIMES, read
from harness.speed.execution import speed
from harness.speed.jobs import Request
from harness.training.chain import Chains, compute
from harness.training.execution import train
from harness.training.setting import Setting
from lastbit import run as measure

NONSENSE: dict[str, list[Any]] = {
    "string": ["nonsense", "no [/sense] <b>\x1b[31m\n", None],
    "Int64": [-1, 7, None],
    "UInt64": [2**64 - 1, None],
    "Float64": [math.nan, math.inf, -1.0],
    "float64": [math.nan, math.inf, -1.0],
    "boolean": [True, None],
}
COLUMNS = [(name, column, kind) for name, form in FORMS.items() for column, kind in form.columns.items()]
COLUMNS += [("environments", "processor", "string"), ("environments", "time", "string")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run with rows in all frames, times among them."""
    place = tmp_path_factory.mktemp("small")
    chosen = {"backends": ("numpy",), "formats": ("float16",), "orders": (1,)}
    found = measure("gelu_tanh", **chosen, inputs=2048, out=place)  # type: ignore[arg-type]
    timed = speed(Request(("gelu_tanh",), **chosen, sizes=(256,)), 0.0)  # type: ignore[arg-type]
    timed.save(place)
    write(compute(Chains(("float16",), ("numpy",), 4)), place / "chain.parquet")
    train(Setting(format="float16", backends=("numpy",), layers=1, width=2, examples=4, steps=2)).save(place)
    assert all(map(len, (found.accuracy, found.findings, found.agreement, found.laws, found.environments)))
    assert all(map(len, (found.curves, found.distribution, found.percentiles)))
    return place


@pytest.fixture
def place(small: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(small, tmp_path / "run")


def forge(place: Path, name: str, column: str, value: Any, rows: slice = slice(1)) -> None:
    """Put a value into rows of a column, which keeps its type."""
    path = place / f"{name}{'_times' if column in TIMES.get(name, ()) else ''}.parquet"
    table = pq.read_table(path)
    values = np.array(table[column].to_pylist(), object)
    values[rows] = value
    spot = table.column_names.index(column)
    forged = pa.array(values.tolist(), table.schema.types[spot], from_pandas=False)
    pq.write_table(table.set_column(spot, table.schema.field(spot), forged), path)


def restore(small: Path, place: Path, name: str) -> None:
    """Put the files of a frame back as they were."""
    for file in small.glob(f"{name}*.parquet"):
        shutil.copy(file, place)


def said(*arguments: object) -> str:
    """What a command prints, or says in one line on why it does not."""
    done = CliRunner().invoke(app, [str(word) for word in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exit_code == 2:
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1
        assert done.stderr.strip().isprintable()
        return done.stderr
    assert done.exit_code in (0, 1, 3), done.stderr  # compare may find something worse, or undecided
    return done.stdout


def refusal(place: Path, name: str) -> str:
    """Why a frame is not read, or nothing."""
    try:
        read(place, name)
    except ValueError as error:
        return str(error)
    return ""


def everything(place: Path, name: str) -> list[list[object]]:
    """The commands that look at a frame."""
    compare: list[object] = ["compare", place, place]
    others: dict[str, list[list[object]]] = {"accuracy": [["cost", place], compare], "environments": [compare]}
    others |= {"findings": [["findings", place]], "speed": others["accuracy"], "speed_environments": [compare]}
    return [*others.get(name, []), ["report", place]]


@pytest.mark.parametrize("name", FORMS)
def test_nonsense_is_refused_by_its_name_or_shown_as_it_is(small: Path, place: Path, name: str) -> None:
    columns = [(column, kind) for frame, column, kind in COLUMNS if frame == name]
    count = len(pd.read_parquet(place / f"{name}.parquet"))
    shown: dict[int, list[tuple[str, Any, slice]]] = {}
    for column, kind in columns:
        spot = 0  # values that are shown are in different rows, as far as there are as many
        for value in NONSENSE[kind]:
            restore(small, place, name)
            rows = slice(spot % count, spot % count + 1)
            forge(place, name, column, value, rows)
            if problem := refusal(place, name):
                assert f"{name}.parquet is not as lastbit writes it: " in problem
                assert column in problem
            else:
                shown.setdefault(spot // count, []).append((column, value, rows))
                spot += 1
    for together in shown.values():
        restore(small, place, name)
        for column, value, rows in together:
            forge(place, name, column, value, rows)
        for command in everything(place, name):
            assert "not as lastbit writes it" not in said(*command)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "column", "kind"), COLUMNS)
def test_nonsense_is_shown_or_refused(small: Path, place: Path, name: str, column: str, kind: str) -> None:
    for value in NONSENSE[kind]:
        for rows in (slice(1), slice(None)):
            restore(small, place, name)
            forge(place, name, column, value, rows)
            for command in everything(place, name):
                if "not as lastbit writes it" in said(*command):  # in what all of them read
                    break


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("left", [slice(1, None), slice(0)])
def test_rows_that_others_refer_to_may_be_missing(place: Path, name: str, left: slice) -> None:
    write(pd.read_parquet(place / f"{name}.parquet")[left], place / f"{name}.parquet")
    for file in place.glob(f"{name}_times.parquet"):
        write(pd.read_parquet(file)[left], file)
    for command in everything(place, name):
        assert said(*command)


@pytest.mark.parametrize(
    ("name", "column", "value", "words"),
    [
        ("accuracy", "format", "float8", "has 'float8' in row 1: it is one of float16, bfloat16, float32, float64"),
        ("accuracy", "order", 7, "has 7 in row 1: it is one of 0, 1, 2"),
        ("accuracy", "parameters", "[[", "has '[[' in row 1: it is a JSON object"),
        ("accuracy", "parameters", '{"beta": "much"}', "a JSON object of names with numbers"),
        ("accuracy", "activation", "sig moid", "the name of a function"),
        ("accuracy", "implementation", "kernels", "path/to/file.py:function"),
        ("accuracy", "inputs", 0, "1 or more"),
        ("accuracy", "vanished", None, "has nothing in row 1, where status is 'ok'"),
        ("accuracy", "correct", 1, "do not add up to inputs in row 1"),
        ("accuracy", "worst_input", None, "has nothing in row 1, where max_ulp is"),
        ("agreement", "equal", 1, "columns equal, differing do not add up to inputs"),
        ("findings", "severity", "grave", "one of severe, moderate, minor, policy"),
        ("findings", "format", "float16, float8", "of float16, bfloat16, float32, float64"),
        ("laws", "law", "no law", "a word"),
        ("environments", "seed", "luck", "a whole number or empty"),
        ("environments", "backend", None, "has nothing in row 1"),
        ("curves", "class", "first", "one of correct, faithful"),
        ("curves", "x_high", 3.0, "there is no such interval"),
        ("distribution", "share", 2.0, "a number from 0 to 1"),
        ("distribution", "ulp_high", None, "has nothing in row 1, where run_id is"),
        ("percentiles", "x_low", 3.0, "there is no such interval"),
        ("percentiles", "inputs", 0, "1 or more"),
        ("speed", "phase", "moon", "one of import, first_call, steady"),
        ("speed", "ns_per_element", -1.0, "a finite number above 0"),
        ("speed", "low", 1.0, "'high' has nothing in row 1, where low is 1.0"),
        ("speed", "ratio_low", 1.0, "'ratio_high' has nothing in row 1, where ratio_low is 1.0"),
    ],
)
def test_what_is_known_is_said(place: Path, name: str, column: str, value: Any, words: str) -> None:
    forge(place, name, column, value)
    found = said("report", place)
    assert f"{place / name}.parquet is not as lastbit writes it: its column" in found
    assert words in found
    again = "measure again" if name == "speed" else f"lastbit run --resume {place} makes it anew"
    assert found.strip().endswith(f"; {again}")
    assert not (place / "report.html").exists()


def test_from_what_is_finished_the_frames_are_made_anew(place: Path) -> None:
    forge(place, "accuracy", "format", "float8")
    assert "makes it anew" in said("report", place)
    assert "saved in" in said("run", "--resume", place)
    assert "report.html" in said("report", place)


@pytest.mark.parametrize(
    ("name", "column", "values", "words"),
    [
        ("accuracy", "inputs", pa.array(["many"] * 3), "has the type string, not whole numbers"),
        ("accuracy", "inputs", pa.array([math.nan] * 3), "has the type double, not whole numbers"),
        ("accuracy", "worst_input_bits", pa.array([-1] * 3), "has the type int64, not encodings"),
        ("accuracy", "max_ulp", pa.array([1] * 3), "has the type int64, not numbers"),
        ("accuracy", "status", pa.array([1] * 3), "has the type int64, not text"),
        ("accuracy", "seconds", pa.array(["long"] * 3), "has the type string, not numbers"),
        ("environments", "variables", pa.array([["A=1"]]), "has the type list"),
    ],
)
def test_other_types_are_refused(place: Path, name: str, column: str, values: pa.Array, words: str) -> None:
    path = place / f"{name}{'_times' if column in TIMES[name] else ''}.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, values), path)
    found = said("report", place)
    assert f"{path} is not as lastbit writes it: its column {column!r} {words}" in found


def test_what_a_file_says_of_pandas_is_not_asked(place: Path) -> None:
    path = place / "accuracy.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata({b"pandas": b"{"}), path)
    assert "report.html" in said("report", place)


def test_names_that_only_others_know_are_shown(place: Path) -> None:
    for name, form in FORMS.items():
        for column, value in (("activation", "mine"), ("backend", "theirs"), ("mode", "asleep")):
            if column in form.columns and name != "speed":  # its first row is an import, which has no activation
                forge(place, name, column, value, slice(None))
    assert "report.html" in said("report", place)
    page = (place / "report.html").read_text()
    assert '<a href="#detail">mine</a>' in page
    assert '<th scope="col">theirs:asleep</th>' in page


_REQUESTS = ['{"requests": []}', '{"requests": 3}', '{"activations": 5}', '{"orders": ["1"]}', '{"seed": "1"}', "[" * 9000]


@pytest.mark.parametrize("text", _REQUESTS)
def test_a_request_of_nonsense_is_refused(place: Path, text: str) -> None:
    (place / "request.json").write_text(text)
    for command in (["status", place], ["run", "--resume", place], ["merge", place, "--out", place.parent / "whole"]):
        assert f"no run in {place}: its request.json cannot be read" in said(*command)
    assert "report.html" in said("report", place)
