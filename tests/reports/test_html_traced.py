"""Every number on the page is in a row of a frame, and the frames are those that the page itself carries."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import defaultdict
from html.parser import HTMLParser

import pandas as pd
import pytest

from harness.runs.results import Run
from reports.html import render
from reports.verdict import verdicts
from reports.words import DEFECTS, ORDERS, share, shorten, ulps

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
_OWN = ("native", "autodiff")


class _Page(HTMLParser):
    """The cells of all tables and the other text, by section; and the frames in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = defaultdict(list)
        self.marks: dict[str, list[dict[str, str | None]]] = defaultdict(list)
        self.words: dict[str, str] = defaultdict(str)
        self.frames: dict[str, pd.DataFrame] = {}
        self._section, self._cell, self._frame = "header", False, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "section":
            self._section = known["id"] or ""
        elif tag == "dialog":
            self._section = "dialog"
        elif tag == "tr":
            self.rows[self._section].append([])
            self.marks[self._section].append(known)
        elif tag in ("td", "th"):
            self.rows[self._section][-1].append("")
            self._cell = True
        elif tag == "small" and self._cell:
            self.rows[self._section][-1][-1] += "|"
        self._frame = (known.get("id") or "").removeprefix("data-") if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False
        elif tag == "script":
            self._frame = ""

    def handle_data(self, data: str) -> None:
        if self._frame and self._frame not in ("lines", "distribution", "percentiles", "scripts"):
            columns = json.loads(gzip.decompress(base64.b64decode(data)))
            self.frames[self._frame] = pd.DataFrame(columns, dtype="string")
        elif self._cell:
            self.rows[self._section][-1][-1] += data
        else:
            self.words[self._section] += data


@pytest.fixture(scope="module")
def page(run: Run) -> _Page:
    return _Page(render(run))


def _sum(frame: pd.DataFrame, column: str) -> int:
    return sum(map(int, frame[column]))


def _function(row: pd.Series) -> str:
    given = json.loads(row.parameters)
    return row.activation + ("(" + ", ".join(f"{name}={value}" for name, value in given.items()) + ")" if given else "")


def test_the_verdict_counts_rows_of_the_frames(page: _Page, run: Run) -> None:
    accuracy, findings = page.frames["accuracy"], page.frames["findings"]
    measured = accuracy[accuracy.status == "ok"]
    faithful = sum(int(row.correct) + int(row.faithful) == int(row.inputs) for row in measured.itertuples())
    expected = [len(measured), len(accuracy), 2, 2, _sum(measured, "inputs")]
    for part in (findings[findings.backend == "torch"], findings[findings.backend == "numpy"]):  # which has formulas only
        counts = part.severity.value_counts()
        expected += [len(part), *(counts[name] for name in ("severe", "moderate", "minor", "policy") if name in counts)]
    expected += [faithful]
    expected += [len(accuracy) - len(measured)] * 2
    said = page.words["header"]
    for sentence in verdicts(run.accuracy):  # what those say is held against the frame elsewhere
        assert f"{sentence}.\n" in said
        said = said.replace(sentence, "")
    said = re.sub(r"float(16|64)|run [0-9a-f]{12}", "", said)
    shown = [int(number.replace(",", "")) for number in _NUMBER.findall(said[said.index(" cases measured") - 20 :])]
    assert shown[: len(expected)] == expected
    for part in shown[len(expected) :]:  # how many inputs each case of a format has, and bfloat16 as a name
        assert str(part) in {*measured.inputs, "16"}


def test_every_cell_of_the_matrix_is_a_row(page: _Page) -> None:
    accuracy = page.frames["accuracy"]
    own = accuracy[accuracy.route.isin(_OWN)]
    head, *rows = page.rows["matrix"]
    cells = 0
    for mark, (name, order, form, *texts) in zip(page.marks["matrix"][1:], rows, strict=True):
        for who, text in zip(head[3:], texts, strict=True):
            backend, mode = who.split(":")
            found = own[(own.activation == mark["data-activation"]) & (own.parameters == mark["data-parameters"])]
            found = found[(found.order == mark["data-number"]) & (found.format == form)]
            (row,) = (row for _, row in found.iterrows() if (row.backend, row["mode"]) == (backend, mode))
            assert (name, order) == (_function(row), ORDERS[int(row.order)])
            cells += 1
            if row.status != "ok":
                assert text.split() == ["–", row.status]
                continue
            worst = next(cls for cls in (*DEFECTS, "faithful", "correct") if row[cls] != "0")
            shown, label = text.split(" ", 1)[1].split("|")
            assert shown == ulps(float(row.max_ulp))
            assert label == ("correctly rounded" if worst == "correct" else worst)
    assert cells == len(own)


def test_findings_are_the_rows_in_their_order(page: _Page) -> None:
    rows = [cells for cells in page.rows["findings"] if cells[0] != "no."]  # of two tables
    frame = page.frames["findings"]
    assert len(rows) == len(frame)
    known: dict[str, int] = {}
    for number, (cells, (_, row)) in enumerate(zip(rows, frame.iterrows(), strict=True), start=1):
        first = known.setdefault(row.group, number)
        assert cells[0] == str(number)
        assert cells[1].split()[-1] == row.severity
        if first == number:
            assert cells[3] == row.sentence
        else:
            assert cells[3].startswith(f"{row.backend}: {row.headline}: as no. {first}, in {row.implementations}")
    assert "In frameworks" in page.words["findings"]
    assert "In the textbook's formulas in numpy" in page.words["findings"]


def test_special_inputs_are_rows(page: _Page) -> None:
    frame = page.frames["special_values"]
    frame = frame[frame.route.isin(_OWN)]
    wrong = frame[~frame["class"].isin(["correct", "faithful"])]
    said = _NUMBER.findall(page.words["special"].replace("±0", ""))
    assert said[:3] == [f"{len(frame):,}", f"{len(wrong):,}", "1"]
    told = {
        (*facts, cls.split()[-1], one, form)
        for *facts, cls, who, forms in page.rows["special"][1:]
        for one in who.split(", ")
        for form in forms.split(", ")
    }
    points = wrong[["worst_input", "exact", "worst_output"]].replace("", "nan")
    found = {
        (_function(row), ORDERS[int(row.order)], *points.loc[at], row["class"], f"{row.backend}:{row['mode']}", row.format)
        for at, row in wrong.iterrows()
    }
    assert told == found
    assert len(found) == len(wrong)


def test_agreement_is_a_sum_of_rows(page: _Page) -> None:
    frame = page.frames["agreement"]
    own = frame[frame["first"].str.endswith(_OWN) & frame.second.str.endswith(_OWN)]
    head, *rows = page.rows["agreement"]
    for who, *texts in rows:
        for other, text in zip(head[1:], texts, strict=True):
            names = {who, other}
            pairs = own[[{one.split()[0], two.split()[0]} == names for one, two in zip(own["first"], own.second, strict=True)]]
            if who == other:
                assert text == "="
                continue
            exact = 100 * _sum(pairs, "equal") / _sum(pairs, "inputs")
            assert float(text.removesuffix(" %")) == pytest.approx(exact, abs=0.006)


def test_what_sigmoid_costs_are_rows(page: _Page) -> None:
    accuracy = page.frames["accuracy"]
    cases = accuracy[(accuracy.activation == "sigmoid") & (accuracy.order == "1") & (accuracy.status == "ok")]
    head, *rows = page.rows["derivation"][-len(cases) - 1 :]  # before it are the tables of docs/derivation.md
    assert head[:3] == ["format", "implementation", "route"]
    assert len(rows) == len(cases) > 5
    for form, who, route, vanished, zero, worst, x, exact in rows:
        backend, mode = who.split(":")
        (row,) = (
            row
            for _, row in cases.iterrows()
            if (row.format, row.route, row.backend, row["mode"]) == (form, route, backend, mode)
        )
        assert vanished == share(int(row.vanished), int(row.inputs))
        assert zero == (f"{float(row.first_vanished_positive):.6g}" if row.first_vanished_positive else "")
        assert worst == ulps(float(row.max_ulp))
        assert x == f"{float(row.worst_input):.9g}"
        assert exact == shorten(row.worst_exact)


def test_no_other_table_or_sentence_has_numbers(page: _Page) -> None:
    tables = {"matrix", "findings", "special", "agreement", "derivation", "provenance", "definitions"}
    assert {name for name, rows in page.rows.items() if rows} <= tables
    for name in ("matrix", "findings", "agreement", "data"):
        said = re.sub(r"b?float(16|32|64)|2 MB", "", page.words[name])
        assert not _NUMBER.findall(said), name
