"""The command line: in this process, which saves the imports (workers are processes of their own), or in one of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from harness.cli import app

ROOT = Path(__file__).parent.parent
_WIDE = {"COLUMNS": "200"}


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    returncode: int
    stdout: str
    stderr: str


def lastbit(*arguments: str, cwd: Path | None = None, **variables: str) -> Done:
    """Run ``lastbit`` with these arguments, in that directory, and with these variables in the environment."""
    runner = dict.fromkeys((name for name in os.environ if name.startswith("GITHUB_")), None)  # this may be a CI itself
    with contextlib.chdir(cwd or "."):
        done = CliRunner().invoke(app, arguments, env=runner | _WIDE | variables)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def lastbit_process(*arguments: str, cwd: Path | None = None) -> Done:
    """The same in a process of its own, as a user has it."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path} | _WIDE
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=300)
    return Done(done.returncode, done.stdout, done.stderr)


def refusal(*arguments: str, cwd: Path) -> str:
    """The one line with which ``lastbit`` refuses these arguments: nothing else is printed, and the exit code is 2."""
    done = lastbit(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout) == (2, ""), done
    (line,) = done.stderr.strip().splitlines()
    assert line.isprintable()
    return line
