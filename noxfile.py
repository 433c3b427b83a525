"""Sessions: `tests`, `slow`, `lint`, `wheel`, `bench`."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "wheel", "slow"]
nox.options.reuse_venv = "yes"
nox.needs_version = ">=2025.2"

CONSTRAINTS = Path("constraints.txt").resolve()


def install(session: nox.Session, *packages: str) -> None:
    """Install with the tested versions."""
    session.install("-c", str(CONSTRAINTS), *packages)


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite, with the real frameworks."""
    install(session, ".[all,test]")
    session.run("pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Exhaustive checks."""
    install(session, ".[test]", "torch")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, and which way the imports run."""
    packages = ("numba", "numpy", "pandas", "pandas-stubs", "rich", "typer", "python-flint", "pyarrow")
    install(session, "ruff", "mypy", "import-linter", *packages)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", env={"PYTHONPATH": "."})


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it away from the checkout without any framework, and use it."""
    install(session, "build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder, ".")
        (built,) = Path(folder).glob("*.whl")
        top = {name.split("/")[0] for name in zipfile.ZipFile(built).namelist()}
        extra = {name for name in top if name not in ("backends", "harness", "reports") and not name.endswith(".dist-info")}
        if extra:
            session.error(f"the wheel holds {sorted(extra)} at top level")
        session.run("python", "-m", "venv", f"{folder}/clean")
        python = f"{folder}/clean/bin/python"
        session.run(python, "-m", "pip", "install", "-q", "-c", str(CONSTRAINTS), str(built), external=True)
        with session.chdir(folder):
            session.run(python, "-c", "import backends, harness, reports; harness.run", external=True)
            session.run(f"{folder}/clean/bin/lastbit", "list", external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """What the instrument itself costs, as ratios taken in one run."""
    install(session, ".[all]")
    session.run("python", "benchmarks/instrument.py", *session.posargs)
