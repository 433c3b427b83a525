"""What the project promises of itself."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from harness.cli import app

ROOT = Path(__file__).parent.parent
TEST_COMMAND = "pip install nox && nox -s tests"
RUN_COMMAND = "pip install -c constraints.txt '.[all]' && lastbit run"


def test_readme_has_both_commands_and_ci_runs_the_second() -> None:
    readme = (ROOT / "README.md").read_text()
    assert RUN_COMMAND in readme
    assert TEST_COMMAND in readme
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text()


def test_readme_opens_with_a_figure_and_a_screen() -> None:
    opening, _, _ = (ROOT / "README.md").read_text().partition("## ")
    (figure,) = re.findall(r"!\[.+\]\((docs/.+\.svg)\)", opening)
    assert 1000 < (ROOT / figure).stat().st_size <= 150_000
    assert opening.index(figure) < opening.index(RUN_COMMAND) < opening.index("```text") < opening.index(TEST_COMMAND)
    screen = opening.partition("```text\n")[2].partition("\n```")[0].splitlines()
    assert screen[0].startswith("sigmoid: values right to ")
    assert len(screen) <= 45
    assert max(map(len, screen)) <= 100


def test_files_hold_one_idea() -> None:
    for package in ("backends", "harness", "lastbit", "reports"):
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 300 or path.name == "catalogue.py", path
    assert len(list((ROOT / "harness").glob("*.py"))) <= 8  # the rest is in its rooms


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "harness").glob("*/__init__.py")}
    assert len(rooms) >= 10
    assert {room for room in rooms if f"`{room}/`" not in text} == set()
    for path in re.findall(r"`((?:harness|backends|reports|tests)/[\w/]+\.py)`", text):
        assert (ROOT / path).exists(), path


def test_version_is_in_the_change_log() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def documented() -> list[str]:
    """The commands of README and docs, in code that is shown on lines of its own."""
    found = []
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        inside = False
        for line in path.read_text().splitlines():
            inside ^= line.startswith("```")
            if (inside or line.startswith("    ")) and line.strip().startswith("lastbit "):
                found.append(re.split(r" [|&>]|\s#", line.strip())[0])
    return found


@pytest.mark.parametrize("line", documented())
def test_documented_commands_exist(line: str) -> None:
    command: Any = typer.main.get_command(app)
    context, words = command.make_context("lastbit", shlex.split(line)[1:]), shlex.split(line)[1:]
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, words)
        assert command
        context = command.make_context(name, list(words), parent=context)


def test_the_workflow_in_the_documentation_has_commands() -> None:
    assert sum("--sarif" in line for line in documented()) == 1


def test_no_machine_paths() -> None:
    pattern = re.compile(r"(?<![.\w])/(tmp|work|root|home)/")
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        if not name.startswith("tests/"):
            assert not pattern.search((ROOT / name).read_text(errors="replace")), name


def test_the_citation_names_this_version_and_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line.partition(": ") for line in (ROOT / "CITATION.cff").read_text().splitlines() if line[0] not in " -"]
    facts = {name: value.strip('"') for name, _, value in lines}
    assert (facts["cff-version"], facts["type"]) == ("1.2.0", "software")
    assert (facts["version"], facts["license"]) == (project["version"], project["license"])
    assert facts["title"].startswith(project["name"])
    assert {"message", "authors:"} <= set(facts)
    assert "  - name: The lastbit developers" in (ROOT / "CITATION.cff").read_text()
