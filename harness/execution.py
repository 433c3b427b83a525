"""Do a run: start the workers, sweep every pass, make the frames."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .breaches import breaches
from .catalogue import activation
from .comparison import Comparison
from .evidence import Witness
from .failures import failures
from .findings import findings, ranked
from .formats import Format, number_format
from .inputs import Inputs
from .invariants import verdicts
from .journal import Finished, Journal, begin, finish
from .laws import check
from .plan import Plan, Request, plan
from .results import ACCURACY, AGREEMENT, FINDINGS, LAWS, Run, accuracy_row, agreement_rows, finding_row, frame, law_row
from .sweep import Pass, Sweep, Task, batches
from .symptoms import own, symptoms
from .workers import CALL_LIMIT, START_LIMIT, Implementation, Worker

_BLOCK_BYTES = 1 << 23
Progress = Callable[[Task, int], None]


def run(
    *activations: str,
    backends: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    orders: tuple[int, ...] = (),
    routes: tuple[str, ...] = (),
    inputs: str | int = "",
    seed: int = 0,
    jobs: int | None = None,
    block: int | None = None,
    laws: bool = False,
    out: str | os.PathLike[str] | None = None,
) -> Run:
    """Measure activations on every installed framework, and return the frames.

    Args:
        activations: ``NAME`` or ``NAME(parameter=value, ...)``; default sigmoid.
        backends: ``NAME[:MODE][@DEVICE]``; default every installed one, eager and compiled.
        formats, orders, routes: default all.
        inputs: ``"exhaustive"`` or a number; default: 16-bit formats exhaustive, a sample of 2^22 for wider ones.
        seed: of the samples.
        jobs: workers that compute at a time, and threads that compare; default: one per processor.
        block: inputs per block, a power of two of at least 1024; changes no result.
        laws: whether to check the laws of conduct as well, see :mod:`harness.laws`.
        out: directory to save the frames in.

    Raises:
        ValueError: for anything that does not exist or does not parse; the message names the choices.
    """
    request = Request(
        activations or ("sigmoid",), tuple(backends), tuple(formats), tuple(orders), tuple(routes), str(inputs), seed, laws
    )
    work = plan(request)
    folder = None if out is None else prepare_folder(Path(out))
    if folder:
        begin(folder, request)
    result = execute(work, jobs=jobs, block=block, folder=folder)
    if folder:
        result.save(folder)
    return result


def prepare_folder(folder: Path) -> Path:
    """Make the directory of a run.

    Raises:
        ValueError: where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from None
    return folder


def execute(
    work: Plan,
    *,
    jobs: int | None = None,
    block: int | None = None,
    start_limit: float = START_LIMIT,
    call_limit: float = CALL_LIMIT,
    progress: Progress = lambda task, inputs: None,
    folder: Path | None = None,
) -> Run:
    """Measure a plan's tasks; interrupted by Ctrl-C it returns what is finished, the rest marked ``interrupted``.

    With a directory every pass is on disk as soon as it is finished, and those that are there already are not done again.

    Raises:
        ValueError: for a number of jobs or a block that cannot be.
        RuntimeError: where the harness's own floating-point environment is not IEEE's default.
    """
    check_arithmetic()
    jobs = processors() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs {jobs}: give a number of at least 1")
    if block is not None and (block < 1024 or block & (block - 1)):
        raise ValueError(f"block {block}: give a power of two of at least 1024")
    run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    open_tasks = [task for task in work.tasks if task.status == "ok"]
    workers = {
        task.implementation: Worker(task.implementation, start_limit=start_limit, call_limit=call_limit) for task in open_tasks
    }
    journal = Journal(folder)
    passes = batches(open_tasks)
    left = {which: tasks for which, tasks in passes.items() if not journal.find(which)}
    laws: list[dict[str, Any]] = []
    try:
        for worker in workers.values() if left else ():
            worker.start()  # all at once: importing a framework takes seconds
        with ThreadPoolExecutor(jobs) as executor:
            executor.submit(_compile_kernels, list(left))  # while the frameworks are being imported
            for which, tasks in left.items():
                inputs = work.inputs_of(tasks[0])
                length = block or block_length(inputs.format, inputs.count)
                journal.record(which, _measure(run_id, which, tasks, inputs, workers, executor, jobs, length, progress))
        if work.laws:
            laws = check(run_id, open_tasks, workers, work.seed, jobs)
    except KeyboardInterrupt:
        for which, tasks in left.items():
            for task in tasks if not journal.find(which) else ():
                if task.status == "ok":
                    task.fail("interrupted", "the run was interrupted")
    finally:
        for worker in workers.values():
            worker.stop()
    return _collect(run_id, work, passes, journal, laws)


def _measure(
    run_id: str,
    which: Pass,
    tasks: list[Task],
    inputs: Inputs,
    workers: dict[Implementation, Worker],
    executor: ThreadPoolExecutor,
    jobs: int,
    block: int,
    progress: Progress,
) -> Finished:
    """Do one pass."""
    _, name, parameters, order = which
    definition = activation(name, **dict(parameters))
    comparison = Comparison(definition, order, inputs.format, jobs, inputs.count, inputs.exhaustive)
    witness = Witness(inputs, comparison)
    Sweep(tasks, workers, inputs, witness, executor, jobs, block, progress).run()
    hellos = {implementation: worker.hello for implementation, worker in workers.items() if worker.hello}
    rows = [accuracy_row(run_id, task, inputs, comparison, hellos.get(task.implementation)) for task in tasks]
    measured = [task for task in tasks if task.status == "ok"]
    evidence = witness.evidence(definition, order)
    found = list(symptoms(evidence, measured))
    laws = [
        law_row(run_id, task, hellos.get(task.implementation), law, verdict)
        for task in own(evidence, measured)
        for law, verdict in verdicts(evidence, task, measured)
    ]
    said = {str(implementation): hello for implementation, hello in hellos.items()}
    return finish(tasks, rows, agreement_rows(run_id, tasks, inputs, comparison), laws, found, said)


def _collect(run_id: str, work: Plan, passes: dict[Pass, list[Task]], journal: Journal, laws: list[dict[str, Any]]) -> Run:
    """The frames of all that is finished; what is not has rows that say why."""
    hellos: dict[str, dict[str, Any]] = {}
    for done in journal.finished:
        hellos |= done.hellos
    rows: dict[int, dict[str, Any]] = {}
    for which, tasks in passes.items():
        finished = journal.find(which)
        rows |= {task.number: row for task in tasks if finished and (row := finished.row(task))}
    for task in work.tasks:
        hello = hellos.get(str(task.implementation))
        rows.setdefault(task.number, accuracy_row(run_id, task, work.inputs_of(task), None, hello))
    laws = [row for done in journal.finished for row in done.laws] + laws
    defects = breaches(laws, findings(symptom for done in journal.finished for symptom in done.symptoms))
    defects += failures(rows.values())
    found = [finding_row(run_id, finding) for finding in ranked(defects)]
    return Run(
        run_id,
        frame([rows[task.number] for task in work.tasks], ACCURACY),
        frame([row for done in journal.finished for row in done.agreement], AGREEMENT),
        frame(found, FINDINGS),
        frame(laws, LAWS),
        _environments(run_id, hellos, work),
    )


def _compile_kernels(passes: list[Pass]) -> None:
    """Have the kernels of all passes compiled; a first run would otherwise wait for each in turn."""
    for form, name, parameters, order in passes:
        comparison = Comparison(activation(name, **dict(parameters)), order, number_format(form), lanes=1)
        one = number_format(form).round([1.0])
        with ThreadPoolExecutor(1) as executor:
            comparison.add(0, one, {0: one, 1: one ^ one.dtype.type(1)}, executor)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def block_length(form: Format, count: int) -> int:
    """Inputs per block, unless somebody asks for another number."""
    largest = _BLOCK_BYTES * 8 // form.bits
    return min(largest, max(1024, 1 << (count - 1).bit_length()))


def _environments(run_id: str, hellos: dict[str, dict[str, Any]], work: Plan) -> Any:
    import pandas as pd

    seeds = {inputs.seed for inputs in work.inputs.values() if inputs.seed is not None}
    implementations = {str(task.implementation): task.implementation for task in work.tasks}
    rows = []
    for name, hello in hellos.items():
        implementation = implementations[name]
        row = {"run_id": run_id, "backend": implementation.backend, "mode": implementation.mode}
        row |= {"device": implementation.device}
        row |= {"versions": " ".join(f"{name} {version}" for name, version in hello["versions"].items())}
        row |= hello["environment"] | {"seed": str(min(seeds, default="")), "git_revision": _revision()}
        rows.append(row | {"time": datetime.now(UTC).isoformat(timespec="seconds")})
    return pd.DataFrame(rows).astype("string")


def _revision() -> str:
    """The revision of the checkout that lastbit runs from, or nothing."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def check_arithmetic() -> None:
    """Assert that subnormal numbers are alive and that rounding is to nearest, in this process.

    Raises:
        RuntimeError: otherwise: nothing measured with such arithmetic could be trusted.
    """
    (subnormal,) = struct.unpack("<d", struct.pack("<Q", 3))
    (one,) = struct.unpack("<d", struct.pack("<d", 1.0))
    (tie,) = struct.unpack("<d", struct.pack("<d", 2.0**-53))
    nearest = one + tie == 1.0 and one + 1.5 * tie > 1.0 and -one - tie == -1.0
    if subnormal * 2.0 == 0.0 or not nearest:
        raise RuntimeError("this process flushes subnormal numbers or does not round to nearest: nothing was measured")
