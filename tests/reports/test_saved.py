"""Runs that are read back, and what is refused."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from commandline import refusal
from frames import assert_same, contents
from typer.testing import CliRunner

from harness.cli import app, report
from harness.frames import SCHEMA, write
from harness.runs.plan import Request
from harness.runs.results import FRAMES, OPTIONAL
from harness.runs.saved import load
from reports import account, files


def test_a_run_comes_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    first = load(folder)
    first.save(tmp_path)
    again = load(tmp_path)
    for name in (*FRAMES, *OPTIONAL):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(first, name))
    (request,) = first.requests
    assert request.activations == ("sigmoid", "softplus(beta=2)")
    assert again.requests == ()  # the frames alone
    metadata = pq.read_schema(tmp_path / "accuracy.parquet").metadata
    assert metadata[b"lastbit.schema"] == str(SCHEMA).encode()


def _nothing(folder: Path) -> None:
    shutil.rmtree(folder)


def _empty_directory(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _newer(folder: Path) -> None:
    table = pq.read_table(folder / "accuracy.parquet")
    newer = {b"lastbit.schema": str(SCHEMA + 1).encode()}
    pq.write_table(table.replace_schema_metadata(newer), folder / "accuracy.parquet")


def _older(folder: Path) -> None:
    table = pq.read_table(folder / "findings.parquet").drop_columns(["group", "ranges"])
    pq.write_table(table.replace_schema_metadata({b"lastbit.schema": b"1"}), folder / "findings.parquet")


def _unknown(folder: Path) -> None:
    table = pq.read_table(folder / "findings.parquet")
    pq.write_table(table.replace_schema_metadata({b"lastbit.schema": b"two"}), folder / "findings.parquet")


def _truncated(folder: Path) -> None:
    data = (folder / "agreement.parquet").read_bytes()
    (folder / "agreement.parquet").write_bytes(data[: len(data) // 2])


def _no_parquet(folder: Path) -> None:
    (folder / "curves.parquet").write_text("activation,order\nsigmoid,1\n")


def _no_case(folder: Path) -> None:
    write(pd.read_parquet(folder / "accuracy.parquet").head(0), folder / "accuracy.parquet")


def _foreign(folder: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(folder / "accuracy.parquet")


def _unfinished(folder: Path) -> None:
    for path in folder.glob("*.parquet"):
        path.unlink()


@pytest.mark.parametrize("kind", ["html", "figures"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_nothing, ["no run in", "no such directory"]),
        (_empty_directory, ["no run in", "no accuracy.parquet"]),
        (_newer, [f"accuracy.parquet is of schema {SCHEMA + 1}", f"reads {SCHEMA}", "pip install --upgrade lastbit"]),
        (_older, ["findings.parquet is of schema 1, of an older lastbit", f"reads {SCHEMA}: measure again"]),
        (_unknown, ["findings.parquet is of schema"]),
        (_truncated, ["agreement.parquet cannot be read"]),
        (_no_parquet, ["curves.parquet cannot be read"]),
        (_no_case, ["is empty"]),
        (_foreign, ["no accuracy frame", "'run_id'"]),
        (_unfinished, ["not finished", "lastbit run --resume"]),
    ],
)
def test_what_is_no_run_gets_one_line_and_nothing_is_written(
    folder: Path, tmp_path: Path, damage: object, words: list[str], kind: str
) -> None:
    place = tmp_path / "run"
    shutil.copytree(folder, place)
    assert callable(damage)
    damage(place)
    out = tmp_path / "report"
    done = CliRunner().invoke(app, ["report", str(place), "--to", kind, "--out", str(out)])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "pdf"], ["unknown kind of report 'pdf'", "html, text, latex, markdown, csv, figures"]),
        (["--out", "/proc/nowhere"], ["cannot write to /proc/nowhere"]),
        (["--out", "."], ["cannot write to"]),
        (["--to", "csv", "--out", "-"], ["several files"]),
        (["--to", "figures", "--activation", "tanh"], ["this run has no tanh", "sigmoid, softplus(beta=2.0)"]),
        (["--to", "figures", "--figure", "pie"], ["unknown figure 'pie'", "function, error"]),
        (["--figure", "error"], ["choose figures", "not html"]),
    ],
)
def test_requests_that_make_no_sense(folder: Path, arguments: list[str], words: list[str]) -> None:
    line = refusal("report", str(folder), *arguments, cwd=folder)
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("kind", "name"), [("html", "report.html"), ("latex", "report.tex"), ("markdown", "report.md"), ("csv", "csv")]
)
def test_reports_lie_with_the_run(folder: Path, tmp_path: Path, kind: str, name: str) -> None:
    place = shutil.copytree(folder, tmp_path / "run")
    done = CliRunner().invoke(app, ["report", str(place), "--to", kind])
    assert done.exit_code == 0, done.stderr
    assert (place / name).exists()
    assert str(place / name) in done.stdout


def test_every_kind_of_report_can_be_asked_for() -> None:
    assert tuple(files.KINDS) == report._KINDS


def test_the_newest_run_is_the_default(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["report"])
    assert done.exit_code == 2
    assert "lastbit run --out DIR" in done.stderr
    shutil.copytree(folder, tmp_path / "lastbit-run-1")
    shutil.copytree(folder, tmp_path / "lastbit-run-2")
    assert CliRunner().invoke(app, ["report"]).exit_code == 0
    assert (tmp_path / "lastbit-run-2" / "report.html").exists()
    assert not (tmp_path / "lastbit-run-1" / "report.html").exists()


def test_what_is_not_installed_is_named(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = CliRunner().invoke(app, ["report", str(folder), "--out", str(tmp_path / "page.html")])
    assert done.exit_code == 2
    assert done.stderr.strip() == "lastbit: jinja2 is not installed: pip install 'lastbit[report]'"
    assert not (tmp_path / "page.html").exists()


def test_findings_of_a_damaged_run_are_refused_too(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "run")
    (place / "findings.parquet").write_bytes(b"PAR1")
    done = CliRunner().invoke(app, ["findings", str(place)])
    assert done.exit_code == 2
    assert "findings.parquet cannot be read" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_commands_of_an_extended_run_do_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--backend", "numpy", "--format", "float16", "--order", "0", "--inputs", "2048"]
    asked = [["relu", *small], ["tanh", *small], ["relu", "--backend", "numpy", "--format", "float16", "--order", "1"]]
    for number, choice in enumerate(asked):
        done = CliRunner().invoke(app, ["run", *choice, "--resume" if number else "--out", "first"])
        assert done.exit_code == 0, done.stderr
    commands = account.commands(load(Path("first")))
    options = "--backend numpy --format float16 --order 0 --inputs 2048"
    assert commands[:2] == [f"lastbit run relu {options} --out again", f"lastbit run tanh {options} --resume again"]
    for kind, name in (("html", "report.html"), ("markdown", "report.md"), ("latex", "report.tex")):
        assert CliRunner().invoke(app, ["report", "first", "--to", kind]).exit_code == 0
        text = (tmp_path / "first" / name).read_text()
        places = [text.index(command) for command in commands]
        assert places == sorted(places), kind
    for command in commands:
        assert CliRunner().invoke(app, shlex.split(command)[1:]).exit_code == 0
    assert_same(contents(Path("again")), contents(Path("first")))


def test_times_are_asked_of_the_request_that_they_are_of(folder: Path) -> None:
    requests = (Request(("tanh",)), Request(("sigmoid", "relu")), Request(("silu",)))
    timed = replace(load(folder), requests=requests, speed=pd.DataFrame({"activation": [None, "relu"]}))
    assert [command.split()[2:] for command in account.commands(timed)] == [
        ["tanh", "--out", "again"],
        ["sigmoid", "relu", "--speed", "--resume", "again"],
        ["silu", "--resume", "again"],
    ]
