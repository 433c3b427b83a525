"""Verdicts as JUnit XML: one test case per case, its figures as properties.

The form has no one standard. What is written is what the schemas of Jenkins (junit-10.xsd) and of Ant's reports have in common,
and the properties of a test case, as pytest writes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from harness.gate.verdict import CaseVerdict

# Characters that XML 1.0 does not have, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {"worse": "failure", "missing": "error", "undecided": "skipped"}
_ENDLESS = 1e12  # seconds that no case takes: it is no time, and sums of such are no numbers
_NOT_FIGURES = ("run_id", "seconds", "framework_seconds")


def document(verdicts: Sequence[CaseVerdict]) -> bytes:
    """The document: regressions are failures, missing cases errors, undecided ones skipped."""
    counts = {name: str(sum(_ELEMENTS.get(each.outcome) == name for each in verdicts)) for name in _ELEMENTS.values()}
    totals = {"tests": str(len(verdicts)), "failures": counts["failure"], "errors": counts["error"]}
    totals["time"] = _decimal(sum(_seconds(verdict) for verdict in verdicts))
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "lastbit"} | totals | {"skipped": counts["skipped"]})
    for verdict in verdicts:
        named = {"classname": "lastbit", "name": _legal(verdict.name), "time": _decimal(_seconds(verdict))}
        case = ElementTree.SubElement(suite, "testcase", named)
        figures = {name: value for name, value in verdict.row.items() if value is not None and name not in _NOT_FIGURES}
        properties = ElementTree.SubElement(case, "properties")
        for name, value in figures.items():
            ElementTree.SubElement(properties, "property", {"name": name, "value": _legal(str(value))})
        if verdict.outcome in _ELEMENTS:
            said = _legal("; ".join(verdict.reasons))
            element = ElementTree.SubElement(case, _ELEMENTS[verdict.outcome], {"type": verdict.outcome, "message": said})
            element.text = said
        elif verdict.reasons:
            ElementTree.SubElement(case, "system-out").text = _legal("\n".join([verdict.outcome, *verdict.reasons]))
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _seconds(verdict: CaseVerdict) -> float:
    seconds = float(verdict.row.get("seconds") or 0)
    return seconds if seconds < _ENDLESS else 0.0


def _decimal(seconds: float) -> str:
    """As the schemas want it: without an exponent."""
    return f"{max(seconds, 0.0):.6f}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("�", text)
