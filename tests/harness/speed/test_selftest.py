"""The test of the stopwatch: what it counts as kept and broken, and one small real test."""

from __future__ import annotations

import pandas as pd
import pytest

from backends.timing import Clock
from harness.speed.selftest import INJECTED, MULTIPLE, ROWS, SELFTEST, Promise, promises, selftest, timer_overhead


def test_injected_shares_are_whole_numbers_of_calls() -> None:
    assert all((share * MULTIPLE).is_integer() for share in INJECTED)


@pytest.mark.parametrize(
    ("seen", "of", "limit", "most", "kept"),
    [
        (0, 300, 0.01, True, True),
        (3, 300, 0.01, True, True),
        (8, 300, 0.01, True, True),  # chance: 1.2 %
        (9, 300, 0.01, True, False),  # chance: 0.4 %
        (300, 300, 0.95, False, True),
        (277, 300, 0.95, False, True),
        (274, 300, 0.95, False, False),
        (0, 0, 0.95, False, True),
    ],
)
def test_a_promise_is_broken_where_chance_would_hardly_do_as_badly(
    seen: int, of: int, limit: float, most: bool, kept: bool
) -> None:
    assert Promise("", seen, of, limit, most).kept == kept


def test_what_is_counted() -> None:
    rows = pd.DataFrame(
        {
            "injected": [0.0, 0.0, 0.05, 0.05, 0.05, 0.10],
            "verdict": ["same", "slower", "slower", "ambiguous", "same", "faster"],
            "covered": [True, False, True, True, False, False],
        }
    )
    assert [(each.seen, each.of) for each in promises(rows)] == [(1, 2), (2, 4), (1, 3), (0, 1), (3, 6)]


def test_the_clock_is_at_most_a_thousandth_of_a_block() -> None:
    assert timer_overhead(Clock()) <= 0.001


@pytest.mark.slow
def test_equal_calls_are_not_told_apart_and_ten_percent_is_found_under_load() -> None:
    result = selftest(reports=1)
    rows = result.rows
    assert list(rows.columns) == list(SELFTEST)
    assert rows.groupby("injected").size().tolist() == [ROWS] * len(INJECTED)
    assert set(rows.pairs) == {15}
    assert rows.loaded.all()
    kept = {each.what: each.kept for each in promises(rows)}
    assert all(kept.values()), kept
    medians = rows.groupby("injected").ratio.median()
    for injected in INJECTED:
        assert medians[injected] == pytest.approx(1 + injected, abs=0.02)
