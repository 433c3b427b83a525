"""Which inputs are taken: all of them, or a sample that misses no magnitude and does not depend on the blocks."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.accuracy.inputs import exhaustive, sampled, special_inputs
from harness.formats import FORMATS, Format

ALL = list(FORMATS.values())
formats = pytest.mark.parametrize("format", ALL, ids=str)


def binade(format: Format, bits: int) -> tuple[int, int, bool]:
    """Sign, exponent field and leading bit of a subnormal: the stratum by definition."""
    magnitude = bits & (format.sign_bit - 1)
    field = magnitude // format.hidden_bit
    return field, 0 if field else magnitude.bit_length(), bool(bits & format.sign_bit)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_exhaustive_is_every_encoding_once(name: str) -> None:
    inputs = exhaustive(FORMATS[name])
    assert inputs.exhaustive
    assert inputs.count == 1 << 16
    block = inputs.block(0, inputs.count)
    assert block.dtype == np.uint16
    np.testing.assert_array_equal(block, np.arange(1 << 16))


def test_exhaustive_of_float32_ends_with_the_last_encoding() -> None:
    inputs = exhaustive(FORMATS["float32"])
    assert inputs.count == 1 << 32
    block = inputs.block((1 << 32) - 100_000, 1 << 32)
    assert block.dtype == np.uint32
    np.testing.assert_array_equal(block, np.arange((1 << 32) - 100_000, 1 << 32))


def test_float64_cannot_be_enumerated() -> None:
    with pytest.raises(ValueError, match=r"float64 has 2\^64 inputs.*sample"):
        exhaustive(FORMATS["float64"])


@formats
def test_special_inputs_hold_every_special(format: Format) -> None:
    specials = special_inputs(format).tolist()
    assert len(set(specials)) == len(specials)
    assert {bits ^ format.sign_bit for bits in specials} == set(specials)
    values = set(format.decode(np.array(specials, format.carrier)).tolist())
    inf = format.inf_bits
    assert {0, format.sign_bit, inf, inf | format.sign_bit, inf | 1, format.nan_bits} <= set(specials)
    largest_subnormal = format.min_normal - format.min_subnormal
    assert {format.min_subnormal, largest_subnormal, format.min_normal, format.max_finite} <= values
    eps = 2.0 ** (1 - format.precision)
    assert {1.0, 1 + eps, 1 - eps / 2, -1.0, 0.5, 2.0, 0.0625, 16.0} <= values
    assert sum(bool(format.is_nan(bits)) for bits in specials) >= 8


@formats
def test_a_sample_starts_with_the_specials_and_may_end_in_them(format: Format) -> None:
    specials = special_inputs(format)
    inputs = sampled(format, 1000, seed=5)
    assert not inputs.exhaustive
    np.testing.assert_array_equal(inputs.block(0, len(specials)), specials)
    np.testing.assert_array_equal(sampled(format, 3, seed=5).block(0, 3), specials[:3])
    assert inputs.block(7, 7).size == 0


@formats
def test_every_binade_is_visited_in_turn(format: Format) -> None:
    strata = 2 * (format.emax - format.emin + 1 + format.precision - 1)
    rounds = 5
    start = len(special_inputs(format))
    inputs = sampled(format, start + rounds * strata, seed=11)
    block = inputs.block(start, inputs.count)
    assert block.dtype == format.carrier
    assert format.is_finite(block).all()
    visits = Counter(binade(format, int(bits)) for bits in block)
    assert len(visits) == strata
    assert set(visits.values()) == {rounds}
    for turn in block.reshape(rounds, strata):
        assert len({binade(format, int(bits)) for bits in turn}) == strata
        assert (np.diff(format.magnitude(turn)[::2].astype(np.float64)) > 0).all()


@formats
def test_positions_are_stratified_within_a_binade(format: Format) -> None:
    rounds = 64 if format.precision > 8 else 16
    strata = 2 * (format.emax - format.emin + 1 + format.precision - 1)
    start = len(special_inputs(format))
    block = sampled(format, start + rounds * strata, seed=2).block(start, start + rounds * strata)
    normal = block[format.magnitude(block) >= format.hidden_bit].reshape(rounds, -1)
    position = (normal & (format.hidden_bit - 1)).astype(np.float64) / format.hidden_bit
    index = np.floor(position * rounds)
    np.testing.assert_array_equal(index, np.broadcast_to(np.arange(rounds)[:, None], index.shape))
    jitter = position * rounds - index
    if format.precision > 20:
        assert abs(jitter.mean() - 0.5) < 0.02
        assert abs(jitter.std() - 12**-0.5) < 0.02
        assert np.abs(np.corrcoef(jitter[:-1].ravel(), jitter[1:].ravel())[0, 1]) < 0.05


def test_many_rounds_reach_every_number_of_a_short_format() -> None:
    format = FORMATS["bfloat16"]
    inputs = sampled(format, 300_000, seed=1)
    finite = {bits for bits in range(1 << 16) if format.is_finite(bits) and bits & (format.sign_bit - 1)}
    assert finite <= set(inputs.block(0, inputs.count).tolist())


@given(
    format=st.sampled_from(ALL),
    count=st.integers(1, 100_000),
    seed=st.integers(0, 1 << 80),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_blocks_do_not_change_the_inputs(format: Format, count: int, seed: int, cuts: list[float]) -> None:
    inputs = sampled(format, count, seed)
    edges = sorted({0, count, *(int(cut * count) for cut in cuts)})
    whole = inputs.block(0, count)
    parts = [inputs.block(low, high) for low, high in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


MASK = (1 << 64) - 1


def splitmix(state: int) -> int:
    """SplitMix64's next output from a state, in integers."""
    z = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def scalar_sample(format: Format, count: int, seed: int, index: int) -> int:
    """One input of a sample as the module's text describes it, without arrays."""
    specials = special_inputs(format)
    if index < len(specials):
        return int(specials[index])
    index -= len(specials)
    subnormals, normals = format.precision - 1, format.emax - format.emin + 1
    strata = 2 * (subnormals + normals)
    rounds = -(-(count - len(specials)) // strata)
    turn, stratum = divmod(index, strata)
    number, negative = divmod(stratum, 2)
    if number < subnormals:
        first, shift = 1 << number, subnormals - number
    else:
        first, shift = (number - subnormals + 1) * format.hidden_bit, 0
    low, high = (format.hidden_bit * t // rounds for t in (turn, turn + 1))
    golden = 0x9E3779B97F4A7C15
    key = mix(seed & MASK) ^ mix((seed >> 64) + 1)
    fraction = (splitmix((index // 2 * 2 - 1) * golden + key & MASK) >> 12) / 2.0**52
    return first + (low + int(fraction * (high - low)) >> shift) + negative * format.sign_bit


def mix(number: int) -> int:
    """The hash of a part of the seed."""
    return splitmix(number * 0x9E3779B97F4A7C15 & MASK)


def test_splitmix_gives_the_published_numbers() -> None:
    # https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64, seed 1234567
    state, got = 1234567, []
    for _ in range(5):
        got.append(splitmix(state))
        state = (state + 0x9E3779B97F4A7C15) & MASK
    assert got == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(
    format=st.sampled_from(ALL),
    count=st.integers(1, 1 << 36),
    seed=st.integers(0, 1 << 80),
    where=st.floats(0, 1, exclude_max=True),
)
def test_a_sample_is_what_the_text_says(format: Format, count: int, seed: int, where: float) -> None:
    index = int(where * count)
    got = sampled(format, count, seed).block(index, index + 1)
    assert int(got[0]) == scalar_sample(format, count, seed, index)


def test_the_seed_matters_and_so_does_its_every_bit() -> None:
    format = FORMATS["float64"]
    start = len(special_inputs(format))
    blocks = [sampled(format, 10_000, seed).block(start, 10_000) for seed in (0, 1, 1 << 63, 1 << 64, 1 << 70)]
    for i, one in enumerate(blocks):
        for other in blocks[:i]:
            assert (one == other).mean() < 0.05


def test_fill_writes_in_place() -> None:
    format = FORMATS["float32"]
    inputs = sampled(format, 5000, seed=3)
    out = np.zeros(1000, np.uint32)
    inputs.fill(50, out[10:20])
    np.testing.assert_array_equal(out[10:20], inputs.block(50, 60))
    assert not out[:10].any()
    assert not out[20:].any()
    with pytest.raises(ValueError, match="uint32, not of uint64"):
        inputs.fill(0, np.zeros(4, np.uint64))


@pytest.mark.parametrize("count", [0, -5, (1 << 36) + 1])
def test_impossible_counts(count: int) -> None:
    with pytest.raises(ValueError, match=rf"{count} inputs: the count must be 1 to 2\^36"):
        sampled(FORMATS["float32"], count, seed=0)


def test_negative_seed() -> None:
    with pytest.raises(ValueError, match="seed -1 is negative"):
        sampled(FORMATS["float32"], 10, seed=-1)


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (4, 3), (0, 11), (11, 12)])
def test_blocks_outside(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match=rf"no block \[{start}, {stop}\) in 10 inputs"):
        sampled(FORMATS["float32"], 10, seed=0).block(start, stop)
