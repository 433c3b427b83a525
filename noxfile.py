"""Sessions: `lint`, `tests`, `slow`, `wheel`, and what takes longer: `exhaustive`, `frameworks`, `bench`, `calibrate`."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "slow", "wheel"]
nox.options.reuse_venv = "yes"
nox.needs_version = ">=2025.2"

PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Two processes run tests, each whole files: what a file prepares is prepared once. Long tests do not come last."""
PIP = ("--no-compile", "-c", str(Path("constraints.txt").resolve()))
"""The tested versions. Of the frameworks' modules few are ever imported; to compile all takes as long as to install them."""
PACKAGES = ("backends", "harness", "lastbit", "reports")


def install(session: nox.Session, *packages: str) -> None:
    """Install with the tested versions; what is imported is compiled then, and kept so: hundreds of processes import it."""
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.install(*PIP, *packages)


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite, with the real frameworks."""
    install(session, ".[all,test]")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session(venv_backend="none")
def slow(session: nox.Session) -> None:
    """Checks that take longer, in the environment of `tests`."""
    session.notify("tests", ["-m", "slow", *session.posargs])


@nox.session(venv_backend="none")
def exhaustive(session: nox.Session) -> None:
    """Checks on all there is to check, in the environment of `tests`; half an hour."""
    session.notify("tests", ["-m", "exhaustive", *session.posargs])


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, and which way the imports run."""
    packages = ("numba", "numpy", "pytest", "pandas", "pandas-stubs", "rich", "typer", "python-flint", "pyarrow")
    packages += ("jinja2", "markdown-it-py", "matplotlib")
    install(session, "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    install(session, "mypy", "import-linter", *packages)
    session.run("mypy")
    session.run("lint-imports", env={"PYTHONPATH": "."})


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it away from the checkout without any framework, and use it; then with one framework."""
    install(session, "build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder, ".")
        (built,) = Path(folder).glob("*.whl")
        top = {name.split("/")[0] for name in zipfile.ZipFile(built).namelist()}
        extra = {name for name in top if name not in PACKAGES and not name.endswith(".dist-info")}
        if extra:
            session.error(f"the wheel holds {sorted(extra)} at top level")
        home = Path(folder) / "clean"
        install_away(session, home, str(built))
        python, command = str(home / "bin" / "python"), str(home / "bin" / "lastbit")
        with session.chdir(folder):
            session.run(python, "-c", "import lastbit; print(lastbit.run)", external=True)
            session.run(command, "list", external=True)
            session.run(command, "run", "relu", "--backend", "numpy", "--format", "float16", "--out", "run", external=True)
        in_another_project(session, home, str(built), "jax")
        install_away(session, home, f"{built}[report]")
        with session.chdir(folder):
            session.run(command, "report", "run", external=True)  # its templates and pages are in the wheel


@nox.session
def frameworks(session: nox.Session) -> None:
    """What `wheel` does with one framework, with each of them."""
    install(session, "build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--wheel", "--outdir", folder, ".")
        (built,) = Path(folder).glob("*.whl")
        for file in sorted(Path("tests/project").glob("accuracy_*.py")):
            framework = file.stem.removeprefix("accuracy_")
            in_another_project(session, Path(folder) / framework, str(built), framework)


def install_away(session: nox.Session, home: Path, *packages: str) -> None:
    """Install into a virtual environment that is not the session's."""
    if not home.exists():
        session.run("python", "-m", "venv", str(home))
    session.run(str(home / "bin" / "python"), "-m", "pip", "install", "-q", *PIP, *packages, external=True)


def in_another_project(session: nox.Session, home: Path, built: str, framework: str) -> None:
    """A test file of ``tests/project`` in an environment that has the wheel, pytest and one framework: mutants are caught."""
    install_away(session, home, f"{built}[{framework}]", "pytest")
    copy = home / f"test_{framework}.py"
    copy.write_text(Path(f"tests/project/accuracy_{framework}.py").read_text())
    with session.chdir(home):
        command = (str(home / "bin" / "python"), "-m", "pytest", "-q", "--strict-markers", copy.name)
        said = session.run(*command, external=True, silent=True, success_codes=[1])
    if "5 failed, 3 passed" not in str(said):
        session.error(f"{framework}: {said}")


@nox.session
def bench(session: nox.Session) -> None:
    """What the instrument itself costs, as ratios taken in one run."""
    install(session, ".[all]")
    session.run("python", "benchmarks/instrument.py", *session.posargs)
    session.run("python", "benchmarks/kernels.py")
    session.run("python", "benchmarks/double.py")


@nox.session
def calibrate(session: nox.Session) -> None:
    """The C library's published errors beside measured ones: float32 exhaustively, float64 by search; some ten minutes."""
    install(session, ".")
    session.run("lastbit", "calibrate", *session.posargs)
