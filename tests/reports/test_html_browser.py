"""The page in a real browser: it opens, sorts, filters, leads to details, and complains of nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.runs.results import Run
from reports.html import render
from reports.tidy import to_csv
from reports.words import DEFECTS, ORDERS

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="there is no Chromium on the path")
_QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=_CHROMIUM, args=[*_QUIET, "--disable-sync"])
        yield started
        started.close()


@pytest.fixture(params=[("light", 1400), ("dark", 390)], ids=["wide", "phone"])
def page(request: Any, run: Run, browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page, opened; a message on the console, an error or a request to anywhere fails the test."""
    scheme, width = request.param
    place = tmp_path / "report.html"
    place.write_text(render(run))
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda asked: None if re.match("(file|blob|data):", asked.url) else complaints.append(asked.url))
    opened.goto(place.as_uri())
    yield opened
    opened.close()
    assert not complaints


def _shown(page: Any, table: str) -> list[str]:
    found: list[str] = page.locator(f"#{table} tbody tr:visible").all_inner_texts()
    return found


def test_nothing_is_wider_than_the_window(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_the_matrix_is_filtered(page: Any) -> None:
    rows = len(_shown(page, "matrix-table"))
    controls = page.locator("[data-table=matrix-table]")
    controls.locator("input").fill("softplus grad")
    shown = _shown(page, "matrix-table")
    assert 0 < len(shown) < rows
    assert all("softplus" in row and "gradient" in row for row in shown)
    assert controls.locator("output").inner_text() == f"{len(shown)} of {rows} rows"
    controls.locator("input").fill("")
    controls.locator("select").nth(1).select_option("float64")
    assert all("float64" in row for row in _shown(page, "matrix-table"))
    controls.locator("select").nth(2).select_option("vanished")
    assert all("vanished" in row for row in _shown(page, "matrix-table"))
    assert _shown(page, "matrix-table")


def _rank(text: str) -> tuple[int, float]:
    """A cell of the matrix as it should sort: what was not measured, then by class, then by error."""
    _, shown, *label = text.split(maxsplit=2)
    if not label:
        return -1, 0.0
    name = "correct" if label[0] == "correctly rounded" else label[0]
    return -(*DEFECTS, "faithful", "correct").index(name) + 8, float(shown)


def test_tables_are_sorted_by_numbers_and_words(page: Any) -> None:
    heading = page.locator("#matrix-table thead th").nth(3)
    for direction in ("ascending", "descending"):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == direction
        cells = page.locator("#matrix-table tbody tr > :nth-child(4)")
        ranks = [_rank(text) for text in cells.all_inner_texts()]
        assert ranks == sorted(ranks, reverse=direction == "descending")
        assert len(set(ranks)) > 8
    heading = page.locator("#matrix-table thead th").nth(1)
    heading.locator("button").click()
    orders = page.locator("#matrix-table tbody tr > :nth-child(2)").all_inner_texts()
    assert orders == sorted(orders, key=list(ORDERS.values()).index)
    page.locator("#matrix-table thead th button").first.click()
    names = page.locator("#matrix-table tbody th").all_inner_texts()
    assert names == sorted(names)


def test_a_click_leads_to_the_detail_and_an_address_too(page: Any, run: Run) -> None:
    page.locator("#matrix-table tbody tr[data-activation=sigmoid][data-number='1'][data-form=float16] td").last.click()
    page.wait_for_selector("#detail[open] .content table")
    assert page.locator("#detail-title").inner_text() == "sigmoid: gradient, float16"
    chosen = (run.accuracy.activation == "sigmoid") & (run.accuracy.order == 1) & (run.accuracy.format == "float16")
    rows = page.locator("#detail .content table").first.locator("tbody tr")
    assert rows.count() == int(chosen.sum())
    for row, text in zip(run.accuracy[chosen].to_dict("records"), rows.all_inner_texts(), strict=True):
        assert row["worst_exact"] in text
        assert f"0x{row['worst_input_bits']:04x}" in text
    assert page.locator("#detail > .chart svg path").count() >= 2
    told = page.locator("#detail > .chart svg .label" if page.viewport_size["width"] > 500 else "#detail > .readout").first
    assert told.text_content().startswith("worst: x =")
    address = page.url
    assert "#detail/sigmoid/" in address
    page.keyboard.press("Escape")
    page.wait_for_function("location.hash === ''")  # a dialog tells that it was closed only after it is hidden
    assert page.locator("#detail").is_hidden()
    page.goto(address)
    page.wait_for_selector("#detail[open] .content table")
    assert "python -c $'" in (page.locator("#detail .content pre code").first.text_content() or "")
    box = page.locator("#detail > .chart svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert re.search(r"x from .* to .*: .*ulp", page.locator("#detail > .readout").inner_text())


def test_the_numbers_of_a_detail_are_those_of_the_frames(page: Any, run: Run) -> None:
    page.locator("#matrix-table tbody tr[data-activation=sigmoid][data-number='1'][data-form=float64] td").last.click()
    page.wait_for_selector("#detail[open] .content table")
    assert page.locator("#detail-title").inner_text() == "sigmoid: gradient, float64"
    accuracy, agreement, laws = (
        frame[(frame.activation == "sigmoid") & (frame.order == 1) & (frame.format == "float64")]
        for frame in (run.accuracy, run.agreement, run.laws)
    )
    rows = [row.locator("td").all_inner_texts() for row in page.locator("#detail table.cases tbody tr").all()]
    for cells, (_, row) in zip(rows, accuracy[accuracy.status == "ok"].iterrows(), strict=True):
        assert (cells[0].strip(), cells[1]) == (f"{row.backend}:{row['mode']}", row.route)
        defects = {f"{name} {int(row[name]):,}" for name in DEFECTS if row[name]}
        assert set(cells[2].split(", ")) == (defects or {"faithful" if row.faithful else "correctly rounded"})
        assert [float(cell) for cell in cells[3:6]] == pytest.approx([row.max_ulp, row.mean_ulp, row.p99_ulp], rel=1e-3)
        assert cells[6].split() == [repr(float(row.worst_input)), f"0x{row.worst_input_bits:016x}"]
        assert cells[7:] == [f"0x{row.worst_output_bits:016x}", row.worst_exact]
    told = page.locator("#detail .content").inner_text()
    equal = int((agreement.differing == 0).sum())
    assert f"{equal} of {len(agreement)} pairs give the same bits on all {agreement.inputs.iloc[0]:,} inputs." in told
    for _, row in agreement[agreement.differing > 0].iterrows():
        assert re.search(rf"{row['first']}\s+{row.second}\s+{row.differing:,}\s+{row.largest_distance:,}\s", told)
    for _, row in laws[laws.status == "broken"].iterrows():
        assert f"{row.broken:,} of {row.checked:,}" in told


def _point(page: Any, at: Any, right: float) -> None:
    """Move the pointer so many pixels to the right of where an element begins."""
    at.evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = at.bounding_box()
    page.mouse.move(box["x"] + right, box["y"] + box["height"] / 2)


def test_distributions_and_percentiles_are_drawn_and_tell_what_is_pointed_at(page: Any, run: Run) -> None:
    page.locator("#matrix-table tbody tr[data-activation=sigmoid][data-number='1'][data-form=float16] td").last.click()
    page.wait_for_selector("#distribution svg")
    spread, along = (
        frame[(frame.activation == "sigmoid") & (frame.order == 1) & (frame.format == "float16")]
        for frame in (run.distribution, run.percentiles)
    )
    cases = spread.groupby(["backend", "route"])
    different = {tuple(map(tuple, rows[["ulp_low", "ulp_high", "count"]].to_numpy())) for _, rows in cases}
    lines = page.locator("#distribution svg path").count()
    assert 4 < len(different) <= lines == page.locator("#distribution svg circle").count() <= len(cases)
    own = spread[(spread.backend == "torch") & (spread.route == "autodiff")]
    lows, highs, counts = (own[name].tolist() for name in ("ulp_low", "ulp_high", "count"))
    told = page.evaluate("([l, h, c, at]) => shareAt(corners(l, h, c), Math.log2(at))", [lows, highs, counts, 1.0])
    assert told == own[own.ulp_high <= 1].share.max()
    box = page.locator("#distribution svg").bounding_box()
    _point(page, page.locator("#distribution svg"), box["width"] - 20)
    assert re.match(r"Within about \S+ ulp: .*torch:eager autodiff.*: all", page.locator("#distribution + .readout").inner_text())
    names = page.locator("#percentiles figcaption").all_inner_texts()
    assert {name for text in names for name in text.split(", ")} == {f"{who}:eager {route}" for who, route in cases.groups}
    number = next(number for number, text in enumerate(names) if "torch:eager autodiff" in text)
    mine = along[(along.backend == "torch") & (along.route == "autodiff")]
    panel = page.locator("#percentiles svg").nth(number)
    assert panel.locator("rect").count() == len(mine)
    _point(page, panel.locator("rect").last, 2)
    last = mine.sort_values("x_low").iloc[-1]
    told = page.locator("#percentiles + .readout").inner_text()
    assert told.startswith("torch:eager autodiff")
    assert f"x from {last.x_low:g} to " in told
    assert f", {last.inputs:,} inputs: half of the errors up to about " in told


def test_the_data_in_the_page_are_the_frames(page: Any, run: Run, tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.locator("[data-download=accuracy]").click()
    assert waiting.value.suggested_filename == "accuracy.csv"
    waiting.value.save_as(tmp_path / "accuracy.csv")
    assert (tmp_path / "accuracy.csv").read_text() == to_csv(run.accuracy)


def test_findings_unfold_their_script(page: Any, run: Run) -> None:
    page.locator("#findings-table details summary").first.click()
    code = page.locator("#findings-table details pre code").first
    code.wait_for()
    first = run.findings[run.findings.reproducer != ""].iloc[0].reproducer
    assert code.inner_text().count("\\n") == first.count("\n")
    page.locator("[data-table=findings-table] select").first.select_option("minor")
    assert all("minor" in row for row in _shown(page, "findings-table"))
