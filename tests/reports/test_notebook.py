"""Runs in notebooks, through the entry points that the project declares."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness.runs.results import Run
from reports.matrix import matrix

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The views that pyproject.toml declares, as an installation would register them."""
    views = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["lastbit.views"]
    place = tmp_path / "views-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: views\nVersion: 1.0\n")
    lines = ["[lastbit.views]", *(f"{name} = {target}" for name, target in views.items())]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_run_shows_itself(run: Run) -> None:
    html = run._repr_html_()
    assert html.count("<tr>") == len(matrix(run.accuracy)[1]) + 1
    assert "vanished" in html
    assert "<script" not in html
    figure = run.plot("vanishing", activation="sigmoid")
    assert figure.axes


def test_without_the_reports_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.runs.results.entry_points", lambda **which: ())
    with pytest.raises(RuntimeError, match=r"pip install 'lastbit\[report\]'"):
        run.plot("error")
    assert run._repr_html_() is None  # a notebook shows the text
