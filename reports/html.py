"""One HTML file: everything a run found, for a reader without network or programs but a browser.

The same frames give the same bytes: nothing in the page tells when or where it was made. It has at most 3 MB: frames for
which there is no room are named instead (a run of all activations in all modes has room for all but the curves).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from harness.findings.findings import listed
from harness.runs.results import Run

from . import account, chains, derivation, embedded
from . import training as trained
from .curves import training as training_curves
from .drawing import inline
from .figures import plot
from .findings import groups, told
from .matrix import OWN, matrix
from .pages import page, to_html
from .sections import sections
from .speeds import speeds, steady
from .verdict import verdicts
from .words import GLYPHS, ORDERS, SEVERITIES, function, implementation, records, share, shorten, ulps, undone

_TEMPLATES = Path(__file__).parent / "templates"
_LIMIT = 3_000_000  # bytes of a page
_COSTS = 4


def render(run: Run) -> str:
    """The page of a run."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    columns, lines = matrix(run.accuracy)
    common, headings, environments = account.provenance(run.environments)
    facts = {
        "run_id": run.run_id,
        "verdict": account.verdict(run),
        "verdicts": verdicts(run.accuracy),
        "not_run": account.not_run(run.accuracy),
        "notes": account.notes(run.accuracy),
        "sampled": account.sampled(run.accuracy),
        "commands": account.commands(run),
        "common": common,
        "headings": headings,
        "environments": environments,
        "columns": columns,
        "lines": lines,
        "glyphs": GLYPHS,
        "severities": SEVERITIES,
        "sections": findings(run.findings),
        "agreement": agreement(run.agreement),
        "special": special(run.curves),
        "has_curves": not run.curves.empty,
        "speeds": speeds(run),
        "costs": costs(run),
        "sigmoid": sigmoid(run.accuracy),
        "chain": chain(run),
        "training": training(run),
        "vanishing": vanishing(run),
        "derivation": derivation.section(),
        "definitions": to_html(page("definitions")),
        "drawn": {
            "lines": embedded.drawn(run.curves),
            "distribution": embedded.distributions(run.distribution),
            "percentiles": embedded.percentiles(run.percentiles),
            "scripts": embedded.scripts(run.accuracy),
        },
    }
    template = environment.get_template("report.html")
    bare = template.render(facts, frames={}, left=embedded.FRAMES)
    frames, left = embedded.frames(run, _LIMIT - len(bare.encode()))
    return template.render(facts, frames=frames, left=left)


def findings(frame: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The findings by section, each with its number and its order in words."""
    found, before = {}, 0
    for name, part in sections(frame).items():
        found[name] = [
            row | {"order": ORDERS[int(row["order"])], "again": row is not rows[0], "words": told(row, rows[0])}
            for rows in groups(part, before)
            for row in rows
        ]
        before += len(part)
    return found


def agreement(frame: pd.DataFrame) -> tuple[list[str], list[list[tuple[str, float] | None]]]:
    """For each pair of implementations on what share of the inputs their own results are the same bits, all passes together."""
    own = frame[frame["first"].str.endswith(OWN) & frame["second"].str.endswith(OWN)]
    first, second = (own[name].str.rsplit(" ", n=1).str[0] for name in ("first", "second"))
    sums = own.assign(one=first, other=second).groupby(["one", "other"], sort=False)[["equal", "inputs"]].sum()
    names = list(dict.fromkeys([*first, *second]))
    found: dict[frozenset[str], tuple[int, int]] = {}
    key: Any
    for key, row in sums.iterrows():
        pair = frozenset(key)
        equal, inputs = found.get(pair, (0, 0))
        found[pair] = equal + int(row["equal"]), inputs + int(row["inputs"])
    rows = []
    for one in names:
        cells: list[tuple[str, float] | None] = []
        for other in names:
            known = found.get(frozenset((one, other))) if one != other else None
            cells.append(None if known is None else (f"{_floor(100 * known[0] / known[1])} %", known[0] / known[1]))
        rows.append(cells)
    return names, rows


def _floor(percentage: float) -> str:
    """Never 100 where it is less."""
    return "100" if percentage == 100 else f"{min(percentage, 99.99):.2f}"


def special(curves: pd.DataFrame) -> dict[str, Any]:
    """How many of the frameworks' own results at ±0, ±∞ and NaN there are, and those that are wrong, alike ones together."""
    points = embedded.special_values(curves)
    if points.empty:
        return {"results": 0, "wrong": 0, "rows": []}
    points = points[points.route.isin(OWN)]
    wrong = points[~points["class"].isin(["correct", "faithful"])]
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for row in records(wrong):
        values = [repr(row[name]) for name in ("worst_input", "exact", "worst_output")]
        key = (function(row["activation"], row["parameters"]), ORDERS[int(row["order"])], *values, row["class"])
        groups.setdefault(key, {}).setdefault(implementation(row), []).append(row["format"])
    names = ("function", "order", "input", "expected", "got", "cls")
    rows = []
    for key, group in groups.items():
        alike: dict[str, list[str]] = {}  # by the formats: each implementation in a row has the result in each of them
        for who, formats in group.items():
            alike.setdefault(listed(formats), []).append(who)
        rows += [dict(zip(names, key, strict=True)) | {"who": listed(who), "formats": told} for told, who in alike.items()]
    return {"results": len(points), "wrong": len(wrong), "rows": rows}


def costs(run: Run) -> tuple[list[str], int]:
    """Figures of accuracy against cost, of the functions and orders that were timed: the first ones, and how many others."""
    timed = steady(run)
    if timed.empty:
        return [], 0
    measured = timed[timed.max_ulp.notna()][["activation", "parameters", "order"]].drop_duplicates()
    figures = [inline(plot(run, "cost", **row)) for row in records(measured.head(_COSTS))]
    return figures, len(measured) - len(figures)


def vanishing(run: Run) -> str:
    """The figure of sigmoid's gradient as it is computed; nothing where the run has none."""
    known = run.curves
    if known.empty or not ((known.activation == "sigmoid") & (known.order == 1) & known.route.isin(OWN)).any():
        return ""
    return inline(plot(run, "vanishing", activation="sigmoid"))


def chain(run: Run) -> dict[str, Any]:
    """The gradient through chains of layers, where it was computed beside this run."""
    if run.chain.empty or not (run.chain.status == "ok").any():
        return {}
    names, lines = chains.table(run.chain)
    said = {"explained": chains.EXPLAINED, "undone": undone(run.chain, "format")}
    return said | {"names": names, "lines": lines, "figure": inline(chains.chains(run.chain))}


def training(run: Run) -> dict[str, Any]:
    """The networks that were trained beside this run."""
    frames = run.training, run.training_layers, run.training_pairs
    if any(frame.empty for frame in frames):
        return {}
    told = trained.rows(*frames)
    said = {"title": trained.title(run.training), "columns": trained.COLUMNS, "undone": undone(run.training, "gradient")}
    return said | {"rows": told, "figure": inline(training_curves(run.training, run.training_layers)) if told else ""}


def sigmoid(accuracy: pd.DataFrame) -> list[dict[str, Any]]:
    """What the formula costs in this run: sigmoid's gradients, by format, implementation and route."""
    rows = accuracy[(accuracy.activation == "sigmoid") & (accuracy.order == 1) & (accuracy.status == "ok")]
    return [
        {
            "format": row["format"],
            "who": implementation(row),
            "route": row["route"],
            "vanished": share(int(row["vanished"]), int(row["inputs"])),
            "zero_from": "" if pd.isna(row["first_vanished_positive"]) else f"{row['first_vanished_positive']:.6g}",
            "max_ulp": ulps(row["max_ulp"]),
            "worst": "" if pd.isna(row["worst_input"]) else f"{row['worst_input']:.9g}",
            "exact": "" if pd.isna(row["worst_exact"]) else shorten(row["worst_exact"]),
        }
        for row in records(rows)
    ]
