"""The fused comparison against its slow twin, result by result, and the laws of tallies."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce
from itertools import combinations

import numpy as np
import pytest
from definitions import EXPONENTIAL, SHRINK, STEP
from hypothesis import given
from hypothesis import strategies as st
from tallies import check

from harness.accuracy.classification import CLASSES, Classification
from harness.accuracy.comparison import Agreement, Comparison
from harness.accuracy.inputs import sampled
from harness.accuracy.tally import Record, Tally
from harness.activations import Activation
from harness.catalogue import activation, names, parse
from harness.formats import FORMATS, Format
from harness.reference.exact import Exact


def computed(name: str, order: int, x: np.ndarray) -> np.ndarray:
    """The textbook formulas in float64: something to compare, right or wrong."""
    with np.errstate(all="ignore"):
        value = {"sigmoid": 1 / (1 + np.exp(-x)), "tanh": np.tanh(x), "relu": np.maximum(x, 0)}[name]
        gradient = {"sigmoid": value * (1 - value), "tanh": 1 - value * value, "relu": np.where(x > 0, 1.0, 0.0)}[name]
        second = {"sigmoid": gradient * (1 - 2 * value), "tanh": -2 * value * gradient, "relu": 0.0 * gradient}[name]
    return (value, gradient, second)[order]


def specimens(form: Format, name: str, order: int, inputs: np.ndarray) -> dict[int, np.ndarray]:
    """Results with defects of every kind."""
    rng = np.random.default_rng(7)
    if name in ("sigmoid", "tanh", "relu"):
        right = form.round(computed(name, order, form.decode(inputs)))
    else:
        exact = Exact(name, order)
        right = np.array([exact.at(x).rounded(form) for x in form.decode(inputs).tolist()], form.carrier)
    some = lambda share: rng.random(right.size) < share  # noqa: E731
    junk = rng.integers(0, 1 << form.bits, right.size, form.carrier, endpoint=False) if form.bits < 64 else inputs[::-1].copy()
    return {
        0: right,
        1: np.where(some(0.3), right ^ form.carrier.type(1), right),
        2: np.where(some(0.2), inputs, right),
        3: np.where(some(0.1), form.carrier.type(form.sign_bit), np.where(some(0.1), form.carrier.type(0), right)),
        4: junk.astype(form.carrier),
        5: right ^ form.carrier.type(form.sign_bit),
    }


CASES = [(name, form, 1500) for name in ("sigmoid", "tanh", "relu") for form in FORMATS]
CASES += [(name, "float32", 150) for name in names() if name not in ("sigmoid", "tanh", "relu")]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(("name", "format_name", "count"), CASES)
def test_tally_is_what_the_judge_says(name: str, order: int, format_name: str, count: int) -> None:
    form = FORMATS[format_name]
    inputs = sampled(form, count, seed=order)
    bits = inputs.block(0, inputs.count)
    results = specimens(form, name, order, bits)
    comparison = Comparison(activation(name), order, form, lanes=2)
    with ThreadPoolExecutor(2) as executor:
        comparison.add(0, bits, results, executor)
    check(comparison, name, order, form, bits, results)


@pytest.mark.parametrize("first", [0x3F800000, 0x41A00000, 0x30000000, 0xB0000000, 0x42AE0000, 0xC2D00000, 0x00001000])
@pytest.mark.parametrize("order", [1, 2])
def test_runs_of_neighbours_are_judged_alike(first: int, order: int) -> None:
    """Consecutive inputs, as in an exhaustive sweep: whole chunks are ordinary, have vanished, or are subnormal."""
    form = FORMATS["float32"]
    bits = np.arange(first, first + 3072, dtype=np.uint32)
    x = form.decode(bits).astype(np.float32)
    with np.errstate(over="ignore"):
        value = 1 / (1 + np.exp(-x))
    gradient = value * (1 - value)
    result = (gradient if order == 1 else gradient * (1 - 2 * value)).view(np.uint32)
    results = {0: result, 1: np.zeros_like(result), 2: np.full_like(result, 0x80000000)}
    comparison = Comparison(activation("sigmoid"), order, form, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, results, executor)
    check(comparison, "sigmoid", order, form, bits, results)


@pytest.mark.parametrize("first", [0x30000000, 0xB0000000, 0x7F000000, 0xFF000000, 0x42D00000])
@pytest.mark.parametrize(("name", "order"), [("sigmoid", 1), ("relu", 1), ("exp", 0)])
def test_chunks_of_one_result_are_judged_alike(first: int, name: str, order: int) -> None:
    """Where the reference, too, is the same for all inputs of a chunk they are accounted for at once."""
    form = FORMATS["float32"]
    bits = np.arange(first, first + 1088, dtype=np.uint32)
    right = Exact(name, order).at(form.value(first + 1000)).rounded(form)
    values = [0.0, -0.0, -1.0, 1e-40, 1e30, math.inf, math.nan]
    same = [right, right ^ 1, *form.round(np.array(values)).tolist()]
    results = {case: np.full(bits.size, each, np.uint32) for case, each in enumerate(same)}
    results[len(same)] = np.where(np.arange(bits.size) == 1000, right ^ 2, right).astype(np.uint32)
    found = []
    with ThreadPoolExecutor(1) as executor:
        for other, exhaustive in (("softsign", True), (name, False), (name, True)):
            comparison = Comparison(activation(other), order, form, lanes=1, exhaustive=exhaustive)
            comparison.add(first, bits, results, executor)
            found.append([comparison.tally(case) for case in results])
    assert found[1] == found[2]
    assert [tally.digest for tally in found[0]] == [tally.digest for tally in found[1]]  # hashed in another way
    check(comparison, name, order, form, bits, results, first)


@pytest.mark.parametrize(
    ("definition", "first"),
    [(STEP, 0x4B000000), (STEP, 0x4B7FFC00), (SHRINK, 0x4B800000), (EXPONENTIAL, 0x42B17000), (EXPONENTIAL, 0x44000000)],
    ids=["ties", "end of the ties", "above ties", "overflow", "far beyond"],
)
def test_ties_and_overflow_are_judged_alike(definition: Activation, first: int) -> None:
    form = FORMATS["float32"]
    bits = np.arange(first, first + 2048, dtype=np.uint32)
    exact = Exact(definition, 0)
    right = np.array([exact.at(x).rounded(form) for x in form.decode(bits).tolist()], np.uint32)
    most = np.full_like(right, form.inf_bits - 1)
    results = {0: right, 1: right - 1, 2: np.minimum(right + 1, form.inf_bits), 3: most, 4: np.full_like(right, form.inf_bits)}
    comparison = Comparison(definition, 0, form, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, results, executor)
    check(comparison, definition, 0, form, bits, results)


@pytest.mark.parametrize("first", [0x00001000, 0x20000000, 0x33800000, 0xA0000000, 0xB3800000])
@pytest.mark.parametrize("name", ["mish", "elu(alpha=3)", "elu(alpha=0.7)", "leaky_relu"])
def test_steps_beside_a_rational_slope_are_judged_alike(name: str, first: int) -> None:
    """Every fifth result of mish next to zero is wrong by 1 ulp and hardly more, or hardly less: ball arithmetic is not asked."""
    form, definition = FORMATS["float32"], parse(name)
    bits = np.arange(first, first + 256, dtype=np.uint32)
    exact = Exact(definition, 0)
    right = np.array([exact.at(x).rounded(form) for x in form.decode(bits).tolist()], np.uint32)
    results = {0: right, 1: right - np.uint32(1), 2: right + np.uint32(1)}
    comparison = Comparison(definition, 0, form, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, results, executor)
    assert sum(account.judged.inputs for account in comparison._lanes[0].accounts.values()) == 0
    check(comparison, definition, 0, form, bits, results)


@pytest.mark.parametrize("format_name", ["bfloat16", "float32", "float64"])
def test_tally_does_not_depend_on_blocks_lanes_or_order(format_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.accuracy.comparison._PIECE", 1 << 14)  # so that a block has many, as only huge ones have
    form = FORMATS[format_name]
    inputs = sampled(form, 40_000 if format_name == "float64" else 200_000, seed=3)  # one in two is asked exactly there
    bits = inputs.block(0, inputs.count)
    right = form.round(computed("sigmoid", 1, form.decode(bits)))
    results = {0: right, 1: bits, 2: right.copy(), 3: right ^ form.carrier.type(1)}
    pairs = list(combinations(results, 2))
    found = []
    with ThreadPoolExecutor(3) as executor:
        for lanes, block, backwards in ((1, 1 << 18, False), (2, 4096, True), (3, 1 << 15, False)):
            comparison = Comparison(activation("sigmoid"), 1, form, lanes)
            starts = range(0, inputs.count, block)
            for start in reversed(starts) if backwards else starts:
                part = slice(start, start + block)
                comparison.add(start, bits[part], {case: output[part] for case, output in results.items()}, executor)
            agreements = [comparison.agreement(*pair) for pair in pairs]
            found.append(([comparison.tally(case) for case in results], agreements))
    assert found[0] == found[1] == found[2]
    assert found[0][0][0].inputs == inputs.count
    for (first, second), agreement in zip(pairs, found[0][1], strict=True):
        both_nan = np.isnan(form.decode(results[first])) & np.isnan(form.decode(results[second]))
        assert agreement.differing == np.count_nonzero((results[first] != results[second]) & ~both_nan)
        assert agreement.inputs == inputs.count


def test_only_the_quantiles_of_very_many_inputs_are_estimates() -> None:
    form = FORMATS["float32"]
    bits = np.arange(0x3F800000, 0x3F800000 + (1 << 18), dtype=np.uint32)
    result = form.round(computed("sigmoid", 1, form.decode(bits).astype(np.float32)))
    tallies = []
    with ThreadPoolExecutor(1) as executor:
        for inputs in (bits.size, 1 << 32):
            comparison = Comparison(activation("sigmoid"), 1, form, 1, inputs)
            comparison.add(0, bits, {0: result}, executor)
            tallies.append(comparison.tally(0))
    every, eighth = tallies
    assert sum(every.histogram.values()) == every.measured == bits.size
    assert sum(eighth.histogram.values()) == bits.size // 8
    assert replace(eighth, histogram=every.histogram) == every
    for share in (0.5, 0.99):
        assert eighth.quantile(share) == pytest.approx(every.quantile(share), rel=0.07)


@pytest.mark.parametrize("format_name", list(FORMATS))
def test_digest_sees_any_single_change(format_name: str) -> None:
    form = FORMATS[format_name]
    bits = sampled(form, 3000, seed=0).block(0, 3000)
    right = form.round(computed("tanh", 0, form.decode(bits)))
    results = {0: right}
    for case, (position, bit) in enumerate([(0, 0), (1023, 3), (1024, 7), (2999, form.bits - 1)], start=1):
        results[case] = right.copy()
        results[case][position] ^= form.carrier.type(1 << bit)
    comparison = Comparison(activation("tanh"), 0, form, lanes=1)
    with ThreadPoolExecutor(1) as executor:
        comparison.add(0, bits, results, executor)
    digests = [comparison.tally(case).digest for case in results]
    assert len(set(digests)) == len(digests)
    for case in range(1, len(results)):
        assert comparison.agreement(0, case).differing == 1


tallies = st.builds(
    Tally,
    counts=st.fixed_dictionaries({name: st.integers(0, 10) for name in CLASSES}),
    wrong_sign=st.integers(0, 5),
    zero_sign=st.integers(0, 5),
    measured=st.integers(0, 10),
    error_sum=st.integers(0, 2**90),
    histogram=st.dictionaries(st.integers(0, 2000), st.integers(1, 9), max_size=4),
    worst=st.builds(Record, st.sampled_from([0.25, 1.0, 7.5]), st.integers(0, 9)),
    worst_normal=st.builds(Record, st.sampled_from([0.25, 1.0]), st.integers(0, 9)),
    first_vanished=st.tuples(st.sampled_from([1.0, 2.0, math.inf]), st.sampled_from([3.0, math.inf])),
    digest=st.integers(0, 2**64 - 1),
)


@given(st.lists(tallies, min_size=1, max_size=5), st.randoms())
def test_merging_is_associative_and_commutative(parts: list[Tally], random: object) -> None:
    left = reduce(Tally.merge, parts, Tally())
    random.shuffle(parts)  # type: ignore[attr-defined]
    right = reduce(lambda whole, part: part.merge(whole), reversed(parts), Tally())
    assert left == right
    assert left.inputs == sum(part.inputs for part in parts)


@given(st.lists(st.floats(0, 2.0**70), min_size=1, max_size=40), st.sampled_from([0.5, 0.99]))
def test_quantiles_are_right_to_a_bucket(errors: list[float], share: float) -> None:
    tally = Tally()
    for index, error in enumerate(errors):
        tally.enter(Classification("inaccurate", error, False, False, True), index, 1.0, 0)
    exact = sorted(errors)[math.ceil(share * len(errors)) - 1]
    assert exact <= max(tally.quantile(share), 2.0**-10) <= max(exact * (1 + 1 / 32), 2.0**-10) or exact >= 2.0**63


def test_agreement_merges_whatever_the_order() -> None:
    parts = [Agreement(10, 2, 5, 3), Agreement(10, 0, 0, -1), Agreement(10, 1, 5, 20), Agreement(10, 1, 4, 30)]
    forward = reduce(Agreement.merge, parts)
    assert forward == reduce(Agreement.merge, reversed(parts)) == Agreement(40, 4, 5, 3)
