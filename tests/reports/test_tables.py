"""LaTeX and Markdown tables."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.runs.results import Run
from reports import latex, markdown
from reports.latex import escape
from reports.matrix import OWN, matrix
from reports.words import rounded_up

_DOCUMENT = r"""\documentclass{article}
\usepackage[landscape]{geometry}
\usepackage{booktabs,siunitx}
\begin{document}
\input{report}
\end{document}
"""


def _has_packages() -> bool:
    found = shutil.which("kpsewhich")
    command = [str(found), "booktabs.sty", "siunitx.sty"]
    return bool(found and shutil.which("pdflatex")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _wide(run: Run) -> Run:
    """As many implementations and functions as a run of everything has."""
    shown = run.accuracy[(run.accuracy.format == "float16") & (run.accuracy.activation == "sigmoid")]
    shown = shown[shown.route.isin(OWN)]
    names = [("jax", "eager"), ("jax", "compiled"), *(("tensorflow", mode) for mode in ("eager", "compiled", "xla"))]
    modes = [shown[shown.backend == "torch"].assign(backend=backend, mode=mode) for backend, mode in names]
    many = [part.assign(activation=f"hard_function_number_{n}") for part in (shown, *modes) for n in range(32)]
    return Run(run.run_id, pd.concat([run.accuracy, *many]), run.agreement, run.findings, run.laws, run.environments)


@pytest.mark.skipif(not _has_packages(), reason="there is no pdflatex with booktabs and siunitx")
def test_tables_compile_and_fit_on_the_page(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.tex").write_text(latex.render(_wide(run)))
    (tmp_path / "paper.tex").write_text(_DOCUMENT)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
    log = (tmp_path / "paper.log").read_text(errors="replace")
    assert "Overfull" not in log
    assert "too large for page" not in log


def test_every_case_is_in_a_table(run: Run) -> None:
    _, lines = matrix(run.accuracy)
    text = latex.render(run)
    rows = [line for line in text.splitlines() if line.startswith(("sigmoid", "softplus"))]
    assert len(rows) == len(lines)
    measured = run.accuracy[run.accuracy.route.isin(OWN) & (run.accuracy.status == "ok")]
    assert sum(row.count(r"\num") + row.count("--") for row in rows) == len(measured)
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == len({line.key[2:] for line in lines})
    assert text.count(r"\multicolumn{1}{c}{numpy}") == 4  # of two orders in three formats none in bfloat16
    assert latex.render(run) == text


@given(st.floats(min_value=0, max_value=1e300))
def test_errors_are_rounded_up_to_three_digits(error: float) -> None:
    shown = float(rounded_up(error))
    assert error <= shown * (1 + 1e-15)
    assert shown <= error * 1.01 + 5e-324


def test_text_is_escaped() -> None:
    assert escape("a_b & 50 % {x} \\ ~^#$<>") == (
        r"a\_b \& 50 \% \{x\} \textbackslash{} \textasciitilde{}\textasciicircum{}\#\$\textless{}\textgreater{}"
    )


def test_markdown_has_the_matrix_the_findings_and_what_is_missing(run: Run) -> None:
    text = markdown.render(run)
    html = MarkdownIt("commonmark").enable("table").render(text)
    columns, lines = matrix(run.accuracy)
    assert html.count("<tr>") == len(lines) + 1 + 2  # both tables' heads, one case that is missing
    assert "NumPy has no bfloat16" in html
    assert "<p>softplus(beta=2.0): values " in html
    assert html.count("<li>") >= min(len(run.findings), 20)
    own = run.findings[run.findings.definition == ""]
    first, second = (line for line in text.splitlines() if line.startswith("### Findings in "))
    assert first == f"### Findings in frameworks: {len(own)}"
    assert second == f"### Findings in the textbook's formulas in numpy: {len(run.findings) - len(own)}"
    assert text.index(second) < text.index(f"\n{len(own) + 1}. ")  # numbered as in the frame
    assert "lastbit run sigmoid 'softplus(beta=2)'" in text
    assert markdown.render(run) == text
    assert all(row.count("|") == len(columns) + 4 for row in text.splitlines() if row.startswith("| sigmoid"))
    assert len(columns) == 2


def test_markdown_fits_into_an_issue_with_the_worst_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = markdown.render(run)
    monkeypatch.setattr(markdown, "_LIMIT", len(whole) - 200)
    text = markdown.render(run)
    assert len(text) <= len(whole) - 200
    rows = [line for line in whole.splitlines() if line.startswith(("| sigmoid", "| softplus"))]
    kept = [row for row in rows if row in text.splitlines()]
    assert 0 < len(kept) < len(rows)
    assert f"The {len(kept)} worst of {len(rows)} rows" in text
    assert all("vanished" in row or "nan" in row for row in kept[:1])
    left = set(rows) - set(kept)
    assert not any("vanished" in row for row in left) or all("vanished" in row for row in kept)
    assert "worst of" not in whole
