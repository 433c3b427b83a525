"""Pairs with real workers: the clock is not fooled by dispatch, threads are counted, failures become rows."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from pathlib import Path

import pytest

from backends.protocol import Case
from backends.timing import COPY, DEVICE, HOST, LAUNCH
from harness.case import Implementation
from harness.speed.execution import Runner, core_sets, speed, time_jobs, write_inputs
from harness.speed.frame import SPEED, Results, speed_frame
from harness.speed.jobs import Job, Request, parse_sizes, plan
from harness.speed.protocol import Pair, measure
from harness.speed.statistics import PAIRS

LAUNCH_NS, WORK_NS = 600_000, 300_000  # of the asynchronous plug-in
SIGMOID = Case("sigmoid", 0, "native", "float32")


def pair(jobs: list[Job], tmp_path: Path, threads: int = 1) -> Pair:
    for number, job in enumerate(jobs):
        job.number = number
    return measure(jobs, core_sets(threads)[0], write_inputs(jobs, tmp_path), 0, contextlib.nullcontext())


def ns(mode: str, tmp_path: Path, backend: str = "asynchronous") -> float:
    return pair([Job(Implementation(backend, mode), SIGMOID, 64)], tmp_path).traces[0].ns


def test_work_that_ends_later_is_timed_to_its_end(plugins: None, tmp_path: Path) -> None:
    """Without synchronisation before the clock is read, a call would seem to take the time it takes to hand work over."""
    assert ns("later", tmp_path) >= 300_000
    assert ns("later", tmp_path) < 1.5 * ns("now", tmp_path)


def test_jax_is_timed_to_the_end(tmp_path: Path) -> None:
    """JAX dispatches large calls to another thread: a call takes longer the more elements it has, dispatch does not."""
    jobs = [Job(Implementation("jax", "compiled"), SIGMOID, n) for n in (1 << 18, 1 << 23)]
    small, large = (trace.ns for trace in pair(jobs, tmp_path).traces.values())
    assert large > 10 * small


@pytest.mark.skipif(len(core_sets(1)) < 2, reason="needs two processors")
@pytest.mark.parametrize(
    ("mode", "threads", "status"),
    [("one", 1, "ok"), ("two", 2, "ok"), ("one", 2, "invalid"), ("sleeps", 1, "invalid")],
)
def test_threads_other_than_those_asked_for_are_invalid(
    plugins: None, tmp_path: Path, mode: str, threads: int, status: str
) -> None:
    for _ in range(6 if mode == "two" else 1):  # two threads have two processors for themselves now and then
        jobs = [Job(Implementation("threaded", mode), SIGMOID, 64)]
        results = Results(jobs, [pair(jobs, tmp_path, threads)], threads)
        if jobs[0].status == status:
            break
    assert jobs[0].status == status, jobs[0].reason
    if status == "invalid":
        assert "processors" in jobs[0].reason
        assert f"{threads} asked for" in jobs[0].reason
    assert results.effective_threads(jobs[0]) <= threads + 0.05


def test_processes_have_their_processors_before_the_framework_is_imported(plugins: None, tmp_path: Path) -> None:
    job = Job(Implementation("threaded", "one"), SIGMOID, 64)
    (hello,) = pair([job], tmp_path).hellos.values()
    assert hello["environment"]["framework_path"] == str(list(core_sets(1)[0]))


def test_recompilation_in_the_steady_state_is_counted_and_invalid(plugins: None, tmp_path: Path) -> None:
    jobs = [Job(Implementation("threaded", mode), SIGMOID, 64) for mode in ("grows", "one")]
    found = pair(jobs, tmp_path)
    assert found.traces[0].compilations
    assert found.traces[1].compilations == 0
    Results(jobs, [found], 1)
    assert [job.status for job in jobs] == ["invalid", "ok"]
    assert "compiled again" in jobs[0].reason


def test_a_device_is_timed_with_its_launches_and_alone(plugins: None, tmp_path: Path) -> None:
    device = Implementation("asynchronous", "device", "cuda")
    jobs = [Job(device, SIGMOID, 64, regime=regime) for regime in (LAUNCH, DEVICE)]
    jobs.append(Job(Implementation("threaded", "one", "cuda"), SIGMOID, 64, regime=DEVICE))
    results = Results(jobs, [pair(jobs, tmp_path)], 1)
    frame = speed_frame("run", results)
    launched, alone, without = (row for _, row in frame[frame.phase == "steady"].iterrows())
    assert [launched.regime, alone.regime] == ["launch_included", "device_only"]
    assert launched.seconds * 1e9 >= LAUNCH_NS
    assert WORK_NS <= alone.seconds * 1e9 < 0.9 * LAUNCH_NS
    assert {launched.status, alone.status} == {"ok"}  # how many threads the host uses says nothing about a device
    for row in (launched, alone):
        assert row[["threads_effective", "copy_bandwidth_share", "run_delay"]].isna().all()
    assert (without.status, without.reason.split(":")[0]) == ("unsupported", "the adapter has no events of its device")


def test_cuda_is_timed_in_both_regimes(tmp_path: Path) -> None:
    jobs = plan(Request(backends=("torch:eager@cuda",), orders=(0,), sizes=(1, 1 << 22)))
    found = pair(jobs, tmp_path)
    if {job.status for job in jobs} == {"missing"}:
        pytest.skip(f"no CUDA device here: {jobs[0].reason}")
    assert {job.status for job in jobs} == {"ok"}, {job.reason for job in jobs}
    times = {(job.n, job.regime): found.traces[job.number].ns for job in jobs}
    assert times[1, DEVICE] < times[1, LAUNCH]
    assert times[1 << 22, DEVICE] == pytest.approx(times[1 << 22, LAUNCH], rel=0.3)


@pytest.mark.parametrize("implementation", ["torch:compiled", "jax:eager", "jax:compiled", "tensorflow:compiled"])
def test_frameworks_compile_nothing_in_the_steady_state(implementation: str, tmp_path: Path) -> None:
    case = Case("sigmoid", 1, "cached", "float32")
    trace = pair([Job(Implementation(*implementation.split(":")), case, 64)], tmp_path).traces[0]
    assert trace.compilations == 0
    assert trace.first_ns > 20 * trace.ns


def test_a_job_that_kills_its_worker_leaves_the_others(plugins: None, tmp_path: Path) -> None:
    jobs = [Job(Implementation("faulty", mode), SIGMOID, 64) for mode in ("right", "exits", "raises", "broken")]
    found = pair(jobs, tmp_path)
    assert [job.status for job in jobs] == ["ok", "crashed", "failed", "missing"]
    assert set(found.traces) == {0}
    assert "no such luck" in jobs[2].reason


def test_every_job_is_visited_there_and_back(tmp_path: Path) -> None:
    jobs = [Job(Implementation("numpy", "eager"), Case("sigmoid", order, route, "float32"), 16) for order, route in ROUTES]
    for trace in pair(jobs, tmp_path).traces.values():
        assert {len(sweep) for sweep in trace.times} == {2}
        assert len({len(trace.times) for trace in pair(jobs, tmp_path).traces.values()}) == 1


ROUTES = ((0, "native"), (1, "from_value"), (1, "cached"))


def test_the_cached_value_saves_the_forward_pass(tmp_path: Path) -> None:
    jobs = [Job(Implementation("numpy", "eager"), Case("sigmoid", order, route, "float32"), 1 << 14) for order, route in ROUTES]
    pairs = [pair(jobs, tmp_path) for _ in range(5)]
    times = [[each.traces[number].ns for number in range(3)] for each in pairs]  # of one process each, taken by turns
    assert statistics.median(recomputed / cached for _, recomputed, cached in times) > 1
    assert 0.6 < statistics.median(recomputed / (native + cached) for native, recomputed, cached in times) < 1.4


def test_frame_of_a_run() -> None:
    seen: list[tuple[int, int]] = []
    request = Request(backends=("numpy",), orders=(0, 1), sizes=(1, 1 << 12), formats=("float32", "bfloat16"))
    result = speed(request, 1200, lambda done, planned: seen.append((done, planned)))
    frame = result.speed
    assert list(frame.columns) == list(SPEED)
    assert seen[-1] == (15, 15)
    steady = frame[(frame.phase == "steady") & (frame.format == "float32")]
    assert set(steady.status) == {"ok"}
    assert steady.pairs.tolist() == [15] * len(steady)
    assert (steady.low <= steady.ns_per_element).all()
    assert (steady.ns_per_element <= steady.high).all()
    assert ((steady.calls_per_second * steady.seconds - 1).abs() < 1e-9).all()
    assert steady.threads_effective.between(0.95, 1.05).all()
    assert steady.copy_bandwidth_share.notna().all()
    assert set(steady[steady.order == 0].ratio_to.dropna()) == {"native"}
    compared = steady[steady.ratio_to == "cached"]
    assert set(compared.route) == {"autodiff", "from_value", "mirrored", "exponential"}
    assert set(compared.verdict) == {"slower"}
    wide = frame[(frame.format == "bfloat16") & (frame.phase == "steady")]
    assert set(wide.status) == {"unsupported"}
    assert set(wide.reason) == {"NumPy has no bfloat16"}
    imports = frame[frame.phase == "import"]
    assert len(imports) == 1
    assert imports.seconds.iloc[0] > 0


def test_budget_ends_a_run_and_too_few_pairs_say_nothing() -> None:
    frame = speed(Request(backends=("numpy",), orders=(1,), sizes=(1,)), budget=0).speed
    steady = frame[frame.phase == "steady"]
    assert steady.pairs.tolist() == [1] * len(steady)
    assert steady.low.isna().all()
    assert set(steady.verdict.dropna()) == {"ambiguous"}


def test_a_look_is_begun_only_where_it_can_be_ended() -> None:
    now = time.monotonic()
    for left, affords in ((120, True), (80, False)):
        runner = Runner([], [], {}, now + left, lambda done, planned: None, _made=15, _begin=now - 100)
        assert runner.affords(30) == affords


def test_a_look_that_was_not_ended_is_no_look() -> None:
    """Some pairs more than those of the first look would have wider intervals than these."""

    def interrupt(done: int, planned: int) -> None:
        if planned > PAIRS and done > PAIRS:
            raise KeyboardInterrupt

    jobs = plan(Request(backends=("numpy",), orders=(1,), routes=("from_value", "cached"), sizes=(1,)))
    found = time_jobs(jobs, 1, 1200, interrupt, is_open=lambda results: True)
    assert found.interrupted
    steady = found.speed[found.speed.phase == "steady"]
    assert set(steady.pairs) == {PAIRS}
    assert steady.low.notna().all()
    assert set(steady.verdict.dropna()) == {"slower"}


def test_versus_compares_the_second_with_the_first() -> None:
    request = Request(orders=(1,), sizes=(1 << 10,), versus=("numpy/cached", "numpy/autodiff"))
    steady = (frame := speed(request, 1200).speed)[frame.phase == "steady"]
    assert steady.route.tolist() == ["cached", "autodiff"]
    assert steady.ratio_to.isna().tolist() == [True, False]
    assert steady.ratio_to.iloc[1] == "numpy:eager/cached"
    assert steady.verdict.iloc[1] == "slower"
    assert steady.ratio.iloc[1] > 2


def test_what_is_compared_with_what() -> None:
    jobs = plan(Request(backends=("torch",), orders=(0, 1), sizes=(64,)))
    said = {(str(job.implementation), job.case.route): job.base for job in jobs}
    assert said["torch:eager", "native"] is None
    assert (base := said["torch:compiled", "native"])
    assert (str(base.implementation), base.case.route) == ("torch:eager", "native")
    for route in ("autodiff", "from_value"):
        assert (base := said["torch:eager", route])
        assert (str(base.implementation), base.case.route) == ("torch:eager", "cached")
    assert said["torch:eager", "cached"] is None
    jobs = plan(Request(backends=("torch:eager",), orders=(1,), routes=("autodiff", "from_value"), sizes=(64,)))
    assert [job.base.case.route if job.base else None for job in jobs] == [None, None, "autodiff"]


def test_what_is_the_users_own_is_compared_with_the_frameworks(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def f(x): ...\ndef g(x): ...\n")
    request = Request(backends=("numpy",), orders=(0, 1), sizes=(64,), implementations=(f"{file}:f", f"{file}:f+g"))
    said = {(job.implementation.substitute, job.case.order, job.case.route): job.base for job in plan(request)}
    for route in ((0, "native"), (1, "autodiff"), (1, "from_value")):
        assert (base := said[f"{file}:f", *route])
        assert (str(base.implementation), base.case.order, base.case.route) == ("numpy:eager", *route)
    assert (base := said[f"{file}:f+g", 1, "native"])
    assert (str(base.implementation), base.case.route) == ("numpy:eager", "autodiff")
    assert not any(route == "cached" for target, _, route in said if target)


def test_devices_are_compared_in_the_same_regime() -> None:
    assert [Job(Implementation("torch", "eager", device), SIGMOID, 64).regime for device in ("cpu", "cuda")] == [HOST, LAUNCH]
    jobs = plan(Request(backends=("torch:eager@cuda",), orders=(1,), sizes=(64,)))
    assert all(job.base is None or job.base.regime == job.regime for job in jobs)
    assert {job.regime for job in jobs if job.base} == {LAUNCH, DEVICE}
    jobs = plan(Request(orders=(0,), sizes=(64,), versus=("torch", "torch@cuda")))
    assert [(job.regime, job.base.regime if job.base else None) for job in jobs if job.case.route != COPY] == [
        (HOST, None),
        (LAUNCH, HOST),
        (DEVICE, None),
    ]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(sizes=(0,)), "size 0"),
        (Request(sizes=(1 << 25,)), "size 33554432"),
        (Request(routes=("guess",)), "unknown route 'guess'.*cached"),
        (Request(versus=("numpy", "torch/guess")), "unknown route 'guess'"),
        (Request(versus=("numpy", "caffe")), "unknown backend 'caffe'"),
        (Request(versus=("numpy", "torch"), backends=("jax",)), "give no --backend"),
        (Request(versus=("numpy", "torch"), implementations=("mine.py:f",)), "give no --backend, --route or --implementation"),
        (Request(implementations=("mine.py:f",)), "needs one --backend"),
        (Request(backends=("numpy",), implementations=("nowhere.py:f",)), "there is no file nowhere.py"),
        (Request(activations=("relu",), versus=("numpy/mirrored", "torch")), "nothing to time"),
        (Request(activations=("sigmoyd",)), "unknown activation"),
    ],
)
def test_requests_that_make_no_sense(request_: Request, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan(request_)


def test_sizes() -> None:
    assert parse_sizes("1,65536, 2^22") == (1, 65536, 1 << 22)
    assert parse_sizes("") == ()
    for text in ("many", "2^x", "2^-1", "1;2"):
        with pytest.raises(ValueError, match="give numbers of elements"):
            parse_sizes(text)
    with pytest.raises(ValueError, match="threads 99: give a number from 1"):
        core_sets(99)
    assert math.prod(len(lane) for lane in core_sets(1)) == 1
