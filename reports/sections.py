"""Two sections of every view: what frameworks give, and textbooks' formulas, which stand where a framework lacks a function."""

from __future__ import annotations

import pandas as pd

from harness.findings.severity import SEVERITIES

FRAMEWORKS = "frameworks"


def sections(findings: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The findings by whose they are, the frameworks' first; only sections that have any."""
    formulas = findings[findings.definition != ""]
    name = f"the textbook's formulas in {', '.join(dict.fromkeys(formulas.backend))}"
    found = {FRAMEWORKS: findings[findings.definition == ""], name: formulas}
    return {name: part for name, part in found.items() if len(part)}


def summary(findings: pd.DataFrame) -> str:
    """How many findings there are in each section, and of which severities."""
    return ", ".join(f"{len(part)} in {name} ({severities(part)})" for name, part in sections(findings).items()) or "none"


def severities(findings: pd.DataFrame) -> str:
    """How many findings there are of each severity."""
    counts = findings.severity.value_counts()
    return ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if name in counts)


def of_frameworks(accuracy: pd.DataFrame) -> pd.DataFrame:
    """The cases without those of textbooks' formulas; where nothing else was measured, with them."""
    own = accuracy[accuracy.definition == ""]
    return own if len(own) else accuracy
