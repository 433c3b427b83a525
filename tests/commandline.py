"""The command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lastbit(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``lastbit`` with these arguments."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=300)
