"""Right implementations have no findings; of about 190 that are right but for one defect each is found, and named.

All goes the way of a run: workers, sweeps, evidence, laws, findings. ``tests/plugins/specimens.py`` has the mutants as data.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.accuracy.inputs import sampled
from harness.catalogue import activation, names
from harness.formats import FORMATS
from harness.reference.exact import Exact

PLUGINS = Path(__file__).parents[2] / "plugins"
QUICK = 9  # of so many mutants one is for the quick session


def load(name: str) -> Any:
    """A module of the plug-ins; they are on the path for as long as they are imported."""
    sys.path.insert(0, str(PLUGINS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(PLUGINS))


correct, specimens, mutations, trial = (load(name) for name in ("correct", "specimens", "mutations", "trial"))


@pytest.fixture(scope="module", autouse=True)
def plugged() -> Iterator[None]:
    """The plug-in distributions on the path, for this process and its workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGINS))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PLUGINS), str(PLUGINS.parent.parent), os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> pd.DataFrame:
    """The findings on all mutants that tests were collected for."""
    mine = (item for item in request.session.items if getattr(item, "module", None) is request.module)
    calls = (getattr(item, "callspec", None) for item in mine)
    return trial.findings(dict.fromkeys(call.params["mutant"] for call in calls if call and "mutant" in call.params))


def marked() -> Iterator[Any]:
    for number, mutant in enumerate(specimens.MUTANTS):
        marks = [pytest.mark.exhaustive] if number % QUICK else []
        yield pytest.param(mutant, id=str(mutant), marks=marks)


@pytest.mark.parametrize("mutant", list(marked()))
def test_a_mutant_is_found_and_named(mutant: Any, found: pd.DataFrame) -> None:
    mine = trial.about(mutant, found)
    assert trial.named(mutant, mine), mine.sentence.tolist()
    named = mine[mine.kind == mutant.kind]
    assert named.format.str.contains(mutant.format).all()
    assert (named.severity == "policy").all() == (mutant.kind in ("flush_to_zero", "signed_zero"))
    for row in named[named.example_bits.notna()].itertuples():
        bits = int(row.example_bits)
        assert is_changed(mutant, bits) or is_changed(mutant, bits ^ FORMATS[mutant.format].sign_bit)


def is_changed(mutant: Any, bits: int) -> bool:
    """Whether the mutant's result for an input, or how it comes about, is another than the right one."""
    form = FORMATS[mutant.format]
    if mutant.unsteady:
        return bool(2 < form.value(bits) < 8)
    if mutant.kind == "flush_to_zero":
        return True  # its example may be another function's
    right = mutations.Right(activation(mutant.activation), mutant.order, form, np.array([bits], form.carrier))
    return bool(mutations.mutate(right, mutant.mutation, mutant.parameters)[0] != right.best[0])


def test_there_are_mutants_of_everything() -> None:
    assert len(specimens.MUTANTS) >= 100
    assert len(set(map(str, specimens.MUTANTS))) == len(specimens.MUTANTS) == len(trial.HOMES)
    assert {mutant.activation for mutant in specimens.MUTANTS} == set(names())
    assert {mutant.order for mutant in specimens.MUTANTS} == {0, 1, 2}
    assert {mutant.format for mutant in specimens.MUTANTS} == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_what_is_called_right_is_right(form: Any) -> None:
    bits = sampled(form, 1200, seed=7).block(0, 1200)[np.random.default_rng(0).permutation(1200)[:60]]
    for name in names():
        for order in (0, 1, 2):
            exact = Exact(activation(name), order)
            wanted = [exact.at(x).rounded(form) for x in form.decode(bits).tolist()]
            assert correct.correct(activation(name), order, form, form.decode(bits)).tolist() == wanted, (name, order)


CASES = [(name, order, form) for form in FORMATS for name in names() for order in (0, 1, 2)]
ONE_EACH = [case for number, case in enumerate(CASES) if number % len(FORMATS) == number * len(FORMATS) // len(CASES)]
BUT_ONE = [case for case in CASES if case[2] != "float16"]


@pytest.mark.parametrize("backend", ["correct", "faithful"])
@pytest.mark.parametrize(
    ("cases", "wide"), [(ONE_EACH, 1 << 12), pytest.param(BUT_ONE, 1 << 14, marks=pytest.mark.exhaustive)], ids=["some", "most"]
)
def test_right_implementations_have_no_findings(cases: list[tuple[str, int, str]], wide: int, backend: str) -> None:
    result = trial.measure(((backend, *case) for case in cases), wide)
    assert set(result.accuracy.status) == {"ok"}
    if backend == "correct":
        assert (result.accuracy.correct == result.accuracy.inputs).all()
        assert set(result.laws.status) == {"holds"}
    else:
        assert (result.accuracy.correct < result.accuracy.inputs).mean() > 0.8  # zeros, at least, are what they must be
        assert result.accuracy.max_ulp.max() < 1.6
    assert result.findings.empty, result.findings.sentence.tolist()


def test_right_implementations_have_no_violations() -> None:
    cases = [("correct", name, order, "float32") for name, order in (("sigmoid", 1), ("gelu", 0), ("log1p", 2), ("relu", 0))]
    result = trial.measure(cases, 1 << 11, laws=True)
    assert {"position", "repeatable", "threads", "layout", "promotion"} <= set(result.laws.law)
    assert set(result.laws.status) == {"holds"}
    assert result.findings.empty
