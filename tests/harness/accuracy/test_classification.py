"""Every class by an example, the order of the rules, and laws that hold for every output there is."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from harness.accuracy.classification import CLASSES, Classification, classify
from harness.activations import Activation
from harness.formats import FORMATS, Format
from harness.reference.exact import Exact, ExactResult, Special

FLOAT16, BFLOAT16, FLOAT32, FLOAT64 = FORMATS.values()
INF, NAN = math.inf, math.nan


def bits_of(value: float, format: Format) -> int:
    return int(format.round(value))


def judged(activation: str | Activation, order: int, x: float, output: int, format: Format = FLOAT32) -> Classification:
    return classify(Exact(activation, order).at(x), bits_of(x, format), output, format)


def exponential(scale: float = 1.0) -> Activation:
    return Activation("exponential", lambda x, f: scale * f.exp(x), limits=((0.0, INF),) * 3)


def affine(slope: float, offset: float) -> Activation:
    return Activation("affine", lambda x, f: slope * x + offset, limits=((-INF, INF), (slope, slope), (0.0, 0.0)))


# The sigmoid's gradient at -17.5 in float32 is an ordinary number; the outputs are at known distances from it.
ORDINARY = Exact("sigmoid", 1).at(-17.5).rounded(FLOAT32)
SUBNORMAL = Exact("sigmoid", 1).at(-100.0).rounded(FLOAT32)
MINUS, ONE = FLOAT32.sign_bit, 0x3F800000


@pytest.mark.parametrize(
    ("activation", "order", "x", "output", "cls"),
    [
        # 1. no input, no result
        ("sigmoid", 0, NAN, FLOAT32.nan_bits, "correct"),
        ("sigmoid", 0, NAN, FLOAT32.inf_bits | 5 | MINUS, "correct"),
        ("sigmoid", 0, NAN, 0, "special"),
        ("relu", 1, NAN, FLOAT32.inf_bits, "special"),
        # 2. a NaN where there is a result, be it a limit
        ("sigmoid", 1, 1.0, FLOAT32.nan_bits, "nan"),
        ("sigmoid", 1, INF, FLOAT32.nan_bits, "nan"),
        ("relu", 1, 0.0, FLOAT32.nan_bits, "nan"),
        # 3. limits
        ("sigmoid", 0, INF, ONE, "correct"),
        ("sigmoid", 0, INF, ONE - 1, "special"),
        ("sigmoid", 0, INF, FLOAT32.inf_bits, "special"),
        ("sigmoid", 1, INF, 0, "correct"),
        ("sigmoid", 1, INF, MINUS, "correct"),
        ("sigmoid", 1, INF, 1, "special"),
        ("relu", 0, INF, FLOAT32.inf_bits, "correct"),
        ("relu", 0, INF, FLOAT32.inf_bits - 1, "special"),
        ("relu", 0, INF, FLOAT32.inf_bits | MINUS, "special"),
        # 5. infinities
        ("sigmoid", 0, 1.0, FLOAT32.inf_bits, "overflowed"),
        ("sigmoid", 0, 1.0, FLOAT32.inf_bits | MINUS, "overflowed"),
        ("relu", 1, 0.0, FLOAT32.inf_bits, "overflowed"),
        (exponential(), 0, 100.0, FLOAT32.inf_bits, "correct"),
        (exponential(), 0, 100.0, FLOAT32.inf_bits | MINUS, "inaccurate"),
        (exponential(), 0, 100.0, FLOAT32.inf_bits - 1, "inaccurate"),
        (exponential(), 0, 100.0, 0, "inaccurate"),
        # 6. kinks
        ("relu", 1, 0.0, 0, "correct"),
        ("relu", 1, -0.0, 0x3F000000, "correct"),
        ("relu", 1, 0.0, ONE, "correct"),
        ("relu", 1, 0.0, MINUS, "correct"),
        ("relu", 1, 0.0, ONE + 1, "inaccurate"),
        ("relu", 2, 0.0, 0, "correct"),
        ("relu", 2, 0.0, ONE, "inaccurate"),
        # 7. to 10.
        ("sigmoid", 1, -17.5, ORDINARY, "correct"),
        ("relu", 0, -3.0, MINUS, "correct"),
        ("sigmoid", 1, -17.5, 0, "vanished"),
        ("sigmoid", 1, -17.5, MINUS, "vanished"),
        ("sigmoid", 1, -100.0, SUBNORMAL, "correct"),
        ("sigmoid", 1, -100.0, 0, "flushed"),
        ("sigmoid", 1, -100.0, SUBNORMAL - 1, "faithful"),
        ("sigmoid", 1, -100.0, SUBNORMAL + 2, "inaccurate"),
        ("sigmoid", 1, -17.5, ORDINARY + 2, "inaccurate"),
        ("sigmoid", 1, -17.5, ORDINARY | MINUS, "inaccurate"),
        ("sigmoid", 1, -200.0, 0, "correct"),
        ("sigmoid", 1, -200.0, 1, "faithful"),
        ("sigmoid", 1, -200.0, 2, "inaccurate"),
        ("relu", 0, -3.0, 1, "inaccurate"),  # exactly one unit from an exact zero
    ],
)
def test_classes(activation: str | Activation, order: int, x: float, output: int, cls: str) -> None:
    assert judged(activation, order, x, output).cls == cls


def test_faithful_is_less_than_one_ulp_and_not_correct() -> None:
    result = Exact("sigmoid", 1).at(-17.5)
    sides = [judged("sigmoid", 1, -17.5, ORDINARY + offset) for offset in (-1, 1)]
    assert {side.cls for side in sides} == {"faithful", "inaccurate"}
    for side in sides:
        assert (side.cls == "faithful") == (side.ulps < 1)
    assert sum(side.ulps for side in sides) == pytest.approx(2)
    assert result.error_ulps(ORDINARY, FLOAT32) <= 0.5


def test_an_error_of_exactly_one_ulp_is_inaccurate() -> None:
    for output in (ONE + 1, ONE - 2):  # the ulp is that of the exact result, 1, and the spacing below is half of it
        verdict = judged(affine(1.0, 0.0), 0, 1.0, output)
        assert (verdict.cls, verdict.ulps) == ("inaccurate", 1.0)
    assert judged(affine(1.0, 0.0), 0, 1.0, ONE - 1) == Classification("faithful", 0.5, False, False, True)


def test_a_tie_is_correct_only_at_the_even_number() -> None:
    halfway = affine(1.0, 2.0**-25 + 2.0**-24)  # between 1 + 2^-24 …: 0x3f800000 and 0x3f800001 are 2^-23 apart
    tie = affine(1.0, 2.0**-24)
    assert judged(tie, 0, 1.0, ONE).cls == "correct"
    assert judged(tie, 0, 1.0, ONE + 1).cls == "faithful"
    assert judged(tie, 0, 1.0, ONE + 1).ulps == 0.5
    assert judged(halfway, 0, 1.0, ONE + 1).cls == "correct"


def test_an_overflow_may_be_missed_by_less_than_an_ulp() -> None:
    beyond = affine(1.0, FLOAT16.max_finite)  # ulp is 32 in the last binade
    largest = FLOAT16.inf_bits - 1
    # From 65536 = max + 32 on, the exact result is in a binade that float16 has not, where the ulp would be 64.
    for x, cls, ulps in (
        (15.0, "correct", 15 / 32),
        (16.0, "faithful", 1 / 2),
        (31.0, "faithful", 31 / 32),
        (32.0, "faithful", 1 / 2),
        (64.0, "inaccurate", 1.0),
    ):
        verdict = judged(beyond, 0, x, largest, FLOAT16)
        assert (verdict.cls, verdict.ulps) == (cls, ulps)
        assert verdict.normal == (x < 16)
        assert judged(beyond, 0, x, FLOAT16.inf_bits, FLOAT16).cls == ("overflowed" if x < 16 else "correct")


def test_a_pole_is_met_or_not() -> None:
    pole = Special(-INF)
    for output, cls in ((-INF, "correct"), (INF, "special"), (1.0, "special"), (0.0, "special"), (NAN, "nan")):
        verdict = classify(pole, ONE, bits_of(output, FLOAT32), FLOAT32)
        assert verdict.cls == cls
        assert math.isnan(verdict.ulps)
        assert not verdict.normal
        assert verdict.wrong_sign == (output > 0)


@pytest.mark.parametrize(
    ("activation", "order", "x", "output", "wrong"),
    [
        ("sigmoid", 1, -17.5, ORDINARY, False),
        ("sigmoid", 1, -17.5, ORDINARY | MINUS, True),
        ("sigmoid", 1, -17.5, MINUS, False),  # a zero
        ("sigmoid", 1, -17.5, FLOAT32.inf_bits | MINUS, True),
        ("sigmoid", 1, -17.5, FLOAT32.nan_bits | MINUS, False),
        ("sigmoid", 1, -1e30, MINUS | 1, True),  # exact is positive, far below the smallest number
        ("sigmoid", 0, INF, ONE | MINUS, True),
        ("relu", 0, INF, ONE | MINUS, True),
        ("sigmoid", 1, INF, ONE | MINUS, False),  # the limit is zero
        ("sigmoid", 2, 0.0, ONE, False),  # exact zero
        ("relu", 0, -3.0, ONE | MINUS, False),
        ("relu", 1, 0.0, ONE | MINUS, False),  # [0, 1] touches zero
        ("relu", 0, NAN, ONE | MINUS, False),
    ],
)
def test_wrong_sign(activation: str, order: int, x: float, output: int, wrong: bool) -> None:
    assert judged(activation, order, x, output).wrong_sign == wrong


@pytest.mark.parametrize(
    ("activation", "order", "x", "output", "other"),
    [
        ("tanh", 0, -0.0, 0, True),
        ("tanh", 0, -0.0, MINUS, False),
        ("tanh", 0, 0.0, MINUS, True),
        ("sigmoid", 2, 0.0, 0, True),
        ("sigmoid", 2, -0.0, MINUS, True),
        ("relu", 0, 0.0, MINUS, True),
        ("relu", 0, -0.0, MINUS, False),  # either is accepted
        ("relu", 0, -0.0, 0, False),
        ("relu", 0, -3.0, MINUS, True),
        ("relu", 1, -3.0, MINUS, True),
        ("relu", 1, 0.0, MINUS, False),  # a kink
        ("relu", 2, -0.0, MINUS, False),
        ("sigmoid", 2, INF, 0, True),  # the limit is -0
        ("sigmoid", 2, INF, MINUS, False),
        ("sigmoid", 1, INF, MINUS, True),
        ("sigmoid", 2, 200.0, 0, True),  # rounds to -0
        ("sigmoid", 2, 200.0, MINUS, False),
        ("sigmoid", 1, -17.5, MINUS, False),  # no zero should be here at all
        ("sigmoid", 0, NAN, 0, False),
        ("sigmoid", 0, INF, 0, False),
    ],
)
def test_zero_sign(activation: str, order: int, x: float, output: int, other: bool) -> None:
    assert judged(activation, order, x, output).zero_sign == other


@pytest.mark.parametrize(
    ("activation", "order", "x", "normal"),
    [
        ("sigmoid", 1, -17.5, True),
        ("sigmoid", 1, -100.0, False),
        ("sigmoid", 1, -200.0, False),
        ("sigmoid", 0, INF, False),
        ("sigmoid", 0, NAN, False),
        ("relu", 1, 0.0, False),
        ("relu", 1, 3.0, True),
    ],
)
@pytest.mark.parametrize("output", [0, ONE, FLOAT32.nan_bits, FLOAT32.inf_bits])
def test_normal_is_about_the_input_only(activation: str, order: int, x: float, normal: bool, output: int) -> None:
    assert judged(activation, order, x, output).normal == normal


def outputs_around(exact: ExactResult, format: Format) -> list[int]:
    """Outputs near the right one and the special ones."""
    best = exact.rounded(format)
    near = [best + offset for offset in (-2, -1, 0, 1, 2) if 0 <= best + offset < 1 << format.bits]
    return [*near, 0, format.sign_bit, format.inf_bits, format.inf_bits | format.sign_bit, format.nan_bits, 1]


@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16, FLOAT32, FLOAT64], ids=str)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_laws(name: str, order: int, format: Format) -> None:
    exact = Exact(name, order)
    seen: Counter[str] = Counter()
    step = (1 << format.bits) // 150
    for input_bits in [*range(1, 1 << format.bits, step), 0, format.sign_bit, format.inf_bits]:
        x = format.value(input_bits)
        result = exact.at(x)
        assert classify(result, input_bits, result.rounded(format), format).cls == "correct"
        for output_bits in outputs_around(result, format):
            verdict = classify(result, input_bits, output_bits, format)
            output = format.value(output_bits)
            seen[verdict.cls] += 1
            assert verdict.cls in CLASSES
            assert math.isnan(verdict.ulps) == (not math.isfinite(x) or not math.isfinite(output))
            if verdict.cls == "correct" and math.isfinite(verdict.ulps):
                assert verdict.ulps <= 0.5
            if verdict.cls == "faithful":
                assert 0 < verdict.ulps <= 1
            if verdict.cls == "inaccurate":
                assert not verdict.ulps < 1
            if verdict.cls in ("vanished", "flushed"):
                assert output == 0
                assert verdict.normal == (verdict.cls == "vanished")
            assert (verdict.cls == "nan") == (math.isnan(output) and not math.isnan(x))
            assert not (verdict.wrong_sign and verdict.zero_sign)
            assert not verdict.zero_sign or output == 0
    assert {"correct", "nan", "overflowed", "special"} <= set(seen)
