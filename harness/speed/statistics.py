"""From times to verdicts: exact intervals for the median over pairs, and what may be said of many rows at once.

One pair of fresh processes gives one number, a log-ratio; times of one process are never treated as independent. Nothing is
assumed of the distribution of the log-ratios: the order-statistic interval for a median (Thompson 1936; David and Nagaraja, Order
Statistics, 7.1) needs only that they are independent of each other. Where two things are equally fast and the order of everything
in a pair is drawn by lot, the log-ratio is as likely positive as negative whatever the machine does, also when its load drifts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PAIRS = 15
"""Pairs of a small report at the first look; see :func:`looks`."""
ALPHAS = (0.008, 0.001, 0.001)
"""Chance of a miss that each look may spend: together 1 %, so whichever look is the last, its intervals cover with 99 %."""
RESOLUTION = 1.01
"""Ratio up to which nothing is called a difference: two processes that do the same work, among different other work, were seen to
differ by 0.2 % for good."""
MARGIN = 1.05
"""Times whose ratio lies between 1 / MARGIN and MARGIN count as the same."""
DRIFT = 0.01
"""Chance below which a common direction of rows is said."""
VERDICTS = ("same", "faster", "slower", "ambiguous")


@dataclass(frozen=True)
class Interval:
    """A median with bounds; missing bounds are infinite."""

    low: float
    median: float
    high: float

    def exp(self) -> Interval:
        """The same of the exponentials."""
        return Interval(*(math.exp(x) if x < 700 else math.inf for x in (self.low, self.median, self.high)))


def looks(rows: int) -> tuple[int, ...]:
    """Numbers of pairs after which a report of so many compared rows is looked at; after each but the last more may be asked for.

    The first is enough for a clear difference to survive :func:`holm`.
    """
    first = max(PAIRS, 1 + math.ceil(math.log2(max(rows, 1) / ALPHAS[0])))
    return tuple(first << number for number in range(len(ALPHAS)))


def alpha(rows: int, pairs: int) -> float:
    """The chance of a miss that the look to which a number of pairs belongs may spend."""
    return next((chance for most, chance in zip(looks(rows), ALPHAS, strict=True) if pairs <= most), ALPHAS[-1])


def interval(values: Sequence[float], chance: float) -> Interval:
    """The median of independent values, with bounds that miss the median of their distribution with at most that chance.

    The bounds are the k-th value from either end, with the largest k for which 2 P(fewer than k of n fair coins show heads)
    is at most that; they are infinite where there are too few values for any.
    """
    ordered = np.sort(np.asarray(values, float))
    count, k = len(ordered), 0
    while k < count // 2 and 2 * _fewer(k + 1, count) <= chance:
        k += 1
    median = float(np.median(ordered)) if count else math.nan
    return Interval(float(ordered[k - 1]), median, float(ordered[count - k])) if k else Interval(-math.inf, median, math.inf)


def sign_test(values: Sequence[float]) -> float:
    """The two-sided chance of so many values on one side of 0, or more, were either side equally likely; zeros are on neither."""
    above, below = sum(value > 0 for value in values), sum(value < 0 for value in values)
    return min(1.0, 2 * _fewer(min(above, below) + 1, above + below))


def _fewer(k: int, count: int) -> float:
    """P(fewer than k of so many fair coins show heads)."""
    return float(sum(math.comb(count, heads) for heads in range(k)) / 2**count)


def holm(chances: Sequence[float], limit: float) -> list[bool]:
    """Which of several hypotheses may be rejected so that the chance of any wrong rejection is at most ``limit`` (Holm 1979)."""
    rejected = [False] * len(chances)
    for rank, index in enumerate(sorted(range(len(chances)), key=lambda index: chances[index])):
        if chances[index] > limit / (len(chances) - rank):
            break
        rejected[index] = True
    return rejected


def pair_ratio(sweeps: Any) -> float:
    """The log-ratio of one pair.

    Args:
        sweeps: array (sweeps, 2 visits, 2 jobs) of times: each job is visited once on the way there and once on the way back,
            so that a linear drift adds to one log-ratio what it takes from the other. The median of all leaves out those that
            something disturbed.
    """
    logs = np.log(np.asarray(sweeps, float))
    return float(np.median(logs[:, :, 1] - logs[:, :, 0]))


@dataclass(frozen=True)
class Comparison:
    """What is said of one row.

    Attributes:
        ratio: time of the row's job over that of the job it is compared with; the interval is for this row alone.
        verdict: of the row among all rows of the report: one of :data:`VERDICTS`.
    """

    ratio: Interval
    verdict: str


def compare(rows: Sequence[Sequence[float]]) -> list[Comparison]:
    """What may be said of all rows of a report, from the log-ratios of their pairs.

    ``faster`` and ``slower`` are rejections, by Holm's procedure over the rows, of a ratio within :data:`RESOLUTION` of 1.
    ``same`` says that the row's interval lies within :data:`MARGIN`. Everything else is ``ambiguous``.
    """
    chance = alpha(len(rows), max(map(len, rows), default=0))
    differ = holm([_chance_of_equal(values) for values in rows], chance)
    return [_said(interval(values, chance), rejected) for values, rejected in zip(rows, differ, strict=True)]


def _chance_of_equal(values: Sequence[float]) -> float:
    """Of so many values beyond the resolution on either side, or more, were the median within it: a sign test, two-sided."""
    limit = math.log(RESOLUTION)
    beyond = max(sum(value > limit for value in values), sum(value < -limit for value in values))
    return min(1.0, 2 * _fewer(len(values) - beyond + 1, len(values)))


def _said(found: Interval, differs: bool) -> Comparison:
    if differs:
        verdict = "slower" if found.median > 0 else "faster"
    elif max(-found.low, found.high) <= math.log(MARGIN):
        verdict = "same"
    else:
        verdict = "ambiguous"
    return Comparison(found.exp(), verdict)


def drift(comparisons: Sequence[Comparison]) -> float | None:
    """The median ratio of the rows that were not told apart, where they lean to one side more than chance lets them.

    To be asked of rows that have nothing in common but the machine and the processes they ran in: one of these changed, not
    the code of each.
    """
    logs = [math.log(each.ratio.median) for each in comparisons if each.verdict in ("same", "ambiguous")]
    return math.exp(float(np.median(logs))) if sign_test(logs) < DRIFT else None
