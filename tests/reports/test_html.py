"""The page as text: complete, self-contained, reproducible, and true to the frames."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from harness.formats import FORMATS
from harness.runs.plan import Request
from harness.runs.results import Run
from harness.runs.saved import load
from reports import account, embedded, html
from reports.html import agreement, render, special
from reports.matrix import OWN
from reports.words import DEFECTS, ulps


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return render(run)


class _Page(HTMLParser):
    """The rows of the matrix, all texts, identifiers and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[tuple[dict[str, str | None], list[str]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)
        self.ids += [known["id"]] if known.get("id") else []  # type: ignore[list-item]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag == "tr" and "data-form" in known:
            self.rows.append((known, []))
        elif tag == "td" and self.rows and len(self.rows[-1][1]) < 100:
            self.rows[-1][1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else at {self.getpos()}"
        if tag == "table":
            self.rows, self.matrix = [], getattr(self, "matrix", self.rows)

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1][1]:
            self.rows[-1][1][-1] += data


def test_the_same_frames_give_the_same_bytes(folder: Path, page: str) -> None:
    assert render(load(folder)) == page
    assert str(folder) not in page


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    found = _Page(page)
    assert not found.open
    assert all(link.startswith(("#", "data:,")) for link in found.links)
    assert not re.search(r"@import|url\((?!#)", page)
    assert len(set(found.ids)) == len(found.ids)
    for link in found.links:
        assert link == "data:," or link[1:] in found.ids


def test_every_cell_of_the_matrix_is_a_row_of_the_frame(run: Run, page: str) -> None:
    own = run.accuracy[run.accuracy.route.isin(OWN)]
    cells = 0
    for attributes, texts in _Page(page).matrix:
        part = own[(own.activation == attributes["data-activation"]) & (own.parameters == attributes["data-parameters"])]
        part = part[(part.order == int(attributes["data-number"] or "")) & (part.format == attributes["data-form"])]
        for text, row in zip(texts[2:], part.to_dict("records"), strict=True):
            cells += 1
            if row["status"] != "ok":
                assert row["status"] in text
                continue
            assert ulps(row["max_ulp"]) in text
            worst = next(name for name in (*DEFECTS, "faithful", "correct") if row[name])
            assert worst in text
    assert cells == len(own)


def test_what_did_not_run_is_told_with_its_reason(run: Run, page: str) -> None:
    assert "Not measured:" in page
    assert page.count("NumPy has no bfloat16") >= 2
    assert [(row["who"], row["status"], row["cases"]) for row in account.not_run(run.accuracy)] == [
        ("numpy:eager", "unsupported", len(run.accuracy[run.accuracy.status != "ok"]))
    ]


def test_the_command_that_reproduces_it(folder: Path, page: str) -> None:
    (command,) = account.commands(load(folder))
    assert command.startswith("lastbit run sigmoid 'softplus(beta=2)' --backend numpy --backend torch:eager --format float16")
    assert command.endswith("--order 0 --order 1 --inputs 4096")
    assert "softplus(beta=2)&#39; --backend numpy" in page
    asked = Request(own="/home/somebody/mine.py", search=1000, implementations=("kernels.py:fast+slope",), seed=3)
    expected = "lastbit run --seed 3 --search 1000 --activations mine.py --implementation kernels.py:fast+slope --speed"
    assert account.command(asked, timed=True) == expected


def test_agreement_is_the_sum_over_the_passes(run: Run) -> None:
    names, rows = agreement(run.agreement)
    assert names == ["numpy:eager", "torch:eager"]
    own = run.agreement[run.agreement["first"].str.endswith(OWN) & run.agreement["second"].str.endswith(OWN)]
    cell = rows[0][1]
    assert cell is not None
    assert cell[1] == own.equal.sum() / own.inputs.sum()
    assert 0 < cell[1] < 1
    assert rows[1][0] == cell
    assert rows[0][0] is None


def test_special_inputs_that_are_wrong_are_listed(run: Run) -> None:
    found = special(run.curves)
    points = run.curves[((run.curves.x_low == run.curves.x_high) | run.curves.x_low.isna()) & run.curves.route.isin(OWN)]
    cases = run.curves[run.curves.route.isin(OWN)].drop_duplicates(["activation", "order", "format", "backend"])
    assert found["results"] == len(points) == 5 * len(cases)
    assert found["wrong"] == (~points["class"].isin(["correct", "faithful"])).sum() > 0
    assert any(row["who"] == "numpy:eager" and row["got"] == "nan" and row["input"] == "-inf" for row in found["rows"])


def _unpack(packed: str) -> str:
    return gzip.decompress(base64.b64decode(packed)).decode()


def test_what_is_drawn_is_within_a_quarter_of_a_digit(run: Run) -> None:
    data = json.loads(_unpack(embedded.drawn(run.curves)))
    letters = {name[0]: name for name in ("correct", "faithful", "inaccurate", "vanished", "overflowed", "nan", "special")}
    letters["u"] = "flushed"
    checked = 0
    for name, parameters, order, form, cases, marks in data["lines"]:
        rows = run.curves[(run.curves.activation == name) & (run.curves.parameters == parameters)]
        rows = rows[(rows.order == order) & (rows.format == form) & (rows.x_low < rows.x_high)]
        for case in cases:
            backend, _, route = case.partition(":")[0], *case.partition(" ")[1:]
            mine = rows[(rows.backend == backend) & (rows.route == route)].set_index("x_low")
            for (low, _), at in zip(data["edges"], range(0, len(marks), 3), strict=True):
                mark = marks[at : at + 3]
                if mark == "...":
                    assert float(low) not in mine.index
                    continue
                row = mine.loc[float(low)]
                assert letters[mark[0]] == row["class"]
                if mark[1:] == "--":
                    assert pd.isna(row.ulp)
                elif row.ulp > 2**-20:
                    assert abs(2 ** (int(mark[1:], 36) / 4 - 20) / row.ulp - 1) < 0.1
                checked += 1
    assert checked > 1000


def test_distributions_in_the_page_are_those_of_the_frame(run: Run) -> None:
    data = json.loads(_unpack(embedded.distributions(run.distribution)))
    cases = dict(list(run.distribution.groupby(["activation", "parameters", "order", "format", "backend", "route"])))
    for name, parameters, order, form, who, lows, highs, counts in data["lines"]:
        for each in who:
            rows = cases.pop((name, parameters, order, form, each.partition(":")[0], each.partition(" ")[2]))
            assert (lows, highs, counts) == (rows.ulp_low.tolist(), rows.ulp_high.tolist(), rows["count"].tolist())
    assert not cases


def test_percentiles_in_the_page_are_within_a_quarter_of_a_digit(run: Run) -> None:
    data = json.loads(_unpack(embedded.percentiles(run.percentiles)))
    keys = ["activation", "parameters", "order", "format", "backend", "route", "x_low"]
    rows = run.percentiles.set_index(keys).sort_index().to_dict("index")
    for name, parameters, order, form, who, marks, inputs in data["lines"]:
        for place, ((low, high), count) in enumerate(zip(data["edges"], inputs, strict=True)):
            mark = marks[6 * place : 6 * place + 6]
            for each in who:
                key = (name, parameters, order, form, each.partition(":")[0], each.partition(" ")[2], float(low))
                if not count:
                    assert mark == "......"
                    assert key not in rows
                    continue
                row = rows.pop(key)
                assert (row["x_high"], row["inputs"]) == (float(high), count)
                for digits, column in zip((mark[:2], mark[2:4], mark[4:]), ("p50_ulp", "p99_ulp", "max_ulp"), strict=True):
                    assert abs(2 ** (int(digits, 36) / 4 - 20) / max(row[column], 2.0**-20) - 1) < 0.1
    assert not rows


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_scripts_give_the_worst_result_with_the_framework_alone(run: Run, backend: str) -> None:
    scripts = json.loads(_unpack(embedded.scripts(run.accuracy)))
    chosen = (run.accuracy.activation == "sigmoid") & (run.accuracy.backend == backend) & (run.accuracy.format == "float16")
    row = run.accuracy[chosen & (run.accuracy.order == 1) & (run.accuracy.route == "autodiff")].iloc[0]
    script = (
        scripts[f"{backend}:eager|sigmoid|{{}}|1"].replace("@X@", repr(float(row.worst_input))).replace("@FORMAT@", "float16")
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([repr(FORMATS["float16"].value(int(row.worst_output_bits)))])


def test_what_is_too_large_for_the_page_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = render(run)
    packed = embedded.frames(run, 2_000_000)[0]
    assert list(packed) == ["accuracy", "findings", "special_values", "environments", "agreement", "laws"]
    limit = len(whole.encode()) - 1000
    monkeypatch.setattr(html, "_LIMIT", limit)
    page = render(run)
    assert limit - len(packed["laws"]) < len(page.encode()) <= limit
    assert "too large for this page: laws" in page
    assert "too large" not in whole
    assert 'id="data-agreement"' in page
    assert 'id="data-laws"' not in page


def test_a_run_without_curves_or_findings_has_a_page(run: Run) -> None:
    bare = Run(run.run_id, run.accuracy, run.agreement.head(0), run.findings.head(0), run.laws.head(0), run.environments.head(0))
    text = render(bare)
    assert "saved without the results at special inputs" in text
    assert "<p>None.</p>" in text


def test_text_from_frames_is_no_markup(run: Run) -> None:
    evil = run.accuracy.assign(reason="<script>alert(1)</script>", status="failed")
    assert "<script>alert" not in render(Run(run.run_id, evil, run.agreement, run.findings, run.laws, run.environments))


def test_a_row_of_special_inputs_tells_of_nobody_what_was_not_measured(run: Run) -> None:
    """NumPy has no bfloat16: what it has in common with PyTorch in the other formats says nothing of it there."""
    chosen = (run.curves.activation == "sigmoid") & (run.curves.order == 0) & (run.curves.route == "native")
    points = run.curves[chosen & (run.curves.worst_input == float("inf"))].assign(worst_output=0.5)
    points["class"] = "special"
    found = special(points)
    told = [(who, form) for row in found["rows"] for who in row["who"].split(", ") for form in row["formats"].split(", ")]
    assert sorted(told) == sorted(zip(points.backend + ":" + points["mode"], points.format, strict=True))
    assert len(found["rows"]) == 2
    assert found["wrong"] == 5
