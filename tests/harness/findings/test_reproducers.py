"""Scripts for maintainers: they run in every framework alone, and show what the finding says."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from backends.protocol import Case
from harness.findings.demonstrations import demonstration
from harness.findings.reproducers import alike, attempt, copies, modes, reproducer
from harness.runs.saved import load_findings
from harness.workers.implementations import parse_backend
from lastbit import run

ALL = ("numpy", "torch:eager", "torch:compiled", "jax:eager", "jax:compiled", "tensorflow:eager", "tensorflow:compiled")


def printed(script: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


SLOW = ("torch:compiled", "tensorflow:compiled")  # to start, and to compile


@pytest.mark.parametrize("backend", [pytest.param(each, marks=[pytest.mark.slow] if each in SLOW else []) for each in ALL])
def test_everything_that_scripts_do_is_understood_by_every_framework(backend: str) -> None:
    who = parse_backend(backend)[0]
    case = Case("leaky_relu", 0, "native", "float32", (("alpha", 0.5),))
    ways = ("tensor(-3.0)", "tensor([-3.0] * 134)[::2]", "tensor([[-3.0] * 67])")
    bodies = copies(-1.0, float("inf"), lengths=(1, 5)) + alike(*ways) + modes(-2.0) + attempt(-5.0)
    whole = Case("relu", 0, "native", "float32")
    scripts = reproducer(who, case, bodies) + "\n" + reproducer(who, whole, alike("tensor([3], 'int32')"))
    first, infinite, scalar, strided, matrix, plain, compute, typed, integers = printed(scripts)
    assert (first, infinite) == ("['-0.5']", "['inf']")
    assert scalar == strided == matrix == "['-1.5']"
    assert plain == compute == "['-1.0']"
    assert "float32" in typed
    assert typed.endswith(" -2.5")
    assert float(integers.strip("[]'")) == 3


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The findings of a run, read back from where it was saved."""
    folder = tmp_path_factory.mktemp("run")
    run("softsign", "log1p", "celu", backends=("numpy",), formats=("float16", "float32"), inputs=1 << 16, laws=True, out=folder)
    return load_findings(folder)


def script(found: pd.DataFrame, **wanted: object) -> str:
    for column, value in wanted.items():
        found = found[found[column] == value]
    assert len(found) == 1, found[["kind", "activation", "order", "sentence"]]
    return str(found.reproducer.iloc[0])


def test_a_dip_is_shown_by_both_its_inputs(found: pd.DataFrame) -> None:
    one, other = printed(script(found, kind="monotone", activation="softsign"))
    row = found[found.kind == "monotone"].iloc[0]
    assert one == f"['{row.got}']"
    assert "it is " + other.strip("[]'") in row.sentence


def test_an_extreme_parameter_is_in_the_script(found: pd.DataFrame) -> None:
    assert printed(script(found, kind="parameter", activation="celu")) == ["['nan']"]


def test_a_scalar_stands_beside_a_vector_of_one(found: pd.DataFrame) -> None:
    assert printed(script(found, kind="promotion", activation="log1p")) == ["['-0.0']", "['0.0']"]


def test_what_fails_is_tried(found: pd.DataFrame) -> None:
    assert printed(script(found, kind="failed", activation="softsign")) == ["float64 -0.25"]


def test_layouts_are_laid_out() -> None:
    row = {"law": "layout", "backend": "numpy", "mode": "eager", "device": "cpu", "implementation": "", "activation": "relu"}
    row |= {"order": 0, "route": "native", "format": "float32", "parameters": "{}", "where": "", "example": 1.5}
    assert printed(demonstration(row)) == ["['1.5']"] * 5 + ["[]"]


def test_formulas_have_no_script() -> None:
    assert reproducer(parse_backend("numpy")[0], Case("gelu", 1, "from_value", "float32"), copies(1.0)) == ""
