"""The command line: in a process of its own, or, for what starts no workers, in this one, which saves the imports."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from harness.cli import app

ROOT = Path(__file__).parent.parent


def lastbit(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``lastbit`` with these arguments."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=300)


def refusal(*arguments: str, cwd: Path) -> str:
    """The one line with which ``lastbit`` refuses these arguments: nothing else is printed, and the exit code is 2."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    (line,) = done.stderr.strip().splitlines()
    assert line.isprintable()
    return line
