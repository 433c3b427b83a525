"""The C library's functions: right bits, what it lacks, and the path it takes."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pytest

from backends.libm import FUNCTIONS, Libm
from backends.protocol import Case, Unsupported
from backends.registry import installed_version, spec
from harness.accuracy.classification import CLASSES, classify
from harness.accuracy.inputs import sampled
from harness.case import Implementation
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.workers.process import Worker
from lastbit import run

GLIBC = platform.libc_ver()[0] == "glibc"


def results(case: Case, bits: Any) -> Any:
    backend = Libm("eager", "cpu")
    return backend.store(backend.synchronise(backend.prepare(case)(backend.load(bits, case.format))), case.format)


@pytest.mark.parametrize(("name", "format"), [*((name, "float32") for name in FUNCTIONS), ("log1p", "float64")])
def test_against_the_slow_judge(name: str, format: str) -> None:
    """A whole run's tally and worst input are those of the slow judge on the library's results, one input at a time."""
    form, number = FORMATS[format], 1200
    row = run(name, backends=("libm",), formats=(format,), orders=(0,), inputs=number, seed=7).accuracy.iloc[0]
    inputs = sampled(form, number, 7).block(0, number)
    exact = Exact(name, 0)
    counts, worst = dict.fromkeys(CLASSES, 0), 0.0
    for given, got in zip(inputs.tolist(), results(Case(name, 0, "native", format), inputs).tolist(), strict=True):
        truth, judged = exact.at(form.value(given)), classify(exact.at(form.value(given)), given, got, form)
        counts[judged.cls] += 1
        finite = np.isfinite([form.value(got), form.value(given)]).all()
        if judged.cls in ("correct", "faithful", "inaccurate") and finite and not truth.is_nan:
            worst = max(worst, truth.error_ulps(got, form))
    assert row[list(CLASSES)].to_dict() == counts
    assert row.max_ulp == pytest.approx(worst, rel=1e-9)
    assert counts["correct"] > number // 2


def test_single_and_double_precision_are_different_functions() -> None:
    x = np.float32([0.2333])
    single = results(Case("tanh", 0, "native", "float32"), x.view(np.uint32)).view(np.float32)
    double = results(Case("tanh", 0, "native", "float64"), x.astype(float).view(np.uint64)).view(float)
    assert abs(double - np.tanh(x.astype(float))) < 1e-15
    assert abs(single - double) < 1e-7


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case("sigmoid", 0, "native", "float32"), "no sigmoid"),
        (Case("exp", 1, "autodiff", "float32"), "no derivatives"),
        (Case("exp", 0, "native", "float16"), "no functions for float16"),
        (Case("exp", 0, "native", "bfloat16"), "no functions for bfloat16"),
    ],
)
def test_what_it_lacks_has_a_reason(case: Case, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        Libm("eager", "cpu").prepare(case)


def test_integers_are_refused() -> None:
    with pytest.raises(TypeError):
        Libm("eager", "cpu").prepare(Case("exp", 0, "native", "float32"))(np.arange(3))


@pytest.mark.skipif(not GLIBC, reason="another C library")
def test_its_version_is_the_librarys() -> None:
    assert installed_version(spec("libm")) == "glibc " + platform.libc_ver()[1]
    assert Libm("eager", "cpu").versions() == {"glibc": platform.libc_ver()[1]}


@pytest.mark.skipif("FMA" not in Libm("eager", "cpu").environment()["framework_path"], reason="no FMA to take away")
def test_the_path_is_recorded() -> None:
    """Without FMA other last bits come out, and the worker says so."""
    hellos = []
    for variables in ({}, {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA"}):
        worker = Worker(Implementation("libm", "eager"), variables=variables)
        try:
            worker.ready()
            hellos.append((worker.hello or {})["environment"])
        finally:
            worker.stop()
    found, without = (hello["framework_path"].split() for hello in hellos)
    assert "FMA" in found
    assert "FMA" not in without
    assert hellos[1]["variables"].split().count("GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA") == 1
