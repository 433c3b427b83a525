"""The table of times: all of it is there in a terminal of 100 columns, and what too few pairs cannot say is said."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from harness.speed.execution import Speed, speed
from harness.speed.jobs import Request
from reports.speed import SIGNS, show


@pytest.fixture(scope="module")
def timed() -> Speed:
    return speed(Request(backends=("numpy",), sizes=(1, 1 << 10, 1 << 14)), budget=0)


def shown(frame: pd.DataFrame, environments: pd.DataFrame, width: int) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width), frame, environments)
    return out.getvalue()


def test_nothing_is_cut_at_three_sizes(timed: Speed) -> None:
    steady = timed.speed.phase == "steady"
    frame = timed.speed.assign(ratio_low=timed.speed.ratio * 0.987654, ratio_high=timed.speed.ratio * 1.012345)
    for width in (100, 150):
        text = shown(frame, timed.environments, width)
        assert "…" not in text
        for row in frame[steady & frame.ratio.notna()].itertuples():
            assert f"{row.ratio:.3g}× [{row.ratio_low:.3g}, {row.ratio_high:.3g}] ?" in text
        for n in ("1 ", "1,024", "16,384"):
            assert f"│{n.strip():>6} │" in text


def test_verdicts_are_signs_that_are_explained(timed: Speed) -> None:
    compared = timed.speed.ratio.notna()
    for verdict, sign in SIGNS.items():
        text = shown(timed.speed.assign(verdict=timed.speed.verdict.where(~compared, verdict)), timed.environments, 150)
        assert f"× {sign} " in text
        assert f"  {sign} {verdict}" in text.splitlines()


def test_too_few_pairs_are_said(timed: Speed) -> None:
    compared = int(timed.speed.ratio.notna().sum())
    words = f"1 pair is too few for verdicts on {compared} rows at once: 15 are needed"
    assert words in shown(timed.speed, timed.environments, 150)
    enough = timed.speed.assign(pairs=timed.speed.pairs.where(timed.speed.pairs.isna(), 15))
    assert "too few" not in shown(enough, timed.environments, 150)
