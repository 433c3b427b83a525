"""Baselines: exact, reviewable, and refused with a line where anything is wrong with one."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.accuracy.classification import CLASSES
from harness.gate.against import compared
from harness.gate.baseline import Baseline, read, text_of, write
from harness.gate.figures import COUNTS, ERRORS, KEY, Figures, beyond, changes
from harness.gate.verdict import exit_code

WHERE = ("torch", "eager", "cpu")
FACTS = {"lastbit": "0.1.0", "versions": "torch 2.9.0", "processor": 'A "B" \\ C', "threads": "1"}
COMMON = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def figures(order: int = 0, own: str = "", **changed: float) -> Figures:
    key = ("sigmoid", "{}", order, "native", "float16", *WHERE, own)
    counts = dict.fromkeys(COUNTS, 0) | {"correct": 65536 - 40, "faithful": 40}
    errors: dict[str, float | None] = {"max_ulp": 0.7, "max_ulp_normal": None, "mean_ulp": 0.1}
    for name, value in changed.items():
        if name in ERRORS:
            errors[name] = value
        else:
            counts[name] = int(value)
    if set(changed) & set(CLASSES):
        counts["correct"] = 65536 - sum(counts[name] for name in CLASSES if name != "correct")
    return Figures(key, 65536, True, counts, errors, f"{order:016x}")


def baseline(*found: Figures, facts: dict[str, str] = FACTS) -> Baseline:
    return Baseline(0, {WHERE: facts}, {each.key: each for each in found})


TEXT = text_of(baseline(figures(own="k=1 2.py:f"), figures(1), figures(2)))


def test_it_is_text_sorted_one_line_a_case(tmp_path: Path) -> None:
    lines = TEXT.split("\n")
    assert lines[:2] == ["lastbit baseline 1", "inputs seed=0"]
    assert [line.split()[0] for line in lines[2:-1]] == ["environment", "case", "case", "case", "end"]
    assert "max_ulp=0x1.6666666666666p-1 max_ulp_normal=none" in lines[3]
    assert 'implementation="k=1 2.py:f"' in lines[3]
    assert lines[3:6] == sorted(lines[3:6])


@COMMON
@given(
    st.lists(st.floats(0, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.integers(0, 1 << 40), min_size=10, max_size=10),
)
def test_what_is_written_is_read(tmp_path: Path, errors: list[float], words: str, counts: list[int]) -> None:
    given_counts = dict(zip(COUNTS, counts, strict=True))
    inputs = sum(given_counts[name] for name in CLASSES)
    one = replace(figures(), counts=given_counts, inputs=inputs, errors=dict(zip(ERRORS, errors, strict=True)))
    one = replace(one, key=(*one.key[:-1], words))
    kept = baseline(one, figures(1), facts=FACTS | {"processor": words} if words else FACTS)
    write(tmp_path / "kept", text_of(kept))
    assert read(tmp_path / "kept") == kept


def test_cut_off_anywhere_it_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    for length in range(len(TEXT) - 1):
        path.write_text(TEXT[:length])
        with pytest.raises(ValueError, match=f"^{path}:[0-9]+: "):
            read(path)
    path.write_text(TEXT[:-1])  # without the last line break it is whole
    assert len(read(path).cases) == 3


WRONG = [
    ("lastbit baseline 1\n", "lastbit baseline 2\n", 1, "form 2: this lastbit reads form 1"),
    ("lastbit baseline 1\n", "<<<<<<< HEAD\n", 1, "is no baseline"),
    ("inputs seed=0", "inputs seed=-1", 2, "seed=-1 is no whole number"),
    ("inputs seed=0", "inputs seed=0 left=1", 2, "unknown field 'left'"),
    ("environment", "environs", 3, "is no line of a baseline: 'environs"),
    ("threads=1", "threads=1 threads=2", 3, "has no field name=value at 'threads=2"),
    ('versions="torch 2.9.0"', 'versions="torch 2.9.0', 3, "has no field name=value"),
    ("order=1", "order=3", 5, "order=3 is no whole number up to 2"),
    ("order=1 ", "", 5, "has no field order"),
    ("order=1", "order=2", 6, "the case is there twice"),
    ("end cases=3", "end cases=4", 7, "says cases=4, but there are 3"),
    ("end cases=3", "end cases=3\ncase", 8, "more after the line 'end'"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = tmp_path / "b"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}:{line}: ')}.*{re.escape(words)}"):
        read(path)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("correct=65495", "classes add up to 65535"),
        ("max_ulp=-0x1.8p+0", "no hexadecimal number"),
        ("max_ulp=0x1.8p+99999", "too large"),
        ("max_ulp=nan", "no hexadecimal number"),
        ("digest=xyz", "no digest"),
        ("parameters=[[[[", "names no activation"),
        ("activation=sigmoyd", "names no activation"),
        ("parameters=7", "names no activation"),
    ],
)
def test_fields_are_checked(tmp_path: Path, field: str, words: str) -> None:
    name = field.partition("=")[0]
    lines = text_of(baseline(figures())).split("\n")
    lines[3] = " ".join(field if word.startswith(f"{name}=") else word for word in lines[3].split(" "))
    (tmp_path / "b").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=words):
        read(tmp_path / "b")


@COMMON
@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=6) | st.sampled_from(["\x1b[2J", "\n", '"', " x=1"]))
def test_spoiled_it_is_read_or_refused(tmp_path: Path, low: int, length: int, put: str) -> None:
    path = tmp_path / "b"
    path.write_bytes((TEXT[:low] + put + TEXT[low + length :]).encode(errors="replace"))
    try:
        read(path)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017


@COMMON
@given(st.binary() | st.text(st.characters(exclude_categories=["Cs"])).map(str.encode))
def test_anything_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "b"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"^{path}:[0-9]+: "):
        read(path)


def test_rubbish_of_100_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"lastbit baseline 1\n" * (100 << 20 >> 4))
    with pytest.raises(ValueError, match="more than 16,777,216 bytes"):
        read(tmp_path / "b")


def test_every_figure_has_a_better_side() -> None:
    old = figures(nan=5, flushed=5, max_ulp=2.0)
    assert changes(old, old) == ([], [])
    for name in ("inaccurate", "vanished", "flushed", "overflowed", "nan", "special", "wrong_sign", "zero_sign"):
        less, more = figures(**{"nan": 5, "flushed": 5, name: 5}), figures(**{"nan": 5, "flushed": 5, name: 6})
        assert changes(less, more) == ([f"{name} 5 -> 6"], [])
        assert changes(more, less) == ([], [f"{name} 6 -> 5"])
    assert changes(old, figures(nan=5, flushed=5, max_ulp=2.5)) == (["max_ulp 2 -> 2.5"], [])
    assert changes(figures(), figures(faithful=41)) == (["correct 65,496 -> 65,495"], [])
    found_again, first_lost = figures(nan=5, inaccurate=0, mean_ulp=0.1), figures(nan=4, inaccurate=1, mean_ulp=0.2)
    assert changes(found_again, first_lost) == ([], ["nan 5 -> 4"])
    assert changes(first_lost, found_again) == (["nan 4 -> 5"], [])
    assert changes(figures(faithful=41), figures()) == ([], ["correct 65,495 -> 65,496"])


def test_another_environment_is_undecided_unless_beyond_its_bounds() -> None:
    elsewhere = FACTS | {"processor": "D"}

    def verdict(new: Figures, facts: dict[str, str]) -> tuple[str, str]:
        (found,) = compared(baseline(figures()), baseline(new, facts=facts), exactly=False)
        return found.outcome, "; ".join(found.reasons)

    slightly, much, lost = figures(inaccurate=300, max_ulp=2.3), figures(inaccurate=3000, max_ulp=2.5), figures(vanished=1)
    assert verdict(figures(), FACTS) == ("ok", "")
    assert verdict(slightly, FACTS)[0] == "worse"
    outcome, why = verdict(slightly, elsewhere)
    assert outcome == "undecided"
    assert "processor was 'A \"B\" \\\\ C', is 'D'" in why
    for each in (much, lost):
        outcome, why = verdict(each, elsewhere)
        assert outcome == "worse"
        assert "more than another environment explains" in why
    assert beyond(figures(), figures(max_ulp=2 * 0.7 + 1)) == []
    assert beyond(figures(), figures(max_ulp=math.nextafter(2 * 0.7 + 1, 9))) != []


def test_other_inputs_are_not_compared() -> None:
    sample = replace(figures(), exhaustive=False, key=("sigmoid", "{}", 0, "native", "float32", *WHERE, ""))
    old, new = baseline(sample), replace(baseline(replace(sample, digest="1" * 16)), seed=1)
    (found,) = compared(old, new, exactly=True)
    assert (found.outcome, found.reasons) == ("undecided", ["measured on other inputs: samples of seed 0 before, 1 now"])
    (found,) = compared(baseline(figures()), baseline(replace(figures(), inputs=1024)), exactly=True)
    assert found.outcome == "undecided"


def test_cases_appear_and_disappear_with_the_reason() -> None:
    new = baseline(figures(1))
    new.failed[figures().key] = "crashed: killed by signal 9"
    gone, fresh = compared(baseline(figures()), new, exactly=True)
    assert (gone.outcome, gone.reasons, fresh.outcome) == ("disappeared", ["crashed: killed by signal 9"], "appeared")
    assert (exit_code([gone], False), exit_code([fresh], False)) == (3, 0)


def test_the_key_is_all_that_tells_cases_apart() -> None:
    assert len(figures().key) == len(KEY)
