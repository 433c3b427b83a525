"""Verdicts where CIs look for them: whatever is in the names and reasons, the documents are well formed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from harness.gate.verdict import OUTCOMES, CaseVerdict, exit_code, last_line, ranked
from reports import gate, github, junit, sarif

ANY = st.text(max_size=30) | st.sampled_from(["\x1b[2J", "]]>", "a|b`c`\n::error::x", "=cmd()", "%0A", "\x00\ud800\ufffe"])
VERDICTS = st.lists(
    st.builds(
        CaseVerdict,
        ANY,
        st.sampled_from([outcome for outcome in OUTCOMES if "appeared" not in outcome]),
        st.lists(ANY, max_size=3),
        st.fixed_dictionaries({}, optional={"seconds": st.floats(), "max_ulp": st.none() | st.floats(), "reason": ANY}),
        st.none() | st.builds(Path, st.sampled_from(["lastbit.toml", "a b,c:d.toml"])),
    ),
    max_size=6,
)


TOTALS = {"tests", "failures", "errors", "time"}
SAID = {"type", "message"}
JUNIT: dict[str, tuple[set[str], str]] = {
    "testsuites": (TOTALS, "testsuite"),
    "testsuite": (TOTALS | {"name", "skipped"}, "(testcase )*testcase|"),
    "testcase": ({"classname", "name", "time"}, "properties( skipped| error| failure| system-out)?"),
    "properties": (set(), "(property )*property|"),
    "property": ({"name", "value"}, ""),
    "system-out": (set(), ""),
} | dict.fromkeys(("skipped", "error", "failure"), (SAID, ""))
"""By element: its attributes, and what is in it; common to the schemas, see :mod:`reports.junit`."""


def check_form(element: ElementTree.Element) -> None:
    """Hold an element, and all in it, against the schemas."""
    attributes, inside = JUNIT[element.tag]
    assert set(element.attrib) == attributes, element.tag
    assert re.fullmatch(inside, " ".join(each.tag for each in element)), element.tag
    for name in {"tests", "failures", "errors", "skipped", "time"} & set(element.attrib):
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)?" if name == "time" else "[0-9]+", element.attrib[name])
    for each in element:
        check_form(each)


@settings(max_examples=200, deadline=None)
@given(VERDICTS)
def test_documents_are_well_formed_whatever_they_say(verdicts: list[CaseVerdict]) -> None:
    root = ElementTree.fromstring(junit.document(verdicts))
    check_form(root)
    assert len(root.findall(".//testcase")) == len(verdicts)
    assert len(root.findall(".//failure")) == int(str(root.get("failures"))) == sum(each.outcome == "worse" for each in verdicts)
    assert len(root.findall(".//error")) == int(str(root.get("errors"))) == sum(each.outcome == "missing" for each in verdicts)
    log = json.loads(sarif.document(verdicts))
    (sarif_run,) = log["runs"]
    assert (log["version"], sarif_run["tool"]["driver"]["name"]) == ("2.1.0", "lastbit")
    rules = {rule["id"] for rule in sarif_run["tool"]["driver"]["rules"]}
    for result in sarif_run["results"]:
        assert result["message"]["text"]
        assert result["ruleId"] in rules
        assert result["level"] in ("error", "warning", "note", "none")
        for location in result["locations"]:
            assert location["physicalLocation"]["region"]["startLine"] >= 1
            assert re.fullmatch(r"[\w./%~-]+", location["physicalLocation"]["artifactLocation"]["uri"], re.ASCII)
    results = sarif_run["results"]
    assert len(results) == sum(each.outcome in ("worse", "missing", "undecided") for each in verdicts)
    page = github.summary(verdicts)
    assert sum(line.startswith("| ") for line in page.split("\n")) == len(verdicts) + 1
    for command in github.commands(verdicts):
        assert command.startswith("::")
        assert "\n" not in command


def test_what_matters_most_comes_first() -> None:
    verdicts = [CaseVerdict(outcome, outcome, row={"exhaustive": outcome != "ok"}) for outcome in reversed(OUTCOMES)]
    assert [each.name for each in ranked(verdicts)] == list(OUTCOMES)
    console = Console(record=True, width=80)
    gate.show(console, ranked(verdicts))
    lines = console.export_text().splitlines()
    assert [line.split()[0] for line in lines] == list(OUTCOMES)
    assert [line.endswith("(a sample)") for line in lines] == [outcome == "ok" for outcome in OUTCOMES]


def test_a_summary_stays_far_below_a_mebibyte() -> None:
    worse = [CaseVerdict(f"case {number}" * 50, "worse", ["why" * 200]) for number in range(5000)]
    page = github.summary([CaseVerdict("fine"), *worse])
    assert len(page.encode()) <= github.LARGEST < 1 << 20
    assert page.startswith("### lastbit: 1 ok, 5000 worse")
    assert "more" in page.split("\n")[-3]
    assert "fine" not in page
    assert len(list(github.commands(worse))) == 10


@pytest.mark.parametrize(
    ("outcomes", "plain", "strict"),
    [
        ([], 0, 0),
        (["ok", "better"], 0, 0),
        (["ok", "undecided"], 3, 1),
        (["missing", "undecided"], 4, 4),
        (["missing", "worse", "undecided"], 1, 1),
        (["appeared"], 0, 0),
        (["disappeared"], 3, 1),
    ],
)
def test_exit_codes(outcomes: list[str], plain: int, strict: int) -> None:
    verdicts = [CaseVerdict("case", outcome) for outcome in outcomes]
    assert (exit_code(verdicts, False), exit_code(verdicts, True)) == (plain, strict)
    counts = {word: count for count, word in (part.split() for part in last_line(verdicts).split(", "))}
    assert counts == {name: str(outcomes.count(name)) for name in ("ok", "worse", "better", "undecided", "missing")}


def test_sarif_points_to_the_function(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text("import math\n\n\ndef f(x):\n    return x\n\n\ndef g(x):\n    return x\n")
    verdict = CaseVerdict("case", "worse", row={"implementation": "k.py:f+g", "order": 0}, path=tmp_path / "lastbit.toml", line=7)
    assert sarif.source(verdict) == (str(tmp_path / "k.py"), 4)
    verdict.row["order"] = 1
    assert sarif.source(verdict) == (str(tmp_path / "k.py"), 8)
    for other in ("gone.py:f", "package.module:f", ""):
        verdict.row["implementation"] = other
        assert sarif.source(verdict) == (str(tmp_path / "lastbit.toml"), 7)
