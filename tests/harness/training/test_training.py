"""Training with three gradients, in the real frameworks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from backends.protocol import CARRIERS, Case
from harness.accuracy.comparison import Comparison
from harness.case import Implementation, Task
from harness.training.execution import Bench, Trained, train
from harness.training.setting import GRADIENTS, Setting, parameters, spirals
from harness.workers.process import Worker
from harness.workers.single import collect

FRAMEWORKS = ("numpy", "torch", "jax", "tensorflow")
SMALL = Setting(layers=2, width=6, examples=16, steps=3)
SATURATED = Setting(format="bfloat16", layers=2, width=16, examples=16, steps=3, scale=32.0)


@pytest.fixture(scope="module")
def small():
    return train(SMALL)


@pytest.fixture(scope="module")
def saturated():
    return train(SATURATED)


def steps(frame: pd.DataFrame, backend: str, gradient: str) -> pd.DataFrame:
    return frame[(frame.backend == backend) & (frame.gradient == gradient)].reset_index(drop=True)


def pair(pairs: pd.DataFrame, first: str, second: str) -> pd.Series:
    (found,) = (row for _, row in pairs.iterrows() if (row["first"], row["second"]) == (first, second))
    return found


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_a_step_is_one_of_gradient_descent_on_the_mean_squared_error(backend: str, tmp_path: Path) -> None:
    worker = Worker(Implementation(backend, "eager"))
    try:
        for activation in ("sigmoid", "tanh", "relu"):
            setting = Setting(activation, "float64", layers=3, width=5, examples=12, steps=2, rate=0.25)
            bench, expected = Bench(setting, tmp_path, lambda name, steps: None), trained_by_torch(setting)
            for gradient in GRADIENTS:
                run = Trained(worker.implementation, gradient)
                bench.train(run, worker)
                assert run.status == "ok", run.reason
                np.testing.assert_allclose(run.parameters, expected, rtol=1e-12, atol=1e-14)
    finally:
        worker.stop()


def trained_by_torch(setting: Setting) -> np.ndarray:
    """The same with torch's automatic differentiation of the whole network."""
    points, side = (torch.tensor(array) for array in spirals(setting))
    flat = torch.tensor(parameters(setting))
    for _ in range(setting.steps):
        flat = flat.detach().requires_grad_(True)
        signal, low = points, 0
        for number, (before, units) in enumerate(zip(setting.sizes, setting.sizes[1:], strict=False)):
            weights = flat[low : low + before * units].reshape(before, units)
            biases = flat[low + before * units : low + (before + 1) * units]
            low += (before + 1) * units
            signal = signal @ weights + biases
            if number < setting.layers:
                signal = getattr(torch, setting.activation)(signal)
        ((signal[:, 0] - side) ** 2).mean().backward()
        flat = flat - setting.rate * flat.grad
    return flat.detach().numpy()


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_all_gradients_begin_with_the_same_loss_and_learn(small, backend: str) -> None:
    runs = [steps(small.training, backend, gradient) for gradient in GRADIENTS]
    assert all(list(run.step) == [0, 1, 2] for run in runs)
    assert len({run.loss[0] for run in runs}) == 1
    assert all(run.loss[2] < run.loss[0] for run in runs)
    assert runs[0].seconds.gt(0).all()
    assert runs[2].seconds.isna().all()


def test_autodiff_of_sigmoid_is_the_formula_in_torch(small) -> None:
    found = pair(small.pairs, "torch:eager autodiff", "torch:eager formula")
    assert pd.isna(found.first_step)
    assert found.largest == found.distance == 0.0
    assert list(steps(small.training, "torch", "autodiff").loss) == list(steps(small.training, "torch", "formula").loss)


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_the_last_bit_of_the_formula_changes_the_weights(small, backend: str) -> None:
    found = pair(small.pairs, f"{backend}:eager formula", f"{backend}:eager exact")
    assert found.first_step == 0
    assert 0 < found.distance < 1e-5


def test_gradients_of_layers_are_those_of_the_whole_network(tmp_path: Path) -> None:
    worker, setting = Worker(Implementation("numpy", "eager")), Setting("tanh", "float64", layers=2, width=3, examples=8, steps=1)
    try:
        run = Trained(worker.implementation, "formula")
        Bench(setting, tmp_path, lambda name, steps: None).train(run, worker)
    finally:
        worker.stop()
    step = (parameters(setting) - trained_by_torch(setting)) / setting.rate
    ends = np.cumsum([3 * 3, 4 * 3])
    np.testing.assert_allclose(run.steps[0].norms, [np.linalg.norm(part) for part in np.split(step, ends)], rtol=1e-9)


def test_each_seed_is_a_network_of_its_own_compared_with_itself_only() -> None:
    found = train(Setting(backends=("numpy",), layers=1, width=3, examples=8, steps=2, seed=5, seeds=3))
    frame, pairs = found.training, found.pairs
    assert sorted(frame.seed.unique()) == [5, 6, 7]
    assert frame[frame.step == 0].groupby("seed").loss.nunique().eq(1).all()
    assert frame[frame.step == 0].loss.nunique() == 3
    assert pairs.groupby("seed").size().to_dict() == {5: 3, 6: 3, 7: 3}
    alone = train(Setting(backends=("numpy",), layers=1, width=3, examples=8, steps=2, seed=6))
    assert list(alone.training.loss) == list(frame[frame.seed == 6].loss)
    assert len(found.layers) == 3 * 3 * 2 * 2


def test_gradients_differ_where_and_only_where_the_accuracy_says_so(tmp_path: Path) -> None:
    """On all inputs of the activation that occur in training, by the classes that the accuracy frame counts."""
    setting = Setting(format="bfloat16", layers=2, width=16, examples=32, steps=4, scale=24.0)
    implementation = Implementation("torch", "eager")
    worker, seen, runs = Worker(implementation), Seen(setting, tmp_path), [Trained(implementation, name) for name in GRADIENTS]
    try:
        for run in runs:
            seen.train(run, worker)
    finally:
        worker.stop()
    inner, used, exact = (np.concatenate(parts) for parts in zip(*seen.blocks, strict=True))
    parameters = setting.definition().parameters
    routes = ("autodiff", "from_value")
    tasks = [Task(n, implementation, Case("sigmoid", 1, route, "bfloat16", parameters)) for n, route in enumerate(routes)]
    measured = collect(tasks, {implementation: Worker(implementation)}, setting.form, inner, 1)
    share = len(inner) // 3
    for number, run in enumerate(runs[:2]):
        own = slice(number * share, (number + 1) * share)
        assert (used[own] == measured[number][own]).all(), "the f' used in training is the one that is measured"
        comparison = Comparison(setting.definition(), 1, setting.form, 1)
        with ThreadPoolExecutor(1) as executor:
            comparison.add(0, inner[own], {0: measured[number][own].copy()}, executor)
        counts = comparison.tally(0).counts
        assert 0 < counts["correct"] < share
        assert (used[own] == exact[own]).sum() == counts["correct"]
        assert sum(step.vanished for step in run.steps) == counts["vanished"] + counts["flushed"] > 0
    assert (used[2 * share :] == exact[2 * share :]).all()


class Seen(Bench):
    """Keeps the inputs of the activation, the f' that was used and the exactly rounded one, of every step."""

    def __init__(self, setting: Setting, folder: Path) -> None:
        super().__init__(setting, folder, lambda name, steps: None)
        self.blocks: list[tuple[np.ndarray, ...]] = []

    def _step(self, run, worker, shared):
        reply = super()._step(run, worker, shared)
        inner = np.ravel(shared["inner"]).copy()
        self.blocks.append((inner, np.ravel(shared["slopes"]).copy(), self._exact(inner)))
        return reply


def test_a_deep_network_that_the_formula_does_not_train_and_the_exact_gradient_does(tmp_path: Path) -> None:
    """docs/training.md has ten seeds of it."""
    setting = Setting("sigmoid", "bfloat16", layers=4, width=8, rule="sign", bias=8.0, steps=360, seed=2, backends=("torch",))
    worker = Worker(Implementation("torch", "eager"))
    try:
        runs = {gradient: Trained(worker.implementation, gradient) for gradient in ("formula", "exact")}
        for run in runs.values():
            Bench(setting, tmp_path, lambda name, steps: None).train(run, worker)
    finally:
        worker.stop()
    formula, exact = ([step.loss for step in run.steps] for run in runs.values())
    assert min(formula) > 0.99, "a constant has the loss 1"
    assert exact[-1] < 0.8


def test_every_two_runs_are_compared(small) -> None:
    assert len(small.pairs) == 12 * 11 // 2


@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_saturated_units_die_by_the_formula_and_live_by_the_exact_gradient(saturated, backend: str) -> None:
    formula, exact = (steps(saturated.training, backend, gradient) for gradient in ("formula", "exact"))
    assert (formula.dead > formula.dead_exactly).all()
    assert (exact.dead == exact.dead_exactly).all()
    assert (exact.dead < formula.dead).all()
    assert (formula.vanished > 0).all()
    assert (exact.vanished == 0).all()


def test_what_a_framework_lacks_is_a_row_with_the_reason(saturated) -> None:
    rows = saturated.training[saturated.training.backend == "numpy"]
    assert list(rows.gradient) == list(GRADIENTS)
    assert set(rows.status) == {"unsupported"}
    assert set(rows.reason) == {"NumPy has no bfloat16"}
    assert rows.step.isna().all()
    assert not saturated.pairs["first"].str.startswith("numpy").any()


def test_an_overflow_on_the_way_to_the_gradient_ends_the_training_in_numpy() -> None:
    """1 / (1 + e^-x) is right where e^-x is infinite; its derivative by the chain rule is 0 · ∞."""
    found = train(Setting(backends=("numpy",), layers=2, examples=16, steps=2, scale=200.0))
    autodiff, formula = (steps(found.training, "numpy", gradient) for gradient in ("autodiff", "formula"))
    assert autodiff.loss[0] == formula.loss[0]
    assert pd.isna(autodiff.loss[1])
    assert formula.loss[1] < formula.loss[0]


@pytest.mark.slow
def test_the_same_setting_gives_the_same_bits(saturated) -> None:
    again = train(SATURATED)
    columns = saturated.training.columns.difference(["run_id", "seconds"])
    pd.testing.assert_frame_equal(again.training[columns], saturated.training[columns])
    pd.testing.assert_frame_equal(again.pairs.drop(columns="run_id"), saturated.pairs.drop(columns="run_id"))
    other = train(Setting(**{**vars(SATURATED), "seed": 1, "backends": ("torch",)}))
    assert other.training.loss[0] != steps(saturated.training, "torch", "autodiff").loss[0]


def test_a_backend_that_is_not_installed_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.training.execution.installed_version", lambda found: None)
    found = train(Setting(backends=("jax",), steps=1))
    assert set(found.training.status) == {"missing"}
    assert found.training.reason.str.contains(r"pip install 'lastbit\[jax\]'").all()


@pytest.mark.parametrize("form", CARRIERS)
def test_spirals_and_weights_are_of_the_seed_alone(form: str) -> None:
    one, other = Setting(format=form, scale=1.0), Setting(format=form, scale=4.0)
    points, side = spirals(one)
    assert points.shape == (64, 2)
    assert sorted(set(side)) == [-1.0, 1.0]
    assert np.array_equal(points, spirals(other)[0])
    hidden = sum((before + 1) * units for before, units in zip(one.sizes[:-2], one.sizes[1:-1], strict=True))
    assert np.array_equal(4 * parameters(one)[:hidden], parameters(other)[:hidden])
    assert np.array_equal(parameters(one)[hidden:], parameters(other)[hidden:])
