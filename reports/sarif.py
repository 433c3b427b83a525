"""Verdicts as SARIF 2.1.0: what code scanning shows at the place where a function of one's own is defined."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backends.target import parse

if TYPE_CHECKING:
    from harness.gate.verdict import CaseVerdict

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"worse": "error", "missing": "error", "undecided": "warning"}
_RULES = {
    "worse": "The case breaks a limit, or is worse than the baseline.",
    "missing": "The case could not be measured.",
    "undecided": "It could not be decided whether the case holds.",
}


def document(verdicts: Sequence[CaseVerdict]) -> bytes:
    """The document: a result for every case that does not hold."""
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in _RULES.items()]
    driver = {"name": "lastbit", "version": metadata.version("lastbit"), "rules": rules}
    results = [_result(verdict) for verdict in verdicts if verdict.outcome in _LEVELS]
    runs = [{"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}, indent=1).encode() + b"\n"


def _result(verdict: CaseVerdict) -> dict[str, Any]:
    file, line = source(verdict)
    place = {"artifactLocation": {"uri": quote(Path(file).as_posix())}, "region": {"startLine": line}}
    return {
        "ruleId": verdict.outcome,
        "level": _LEVELS[verdict.outcome],
        "message": {"text": f"{verdict.name}: {'; '.join(verdict.reasons)}"},
        "locations": [{"physicalLocation": place}],
    }


def source(verdict: CaseVerdict) -> tuple[str, int]:
    """Where the function of a case is defined; else where the case is demanded."""
    demanded = str(verdict.path or ""), verdict.line
    own = verdict.row.get("implementation")
    if not own or not verdict.path:
        return demanded
    target = parse(own)
    module, expression = target.module, target.function
    if target.gradient and verdict.row["order"]:
        module, expression = target.gradient_module or module, target.gradient
    if not module.endswith(".py"):
        return demanded
    name = re.split(r"[.(]", expression)[0]
    file = verdict.path.parent / module
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return demanded
    lines = [node.lineno for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name]
    return str(file), lines[0] if lines else 1
