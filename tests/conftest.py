"""What all tests share: the plug-in backends of ``tests/plugins`` are found like installed ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the plug-in distributions on the path, for this process and its workers."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    path = [str(PLUGINS), str(PLUGINS.parent.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
