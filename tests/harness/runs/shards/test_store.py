"""The directory of a run: written whole, shared, and never trusted."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import ROOT, lastbit
from frames import assert_same, contents

from harness import folders
from harness.runs.execution import execute
from harness.runs.shards import manifest, store
from harness.runs.shards.store import FOLDER, Record, Store
from lastbit import run

ASKED = ("relu", "--backend", "numpy", "--format", "float16", "--format", "bfloat16")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run("relu", backends=("numpy",), formats=("float16", "bfloat16"), out=tmp_path)
    return tmp_path


def test_what_is_finished_is_not_measured_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)
    lost = sorted((folder / FOLDER).glob("pass-relu-1-*"))
    for file in lost:
        file.unlink()
    done = []
    result = execute(manifest.plan_all(manifest.load(folder)), folder=folder, progress=lambda task, count: done.append(task.case))
    result.save(folder)
    assert len(lost) == 2
    assert {case.order for case in done} == {1}
    assert_same(contents(folder), before)


def test_frames_of_two_runs_are_the_same_bytes(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    run("relu", backends=("numpy",), formats=("float16", "bfloat16"), out=other, jobs=1, block=1024)
    assert_same(contents(folder), contents(other))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def _flip(file: Path) -> None:
    entry = json.loads(gzip.decompress(file.read_bytes()))
    name = next(iter(entry["said"]["accuracy"]))
    entry["said"]["accuracy"][name]["status"] = "fine"
    file.write_bytes(gzip.compress(json.dumps(entry).encode()))


def _newer(file: Path) -> None:
    entry = json.loads(gzip.decompress(file.read_bytes()))
    file.write_bytes(gzip.compress(json.dumps(entry | {"schema": 99}).encode()))


def _older(file: Path) -> None:
    entry = json.loads(gzip.decompress(file.read_bytes()))
    for symptom in entry["said"]["symptoms"]:
        del symptom["intervals"]
    file.write_bytes(gzip.compress(json.dumps(entry | {"schema": 1}).encode()))


def _rubbish(file: Path) -> None:
    file.write_bytes(os.urandom(1000))


def _foreign(file: Path) -> None:
    file.with_name("notes.txt").write_text("hello")


def _of_another_run(file: Path) -> None:
    record = store.read(file)
    Store(file.parent.parent).add(Record("pass-tanh-0-float16-0123456789", record.environment, record.said))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, "is damaged"),
        (_flip, "does not say what was written there"),
        (_newer, "is of schema 99"),
        (_older, "is of schema 1, of an older lastbit"),
        (_rubbish, "is damaged"),
        (_foreign, "notes.txt is no file of lastbit's"),
        (_of_another_run, "pass-tanh-0-float16-0123456789"),
    ],
)
@pytest.mark.parametrize("command", ["run", "merge", "status"])
def test_a_spoilt_file_is_named_and_nothing_is_written(
    spoil: Callable[[Path], None], words: str, command: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spoil(sorted((folder / FOLDER).glob("pass-*"))[0])
    before = contents(folder)
    out = tmp_path_factory.mktemp("out") / "whole"
    arguments = {"run": ("run", "--resume", str(folder)), "merge": ("merge", str(folder), "--out", str(out))}
    done = lastbit(*arguments.get(command, ("status", str(folder))))
    assert done.returncode == 2
    assert words in done.stderr
    assert str(folder / FOLDER) in done.stderr
    assert done.stderr.count("\n") == 1
    assert_same(contents(folder), before)
    assert not out.exists()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    folders.write(target, b"before")
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        folders.write(target, b"after")
    assert target.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_claims_are_respected_and_die_with_their_process(tmp_path: Path) -> None:
    code = "import sys, time\nfrom pathlib import Path\nfrom harness.runs.shards.store import Store\n"
    code += "print(Store(Path(sys.argv[1])).claim('unit'), flush=True)\ntime.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        mine = Store(tmp_path)
        assert not mine.claim("unit")
        assert mine.claim("another")
        other.kill()
        other.wait()
        deadline = time.monotonic() + 300
        while not mine.claim("unit"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        other.kill()


def test_two_processes_share_a_directory(tmp_path: Path) -> None:
    """Both finish with the same frames, and no unit was done by both."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert lastbit("run", *ASKED, "--out", str(alone)).returncode == 0
    manifest_only = lastbit("run", *ASKED, "--out", str(shared), "--shard", "1/99")
    assert manifest_only.returncode == 0, manifest_only.stderr
    command = [sys.executable, "-c", "from harness.cli import main; main()", "run", "--resume", str(shared)]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait(200) for process in both] == [0, 0]
    assert_same(contents(shared), contents(alone))
    assert len(list((shared / FOLDER).glob("pass-*"))) == 6  # of two formats and three orders


def test_shares_are_put_together(tmp_path: Path) -> None:
    alone, out = tmp_path / "alone", tmp_path / "whole"
    assert lastbit("run", *ASKED, "--out", str(alone)).returncode == 0
    shares = [tmp_path / f"share{number}" for number in (1, 2)]
    for number, share in enumerate(shares, 1):
        done = lastbit("run", *ASKED, "--out", str(share), "--shard", f"{number}/2")
        assert done.returncode == 0, done.stderr
    half = lastbit("merge", str(shares[0]), "--out", str(tmp_path / "half"))
    assert half.returncode == 0
    assert "3 of 6 units are not finished" in half.stdout
    whole = lastbit("merge", *map(str, reversed(shares)), "--out", str(out))
    assert whole.returncode == 0, whole.stderr
    assert "not finished" not in whole.stdout
    assert_same(contents(out), contents(alone))
    assert "complete" in lastbit("status", str(out)).stdout


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2"])
def test_shares_that_cannot_be(text: str) -> None:
    done = lastbit("run", *ASKED, "--shard", text)
    assert done.returncode == 2
    assert f"shard {text!r}" in done.stderr


def test_a_directory_without_a_run_is_named(tmp_path: Path) -> None:
    for arguments in (("run", "--resume"), ("status",), ("merge", "--out", str(tmp_path / "out"))):
        done = lastbit(*arguments, str(tmp_path))
        assert done.returncode == 2
        assert f"no run in {tmp_path}: its request.json cannot be read" in done.stderr
