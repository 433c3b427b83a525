"""The frame ``speed`` as readers need it: each implementation's time as a ratio, with its interval, beside its worst error."""

from __future__ import annotations

from typing import Any

import pandas as pd

from backends.formulas import CACHED
from backends.timing import DEVICE
from harness.runs.results import Run

from .words import ORDERS, WHO, function, implementation, records, ulps

_CASE = ["activation", "parameters", "order", "route", "format", *WHO]
_NEEDED = {*_CASE, "phase", "status", "n", "ns_per_element", "ratio_to", "ratio", "ratio_low", "ratio_high", "verdict"}


def of_calls(speed: pd.DataFrame) -> pd.DataFrame:
    """The times of calls that succeeded, in the steady state; not those of a device without its launches.

    What was interrupted before its first pair has none.
    """
    timed = speed[(speed.phase == "steady") & (speed.status == "ok") & speed.ns_per_element.notna()]
    return timed[timed.regime.fillna("") != DEVICE] if "regime" in timed else timed


def errors(accuracy: pd.DataFrame) -> pd.DataFrame:
    """The cases that were measured, and the formula from the cached value with the errors of the same formula from the value:
    it has the same results."""
    measured = accuracy[accuracy.status == "ok"]
    cached = measured[measured.route == "from_value"].assign(route=CACHED)
    return pd.concat([measured, cached.astype(measured.dtypes.to_dict())])


def steady(run: Run) -> pd.DataFrame:
    """The timings that succeeded, without first calls, with the worst error of the same case; empty where nothing was timed."""
    if run.speed.empty or not set(run.speed.columns) >= _NEEDED:
        return pd.DataFrame()
    return of_calls(run.speed).merge(errors(run.accuracy)[[*_CASE, "max_ulp"]], on=_CASE, how="left")


def speeds(run: Run) -> list[dict[str, Any]]:
    """The rows of the table, in words."""
    rows = []
    for row in records(steady(run)):
        compared = not pd.isna(row["ratio"])
        told = {"function": function(row["activation"], row["parameters"]), "who": implementation(row)}
        told |= {"order": ORDERS[int(row["order"])], "ns": f"{row['ns_per_element']:.3g}"}
        told |= {"ratios": _ratio(row) if compared else "", "to": row["ratio_to"] if compared else ""}
        told |= {"verdict": "" if pd.isna(row["verdict"]) else row["verdict"], "error": ulps(row["max_ulp"])}
        rows.append(row | told)
    return rows


def _ratio(row: dict[str, Any]) -> str:
    """A ratio with its interval, where there is one."""
    bounds = "" if pd.isna(row["ratio_low"]) else f" [{row['ratio_low']:.3g}, {row['ratio_high']:.3g}]"
    return f"{row['ratio']:.3g}{bounds}"
