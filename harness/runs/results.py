"""The frames of a run: tidy, one row per case, one column per fact."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.definitions import note

from ..accuracy.classification import CLASSES
from ..accuracy.comparison import Agreement
from ..accuracy.inputs import Inputs
from ..accuracy.refine import DIGITS, FIGURES
from ..accuracy.tally import Record, Tally
from ..activations import Activation
from ..case import Task
from ..frames import Row
from ..reference.exact import Exact
from ..workers.environments import version
from .plan import Request

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Run:
    """A finished run.

    Attributes:
        run_id: names it.
        accuracy: a row per case.
        agreement: a row per pair of measured cases on the same inputs.
        findings: a row per defect, the worst first; those of textbooks' formulas after those of the frameworks.
        laws: a row per case and law: properties (:mod:`harness.findings.properties`) and, where they were asked for, invariances
            (:mod:`harness.findings.invariances`).
        environments: a row per implementation that was started.
        curves: a row per case and bucket of inputs, see :mod:`harness.findings.curves`; empty in runs that were saved without.
        distribution: a row per case and step of its distribution of errors, see :mod:`harness.accuracy.distribution`; as above.
        percentiles: a row per case and binade of inputs, see :mod:`harness.findings.percentiles`; as above.
        speed: a row per timing, where something was timed.
        chain: see :mod:`harness.training.chain`, where chains of layers were computed with ``lastbit chain --run``.
        training, training_layers, training_pairs: see :mod:`harness.training.frame`, where a network was trained with
            ``lastbit train --run``.
        folder: where it was saved, or None.
        requests: what was asked, one after the other where the run was extended; empty where that is not known.
        interrupted: whether Ctrl-C ended it.
    """

    run_id: str
    accuracy: pd.DataFrame
    agreement: pd.DataFrame
    findings: pd.DataFrame
    laws: pd.DataFrame
    environments: pd.DataFrame
    curves: pd.DataFrame = field(default_factory=lambda: _nothing())
    distribution: pd.DataFrame = field(default_factory=lambda: _nothing())
    percentiles: pd.DataFrame = field(default_factory=lambda: _nothing())
    speed: pd.DataFrame = field(default_factory=lambda: _nothing())
    chain: pd.DataFrame = field(default_factory=lambda: _nothing())
    training: pd.DataFrame = field(default_factory=lambda: _nothing())
    training_layers: pd.DataFrame = field(default_factory=lambda: _nothing())
    training_pairs: pd.DataFrame = field(default_factory=lambda: _nothing())
    folder: Path | None = None
    requests: tuple[Request, ...] = ()
    interrupted: bool = False

    def save(self, folder: Path) -> None:
        """Write the frames into a directory, see :mod:`harness.runs.saved`."""
        from .saved import save

        save(self, folder)
        self.folder = folder

    def plot(self, figure: str, **choice: Any) -> Any:
        """Draw one of the figures of the reports, for example ``plot("error", activation="sigmoid", order=1)``.

        Returns:
            A ``matplotlib.figure.Figure``.

        Raises:
            ValueError: for a figure, or a choice, that there is not; the message names those there are.
        """
        return _view("plot")(self, figure, **choice)

    def _repr_html_(self) -> str | None:
        try:
            html: str = _view("html")(self)
        except RuntimeError:  # a notebook then shows the text
            return None
        return html


FRAMES = ("accuracy", "agreement", "findings", "laws", "environments")
"""What every run has."""
OPTIONAL = ("curves", "distribution", "percentiles", "speed", "chain", "training", "training_layers", "training_pairs")
"""What a run may have."""


def files() -> list[str]:
    """Names of the files of a run's frames."""
    frames = (*FRAMES, *OPTIONAL, "speed_environments")
    return [f"{name}{end}" for name in frames for end in (".parquet", ".csv", "_times.parquet")]


def _nothing() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


def _view(name: str) -> Callable[..., Any]:
    """A view of runs, from whatever package registered it: the harness itself knows no reports.

    Raises:
        RuntimeError: where none is registered.
    """
    for entry in entry_points(group="lastbit.views", name=name):
        view: Callable[..., Any] = entry.load()
        return view
    raise RuntimeError(f"no view {name!r} of runs is installed: pip install 'lastbit[report]'")


def accuracy_row(task: Task, inputs: Inputs, definition: Activation, tally: Tally | None, hello: Row | None) -> Row:
    """The row of one case; figures are missing (None) where it was not measured."""
    case = task.case
    facts = (hello or {}).get("environment", {})
    row: Row = {
        "activation": case.activation,
        "parameters": json.dumps(dict(case.parameters)),
        "order": case.order,
        "route": case.route,
        "format": case.format,
        "backend": task.implementation.backend,
        "backend_version": version(case.route, hello),
        "mode": task.implementation.mode,
        "device": task.implementation.device,
        "implementation": task.implementation.substitute,
        "status": task.status,
        "reason": task.reason,
        "definition": task.implementation.definition(case),
        "definition_note": ""
        if case.definition or task.implementation.substitute
        else note(task.implementation.backend, case.activation),
    }
    measured = task.status == "ok" and tally is not None
    row |= _figures(Exact(definition, case.order), tally, inputs) if measured and tally else dict.fromkeys(_FIGURES)
    row |= dict.fromkeys(FIGURES)
    row |= {"processor": facts.get("processor", ""), "instruction_sets": facts.get("instruction_sets", "")}
    return row | {"framework_path": facts.get("framework_path", "")}


_FIGURES: tuple[str, ...] = ("inputs", "exhaustive", *CLASSES, "wrong_sign", "zero_sign", "max_ulp", "max_ulp_normal")
_FIGURES += ("worst_input_bits", "worst_input", "worst_output_bits", "worst_exact", "output_digest", "mean_ulp")
_FIGURES += ("p50_ulp", "p99_ulp", "first_vanished_positive", "first_vanished_negative")


def _figures(exact: Exact, tally: Tally, inputs: Inputs) -> Row:
    form = inputs.format
    negative, positive = tally.first_vanished
    row: Row = {"inputs": tally.inputs, "exhaustive": inputs.exhaustive and tally.inputs == inputs.count}
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


def agreement_row(first: Task, second: Task, inputs: Inputs, found: Agreement) -> Row:
    """The row of a pair of measured cases of a pass."""
    bits = input_at(inputs, found.index) if found.index >= 0 else None
    return {
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


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
ACCURACY = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
_CASE = ("route", "format", "backend", "backend_version", "mode", "device", "implementation")
ACCURACY |= dict.fromkeys((*_CASE, "status", "reason", "definition", "definition_note"), _TEXT)
ACCURACY |= {"inputs": _WHOLE, "exhaustive": "boolean"} | dict.fromkeys((*CLASSES, "wrong_sign", "zero_sign"), _WHOLE)
ACCURACY |= {"max_ulp": _REAL, "max_ulp_normal": _REAL, "worst_input_bits": "UInt64", "worst_input": _REAL}
ACCURACY |= {"worst_output_bits": "UInt64", "worst_exact": _TEXT, "output_digest": _TEXT}
ACCURACY |= dict.fromkeys(("mean_ulp", "p50_ulp", "p99_ulp", "first_vanished_positive", "first_vanished_negative"), _REAL)
ACCURACY |= {"searched": _WHOLE, "search_max_ulp": _REAL, "search_worst_input_bits": "UInt64", "search_worst_input": _REAL}
ACCURACY |= {"search_worst_output_bits": "UInt64", "search_worst_exact": _TEXT}
ACCURACY |= {"seconds": _REAL, "framework_seconds": _REAL}
ACCURACY |= dict.fromkeys(("processor", "instruction_sets", "framework_path"), _TEXT)
AGREEMENT = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
AGREEMENT |= dict.fromkeys(("format", "first", "second"), _TEXT)
AGREEMENT |= dict.fromkeys(("inputs", "equal", "differing", "largest_distance"), _WHOLE)
AGREEMENT |= {"example_bits": "UInt64", "example": _REAL}
FINDINGS = dict.fromkeys(("run_id", "kind", "severity", "group", "backend", "activation", "parameters"), _TEXT)
FINDINGS |= {"order": _WHOLE} | dict.fromkeys(("route", "format", "implementations", "definition", "right", "also"), _TEXT)
FINDINGS |= {"inputs_affected": _WHOLE, "share": _REAL, "share_used": _REAL, "ranges": _TEXT}
FINDINGS |= {"low": _REAL, "high": _REAL, "nearest": _REAL, "example_bits": "UInt64", "example": _REAL}
FINDINGS |= {"got": _TEXT, "exact": _TEXT, "ulps": _REAL, "relative": _REAL, "diagnosis": _TEXT}
FINDINGS |= dict.fromkeys(("headline", "places", "besides", "elsewhere", "evidence", "sentence", "reproducer"), _TEXT)
LAWS = dict.fromkeys(("run_id", "activation", "parameters"), _TEXT) | {"order": _WHOLE}
LAWS |= dict.fromkeys((*_CASE, "law", "status", "reason"), _TEXT)
LAWS |= {"checked": _WHOLE, "broken": _WHOLE, "example_bits": "UInt64", "example": _REAL, "got": _TEXT, "where": _TEXT}
LAWS |= {"steps": _REAL, "low": _REAL, "high": _REAL}
