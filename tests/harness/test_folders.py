"""Nothing is overwritten: where a run may be saved, and what goes when it takes the place of another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commandline import lastbit

from harness import folders
from harness.runs.plan import Request
from harness.runs.saved import load
from harness.runs.shards.manifest import begin
from lastbit import run

SMALL = ("relu", "--backend", "numpy", "--format", "float16", "--order", "0", "--inputs", "1024")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run; not to be changed."""
    place = tmp_path_factory.mktemp("finished") / "run"
    run("sigmoid", backends=("numpy",), formats=("bfloat16",), orders=(0,), inputs=1024, out=place)
    return place


@pytest.fixture
def older(finished: Path, tmp_path: Path) -> Path:
    """A directory with a run, and with files that the run did not write."""
    place = tmp_path / "older"
    shutil.copytree(finished, place)
    (place / "notes.txt").write_text("mine")
    (place / "speed.parquet").write_text("of the run")
    return place


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def refused(*arguments: str) -> str:
    """The line with which the command line refuses these."""
    done = lastbit("run", *SMALL, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr


def test_a_directory_with_a_run_is_refused(older: Path) -> None:
    before = bytes_of(older)
    line = refused("--out", str(older))
    assert f"{older} holds a run" in line
    assert "--resume" in line
    assert "--overwrite" in line
    with pytest.raises(ValueError, match=r"holds a run: .*overwrite=True"):
        run("relu", backends=("numpy",), out=older)
    assert bytes_of(older) == before


@pytest.mark.parametrize("options", [(), ("--overwrite",)])
def test_a_directory_with_any_other_file_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "accuracy.csv").write_text("mine")
    assert "holds accuracy.csv" in refused("--out", str(tmp_path), *options)
    assert bytes_of(tmp_path) == {"accuracy.csv": b"mine"}


def test_other_commands_refuse_too(tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text("mine")
    limits = {"activation": "relu", "backend": "numpy", "format": "float16", "max_ulp": 1}
    (tmp_path / "lastbit.toml").write_text("[[case]]\n" + "".join(f"{name} = {value!r}\n" for name, value in limits.items()))
    for command in (("speed",), ("train",), ("selftest", "timing"), ("check",)):
        (tmp_path / "lastbit.toml").write_text(
            '[[case]]\nactivation = "relu"\nbackend = "numpy"\nformat = "float16"\nmax_ulp = 1\n'
        )
        done = lastbit(*command, "--out", str(tmp_path), cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f"{tmp_path} holds " in done.stderr
    assert set(bytes_of(tmp_path)) == {"speed.csv", "lastbit.toml"}


def test_merging_takes_no_directory_of_somebody_elses(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "accuracy.csv").write_text("mine")
    done = lastbit("merge", str(finished), "--out", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert bytes_of(tmp_path) == {"accuracy.csv": b"mine"}


def test_overwriting_removes_what_the_run_wrote_and_nothing_else(older: Path) -> None:
    assert lastbit("run", *SMALL, "--out", str(older), "--overwrite").returncode == 0
    there = bytes_of(older)
    assert there["notes.txt"] == b"mine"
    assert "speed.parquet" not in there
    again = load(older)
    assert set(again.accuracy.activation) == {"relu"}
    assert [request.activations for request in again.requests] == [("relu",)]


def test_what_is_in_the_way_of_overwriting_is_told_before_anything_goes(older: Path) -> None:
    (older / "finished" / "notes.json.gz").write_text("mine")
    before = bytes_of(older)
    assert "notes.json.gz is no file of lastbit's" in refused("--out", str(older), "--overwrite")
    assert bytes_of(older) == before


def test_overwriting_needs_a_directory(tmp_path: Path) -> None:
    assert "--overwrite replaces" in refused("--overwrite")
    assert "--overwrite replaces" in refused("--overwrite", "--resume", str(tmp_path))
    assert "give no --out" in refused("--resume", str(tmp_path), "--out", str(tmp_path / "other"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_begun_in_the_same_second_has_two_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = [folders.fresh("run") for _ in range(4)]
    assert len(set(made)) == 4
    assert sorted(made) == sorted(Path().iterdir())


def test_only_one_of_two_that_begin_at_once_has_the_directory(tmp_path: Path) -> None:
    """Both found it empty."""
    assert folders.prepare(tmp_path) == folders.prepare(tmp_path) == tmp_path
    begin(tmp_path, [Request(("relu",))])
    before = bytes_of(tmp_path)
    with pytest.raises(ValueError, match="begun just now"):
        begin(tmp_path, [Request(("tanh",))])
    assert bytes_of(tmp_path) == before


def test_where_there_are_no_links_a_new_file_is_new_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.link", lambda one, other: (_ for _ in ()).throw(OSError(95, "not supported")))
    folders.write(tmp_path / "file", b"first", new=True)
    with pytest.raises(FileExistsError):
        folders.write(tmp_path / "file", b"second", new=True)
    assert bytes_of(tmp_path) == {"file": b"first"}
