"""Figures: what they draw is in the frames or exact, and equal figures are equal bytes."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import mpmath
import numpy as np
import pandas as pd
import pytest

from harness.cli import report
from harness.formats import FORMATS
from harness.runs.results import Run
from reports.drawing import save
from reports.figures import FIGURES, plot, write
from reports.functions import exact_chain, rounded_chain
from reports.html import render
from reports.speeds import errors, of_calls, speeds

_WHOSE = ["backend", "route"]


@pytest.mark.slow
def test_all_figures_are_written_as_svg_pdf_and_png_the_same_twice(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    accuracy = run.accuracy[(run.accuracy.format == "float16") & (run.accuracy.activation == "sigmoid")]
    some = Run(run.run_id, accuracy, run.agreement, run.findings, run.laws, run.environments)
    for name in ("curves", "distribution", "percentiles"):
        rows = getattr(run, name)
        setattr(some, name, rows[rows.format == "float16"])
    first = write(some, one)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "path"}):  # a user's own style
        second = write(some, two)
    assert [path.name for path in first] == [path.name for path in second]
    stems = {path.stem for path in first}
    by_order = {f"{kind}-sigmoid-{order}" for kind in ("error", "distribution", "percentiles") for order in (0, 1)}
    assert {"function-sigmoid", "vanishing-sigmoid", "chain"} | by_order == stems
    assert len(first) == 3 * len(stems)
    for one_path, two_path in zip(first, second, strict=True):
        assert one_path.read_bytes() == two_path.read_bytes(), one_path.name
    assert (one / "chain.svg").read_text().count("<text") > 10  # text stays text


def test_errors_drawn_are_those_of_the_frame(run: Run) -> None:
    figure = plot(run, "error", activation="sigmoid", order=1)
    forms = [form for form in FORMATS if form in set(run.curves.format)]
    assert [axis.get_title() for axis in figure.axes] == forms
    for axis, form in zip(figure.axes, forms, strict=True):
        rows = run.curves[(run.curves.activation == "sigmoid") & (run.curves.order == 1) & (run.curves.format == form)]
        known = set(zip(rows.worst_input, np.log10(np.maximum(rows.ulp.to_numpy(float), 2.0**-6)), strict=True))
        for line in axis.get_lines():
            if str(line.get_label()).partition(":")[0] in ("numpy", "torch") and line.get_marker() == "None":
                for x, y in zip(*line.get_data(), strict=True):
                    assert (x, y) in known
        (words,) = (text.get_text() for text in axis.texts)
        worst = run.accuracy[(run.accuracy.activation == "sigmoid") & (run.accuracy.order == 1) & (run.accuracy.format == form)]
        assert f"0x{worst.loc[worst.max_ulp.idxmax()].worst_input_bits:x}" in words


def test_distributions_drawn_are_those_of_the_frame(run: Run) -> None:
    figure = plot(run, "distribution", activation="sigmoid", order=1)
    rows = run.distribution[(run.distribution.activation == "sigmoid") & (run.distribution.order == 1)]
    measured = list(run.accuracy[(run.accuracy.activation == "sigmoid") & (run.accuracy.order == 1)].itertuples())
    forms = [form for form in FORMATS if form in set(rows.format)]
    assert [axis.get_title() for axis in figure.axes] == forms
    for axis, form in zip(figure.axes, forms, strict=True):
        cases = dict(list(rows[rows.format == form].groupby(_WHOSE)))
        shown = [line for line in axis.get_lines() if ":eager" in str(line.get_label())]
        assert len(shown) >= 4
        for line in shown:
            first, *_ = str(line.get_label()).split(", ")
            who, _, formula = first.partition(" ")
            case = cases.pop((who.partition(":")[0], formula or "autodiff"))
            errors, heights = (np.asarray(values, float) for values in line.get_data())
            at = np.maximum(np.asarray(case.ulp_high, float), 2.0**-10)
            assert errors[1::2].tolist() == at.tolist()
            decades = -np.log10(np.maximum(1 - np.asarray(case.share, float), 10**-5.3))  # 90 %, 99 %, ... are equally far apart
            assert heights[1::2].tolist() == pytest.approx(decades.tolist())
            assert errors[::2].tolist() == np.maximum(np.asarray(case.ulp_low, float), 2.0**-10).tolist()
            assert heights[::2].tolist() == [0, *heights[1:-1:2]]  # level where there are no errors
            (worst,) = (each for each in measured if (each.format, each.backend, each.route) == (form, *case[_WHOSE].iloc[0]))
            assert errors[-1] == pytest.approx(float(worst.max_ulp), rel=1e-5)


def test_percentiles_drawn_are_those_of_the_frame(run: Run) -> None:
    figure = plot(run, "percentiles", activation="sigmoid", order=1)
    chosen = (run.percentiles.activation == "sigmoid") & (run.percentiles.order == 1) & (run.percentiles.route == "autodiff")
    rows = run.percentiles[chosen & (run.percentiles.x_low >= -1024) & (run.percentiles.x_high <= 1024)]
    forms = [form for form in FORMATS if form in set(rows.format)]
    panels = [axis for axis in figure.axes if axis.get_ylabel()]
    drawn = {}
    for number, panel in enumerate(panels):
        (who,) = str(panel.get_ylabel()).split(", ")
        for form, axis in zip(forms, figure.axes[number * len(forms) :], strict=False):
            levels = [line for line in axis.get_lines() if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
            for median, largest in zip(levels[::2], levels[1::2], strict=True):
                low, high = np.asarray(median.get_xdata(), float)
                drawn[who.partition(":")[0], form, low, high] = median.get_ydata()[0], largest.get_ydata()[0]
            assert len(axis.collections) == len(levels) // 2
    assert len(drawn) == len(rows) > 100
    for row in rows.itertuples():
        expected = np.log10(np.maximum([float(row.p50_ulp), float(row.max_ulp)], 2.0**-6))
        assert drawn[row.backend, row.format, row.x_low, row.x_high] == pytest.approx(tuple(expected), rel=1e-12)


def test_the_dead_gradient_is_drawn_below_the_least_number(run: Run) -> None:
    figure = plot(run, "vanishing", activation="sigmoid")
    axis = figure.axes[0]
    floor = np.log10(FORMATS["float16"].min_subnormal)
    dead = [line for line in axis.get_lines() if line.get_linestyle() == "None" and len(line.get_xdata()) > 0]
    assert dead
    for line in dead:
        assert np.all(np.asarray(line.get_ydata()) < floor)
    torch = next(line for line in dead if line.get_marker() == "s")
    assert 8 < np.min(np.asarray(torch.get_xdata())) < 10  # σ(x) rounds to 1 from 8.32 on


@pytest.mark.parametrize(
    ("name", "value", "slope"),
    [
        ("sigmoid", lambda x: 1 / (1 + mpmath.exp(-x)), lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2),
        ("tanh", mpmath.tanh, lambda x: mpmath.sech(x) ** 2),
        ("relu", lambda x: x, lambda x: mpmath.mpf(1)),
    ],
)
def test_chains_against_another_arithmetic(name: str, value: object, slope: object) -> None:
    assert callable(value)
    assert callable(slope)
    layers = 30
    with mpmath.workdps(40):
        h, product, exact = mpmath.mpf("0.5"), mpmath.mpf(1), []
        for _ in range(layers):
            product, h = product * slope(h), value(h)
            exact.append(float(product))
    assert np.allclose(exact_chain(name, layers), exact, rtol=1e-13, atol=0)
    for form in ("float16", "float32"):
        kind = np.dtype(form).type
        h16, product16, rounded = kind(0.5), kind(1), []
        for _ in range(layers):
            with mpmath.workdps(40):
                factor, following = kind(float(slope(mpmath.mpf(float(h16))))), kind(float(value(mpmath.mpf(float(h16)))))
            product16, h16 = kind(product16 * factor), following
            rounded.append(float(product16))
        assert rounded_chain(name, form, layers).tolist() == rounded


def test_unknown_choices_are_named(run: Run) -> None:
    with pytest.raises(
        ValueError,
        match=f"unknown figure 'pie': choose from {', '.join(FIGURES)}",
    ):
        plot(run, "pie")
    with pytest.raises(ValueError, match=r"no tanh of order 1: it has sigmoid, softplus"):
        plot(run, "error", activation="tanh")
    bare = Run(run.run_id, run.accuracy, run.agreement, run.findings, run.laws, run.environments)
    with pytest.raises(ValueError, match="without curves"):
        plot(bare, "error")
    with pytest.raises(ValueError, match="no timings"):
        plot(bare, "cost")
    for kind in ("distribution", "percentiles"):
        with pytest.raises(ValueError, match=f"without its frame {kind}"):
            plot(bare, kind)
    assert tuple(FIGURES) == report._FIGURES


def test_the_cached_value_has_the_errors_of_the_value_and_a_device_alone_is_no_cost(run: Run) -> None:
    measured = run.accuracy[(run.accuracy.status == "ok") & (run.accuracy.route == "from_value")]
    found = errors(run.accuracy)
    cached = found[found.route == "cached"]
    assert len(cached) == len(measured) > 0
    assert cached.max_ulp.tolist() == measured.max_ulp.tolist()
    times = pd.DataFrame({"phase": "steady", "status": ["ok", "ok", "ok", "invalid"]})
    times["ns_per_element"] = 0.5
    times["regime"] = ["host", "launch_included", "device_only", "host"]
    assert of_calls(times).regime.tolist() == ["host", "launch_included"]


def test_timings_are_drawn_against_errors(run: Run, tmp_path: Path) -> None:
    rows = run.accuracy[(run.accuracy.status == "ok") & (run.accuracy.format == "float16")]
    columns = ["run_id", "activation", "parameters", "order", "route", "format", "backend", "backend_version", "mode", "device"]
    columns.append("implementation")
    facts = {"n": 4096, "phase": "steady", "status": "ok", "ns_per_element": 0.5, "ratio_to": "numpy:eager", "ratio": 0.9}
    facts |= {"low": float("nan"), "high": float("nan")}
    speed = rows[columns].assign(**facts, ratio_low=0.8, ratio_high=1.1, verdict="ambiguous")
    both = pd.concat([speed, speed.assign(phase="first_call")])
    timed = Run(run.run_id, run.accuracy, run.agreement, run.findings, run.laws, run.environments, speed=both)
    told = speeds(timed)
    assert len(told) == len(rows)
    assert told[0]["ratios"] == "0.9 [0.8, 1.1]"
    figure = plot(timed, "cost")
    shown = rows[(rows.activation == "sigmoid") & (rows.order == 1)]
    lines = [line for line in figure.axes[0].get_lines() if len(line.get_xdata())]
    drawn = [(str(line.get_label())[1:], line.get_xdata()[0], line.get_ydata()[0]) for line in lines]
    assert sorted(drawn) == sorted((f"{row.backend}:eager {row.route}", 0.5, row.max_ulp) for row in shown.itertuples())
    (legend,) = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {*shown.backend, *shown.route}
    page = render(timed)
    assert "Speed</h2>" in page
    assert page.count("accuracy against cost") == 4  # two functions, two orders
    assert "more: <code>" not in page
    (axis,) = plot(timed, "speed").axes
    places = [line.get_ydata()[0] for line in axis.get_lines()]
    assert [(axis.get_yticklabels()[place].get_text(), 0.5) for place in places] == [(label, x) for label, x, _ in drawn]
    assert {line.get_color() for line in axis.get_lines()} == {"0.6"}  # all are ambiguous
    decided = Run(run.run_id, run.accuracy, run.agreement, run.findings, run.laws, run.environments)
    decided.speed = both.assign(verdict="faster", low=0.4, high=0.7)
    bars = [line.get_xdata() for line in plot(decided, "speed").axes[0].get_lines() if len(line.get_xdata()) == 2]
    assert len(bars) == len(drawn)
    assert all(list(bar) == [0.4, 0.7] for bar in bars)
    assert len(save(figure, tmp_path / "cost")) == 3


def test_errors_beyond_all_numbers_are_drawn(run: Run) -> None:
    """An error in units of 5e-324 may be no float64."""
    curves = run.curves[(run.curves.activation == "sigmoid") & (run.curves.order == 1) & (run.curves.format == "float64")]
    worst = np.finfo(float).max
    far = Run(run.run_id, run.accuracy.assign(max_ulp=worst), run.agreement, run.findings, run.laws, run.environments)
    far.curves = curves.assign(ulp=np.where(curves.worst_input < 0, np.inf, curves.ulp.astype(float)))
    (axis,) = plot(far, "error", activation="sigmoid", order=1).axes
    heights = [y for line in axis.get_lines() for y in np.asarray(line.get_ydata(), float)]
    assert np.isfinite(heights).all()
    assert max(heights) == np.log10(worst)
    (words,) = (text.get_text() for text in axis.texts)
    assert words.startswith("1.8e+308 ulp at x = ")


def test_different_lines_look_different(run: Run) -> None:
    (*_, axis) = plot(run, "error", activation="sigmoid", order=1).axes
    lines = [line for line in axis.get_lines() if ":" in str(line.get_label())]
    looks = {(line.get_color(), repr(line.get_linestyle()), repr(line._dash_pattern), line.get_linewidth()) for line in lines}
    assert len(looks) == len(lines) > 5


def test_figures_are_chosen_by_function_and_kind(run: Run, tmp_path: Path) -> None:
    written = write(run, tmp_path, activations=["softplus"], kinds=["function", "error"])
    stems = {path.stem for path in written}
    assert stems == {"function-softplus-beta-2.0", "error-softplus-beta-2.0-0", "error-softplus-beta-2.0-1"}
    with pytest.raises(ValueError, match=r"no tanh: choose from sigmoid, softplus\(beta=2.0\)"):
        write(run, tmp_path / "none", activations=["tanh"])
    with pytest.raises(ValueError, match="unknown figure 'pie': choose from function"):
        write(run, tmp_path / "none", kinds=["pie"])
    with pytest.raises(ValueError, match="no figure of speed"):
        write(run, tmp_path / "none", kinds=["speed"])
    assert not (tmp_path / "none").exists()
