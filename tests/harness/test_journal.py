"""A run that was interrupted goes on where it was, and finishes as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness import run
from harness.execution import execute
from harness.journal import load_request
from harness.plan import plan

_PASSING = ["run_id", "seconds", "framework_seconds"]  # columns that differ from run to run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of three passes, of which the last line of the journal is cut off."""
    run("relu", backends=("numpy",), formats=("float16",), out=tmp_path)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    assert len(lines) == 3
    journal.write_text("".join(lines[:2]) + lines[2][: len(lines[2]) // 2])
    return tmp_path


def test_finished_passes_are_not_measured_again(folder: Path) -> None:
    before = pd.read_parquet(folder / "accuracy.parquet")
    result = execute(plan(load_request(folder)), folder=folder)
    again = result.accuracy
    finished = again.order < 2
    assert set(again[finished].run_id) == set(before.run_id)
    assert set(again[~finished].run_id) == {result.run_id}
    pd.testing.assert_frame_equal(again.drop(columns=_PASSING), before.drop(columns=_PASSING))
    findings = pd.read_parquet(folder / "findings.parquet").drop(columns="run_id")
    pd.testing.assert_frame_equal(result.findings.drop(columns="run_id"), findings)
    laws = pd.read_parquet(folder / "laws.parquet").drop(columns="run_id")
    pd.testing.assert_frame_equal(result.laws.drop(columns="run_id"), laws)


def test_a_cut_off_line_does_not_count(folder: Path) -> None:
    execute(plan(load_request(folder)), folder=folder)
    lines = (folder / "journal.jsonl").read_text().splitlines()
    passes = []
    for line in lines:
        try:
            passes.append(json.loads(line)["pass"])
        except json.JSONDecodeError:
            continue
    assert len(passes) == len(set(passes)) == 3


def test_a_directory_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no run to resume in .*request\.json"):
        load_request(tmp_path)
