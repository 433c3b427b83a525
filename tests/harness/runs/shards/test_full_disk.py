"""A disk that is full, a real one: the run says so and how to go on, and in the end nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import lastbit
from frames import assert_same, contents

ASKED = ("sigmoid", "relu", "--backend", "numpy", "--format", "float16", "--format", "float32", "--inputs", "20000", "--no-speed")
ENOUGH = 1 << 13  # kilobytes


def mount(*options: str) -> bool:
    """Whether that could be mounted."""
    return subprocess.run(["mount", "-t", "tmpfs", *options], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mounted = mount("-o", "size=24k", "tmpfs", str(place))
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_run_goes_on_when_there_is_room_again(disk: Path, tmp_path: Path) -> None:
    assert lastbit("run", *ASKED, "--out", str(tmp_path / "undisturbed")).returncode == 0
    out, kilobytes, interrupted, known = disk / "run", 24, 0, 0
    while True:
        begun = ("--resume", str(out)) if (out / "request.json").exists() else (*ASKED, "--out", str(out))
        done = lastbit("run", *begun)
        finished = len(list((out / "finished").glob("*.json.gz")))
        assert finished >= known  # nothing that was finished is lost
        known = finished
        if done.returncode == 0:
            break
        assert done.returncode == 130
        assert done.stderr.endswith(f"cannot write to {out}: No space left on device; go on with: lastbit run --resume {out}\n")
        interrupted, kilobytes = interrupted + 1, 2 * kilobytes
        assert kilobytes < ENOUGH
        assert mount("-o", f"remount,size={kilobytes}k", "tmpfs", str(disk))
    assert interrupted >= 3
    assert_same(contents(out), contents(tmp_path / "undisturbed"))
