"""Findings on real frameworks: known defects are found, worded and reproduced; right implementations have none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commandline import lastbit

from harness.findings.severity import SEVERITIES
from harness.runs.saved import load_findings
from lastbit import run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The findings of a run, read back from where it was saved."""
    folder = tmp_path_factory.mktemp("run")
    chosen = [*("--format", "float32", "--format", "float16", "--order", "0", "--order", "1", "--inputs", str(1 << 16))]
    chosen += [word for name in ("numpy", "torch:eager", "tensorflow:eager", "jax:compiled") for word in ("--backend", name)]
    # PyTorch compiles each case for a second: it does that with one function.
    others = ("sigmoid", "gelu", "relu", "hard_tanh", "softplus")
    for words in (("elu", "--backend", "torch:compiled", "--out"), (*others, "--resume")):
        done = lastbit("run", *chosen, *words, str(folder))
        assert done.returncode == 0, done.stderr
    return load_findings(folder)


@pytest.fixture(scope="module")
def misplaced() -> pd.DataFrame:
    """Findings on the invariances of two functions whose results depend on their place."""
    routes = ("native", "autodiff")
    chosen = {"backends": ("torch:eager",), "formats": ("float32",), "orders": (0, 1), "routes": routes, "inputs": 4096}
    found = run("gelu", "hard_tanh", **chosen, laws=True).findings
    return found[found.kind == "position"]


def one(found: pd.DataFrame, **wanted: Any) -> pd.Series:
    """The only finding with these values."""
    for column, value in wanted.items():
        found = found[found[column] == value]
    assert len(found) == 1, (wanted, found[["kind", "backend", "activation", "order", "low", "high"]])
    return found.iloc[0]


def test_a_gradient_that_dies_is_found_once_with_its_cause(found: pd.DataFrame) -> None:
    for backend in ("torch", "jax", "tensorflow"):
        row = one(found, backend=backend, activation="sigmoid", order=1, kind="early_underflow")
        assert row.severity == "severe"
        assert row.format == "float16, float32"
        assert 1.0 < row.low < 3.0  # where digits begin to go in float16
        assert 102.0 < row.high < 103.98  # the exact gradient is no number of float32 any more; where the sample ends is chance
        assert "for x from 16.6355 to " in row.sentence
        assert "Also in float16 (x from " in row.sentence
        assert " [16.635532, " in row.ranges or row.ranges.startswith("float16 [")
        assert row.also.startswith("inaccurate")
        assert "formula from_value" in row.diagnosis
        assert float(row.got) == 0.0
        assert "gradient of sigmoid" in row.sentence


def test_a_defect_of_the_compiler_says_so(found: pd.DataFrame) -> None:
    row = one(found, backend="torch", activation="elu", order=0, kind="early_underflow")
    assert row.implementations == "torch:compiled"
    assert "eager_vs_compiled" in row.also
    assert "torch:eager" in row.right


def test_an_interval_is_told_with_both_ends(found: pd.DataFrame) -> None:
    kinks = found[(found.kind == "kink") & (found.activation == "hard_tanh")]
    assert len(kinks)
    assert kinks.sentence.str.contains("exact is [0, 1]", regex=False).all()


def test_who_is_right_is_named(found: pd.DataFrame) -> None:
    row = one(found, backend="tensorflow", activation="elu", order=0, kind="early_underflow")
    assert "torch:eager" in row.right
    assert "jax:compiled" in row.right
    assert "torch:compiled" not in row.right


def test_infinities_and_places(found: pd.DataFrame, misplaced: pd.DataFrame) -> None:
    special = found[(found.backend == "torch") & (found.activation == "gelu") & (found.kind == "special_value")]
    assert 0 in set(special.order)
    row = one(misplaced, activation="gelu", order=0, severity="moderate")
    assert row.example == float("inf")
    row = one(misplaced, severity="moderate", order=1)
    assert row.activation == "gelu, hard_tanh"  # it is the same code that does it
    assert "[nan, nan]" in row.ranges


def test_conventions_and_policies_are_not_blunders(found: pd.DataFrame) -> None:
    assert set(found[found.kind.isin(["signed_zero", "kink", "flush_to_zero"])].severity) == {"policy"}
    assert "kink" in set(found[found.activation == "hard_tanh"].kind)
    assert set(found[(found.activation == "relu") & (found.kind == "signed_zero")].order) == {0}


def test_results_that_are_right_are_not_found(found: pd.DataFrame) -> None:
    assert not ((found.activation == "softplus") & (found.order == 0) & (found.low == 0)).any()
    assert not ((found.activation == "sigmoid") & (found.kind == "range")).any()  # NumPy's gradient reaches 1/4 + 1 ulp
    assert not ((found.activation == "relu") & found.kind.isin(["inaccurate", "early_underflow", "nan"])).any()


def test_the_worst_come_first(found: pd.DataFrame) -> None:
    ranks = [(row.definition != "", SEVERITIES.index(row.severity)) for row in found.itertuples()]
    assert ranks == sorted(ranks)
    assert {rank for _, rank in ranks} == set(range(len(SEVERITIES)))


def test_formulas_of_textbooks_are_no_defects_of_numpy(found: pd.DataFrame) -> None:
    textbook = found[found.definition != ""]
    assert set(textbook.backend) == {"numpy"} == set(found[found.backend == "numpy"].backend)
    assert textbook.sentence.str.startswith("textbook's formula in numpy: the ").all()
    assert not found[found.definition == ""].sentence.str.contains("textbook").any()
    row = one(textbook, activation="sigmoid", order=1, kind="nan")
    assert row.definition == "1 / (1 + exp(-x))"
    assert f"Formula: {row.definition}." in row.sentence


COMPILED = pytest.param("torch:compiled", marks=pytest.mark.slow)


@pytest.mark.parametrize("implementation", ["numpy:eager", "torch:eager", COMPILED, "jax:compiled", "tensorflow:eager"])
def test_scripts_reproduce(found: pd.DataFrame, implementation: str) -> None:
    shown = found[found.implementations.str.startswith(implementation) & (found.reproducer != "")]
    for order in (0, 1):
        for _, row in shown[shown.order == order].head(1).iterrows():
            assert row.got in results(row)


def test_a_script_shows_that_the_place_matters(misplaced: pd.DataFrame) -> None:
    assert len(results(one(misplaced, activation="gelu", order=0))) > 1


def results(row: pd.Series) -> list[str]:
    """What a finding's script prints."""
    done = subprocess.run([sys.executable, "-c", row.reproducer], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [word.strip("[]' ") for word in done.stdout.strip().splitlines()[-1].split(",")]


def test_no_findings_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give the directory of a run"):
        load_findings(tmp_path)
