"""The frame of what was run: a row per implementation that was started, with versions, processor and memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..case import Implementation
from ..frames import Row, column

if TYPE_CHECKING:
    import pandas as pd

ENVIRONMENTS = ("run_id", "backend", "mode", "device", "implementation", "versions", "seed", "git_revision")
"""What the frame has of every implementation, beside what its worker said."""
PEAK = "peak_bytes"
"""The column with the most resident memory, in bytes, that one of its processes has had; missing where that is not known."""


@dataclass(frozen=True)
class Started:
    """An implementation that was started.

    Attributes:
        implementation: which.
        hello: what its worker said of itself.
        peak_bytes: the most resident memory that one of its processes has had; 0 where that is not known.
    """

    implementation: Implementation
    hello: Row
    peak_bytes: int = 0


def environments(run_id: str, workers: Iterable[Started], seed: str) -> pd.DataFrame:
    """A row per implementation that was started."""
    import pandas as pd

    rows, peaks = [], []
    for worker in workers:
        implementation, hello = worker.implementation, worker.hello
        row = {"run_id": run_id, "backend": implementation.backend, "mode": implementation.mode}
        row |= {"device": implementation.device, "implementation": implementation.substitute}
        row |= {"versions": " ".join(f"{name} {version}" for name, version in hello["versions"].items())}
        row |= hello["environment"] | {"seed": seed, "git_revision": _revision()}
        rows.append(row | {"time": datetime.now(UTC).isoformat(timespec="seconds")})
        peaks.append(worker.peak_bytes or None)
    told = pd.DataFrame(rows, columns=None if rows else [*ENVIRONMENTS, "time"]).astype("string")
    return told.assign(**{PEAK: column(peaks, "Int64")})


def version(route: str, hello: Row | None) -> str:
    """The version of the framework; with that of what differentiates it, where that is another package."""
    versions = dict((hello or {}).get("versions", {}))
    if not versions:
        return ""
    first = next(iter(versions))
    if route == "autodiff" and "autograd" in versions:
        return f"{versions[first]} (autograd {versions['autograd']})"
    return str(versions[first])


@lru_cache
def _revision() -> str:
    """The revision of the checkout that lastbit runs from, or nothing."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
