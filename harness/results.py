"""The frames of a run: tidy, one row per case, one column per fact; Parquet is the record, CSV a view of it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .catalogue import activation
from .comparison import Comparison
from .exact import Exact
from .findings import Finding
from .formats import number_format
from .inputs import Inputs
from .judge import CLASSES
from .sweep import Task
from .tally import Record

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 30
"""Significant digits of exact results."""

Row = dict[str, Any]


@dataclass
class Run:
    """A finished run.

    Attributes:
        run_id: names it.
        accuracy: a row per case.
        agreement: a row per pair of measured cases on the same inputs.
        findings: a row per defect, the worst first.
        laws: a row per case and law, see :mod:`harness.invariants` and, where they were asked for, :mod:`harness.laws`.
        environments: a row per implementation that was started.
        folder: where it was saved, or None.
    """

    run_id: str
    accuracy: pd.DataFrame
    agreement: pd.DataFrame
    findings: pd.DataFrame
    laws: pd.DataFrame
    environments: pd.DataFrame
    folder: Path | None = None

    def save(self, folder: Path) -> None:
        """Write every frame as Parquet and CSV."""
        for name in FRAMES:
            frame = getattr(self, name)
            frame.to_parquet(folder / f"{name}.parquet", index=False)
            frame.to_csv(folder / f"{name}.csv", index=False)
        self.folder = folder


FRAMES = ("accuracy", "agreement", "findings", "laws", "environments")


def accuracy_row(run_id: str, task: Task, inputs: Inputs, comparison: Comparison | None, hello: Row | None) -> Row:
    """The row of one case; figures are missing (None) where it was not measured."""
    case = task.case
    facts = (hello or {}).get("environment", {})
    row: Row = {
        "run_id": run_id,
        "activation": case.activation,
        "parameters": json.dumps(dict(case.parameters)),
        "order": case.order,
        "route": case.route,
        "format": case.format,
        "backend": task.implementation.backend,
        "backend_version": version(case.route, hello),
        "mode": task.implementation.mode,
        "device": task.implementation.device,
        "status": task.status,
        "reason": task.reason,
    }
    measured = task.status == "ok" and comparison is not None
    row |= _figures(task, inputs, comparison) if measured and comparison else dict.fromkeys(_FIGURES)
    row |= {"seconds": round(task.seconds, 6), "framework_seconds": round(task.framework_seconds, 6)}
    row |= {"processor": facts.get("processor", ""), "instruction_sets": facts.get("instruction_sets", "")}
    return row | {"framework_path": facts.get("framework_path", "")}


_FIGURES: tuple[str, ...] = ("inputs", "exhaustive", *CLASSES, "wrong_sign", "zero_sign", "max_ulp", "max_ulp_normal")
_FIGURES += ("worst_input_bits", "worst_input", "worst_output_bits", "worst_exact", "output_digest", "mean_ulp")
_FIGURES += ("p50_ulp", "p99_ulp", "first_vanished_positive", "first_vanished_negative")


def version(route: str, hello: Row | None) -> str:
    """The version of the framework; with that of what differentiates it, where that is another package."""
    versions = dict((hello or {}).get("versions", {}))
    if not versions:
        return ""
    first = next(iter(versions))
    if route == "autodiff" and "autograd" in versions:
        return f"{versions[first]} (autograd {versions['autograd']})"
    return str(versions[first])


def _figures(task: Task, inputs: Inputs, comparison: Comparison) -> Row:
    tally, form = comparison.tally(task.number), inputs.format
    exact = Exact(activation(task.case.activation, **dict(task.case.parameters)), task.case.order)
    negative, positive = tally.first_vanished
    row: Row = {"inputs": tally.inputs, "exhaustive": inputs.exhaustive}
    row |= tally.counts
    row |= {"wrong_sign": tally.wrong_sign, "zero_sign": tally.zero_sign}
    row |= {
        "max_ulp": _certified(tally.worst, exact, inputs),
        "max_ulp_normal": _certified(tally.worst_normal, exact, inputs),
    }
    row |= dict.fromkeys(("worst_input_bits", "worst_input", "worst_output_bits", "worst_exact"))
    if tally.worst.index >= 0:
        bits = input_at(inputs, tally.worst.index)
        row |= {"worst_input_bits": bits, "worst_input": form.value(bits), "worst_output_bits": tally.worst.result}
        row["worst_exact"] = exact.at(form.value(bits)).decimal(DIGITS)
    return row | {
        "output_digest": f"{tally.digest:016x}",
        "mean_ulp": tally.mean_ulps,
        "p50_ulp": tally.quantile(0.5),
        "p99_ulp": tally.quantile(0.99),
        "first_vanished_positive": positive if math.isfinite(positive) else None,
        "first_vanished_negative": -negative if math.isfinite(negative) else None,
    }


def input_at(inputs: Inputs, index: int) -> int:
    """The encoding of the input with that index."""
    return int(inputs.block(index, index + 1)[0])


def _certified(record: Record, exact: Exact, inputs: Inputs) -> float | None:
    """The error at a record's input, from ball arithmetic; what the sweep kept is right to 2^-17 ulp only."""
    if record.index < 0:
        return None
    x = inputs.format.value(input_at(inputs, record.index))
    return exact.at(x).error_ulps(record.result, inputs.format)


def agreement_rows(run_id: str, tasks: list[Task], inputs: Inputs, comparison: Comparison) -> list[Row]:
    """A row for every pair of measured cases of a pass."""
    rows = []
    for first, second in combinations([task for task in tasks if task.status == "ok"], 2):
        found = comparison.agreement(first.number, second.number)
        bits = input_at(inputs, found.index) if found.index >= 0 else None
        rows.append(
            {
                "run_id": run_id,
                "activation": first.case.activation,
                "parameters": json.dumps(dict(first.case.parameters)),
                "order": first.case.order,
                "format": first.case.format,
                "first": f"{first.implementation} {first.case.route}",
                "second": f"{second.implementation} {second.case.route}",
                "inputs": found.inputs,
                "equal": found.inputs - found.differing,
                "differing": found.differing,
                "largest_distance": found.largest,
                "example_bits": bits,
                "example": None if bits is None else inputs.format.value(bits),
            }
        )
    return rows


@dataclass
class Verdict:
    """What became of a law in a case.

    Attributes:
        checked, broken: how many results (or pairs of them) were looked at, and how many break it.
        example_bits: encoding of the worst input, or None.
        got: the results there, in words.
        where: what they should be, or where in a vector they are, in words.
        steps: how far apart they are: in steps between encodings, or in ulps of the larger one; infinite where a number
            meets something else.
    """

    checked: int = 0
    broken: int = 0
    example_bits: int | None = None
    got: str = ""
    where: str = ""
    steps: float | None = None


def law_row(run_id: str, task: Task, hello: Row | None, law: str, verdict: Verdict, status: str = "", reason: str = "") -> Row:
    """The row of a case and a law; the status says whether it holds, unless one is given."""
    case, bits = task.case, verdict.example_bits
    row: Row = {"run_id": run_id, "activation": case.activation, "parameters": json.dumps(dict(case.parameters))}
    row |= {"order": case.order, "route": case.route, "format": case.format}
    row |= {"backend": task.implementation.backend, "backend_version": version(case.route, hello)}
    row |= {"mode": task.implementation.mode, "device": task.implementation.device, "law": law}
    row |= {"status": status or ("broken" if verdict.broken else "holds"), "reason": reason}
    return row | vars(verdict) | {"example": None if bits is None else number_format(case.format).value(bits)}


def finding_row(run_id: str, finding: Finding) -> Row:
    """The row of one finding."""
    return {"run_id": run_id} | asdict(finding)


def frame(rows: list[Row], form: dict[str, str]) -> pd.DataFrame:
    """Rows as a frame with the column types of ``form``; a missing figure is a missing value, not a zero."""
    import pandas as pd

    array: Any = pd.array  # its overloads know no dtype by a name in a variable
    data = {name: array([row.get(name) for row in rows], dtype=kind) for name, kind in form.items()}
    return pd.DataFrame(data)


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
ACCURACY = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
ACCURACY |= dict.fromkeys(("route", "format", "backend", "backend_version", "mode", "device", "status", "reason"), _TEXT)
ACCURACY |= {"inputs": _WHOLE, "exhaustive": "boolean"} | dict.fromkeys((*CLASSES, "wrong_sign", "zero_sign"), _WHOLE)
ACCURACY |= {"max_ulp": _REAL, "max_ulp_normal": _REAL, "worst_input_bits": "UInt64", "worst_input": _REAL}
ACCURACY |= {"worst_output_bits": "UInt64", "worst_exact": _TEXT, "output_digest": _TEXT}
ACCURACY |= dict.fromkeys(("mean_ulp", "p50_ulp", "p99_ulp", "first_vanished_positive", "first_vanished_negative"), _REAL)
ACCURACY |= {"seconds": _REAL, "framework_seconds": _REAL}
ACCURACY |= dict.fromkeys(("processor", "instruction_sets", "framework_path"), _TEXT)
AGREEMENT = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
AGREEMENT |= dict.fromkeys(("format", "first", "second"), _TEXT)
AGREEMENT |= dict.fromkeys(("inputs", "equal", "differing", "largest_distance"), _WHOLE)
AGREEMENT |= {"example_bits": "UInt64", "example": _REAL}
FINDINGS = dict.fromkeys(("run_id", "kind", "severity", "backend", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
FINDINGS |= dict.fromkeys(("route", "format", "implementations", "right", "also"), _TEXT)
FINDINGS |= {"inputs_affected": _WHOLE, "share": _REAL, "share_used": _REAL, "low": _REAL, "high": _REAL, "nearest": _REAL}
FINDINGS |= {"example_bits": "UInt64", "example": _REAL, "got": _TEXT, "exact": _TEXT, "ulps": _REAL, "relative": _REAL}
FINDINGS |= dict.fromkeys(("diagnosis", "sentence", "reproducer"), _TEXT)
LAWS = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
LAWS |= dict.fromkeys(("route", "format", "backend", "backend_version", "mode", "device", "law", "status", "reason"), _TEXT)
LAWS |= {"checked": _WHOLE, "broken": _WHOLE, "example_bits": "UInt64", "example": _REAL, "got": _TEXT, "where": _TEXT}
LAWS |= {"steps": _REAL}
