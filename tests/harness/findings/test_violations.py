"""Broken laws and cases without results, as findings."""

from __future__ import annotations

from typing import Any

import pytest

from backends.protocol import Case
from harness.case import Implementation, Task
from harness.findings.failures import failures
from harness.findings.findings import Finding
from harness.findings.verdicts import Verdict, law_row
from harness.findings.violations import violations
from harness.formats import FORMATS
from lastbit import run


def row(law: str, steps: float, x: float = 2.0, mode: str = "eager", order: int = 1, form: str = "float32") -> dict[str, Any]:
    """A row of the frame ``laws``: broken at x."""
    task = Task(0, Implementation("torch", mode, "cpu"), Case("sigmoid", order, "autodiff", form, ()))
    bits = int(FORMATS[form].round([x])[0])
    return law_row(task, None, law, Verdict(100, 5, bits, "1.0", "somewhere", steps))


def finding(low: float, high: float, severity: str = "severe") -> Finding:
    """An inaccurate gradient of sigmoid."""
    what = {"kind": "inaccurate", "severity": severity, "backend": "torch", "activation": "sigmoid", "parameters": ""}
    where = {"route": "autodiff", "format": "float32", "implementations": "torch:eager", "headline": ""}
    return Finding(**what, **where, order=1, inputs_affected=1, share=0.1, low=low, high=high)


def test_a_dip_is_a_finding_of_its_own_or_part_of_one() -> None:
    (alone,) = violations([row("monotone", 50.0), row("monotone", 90.0, mode="compiled")], [])
    assert (alone.kind, alone.ulps, alone.severity) == ("monotone", 90.0, "minor")
    (deep,) = violations([row("monotone", 5000.0)], [])  # more than half of the digits
    assert deep.severity == "moderate"
    assert alone.implementations == "torch:eager, torch:compiled"
    assert "not monotone" in alone.sentence
    (known,) = violations([row("monotone", 50.0)], [finding(1.0, 3.0)])
    assert (known.kind, known.also) == ("inaccurate", "monotone")
    (mirrored,) = violations([row("monotone", 50.0, x=-2.0)], [finding(1.0, 3.0)])
    assert mirrored.also == "monotone"
    assert len(violations([row("monotone", 50.0)], [finding(3.0, 4.0)])) == 2


@pytest.mark.parametrize(
    ("law", "steps", "functions"),
    [
        ("position", 4.0, ["sigmoid, tanh"]),
        ("position", 5000.0, ["sigmoid, tanh"]),
        ("position", float("inf"), ["sigmoid", "tanh"]),  # severe: each has to be mended
        ("monotone", 50.0, ["sigmoid, tanh"]),
        ("monotone", 5000.0, ["sigmoid", "tanh"]),
    ],
)
def test_functions_that_break_a_law_alike_are_one_finding(law: str, steps: float, functions: list[str]) -> None:
    found = violations([row(law, steps), row(law, steps) | {"activation": "tanh"}], [])
    assert [each.activation for each in found] == functions
    assert len({each.group for each in found}) == len(found)


def test_how_badly_a_law_is_broken_keeps_functions_apart() -> None:
    worse, other = row("position", 5000.0), row("position", 4.0) | {"activation": "tanh"}
    assert {(each.activation, each.severity) for each in violations([worse, other], [])} == {
        ("sigmoid", "moderate"),
        ("tanh", "minor"),
    }
    names = {"sigmoid": worse, "tanh": worse, "silu": other, "mish": other}
    several = violations([each | {"activation": name} for name, each in names.items()], [])
    assert len({each.group for each in several}) == len(several) == 2
    (far,) = violations([row("position", float("inf"), x=2.0**20)], [])
    assert far.severity == "moderate"  # inputs that are seldom met


def test_last_digits_and_single_inputs_are_no_breach() -> None:
    assert violations([row("monotone", 8.0), row("limits", float("inf")), row("modes", 8.0)], []) == []


@pytest.mark.parametrize("law", ["monotone", "modes"])
def test_what_no_two_faithful_values_of_16_bits_do_is_a_breach(law: str) -> None:
    (found,) = violations([row(law, 2.0, order=0, form="bfloat16")], [])
    assert (found.severity, found.ulps) == ("minor", 2.0)
    assert "at x = 2.0: 1.0; somewhere" in found.sentence
    assert violations([row(law, 1.0, order=0, form="bfloat16")], []) == []
    assert violations([row(law, 2.0, order=1, form="bfloat16")], []) == []
    assert violations([row(law, 2.0, order=0)], []) == []
    assert violations([row("symmetric", 2.0, order=0, form="bfloat16")], []) == []


def test_what_compiling_changes_is_found_or_noted() -> None:
    (alone,) = violations([row("modes", 12.0, mode="compiled")], [])
    assert (alone.kind, alone.severity, alone.implementations) == ("eager_vs_compiled", "minor", "torch:compiled")
    found = violations([row("modes", 1e6, x) for x in (2.0, 5.0)], [finding(1.0, 3.0), finding(4.0, 6.0)])
    assert [each.also for each in found] == ["eager_vs_compiled", "eager_vs_compiled"]


def test_the_worst_finding_of_several_is_the_one_that_a_law_is_part_of() -> None:
    found = violations([row("range", 50.0)], [finding(1.0, 3.0, "minor"), finding(1.0, 3.0, "severe")])
    assert [each.also for each in found] == ["", "range"]


def test_it_is_the_law_of_place_where_that_explains_it() -> None:
    assert [each.kind for each in violations([row("layout", 4.0)], [])] == ["layout"]
    assert [each.kind for each in violations([row("layout", 4.0), row("position", 4.0)], [])] == ["position"]
    assert [each.kind for each in violations([row("layout", 4.0), row("position", 1.0)], [])] == ["layout", "position"]
    assert [each.kind for each in violations([row("layout", 4.0), row("repeatable", 1.0)], [])] == ["repeatable"]


def test_a_flush_in_one_place_only_is_no_blunder() -> None:
    for small, severity in ((1e-40, "minor"), (1e-30, "moderate")):
        results = ", ".join(f"{value} (0x{bits:08x})" for value in (0.0, small) for bits in FORMATS["float32"].round([value]))
        (found,) = violations([row("position", 1e6) | {"got": results}], [])
        assert (found.severity, "flushed" in found.diagnosis) == (severity, severity == "minor")


def test_what_gives_no_result_is_found() -> None:
    result = run("softsign", backends=("numpy",), formats=("float32",), orders=(1, 2), inputs=1024)
    failed = result.accuracy[result.accuracy.status == "failed"]
    assert list(failed.order) == [2]
    (found,) = result.findings[result.findings.kind == "failed"].to_dict("records")
    assert (found["backend"], found["order"], found["format"]) == ("numpy", 2, "float32")
    assert "float64" in found["sentence"]


@pytest.mark.parametrize("status", ["ok", "unsupported", "missing", "interrupted"])
def test_what_is_not_there_is_no_defect(status: str) -> None:
    assert failures([{"status": status}]) == []
