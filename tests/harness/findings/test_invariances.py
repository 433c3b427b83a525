"""The invariances on real workers: what is known of the frameworks is seen, and so is every planted mood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from backends.protocol import Case
from harness.accuracy.inputs import special_inputs
from harness.case import Implementation, Task
from harness.findings.effort import LAWS, Effort, effort
from harness.findings.invariances import concerned, probes
from harness.findings.properties import LAWS as INVARIANTS
from harness.formats import FORMATS, number_format
from harness.frames import frame
from harness.runs.execution import execute
from harness.runs.plan import Request, plan
from harness.runs.results import LAWS as COLUMNS
from harness.runs.shards.runner import UnitRunner
from harness.runs.shards.store import Store
from harness.runs.shards.units import divide


def laws(
    activations: tuple[str, ...], *backends: str, orders: tuple[int, ...] = (0,), forms: tuple[str, ...] = ("float32",)
) -> pd.DataFrame:
    """The rows of native and autodiff cases that have not been measured before."""
    work = plan(Request(activations, backends, forms, orders, ("native", "autodiff"), laws=True))
    runner = UnitRunner(work, jobs=1)
    try:
        units = [unit for unit in divide(work) if unit.kind == "laws"]
        return frame([row for unit in units for row in runner.do(unit, Store()).said["rows"]], COLUMNS)
    finally:
        runner.close()


def one(rows: pd.DataFrame, **wanted: object) -> pd.Series:
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_pytorch_and_numpy() -> None:
    rows = laws(("sigmoid", "hard_tanh", "relu"), "torch:eager", "numpy", orders=(0, 1))
    assert len(rows) == 3 * 2 * 2 * len(LAWS)
    gradient = one(rows, activation="hard_tanh", order=1, backend="torch", law="position")
    assert gradient.status == "broken"
    assert np.isnan(number_format("float32").value(int(gradient.example_bits)))
    assert gradient["where"].startswith("length ")
    assert pd.isna(gradient.low)  # only NaN
    # NumPy's are one operation after the other, each the same in every lane for these.
    right = rows[(rows.backend == "numpy") & (rows.activation == "relu")]
    assert set(right.status) == {"holds"}
    assert (right[right.law == "position"].checked == len(probes(number_format("float32"), 0))).all()
    assert set(rows[rows.law.isin(["repeatable", "threads"])].status) == {"holds"}
    sigmoid = one(rows, activation="sigmoid", order=0, backend="torch", law="promotion")
    assert sigmoid.got == "int32: float32, int64: float32, bool: float32"
    relu = one(rows, activation="relu", order=0, backend="torch", law="promotion")
    assert relu.got.startswith("int32: int32, int64: int64")


def test_tensorflow_gives_copies_of_an_input_several_sigmoids() -> None:
    both = laws(("sigmoid",), "tensorflow:eager", forms=("float32", "bfloat16"))
    assert one(both, law="promotion", format="bfloat16").status == "holds"  # its scalars can be read
    rows = both[both.format == "float32"]
    row = one(rows, law="position")
    assert row.status == "broken"
    assert "lanes 0-" in row["where"]
    assert row.low <= -10 <= row.high  # other probes besides the one that is told
    assert one(rows, law="repeatable").status == "holds"


def test_one_element_is_computed_otherwise() -> None:
    """XLA takes NaN for a number, in relu6 of one element and nowhere else."""
    row = one(laws(("relu6",), "tensorflow:xla"), law="position")
    assert (row.status, row["where"]) == ("broken", "length 1: 0 (0x00000000), length 67: nan (0x7fc00000)")


def test_every_format_is_looked_at_where_many_functions_are_measured() -> None:
    many = ("sigmoid", "tanh", "exp", "expm1", "log1p")
    rows = laws(many, "numpy", forms=("float16", "float64"))
    assert all(tuple(found.law) == LAWS for _, found in rows.groupby(["activation", "format"]))
    assert len(rows) == len(many) * 2 * len(LAWS)
    assert set(rows[rows.law.isin(["repeatable", "threads"])].checked) == {1 << 15}


@pytest.mark.parametrize("name", FORMATS)
def test_how_much_is_looked_at(name: str) -> None:
    def chosen(backend: str, mode: str, order: int, few: bool) -> Effort:
        return effort(Task(0, Implementation(backend, mode), Case("sigmoid", order, "native", name)), few)

    for backend in ("numpy", "torch", "tensorflow"):
        many = chosen(backend, "eager", 1, few=False)
        assert many.laws == chosen(backend, "eager", 1, few=True).laws == LAWS
        assert {1, 67} <= set(many.lengths)
        assert many.block >= 1 << 15  # from there on PyTorch shares it out to its threads
    for backend, mode in (("jax", "compiled"), ("tensorflow", "compiled"), ("tensorflow", "xla"), ("torch", "compiled")):
        few = chosen(backend, mode, 2, few=True)
        assert {1, 67} < set(few.lengths)
        assert set(few.laws) == set(LAWS) - {"threads"}
        for order in (0, 1, 2):
            many = chosen(backend, mode, order, few=False)
            assert (1 in many.lengths) == (backend != "torch" or order == 0)
    many = chosen("jax", "eager", 0, few=False)
    assert 67 in many.lengths
    assert {"position", "repeatable"} <= set(many.laws)
    assert chosen("jax", "eager", 0, few=True) == Effort()


# What each mood breaks; everything else holds.
MOODS = {
    "steady": set(),
    "lane": {"position"},
    "length": {"position"},
    "neighbours": {"position"},
    "restless": {"repeatable"},
    "warm": {"repeatable"},
    "threads": {"threads"},
    "scalar": {"promotion"},
    "apart": {"layout"},
    "dimensions": {"layout"},
    "integers": {"promotion"},
    "whole": {"promotion"},
    "payload": set(),
    "zero": {"position"},
}


@pytest.mark.parametrize("mood", MOODS)
def test_moods_are_seen(mood: str, plugins: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODY", mood)
    rows = laws(("sigmoid",), "moody:eager").set_index("law")
    assert set(rows.index) == set(LAWS)
    assert set(rows.index[rows.status == "broken"]) == MOODS[mood]
    assert set(rows.index[rows.status == "holds"]) == set(LAWS) - MOODS[mood]
    where = rows.loc["position", "where"]
    if mood == "lane":
        assert where.startswith("length 3: lanes 0-1 give ")
        assert ", lane 2 gives " in where
        assert rows.loc["position", "example"] > 2
    if mood == "length":
        assert ", length 7: " in where
    if mood == "neighbours":
        assert where.startswith("among other inputs, length ")
    if mood in ("restless", "warm"):
        assert {"restless": ", second time ", "warm": ", third time "}[mood] in rows.loc["repeatable", "got"]
    if mood == "apart":
        assert rows.loc["layout", "where"].startswith("every second element of a vector gives ")
        assert rows.loc["layout", "steps"] == 1
    if mood == "whole":
        assert rows.loc["promotion", "where"].startswith("int32 -3: 0, as float32 0.0474")
    if mood == "integers":
        assert rows.loc["promotion", "where"].startswith("int32 5: ")
        assert rows.loc["promotion", "broken"] == 2


def test_a_death_costs_one_row(plugins: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODY", "deadly")
    rows = laws(("sigmoid", "tanh"), "moody:eager")
    died = rows[rows.status == "crashed"]
    assert list(died.law) == ["position", "layout"] * 2
    assert died.reason.str.contains("SIGKILL").all()
    assert set(rows[~rows.law.isin(["position", "layout"])].status) == {"holds"}


def test_what_is_missing_is_a_row(plugins: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODY", "broken")
    rows = laws(("gelu",), "numpy", "moody:eager")
    assert set(rows[rows.backend == "moody"].status) == {"missing"}
    assert rows[rows.backend == "moody"].reason.str.contains("no such mood").all()
    assert "numpy" not in set(rows.backend)  # it lacks the function, which its row of accuracy says


def test_a_run_has_the_frame() -> None:
    request = Request(("relu",), ("numpy",), ("float16",), (0, 1), (), inputs="exhaustive", laws=True)
    result = execute(plan(request), block=1 << 14)
    assert list(result.laws.columns) == list(COLUMNS)
    assert set(result.laws.law) == {*LAWS, *INVARIANTS} - {"modes", "composed"}  # NumPy has one mode, relu no parts
    assert (result.laws.run_id == result.run_id).all()
    assert result.laws.backend_version.str.len().min() > 0


@pytest.mark.parametrize("name", FORMATS)
def test_probes(name: str) -> None:
    form = number_format(name)
    found = probes(form, 0)
    assert len(np.unique(found)) == len(found)
    assert set(special_inputs(form)[:14].tolist()) <= set(found.tolist())  # zeros, infinities, NaNs
    values = form.decode(found)
    assert np.sum((abs(values) <= 20) & (abs(values) > 2)) > 40
    assert (probes(form, 0) == found).all()
    assert set(probes(form, 1).tolist()) != set(found.tolist())


def test_whom_the_laws_concern() -> None:
    def formats(*activations: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for task in concerned(plan(Request(activations, ("torch",))).tasks):
            assert task.case.route in ("native", "autodiff")
            found.setdefault(task.implementation.mode, set()).add(task.case.format)
        return found

    assert formats("sigmoid") == {"eager": set(FORMATS), "compiled": {"float32"}}
    assert formats("sigmoid", "tanh", "relu", "silu", "mish") == formats("sigmoid")
