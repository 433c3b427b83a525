"""The gradient through chains of layers in every framework and format, beside the exact one: the frame ``chain``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backends.protocol import Case
from backends.registry import installed_version, spec

from ..case import Implementation
from ..catalogue import activation as defined
from ..formats import FORMATS, number_format
from ..frames import Row, frame
from ..reference.chain import ExactChain
from ..workers.environments import version
from ..workers.implementations import default_implementations, parse_backend
from ..workers.process import START_LIMIT, Died, Worker

if TYPE_CHECKING:
    import pandas as pd

ACTIVATIONS = ("sigmoid", "tanh", "relu")
START = 0.5
LAYERS = (1, 10_000)
_DIGITS = 25

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Chains:
    """What the user asks for: every activation in every format and implementation.

    Attributes:
        formats: names of formats; default all.
        backends: ``NAME[:MODE][@DEVICE]``; without a mode eager; default every installed one.
        layers: of each chain.
    """

    formats: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    layers: int = 160

    def implementations(self) -> list[Implementation]:
        """Where the chains are computed."""
        if not self.backends:
            return [found for found in default_implementations() if found.mode == "eager"]
        return list(dict.fromkeys(parse_backend(text)[0] for text in self.backends))

    def forms(self) -> tuple[str, ...]:
        """The formats."""
        return self.formats or tuple(FORMATS)

    def check(self) -> None:
        """See that it makes sense.

        Raises:
            ValueError: where it does not; the message names the choices.
        """
        self.implementations()
        for name in self.formats:
            number_format(name)
        if not LAYERS[0] <= self.layers <= LAYERS[1]:
            raise ValueError(f"layers {self.layers}: give a number from {LAYERS[0]} to {LAYERS[1]}")


def compute(asked: Chains, progress: Progress = lambda name: None) -> pd.DataFrame:
    """Every chain everywhere.

    Args:
        asked: which.
        progress: told of each chain of an implementation that is done.

    Returns:
        The frame, see :data:`CHAIN`.

    Raises:
        ValueError: where the request does not make sense.
    """
    asked.check()
    exact = {name: ExactChain(defined(name), START, asked.layers) for name in ACTIVATIONS}
    rows: list[Row] = []
    run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    for implementation in asked.implementations():
        worker = Worker(implementation)
        try:
            for name in ACTIVATIONS:
                for form in asked.forms():
                    reply = _ask(worker, name, form, asked.layers)
                    who: Row = {"run_id": run_id, "activation": name, "format": form, "backend": implementation.backend}
                    who |= {"mode": implementation.mode, "device": implementation.device}
                    who |= {"backend_version": version("autodiff", worker.hello)}
                    rows += [who | row for row in _rows(reply, exact[name], form)]
                    progress(str(implementation))
        finally:
            worker.stop()
    return frame(rows, CHAIN)


def _ask(worker: Worker, name: str, form: str, layers: int) -> dict[str, Any]:
    found = spec(worker.implementation.backend)
    if installed_version(found) is None:
        reason = f"{found.distribution} is not installed: pip install 'lastbit[{found.distribution}]'"
        return {"status": "missing", "reason": reason}
    case = asdict(Case(name, 1, "autodiff", form, defined(name).parameters))
    start = int(number_format(form).round([START])[0])
    try:
        worker.ready()
        return worker.ask({"op": "chain", "id": 0, "case": case, "start": start, "layers": layers}, START_LIMIT)
    except Died as death:
        return {"status": death.status, "reason": death.reason}


def _rows(reply: dict[str, Any], exact: ExactChain, form: str) -> list[Row]:
    if "status" in reply:
        return [{"status": reply["status"], "reason": reply["reason"]}]
    products = [number_format(form).value(bits) for bits in reply["products"]]
    columns = zip(products, exact.decimals(_DIGITS), exact.errors(products), strict=True)
    return [
        {"status": "ok", "reason": "", "layers": layers, "gradient": found, "exact": right, "relative_error": error}
        for layers, (found, right, error) in enumerate(columns, start=1)
    ]


_WHOLE, _REAL, _TEXT = "Int64", "Float64", "string"
CHAIN = dict.fromkeys(("run_id", "activation", "format", "backend", "backend_version", "mode", "device"), _TEXT)
CHAIN |= {"status": _TEXT, "reason": _TEXT, "layers": _WHOLE, "gradient": _REAL, "exact": _TEXT, "relative_error": _REAL}
"""Columns of ``chain``, a row per implementation, activation, format and number of layers: the gradient through them by the
framework's automatic differentiation of each and its own multiplication, and the exact one, from h = 0.5."""
