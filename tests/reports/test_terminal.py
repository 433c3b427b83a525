"""The screen that a run ends with: it is one screen, nothing is cut, and what it says is in the frames."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commandline import lastbit, refusal
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.runs.results import Run
from reports import html, markdown, terminal
from reports.alike import alike, together, who
from reports.brief import briefs, told
from reports.matrix import OWN
from reports.verdict import verdicts
from reports.words import DEFECTS, GLYPHS, bound, folded, records

_FRAMEWORKS = [("numpy", "eager"), *((name, mode) for name in ("torch", "jax", "tensorflow") for mode in ("eager", "compiled"))]
_OTHER_BITS = {("torch", "compiled", 1), ("torch", "compiled", 2), ("jax", "compiled", 2)}
"""Where two modes of a framework do not give the same bits; so it is in the run that nobody chooses anything for."""

_FOLDER = "lastbit-run-20260101-000000"


def screen(run: Run, width: int = terminal.WIDTH, **choice: Any) -> list[str]:
    out = io.StringIO()
    terminal.show(Console(file=out, width=width, **choice), run)
    return out.getvalue().splitlines()


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Sigmoid as a run has it that nobody chooses anything for: four formats, three orders, seven implementations."""
    rows = frame[(frame.activation == "sigmoid") & (frame.backend == "torch")]
    rows = pd.concat([rows, rows[rows.format == "float64"].assign(format="float32")])
    rows = pd.concat([rows, rows[rows.order == 1].assign(order=2)])
    every = []
    for backend, mode in _FRAMEWORKS:
        others = [(backend, mode, order) in _OTHER_BITS for order in rows.order]
        digest = backend + rows.output_digest + pd.Series(others, index=rows.index).map({True: mode, False: ""})
        every.append(rows.assign(backend=backend, mode=mode, output_digest=digest))
    lacking = (every[0].format == "bfloat16").map({True: "unsupported", False: "ok"})
    every[0] = every[0].assign(status=lacking, reason=lacking.map({"ok": "", "unsupported": "NumPy has no bfloat16"}))
    found: pd.DataFrame = pd.concat(every, ignore_index=True)
    return found


@pytest.fixture(scope="module")
def wide(run: Run) -> Run:
    accuracy = _wide(run.accuracy)
    own = accuracy[accuracy.route.isin(OWN) & (accuracy.format == "float32") & (accuracy.order < 2)]
    columns = ["activation", "parameters", "order", "route", "format", "backend", "mode", "device", "implementation"]
    speed = own[columns].assign(phase="steady", status="ok", n=65536, ns_per_element=0.8125, ratio_to=pd.NA, ratio=1.0)
    speed = speed.assign(ratio_low=0.9, ratio_high=1.1, verdict="ambiguous")
    findings = pd.concat([run.findings[run.findings.activation == "sigmoid"]] * 3, ignore_index=True)
    return replace(run, accuracy=accuracy, findings=findings, speed=speed[speed["mode"] == "eager"], folder=Path(_FOLDER))


def test_the_default_run_is_one_screen(wide: Run) -> None:
    lines = screen(wide)
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert len(re.findall(r"^\d+\. (?:severe|moderate|minor|policy) in ", text, re.MULTILINE)) >= 3
    for words in (
        "sigmoid: values ",
        "not run: numpy:eager: NumPy has no bfloat16 (unsupported, ",
        "how fast",
        "0.812",
        "saved in ",
    ):
        assert words in text
    for command in (f"lastbit findings {_FOLDER}", f"lastbit report {_FOLDER} --open", "--to text --details"):
        assert command in text


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_nothing_is_lost_in_any_width(wide: Run, width: int) -> None:
    lines = screen(wide, width)
    assert max(map(len, lines[:-2])) <= width  # commands stay in one line
    assert not [line for line in lines if "…" in line]
    cells = [line for line in lines if line.startswith(("numpy:eager ", "torch", "jax", "tensorflow", "formula "))]
    assert sum(line.count("✕") for line in cells) == sum(line.count("✕") for line in screen(wide) if "──" not in line)
    assert any("✕ vanished" in line for line in lines)  # in the cells, or in the legend


def test_cells_say_the_worst_class_and_error_of_the_frame(wide: Run) -> None:
    lines = screen(wide, 200)
    heading = next(number for number, line in enumerate(lines) if line.startswith("gradient ─"))
    (line,) = [line for line in lines[heading + 1 : heading + 6] if line.startswith("tensorflow ")]
    frame = wide.accuracy
    for form in ("float16", "bfloat16", "float32", "float64"):
        rows = frame[
            (frame.backend == "tensorflow") & (frame["mode"] == "eager") & (frame.order == 1) & (frame.route == "autodiff")
        ]
        row = rows[rows.format == form].iloc[0]
        cls = next(name for name in (*DEFECTS, "faithful", "correct") if row[name])
        assert re.search(rf"{GLYPHS[cls]} {cls} +{re.escape(bound(row.max_ulp))}(?: |$)", line), form
    assert re.search(r"numpy:eager .* – unsupported", "\n".join(lines))


def test_a_formula_is_as_bad_as_its_worst_implementation(wide: Run) -> None:
    frame = wide.accuracy.copy()
    chosen = (frame.route == "mirrored") & (frame.order == 1) & (frame.format == "float16") & (frame.backend == "jax")
    assert chosen.any()
    frame.loc[chosen, ["nan", "max_ulp"]] = [7, 512.5]
    lines = screen(replace(wide, accuracy=frame), 200)
    begin = next(number for number, line in enumerate(lines) if line.startswith("gradient ─"))
    (line,) = [line for line in lines[begin : begin + 9] if line.startswith("formula mirrored")]
    assert re.match(r"formula mirrored +\? nan +513 ", line)


def test_implementations_share_a_row_where_all_bits_are_the_same(wide: Run) -> None:
    own = wide.accuracy[wide.accuracy.route.isin(OWN)]
    known = [who(row) for row in records(own[own.order == 0])]
    shown = {order: [together(members, known) for members, _ in alike(own[own.order == order])] for order in (0, 1, 2)}
    assert shown[0] == [["numpy:eager"], ["torch"], ["jax"], ["tensorflow"]]
    assert shown[1] == [["numpy:eager"], ["torch:eager"], ["torch:compiled"], ["jax"], ["tensorflow"]]
    assert shown[2][3:5] == [["jax:eager"], ["jax:compiled"]]
    one = own[own.order == 0].copy()
    one.loc[(one.backend == "jax") & (one["mode"] == "compiled") & (one.format == "float64"), "output_digest"] = "other"
    assert ["jax:eager"] in [together(members, known) for members, _ in alike(one)]
    everywhere = one.assign(output_digest="same", status="ok")
    ((members, _),) = alike(everywhere)
    assert together(members, known) == ["numpy:eager", "torch", "jax", "tensorflow"]


def test_names_keep_device_and_function() -> None:
    known = [("torch", mode, "cuda", "k.py:f") for mode in ("eager", "compiled")]
    assert together(known, known) == ["torch@cuda k.py:f"]
    assert together(known[:1], known) == ["torch:eager@cuda k.py:f"]
    assert together(known[:1], known[:1]) == ["torch:eager@cuda k.py:f"]


def test_the_verdict_says_where_gradients_die(wide: Run) -> None:
    frame = wide.accuracy.copy()
    (said,) = verdicts(frame)
    begin = frame[(frame.order == 1) & (frame.format == "float32") & (frame.route == "autodiff")].first_vanished_positive.iloc[0]
    assert said.startswith("sigmoid: values right to ")
    assert f"gradients die from x = {begin:.3g} in every implementation (float32)" in said
    here = (frame.order == 1) & (frame.backend == "numpy")
    frame.loc[here, "first_vanished_positive"] = pd.NA
    frame.loc[here, "first_vanished_negative"] = -44.36
    (said,) = verdicts(frame)
    assert f"die from x = {begin:.3g} in torch, jax and tensorflow, from x = -44.4 down in numpy:eager (float32)" in said
    frame.loc[here, "first_vanished_positive"] = 1.5 * 44.36  # further out
    assert verdicts(frame) == [said]
    frame.loc[here & (frame.format == "float32"), "vanished"] = 0
    (said,) = verdicts(frame)
    assert "from x = -44.4 down in numpy:eager (float16)" in said


@pytest.mark.parametrize(
    ("counts", "error", "words"),
    [
        ({"nan": 1}, 3.0, "values are NaN in torch:eager"),
        ({"overflowed": 1}, 3.0, "values overflow in torch:eager"),
        ({"special": 1}, 3.0, "values are wrong at special inputs in torch:eager"),
        ({"inaccurate": 1}, 2.4999, "values right to 2.50 ulp"),
        ({"inaccurate": 1}, 1234.0, "values off by up to 1.24e3 ulp"),
        ({"flushed": 1}, 0.5, "values correctly rounded but for flushed subnormals"),
        ({"faithful": 1}, 0.75, "values faithful"),
        ({}, 0.5, "values correctly rounded"),
    ],
)
def test_the_verdict_has_a_word_for_every_class(run: Run, counts: dict[str, int], error: float, words: str) -> None:
    frame = run.accuracy[(run.accuracy.order == 0) & (run.accuracy.activation == "sigmoid") & (run.accuracy.backend == "torch")]
    frame = frame.assign(**dict.fromkeys((*DEFECTS, "faithful"), 0) | {"correct": 1, "max_ulp": 0.5})
    first = frame.index == frame.index[0]
    for name, value in (counts | {"max_ulp": error}).items():
        frame.loc[first, name] = value
    assert verdicts(frame) == [f"sigmoid: {words}"]
    assert verdicts(frame.assign(status="crashed")) == ["sigmoid: nothing was measured"]


def test_what_a_search_found_counts(run: Run) -> None:
    frame = run.accuracy[(run.accuracy.order == 0) & (run.accuracy.activation == "sigmoid") & (run.accuracy.backend == "torch")]
    frame = frame.assign(**dict.fromkeys((*DEFECTS, "faithful"), 0) | {"correct": 1, "max_ulp": 0.5, "search_max_ulp": 1.75})
    assert verdicts(frame) == ["sigmoid: values right to 1.75 ulp"]
    assert any("▲ inaccurate 1.75" in line for line in screen(replace(run, accuracy=frame)))


@given(st.integers(20, 120))
def test_no_equation_is_broken(width: int) -> None:
    text = "values die from x = -44.4 down; " * 8
    lines = folded(text, width)
    assert " ".join(line.strip() for line in lines) == text.strip()
    assert sum(line.count("x = -44.4") for line in lines) == 8
    assert max(map(len, lines)) <= width


def test_errors_in_cells_are_rounded_up() -> None:
    shown = {0.0: "0", 0.5: "0.5", 0.499999: "0.500", 0.50001: "0.501", 2.149: "2.15", 255.8: "256"}
    shown |= {1000.0: "1.00e3", 16775287.05: "1.68e7"}
    assert {error: bound(error) for error in shown} == shown
    assert bound(float("nan")) == ""


def test_a_defect_of_several_frameworks_is_told_once(run: Run) -> None:
    (row, *_) = [row for row in records(run.findings) if row["kind"] == "early_underflow" and row["backend"] == "torch"]
    other = row | {"backend": "jax", "sentence": row["sentence"].replace("torch:", "jax:", 1)}
    single = row | {"backend": "numpy", "sentence": row["sentence"].replace("torch:", "numpy:", 1), "group": "another"}
    first, second = briefs(pd.DataFrame([single, row, other]))
    assert (first.owners, first.number) == ({row["severity"]: ["torch", "jax"]}, 2)
    assert (second.owners, second.number) == ({row["severity"]: ["numpy"]}, 1)
    lines = told(first, 100).plain.splitlines()
    assert len(lines) == 2
    (lesser,) = briefs(pd.DataFrame([row, other | {"severity": "minor"}]))
    assert told(lesser, 400).plain.startswith(f"1. {row['severity']} in torch: the ")
    assert "; minor in jax; at x = " in told(lesser, 400).plain
    assert lines[0].startswith(f"2. {row['severity']} in torch, jax: the ")
    short = told(first, 400).plain
    assert all(part in short for part in (f"exact is {float(row['exact']):.4g}"[:12], row["diagnosis"].split("; ")[0]))


def test_notes_on_own_functions_are_told(wide: Run) -> None:
    assert not any(line.startswith("note: ") for line in screen(wide))
    frame = wide.accuracy.assign(definition_note="approximate=False")
    assert not any(line.startswith("note: ") for line in screen(replace(wide, accuracy=frame)))
    frame.loc[frame.backend == "jax", "implementation"] = "kernels.py:fast"
    noted = replace(wide, accuracy=frame)
    lines = screen(noted)
    assert [line for line in lines if line.startswith("note: ")] == ["note: kernels.py:fast: approximate=False"]
    assert html.render(noted).count("<strong>Note:</strong> kernels.py:fast: approximate=False.") == 1
    assert "Note: kernels.py:fast: approximate=False." in markdown.render(noted)
    assert any(line.startswith("jax kernels.py:fast ") for line in lines)


def test_reasons_are_told_failures_first_and_those_left_are_counted(wide: Run) -> None:
    frame = wide.accuracy.copy()
    for number in range(6):
        frame.loc[frame.index[-1 - number], ["status", "reason"]] = ["crashed", f"signal {number} \x1b[2J[bold]"]
    lines = screen(replace(wide, accuracy=frame))
    told = [line for line in lines if line.startswith("not run: ")]
    assert told[0] == r"not run: tensorflow:compiled: signal 5 \x1b[2J[bold] (crashed, 1 case)"
    assert told[-1] == "not run: 3 other reasons, with --details"


def test_what_is_not_plain_is_said_where_it_is(wide: Run) -> None:
    whole = "One row, the same bits; no mode: in all modes; formula: the worst of all. In ulp; sampled: at least."
    assert whole in screen(wide)
    frame = wide.accuracy[(wide.accuracy.route == "native") & (wide.accuracy["mode"] == "eager")]
    frame = frame[frame.format == "float16"].assign(exhaustive=True)
    lines = screen(replace(wide, accuracy=frame))
    assert "One row, the same bits. In ulp." in lines
    assert any(re.fullmatch("value ─+  float16, all", line.rstrip()) for line in lines)
    lines = screen(replace(wide, accuracy=frame.assign(status="crashed", reason="signal 11")))
    assert any(re.fullmatch("value ─+  float16", line.rstrip()) for line in lines)


def test_several_functions_have_a_verdict_and_a_row_each(run: Run) -> None:
    lines = screen(run)
    assert lines[0].startswith("sigmoid: values ")
    assert any(line.startswith("softplus(beta=2.0): values ") for line in lines[1:4])
    for heading in ("value ─", "gradient ─"):
        place = next(number for number, line in enumerate(lines) if line.startswith(heading))
        assert [line.split()[0] for line in lines[place + 1 : place + 3]] == ["sigmoid", "softplus(beta=2.0)"]
    assert not any(line.startswith("formula ") for line in lines)


def test_formulas_of_textbooks_are_told_apart(wide: Run) -> None:
    """In the verdict not at all, in the matrix after the frameworks, under a name of their own; so are their findings."""
    accuracy = wide.accuracy.assign(definition=(wide.accuracy.backend == "numpy").map({True: "1 / (1 + exp(-x))", False: ""}))
    accuracy.loc[(accuracy.backend == "numpy") & (accuracy.format == "float32"), "nan"] = 7
    textbook = replace(wide, accuracy=accuracy, findings=wide.findings.drop_duplicates("sentence"))
    lines = screen(textbook)
    assert len(lines) <= 45
    assert "NaN" not in lines[0]
    assert "NaN" in verdicts(wide.accuracy.assign(nan=accuracy["nan"]))[0]
    place = next(number for number, line in enumerate(lines) if line.startswith("value ─"))
    rows = [re.split(r"  +", line)[0] for line in lines[place + 1 : place + 5]]
    assert rows == ["torch", "jax", "tensorflow", "textbook numpy:eager"]
    formulas = textbook.findings[textbook.findings.definition != ""]
    assert set(formulas.backend) == {"numpy"}
    (head,) = [number for number, line in enumerate(lines) if line.startswith("findings: ")]
    said = " ".join(line.strip() for line in lines[head : head + 2])
    assert f"findings: {len(textbook.findings) - len(formulas)} in frameworks (" in said
    assert f"), {len(formulas)} in the textbook's formulas in numpy (" in said
    found = briefs(textbook.findings)
    assert [bool(each.definition) for each in found] == sorted(bool(each.definition) for each in found)
    assert told(found[-1], 400).plain.split(" in ")[1].startswith("textbook's formula")


def test_formulas_alone_have_a_verdict(run: Run) -> None:
    frame = run.accuracy[(run.accuracy.backend == "numpy") & (run.accuracy.activation == "sigmoid")]
    assert (frame[frame.route.isin(OWN)].definition == "1 / (1 + exp(-x))").all()
    assert (frame[~frame.route.isin(OWN)].definition == "").all()
    assert verdicts(frame)[0].startswith("sigmoid: values ")


def test_colours_only_where_they_are_wanted(wide: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = "\n".join(screen(wide, force_terminal=True, color_system="standard"))
    assert "\x1b[1;31m✕ vanished" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(screen(wide, force_terminal=True, color_system="standard"))
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in plain.splitlines()] == screen(wide)


def test_the_screen_of_a_saved_run_is_a_report(folder: Path, run: Run) -> None:
    done = lastbit("report", str(folder), "--to", "text", COLUMNS="300")
    assert done.stdout == terminal.render(run)
    assert "\x1b" not in done.stdout
    full = lastbit("report", str(folder), "--to", "text", "--details").stdout
    assert len(full) > 5 * len(done.stdout)
    for words in ("what ran", "agreement", "worst input, result, exact result", "sigmoid: values "):
        assert words in full


def test_the_page_is_opened(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    page = tmp_path / "page.html"
    assert lastbit("report", str(folder), "--open", "--out", str(page)).returncode == 0
    assert opened == [page.as_uri()]
    for words in (["--open", "--to", "latex"], ["--open", "--out", "-"]):
        assert "--open shows the page" in refusal("report", str(folder), *words, cwd=tmp_path)
    assert "--details prints full tables" in refusal("report", str(folder), "--details", cwd=tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    done = lastbit("report", str(folder), "--open", "--out", str(page))
    assert (done.returncode, done.stdout) == (0, f"{page}\n")
    assert done.stderr == f"lastbit: there is no browser here: open {page} in one\n"
