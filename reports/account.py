"""What was measured, what was not and why, with what, and how to do it again: what every report of a run says first."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from harness.runs.plan import EVERYTHING, Request
from harness.runs.results import Run

from .sections import summary
from .words import ORDERS, WHO, function, implementation, records

_MACHINE = ("versions", "processor", "instruction_sets", "architecture", "c_library", "python", "threads")
_AGAIN = "again"
_STATE = ("flush_to_zero_before", "flush_to_zero_after", "framework_path", "variables", "seed", "git_revision", "time")


def verdict(run: Run) -> str:
    """One line: how much was measured, and what came out."""
    measured = run.accuracy[run.accuracy.status == "ok"]
    names = measured.apply(implementation, axis=1) if len(measured) else pd.Series([], dtype=str)
    text = f"{len(measured):,} of {len(run.accuracy):,} cases measured in {names.nunique()} implementations of "
    text += f"{measured.backend.nunique()} frameworks, {int(measured.inputs.sum()):,} results compared with the exact ones. "
    text += f"Defects: {summary(run.findings)}."
    clean = int(((measured.correct + measured.faithful) == measured.inputs).sum())
    return text + f" {clean:,} cases are faithful on every input."


def not_run(accuracy: pd.DataFrame) -> list[dict[str, Any]]:
    """What was asked for and not measured, with the reason: a row per implementation, status and reason."""
    rows = []
    key: Any
    missing = accuracy[accuracy.status != "ok"]
    for key, part in missing.groupby([*WHO, "status", "reason"], sort=False):
        *which, status, reason = key
        cases = {
            f"{function(row['activation'], row['parameters'])} {ORDERS[int(row['order'])]} {row['format']} ({row['route']})"
            for row in records(part)
        }
        few = ", ".join(sorted(cases)[:3]) + (f" and {len(cases) - 3} more" if len(cases) > 3 else "")
        who = implementation(dict(zip(WHO, which, strict=True)))
        rows.append({"who": who, "status": status, "reason": reason, "cases": len(part), "which": few})
    return rows


def notes(accuracy: pd.DataFrame) -> list[tuple[str, str]]:
    """What is to be known about the user's own functions: what each is called, and how it is called or what it does besides."""
    noted = accuracy[(accuracy.implementation != "") & (accuracy.definition_note.fillna("") != "")]
    return list(dict.fromkeys((row["implementation"], row["definition_note"]) for row in records(noted)))


def sampled(accuracy: pd.DataFrame) -> list[str]:
    """For each format, whether all its inputs were measured or how many."""
    told = []
    measured = accuracy[accuracy.status == "ok"]
    for form, part in measured.groupby("format", sort=False):
        least, most = int(part.inputs.min()), int(part.inputs.max())
        count = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        how = "every input" if part.exhaustive.all() else "a stratified sample: worst cases are lower bounds"
        told.append(f"{form}: {count} inputs of each case, {how}")
    return told


def provenance(environments: pd.DataFrame) -> tuple[list[tuple[str, str]], list[str], list[list[str]]]:
    """What all implementations had in common; then the names and values of what differed."""
    if environments.empty:
        return [], [], []
    known = [name for name in (*_MACHINE, *_STATE) if name in environments]
    own = [name for name in known if environments[name].nunique(dropna=False) > 1]
    common = [(_heading(name), _text(environments[name].iloc[0])) for name in known if name not in own]
    rows = [[implementation(row), *(_text(row[name]) for name in own)] for row in records(environments)]
    return [fact for fact in common if fact[1]], ["implementation", *map(_heading, own)], rows


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def commands(run: Run) -> list[str]:
    """The command lines that measure the same again, where files of the user's own are; none where that is not known.

    A run that was extended is begun and extended again, in a directory of another name.
    """
    timed = len(run.requests) - 1 if len(run.speed) else None
    names = set(run.speed.activation.dropna()) if len(run.speed) else set()
    for number, request in enumerate(run.requests):
        if names and names <= {text.partition("(")[0] for text in request.activations or ("sigmoid",)}:
            timed = number  # times are those of the last that asked for them
    told = [command(request, number == timed) for number, request in enumerate(run.requests)]
    if len(told) > 1:
        told = [f"{line} {'--resume' if number else '--out'} {_AGAIN}" for number, line in enumerate(told)]
    return told


def command(request: Request, timed: bool = False) -> str:
    """The command line that asks for the same."""
    words = ["lastbit", "run"]
    words += ["--all"] if request.activations == EVERYTHING else list(request.activations)
    chosen = {"--backend": request.backends, "--format": request.formats, "--order": request.orders, "--route": request.routes}
    for option, values in chosen.items():
        for value in values:
            words += [option, str(value)]
    words += ["--inputs", request.inputs] if request.inputs else []
    words += ["--seed", str(request.seed)] if request.seed else []
    words += ["--search", str(request.search)] if request.search >= 0 else []
    words += ["--activations", Path(request.own).name] if request.own else []
    for own in request.implementations:
        words += ["--implementation", re.sub(r"^[^:]*/", "", own)]
    words += ["--speed"] if timed else []
    if request.laws != (request.activations == EVERYTHING):
        words.append("--laws" if request.laws else "--no-laws")
    return shlex.join(words)
