"""Train the network of a setting everywhere, step by step, and look at every step."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backends.protocol import Case
from backends.registry import installed_version, spec

from ..case import Implementation
from ..formats import Bits
from ..reference.rounded import Rounded
from ..workers.process import START_LIMIT, Died, Worker
from .setting import GRADIENTS, Setting, parameters, spirals

if TYPE_CHECKING:
    from .frame import Training

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Step:
    """What one step was like.

    Attributes:
        loss: mean squared error before the step, in float64 from the outputs as they are.
        accuracy: share of the examples whose output has the right sign.
        dead: hidden units whose f', as it was used, is 0 on every example: nothing is learnt through them in this step.
        dead_exactly: those whose f', correctly rounded, would be 0 there on every example as well.
        vanished: values of f' that were 0 though the correctly rounded one is not; of units × examples.
        seconds: in the framework; None where f' came from outside.
        norms: the Euclidean norm of the gradient of each layer's weights and biases, from the first hidden layer to the output.
        digest: of the weights and biases after the step.
    """

    loss: float
    accuracy: float
    dead: int
    dead_exactly: int
    vanished: int
    seconds: float | None
    norms: tuple[float, ...]
    digest: bytes


@dataclass
class Trained:
    """One run: an implementation with one gradient and one seed.

    Attributes:
        implementation, gradient, seed: which.
        status, reason: ``ok``, or what went wrong and why.
        hello: what the worker said of itself.
        steps: all that were done.
        parameters: the last weights and biases.
    """

    implementation: Implementation
    gradient: str
    seed: int = 0
    status: str = "ok"
    reason: str = ""
    hello: dict[str, dict[str, str]] | None = None
    steps: list[Step] = field(default_factory=list)
    parameters: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def fail(self, status: str, reason: str) -> None:
        """Note why there is no result, or none to the end."""
        self.status, self.reason = status, reason

    def __str__(self) -> str:
        return f"{self.implementation} {self.gradient}"


def train(setting: Setting, progress: Progress = lambda name, steps: None) -> Training:
    """Train everywhere from the same bits.

    Args:
        setting: what to train.
        progress: told of the steps done, and whose.

    Raises:
        ValueError: where the setting does not make sense.
    """
    from .frame import collect

    setting.check()
    runs = []
    with tempfile.TemporaryDirectory(prefix="lastbit-") as folder:
        benches = [Bench(one, Path(folder), progress) for one in setting.each()]
        for implementation in setting.implementations():
            worker = Worker(implementation)
            try:
                for bench, gradient in product(benches, GRADIENTS):
                    runs.append(Trained(implementation, gradient, bench.seed))
                    bench.train(runs[-1], worker)
            finally:
                worker.stop()
    return collect(datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3], setting, runs)


class Bench:
    """The start that all runs share, and the files that workers and we share, see :class:`backends.training.Network`.

    Args:
        setting: what to train.
        folder: for the files.
        progress: as for :func:`train`.
    """

    def __init__(self, setting: Setting, folder: Path, progress: Progress) -> None:
        self._setting, self._form, self._folder, self._progress = setting, setting.form, folder, progress
        self.seed = setting.seed
        counts = [(before + 1) * units for before, units in pairwise(setting.sizes)]
        self._ends = np.cumsum(counts)[:-1]
        definition = setting.definition()
        self._activation, self._exact = definition, Rounded(definition, 1, self._form)
        points, self._targets = spirals(setting)
        self._start = {
            "parameters": self._form.round(parameters(setting)),
            "data": self._form.round(np.concatenate([points.ravel(), self._targets])),
        }

    def train(self, run: Trained, worker: Worker) -> None:
        """Do all the steps of a run; what goes wrong is noted in it."""
        found = spec(run.implementation.backend)
        if installed_version(found) is None:
            return run.fail("missing", f"{found.distribution} is not installed: pip install 'lastbit[{found.distribution}]'")
        shape = (self._setting.layers, self._setting.examples, self._setting.width)
        hidden = self._form.round(np.zeros(shape))
        files = self._start | {"inner": hidden, "slopes": hidden, "outputs": self._form.round(np.zeros(self._setting.examples))}
        files["uphill"] = self._start["parameters"]
        for name, bits in files.items():
            bits.tofile(self._folder / name)
        shared = {
            name: np.memmap(self._folder / name, self._form.carrier, "r+", shape=bits.shape) for name, bits in files.items()
        }
        try:
            worker.ready()
            run.hello = worker.hello
            reply = worker.ask(self._command(run), START_LIMIT)
            for _ in range(self._setting.steps):
                if "status" in reply:
                    break
                reply = self._step(run, worker, shared)
                self._progress(str(run), 1)
            worker.ask({"op": "forget", "id": 0}, worker.call_limit)
        except Died as death:
            return run.fail(death.status, death.reason)
        run.parameters = self._form.decode(shared["parameters"])
        if "status" in reply:
            run.fail(reply["status"], reply["reason"])
        return None

    def _command(self, run: Trained) -> dict[str, Any]:
        route = GRADIENTS[run.gradient]
        case = asdict(Case(self._activation.name, 1, route, self._form.name, self._activation.parameters))
        command = {"op": "train", "id": 0, "case": case, "sizes": self._setting.sizes, "examples": self._setting.examples}
        return command | {"rate": self._setting.rate, "rule": self._setting.rule, "folder": str(self._folder)}

    def _step(self, run: Trained, worker: Worker, shared: Mapping[str, Bits]) -> dict[str, Any]:
        limit = START_LIMIT if not run.steps else worker.call_limit  # the first may compile
        forward = worker.ask({"op": "forward", "id": 0}, limit)
        if "status" in forward:
            return forward
        exact = self._exact(np.asarray(shared["inner"]))
        if run.gradient == "exact":
            shared["slopes"][:] = exact
        backward = worker.ask({"op": "backward", "id": 0}, limit)
        if "status" in backward:
            return backward
        outputs = self._form.decode(shared["outputs"])
        used, right = (self._form.decode(bits) == 0 for bits in (shared["slopes"], exact))
        with np.errstate(all="ignore"):
            loss = float(np.mean((outputs - self._targets) ** 2))
            layers = np.split(self._form.decode(shared["uphill"]), self._ends)
            norms = tuple(float(np.linalg.norm(layer)) for layer in layers)
        run.steps.append(
            Step(
                loss,
                float(np.mean(outputs * self._targets > 0)),
                int(used.all(axis=1).sum()),
                int(right.all(axis=1).sum()),
                int((used & ~right).sum()),
                None if run.gradient == "exact" else forward["seconds"] + backward["seconds"],
                norms,
                hashlib.blake2b(np.asarray(shared["parameters"]).tobytes(), digest_size=16).digest(),
            )
        )
        return backward
