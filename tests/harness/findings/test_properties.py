"""Properties: correctly rounded results keep them all; each kind of wrong result breaks the law it should."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from backends.protocol import Case
from harness.accuracy.inputs import exhaustive, sampled
from harness.case import Implementation, Task
from harness.catalogue import activation, names
from harness.findings.evidence import Evidence, examine
from harness.findings.properties import verdicts
from harness.findings.verdicts import Verdict
from harness.formats import FORMATS
from lastbit import run


def right(name: str, order: int, format_name: str) -> Evidence:
    """Correctly rounded results, as case 0."""
    form = FORMATS[format_name]
    inputs = exhaustive(form) if form.bits == 16 else sampled(form, 20_000, seed=1)
    bits = inputs.block(0, inputs.count)
    first = examine(activation(name), order, form, bits, {0: bits})
    best = first.best.copy()
    for place in np.flatnonzero((first.x == 0) | np.isinf(first.x)):
        best[place] = form.value(_exact(name, order, float(first.x[place]), form))
    return examine(activation(name), order, form, first.bits, {0: form.round(best)})


def _exact(name: str, order: int, x: float, form: Any) -> int:
    from harness.reference.exact import Exact

    return Exact(name, order).at(x).rounded(form)


def judged(evidence: Evidence, mode: str = "eager", number: int = 0) -> dict[str, Verdict]:
    tasks = []
    for each, how in ((number, mode), (1, "eager")):
        case = Case(evidence.activation.name, evidence.order, "native", evidence.form.name, evidence.activation.parameters)
        tasks.append(Task(each, Implementation("torch", how, "cpu"), case))
    return dict(verdicts(evidence, tasks[0], tasks))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("order", [0, 1, 2])
def test_correctly_rounded_results_keep_all_laws(name: str, order: int) -> None:
    found = judged(right(name, order, "float16"))
    assert {law: verdict.broken for law, verdict in found.items()} == dict.fromkeys(found, 0)
    assert found["monotone"].checked > 60_000 - (name == "log1p") * 20_000
    assert found["nan"].checked == 2046
    assert found["limits"].checked == 2


@pytest.mark.parametrize(("name", "order"), [("relu", 1), ("tanh", 0), ("selu", 1)])
def test_what_is_flushed_breaks_no_law(name: str, order: int) -> None:
    """Subnormal numbers taken as 0, and 0 for subnormal results: a policy."""
    evidence = right(name, order, "float32")
    output, form = evidence.values(0).copy(), evidence.form
    output[(evidence.x != 0) & (np.abs(evidence.x) < form.min_normal)] = output[evidence.x == 0][0]
    small = np.abs(output) < form.min_normal
    output[small] = np.copysign(0.0, output[small])
    bits = {0: form.round(output), 1: evidence.outputs[0]}
    found = judged(examine(activation(name), order, form, evidence.bits, bits), mode="compiled")
    assert "modes" in found
    for verdict in found.values():  # the smallest number and 0 are neighbours, and both may be faithful
        assert verdict.broken == 0 or verdict.steps <= 1


def test_which_of_fused_and_composed_is_nearer_to_exact_is_told() -> None:
    """On a real framework: silu in float16 is rounded once, x σ(x) twice."""
    found = run("silu", backends=("torch:eager",), formats=("float16",), orders=(0,))
    rows = found.laws[found.laws.law == "composed"]
    assert list(rows.route) == ["native"]
    pair = found.agreement[found.agreement["first"].str.endswith("native") & found.agreement["second"].str.endswith("composed")]
    assert 1000 < rows.broken.iloc[0] <= pair.differing.iloc[0]
    told = re.search(r"; (\w+) is nearer to exact: .* that differ composed at (\d+), native at (\d+)$", rows["where"].iloc[0])
    assert told
    assert told[1] == "native"
    assert int(told[3]) > 5 * int(told[2])
    assert set(found.findings.kind).isdisjoint({"composed"})


def broken(name: str, order: int, at: float, to: float, format_name: str = "float32") -> dict[str, Verdict]:
    """The laws that are broken when one result is another."""
    evidence = right(name, order, format_name)
    place = np.flatnonzero(
        np.isnan(evidence.x) if np.isnan(at) else (evidence.x == at) & (np.signbit(evidence.x) == np.signbit(at))
    )
    assert place.size
    outputs = evidence.outputs[0].copy()
    outputs[place] = evidence.form.round([to])
    wrong = examine(evidence.activation, order, evidence.form, evidence.bits, {0: outputs, 1: evidence.outputs[0]})
    return {law: verdict for law, verdict in judged(wrong, "compiled").items() if verdict.broken}


@pytest.mark.parametrize(
    ("name", "order", "at", "to", "laws"),
    [
        ("tanh", 0, 20.0, 1.0000001, {"range", "monotone", "symmetric", "modes"}),
        ("sigmoid", 1, 7.0, 0.2, {"monotone", "symmetric", "modes"}),
        ("sigmoid", 0, 7.0, 0.9, {"monotone", "symmetric", "modes"}),
        ("silu", 0, 7.0, 6.9, {"monotone", "symmetric", "modes"}),
        ("mish", 0, 7.0, 6.0, {"monotone", "modes"}),
        ("mish", 0, float("nan"), 0.0, {"nan", "modes"}),
        ("sigmoid", 0, float("inf"), 0.5, {"limits", "modes"}),
        ("tanh", 0, -0.0, 0.0, {"signed_zero", "modes"}),
        ("relu", 0, -3.0, -1e-30, {"range", "monotone", "modes"}),
    ],
)
def test_a_wrong_result_breaks_the_laws_it_should(name: str, order: int, at: float, to: float, laws: set[str]) -> None:
    assert set(broken(name, order, at, to)) == laws


def test_a_dip_is_as_deep_as_it_is() -> None:
    found = broken("tanh", 0, 1.0, float(np.tanh(np.float32(1)) - np.float32(2.0**-20)))
    assert found["monotone"].steps == pytest.approx(16, abs=1.5)
    assert found["monotone"].got.startswith("0.76159")
    assert found["monotone"].where.startswith("at the smaller 0.99999")
    assert found["symmetric"].got.startswith("0.76159")
    assert found["modes"].steps == 16


@pytest.mark.parametrize("to", [0.5, float("nan")])
def test_which_mode_is_nearer_to_exact_is_told(to: float) -> None:
    """tanh(1) is right in one mode; then the two change places."""
    evidence = right("tanh", 0, "float16")
    outputs, place = evidence.outputs[0].copy(), int(np.flatnonzero(evidence.x == 1)[0])
    outputs[place] = evidence.form.round([to])[0]
    known = {True: evidence.outputs[0], False: outputs}
    for eager_right in (True, False):
        both = examine(evidence.activation, 0, evidence.form, evidence.bits, {0: known[not eager_right], 1: known[eager_right]})
        where, value = judged(both, "compiled")["modes"].where, 0.76171875 if eager_right else to
        wrong = "wrong altogether" if np.isnan(to) else "wrong by 536 ulp"
        errors = ("wrong by 0.255 ulp", wrong) if eager_right else (wrong, "wrong by 0.255 ulp")
        name, counts = ("eager", (1, 0)) if eager_right else ("compiled", (0, 1))
        assert where == (
            f"eager {value}; {name} is nearer to exact: eager is {errors[0]}, compiled {errors[1]}; "
            f"of the 1 inputs that differ eager at {counts[0]}, compiled at {counts[1]}"
        )


def test_depths_are_in_ulps_of_the_larger_result() -> None:
    """A result of 0 has a tiny ulp or none of its own, and none that could hide what is lost."""
    dead = broken("sigmoid", 1, -7.0, 0.0)
    assert dead["monotone"].steps == pytest.approx(2**23 * 1.8, rel=0.12)
    assert dead["symmetric"].steps == dead["modes"].steps == pytest.approx(2**23 * 1.867, rel=0.01)
    assert broken("sigmoid", 1, 0.0, 0.5)["range"].steps == 2**22  # 1/4 too much, in ulps of 1/2
    assert broken("tanh", 0, 20.0, float("inf"))["range"].steps == float("inf")


def test_honest_errors_next_to_a_zero_break_no_law() -> None:
    """The gradient of hard_silu is 0 at -1.5; results next to it lie 0.0003 apart."""
    assert "monotone" not in broken("hard_silu", 1, -1.5, 0.002, "float16")
    assert "monotone" in broken("hard_silu", 1, -1.5, 0.02, "float16")
