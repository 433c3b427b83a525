"""Dask as the engine: the frames do not know who did the work, nor who died of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commandline import ROOT, lastbit_process
from frames import assert_same, contents

from harness.runs.shards.cluster import _result, connected

ASKED = ("sigmoid", "relu", "--backend", "numpy", "--backend", "torch:eager", "--format", "float16", "--format", "float32")
ASKED += ("--order", "0", "--order", "1", "--inputs", "200000", "--laws")
MAIN = "from harness.cli import main; main()"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without a cluster gives."""
    out = tmp_path_factory.mktemp("alone")
    done = lastbit_process("run", *ASKED, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return contents(out)


@pytest.mark.parametrize(
    "workers", [2, pytest.param(1, marks=pytest.mark.exhaustive), pytest.param(4, marks=pytest.mark.exhaustive)]
)
def test_any_number_of_workers_gives_the_same_frames(workers: int, alone: dict[str, bytes], tmp_path: Path) -> None:
    done = lastbit_process("run", *ASKED, "--out", str(tmp_path), "--workers", str(workers))
    assert done.returncode == 0, done.stderr
    assert_same(contents(tmp_path), alone)


@pytest.mark.parametrize("workers", [1, 3])
def test_there_are_as_many_workers_as_asked_for(workers: int) -> None:
    with connected(workers, "") as client:
        assert len(client.scheduler_info(n_workers=-1)["workers"]) == workers


def test_a_unit_that_kills_every_worker_ends_the_run() -> None:
    with connected(1, "") as client, pytest.raises(ConnectionError, match="deadly took one Dask worker after the other"):
        _result(client.submit(os._exit, 1, key="deadly"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler at tcp://127.0.0.1:9"),
        (["--scheduler", "nowhere"], "no Dask scheduler at nowhere"),
        (["--workers", "-1"], "workers -1"),
        (["--jobs", "0"], "jobs 0: give a number of at least 1"),
    ],
)
def test_what_is_refused_forgets_nothing_of_an_older_run(wrong: list[str], words: str, older: Path) -> None:
    before = {file: file.read_bytes() for file in older.rglob("*") if file.is_file() and file.name != ".claims"}
    assert any(file.parent.name == "finished" for file in before)
    done = lastbit_process("run", "tanh", "--backend", "numpy", "--out", str(older), "--overwrite", *wrong)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert {file: file.read_bytes() for file in older.rglob("*") if file.is_file() and file.name != ".claims"} == before


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished run."""
    out = tmp_path_factory.mktemp("older")
    small = ("--backend", "numpy", "--format", "float16", "--order", "0", "--inputs", "1024")
    assert lastbit_process("run", "relu", *small, "--out", str(out)).returncode == 0
    return out


def test_two_engines_are_too_many() -> None:
    done = lastbit_process("run", *ASKED, "--workers", "2", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "--scheduler" in done.stderr


def processes(*words: str) -> list[int]:
    """Of this test's, those whose command line has all the words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                marked = f"LASTBIT_TEST={os.getpid()}" in (entry / "environ").read_bytes().decode()
            except (OSError, UnicodeDecodeError):
                continue
            if marked and all(word in line for word in words):
                found.append(int(entry.name))
    return found


VICTIMS = {
    "client": (MAIN,),
    "worker": ("distributed.cli.dask_worker",),
    "spawned": ("multiprocessing.spawn", "spawn_main"),
    "scheduler": ("distributed.cli.dask_scheduler",),
    "backend": ("backends.worker",),
}


@pytest.mark.slow
def test_a_shard_that_hangs_is_begun_elsewhere(tmp_path: Path) -> None:
    """A Dask worker that is stopped, not dead: the scheduler waits minutes for such a one."""
    asked = (
        "sigmoid",
        "--order",
        "0",
        "--route",
        "native",
        "--backend",
        "numpy",
        "--format",
        "float32",
        "--inputs",
        str(1 << 29),
    )
    environment = os.environ | {"LASTBIT_TEST": str(os.getpid()), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", MAIN, "run", *asked, "--workers", "2", "--out", str(tmp_path)]
    client = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not list((tmp_path / "finished").glob("part-*")):
            assert client.poll() is None
            time.sleep(0.1)
        os.kill(processes(*VICTIMS["spawned"])[0], signal.SIGSTOP)
        assert client.wait(150) == 0
    finally:
        for left in processes():
            os.kill(left, signal.SIGKILL)
        client.wait()
    done = sorted(path.name.split("-")[0] for path in (tmp_path / "finished").glob("*.json.gz"))
    assert done == ["edges", "pass"]


@pytest.mark.exhaustive
def test_kills_at_random_moments_cost_nothing_but_time(alone: dict[str, bytes], tmp_path: Path) -> None:
    """Twenty times kill -9 of a client, a scheduler, a Dask worker or a backend: the resumed run ends with the same bytes."""
    lot, out = random.Random(0), tmp_path / "out"
    environment = os.environ | {"LASTBIT_TEST": str(os.getpid()), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    address = "tcp://127.0.0.1:18786"
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen([sys.executable, *arguments], env=environment, cwd=ROOT, **quiet))  # type: ignore[call-overload]

    def keep_up() -> None:
        """What a batch system does: scheduler and workers are there again after a while."""
        if not processes(*VICTIMS["scheduler"]):
            start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard")
        for _ in range(2 - len(processes(*VICTIMS["worker"]))):
            start("-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "60")

    killed: dict[str, int] = {}
    finished: set[str] = set()
    try:
        while True:
            keep_up()
            resume = ("--resume", str(out)) if (out / "request.json").exists() else (*ASKED, "--out", str(out))
            start("-c", MAIN, "run", *resume, "--scheduler", address)
            client = started[-1]
            while client.poll() is None:
                time.sleep(lot.uniform(0.2, 5.0))
                there = {file.name for file in (out / "finished").glob("*.json.gz")}
                assert finished <= there  # nothing that was finished is lost
                finished = there
                alive = {name: processes(*words) for name, words in VICTIMS.items()}
                if sum(killed.values()) < 20 and any(alive.values()) and client.poll() is None:
                    name = lot.choice([name for name, found in alive.items() if found])
                    os.kill(lot.choice(alive[name]), signal.SIGKILL)
                    killed[name] = killed.get(name, 0) + 1
                keep_up()
            if client.returncode == 0 and sum(killed.values()) >= 20:
                break
            if client.returncode == 0:  # it was too quick: once more from the beginning of something
                lost = sorted((out / "finished").glob("*.json.gz"))[lot.randrange(3) :: 3]
                for file in lost:
                    file.unlink()
                finished -= {file.name for file in lost}
    finally:
        for process in started:
            process.kill()
        for left in processes():
            os.kill(left, signal.SIGKILL)
    assert len(killed) >= 3, killed
    assert_same(contents(out), alone)
