"""What was asked of a run: one request, and more where the run has been extended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...case import Task
from ...folders import REQUEST, remove, write
from ...reference.own import fingerprint
from ..plan import Plan, Request, plan
from ..results import files
from .store import clear


def begin(folder: Path, requests: Sequence[Request], fresh: bool = True, overwrite: bool = False) -> None:
    """Note in the directory of a run what is asked of it.

    Args:
        folder: of the run.
        requests: what is asked.
        fresh: whether there must not be a run yet; otherwise one that is must have been asked the same, or the first of it.
        overwrite: whether a run that is there is removed first, its files alone.

    Raises:
        ValueError: where there is another run.
    """
    asked = [asdict(request) | {"fingerprint": fingerprint(request.own)} for request in requests]
    if overwrite:
        clear(folder)
        remove(folder / name for name in (*files(), REQUEST))
    elif not fresh and (folder / REQUEST).exists() and (before := load(folder)) != list(requests[: len(before)]):
        raise ValueError(f"{folder} holds another run: give another directory")
    try:
        write(folder / REQUEST, (json.dumps({"requests": asked}, indent=1) + "\n").encode(), new=fresh)
    except FileExistsError:
        raise ValueError(f"{folder} holds another run, begun just now: give another directory") from None


def load(folder: Path) -> list[Request]:
    """What the run in a directory was asked.

    Raises:
        ValueError: where there is no run, or one whose activations have been edited since.
    """
    try:
        fields: Any = json.loads((folder / REQUEST).read_text())
        asked = fields.get("requests", [fields])
        requests = [_request(dict(each)) for each in asked]
        changed = [request.own for request, before in requests if fingerprint(request.own) != before]
        if not requests:
            raise ValueError("nothing was asked")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no run in {folder}: its {REQUEST} cannot be read ({type(error).__name__})") from None
    if changed:
        raise ValueError(f"{changed[0]} is not what it was when the run in {folder} began: start a new run")
    return [request for request, _ in requests]


def _request(fields: dict[str, Any]) -> tuple[Request, str]:
    """A request, and the fingerprint of its file.

    Raises:
        TypeError: where a field has another type than it should.
    """
    before = fields.pop("fingerprint", "")
    given: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    request, default = Request(**given), Request()
    for name, value in vars(request).items():
        if type(value) is not type(getattr(default, name)):
            raise TypeError(f"{name} is {value!r}")
        each: type = int if name == "orders" else str
        if isinstance(value, tuple) and not all(type(one) is each for one in value):
            raise TypeError(f"{name} is {value!r}")
    return request, before


def plan_all(requests: Iterable[Request]) -> Plan:
    """The plan of a run that was extended: the cases of all requests, each once, on the inputs of the first with their format.

    Raises:
        ValueError: as for :func:`harness.runs.plan.plan`, and where seeds differ.
    """
    plans = [plan(request) for request in requests]
    whole = replace(plans[0], tasks=list(plans[0].tasks))
    known = {_key(task) for task in whole.tasks}
    for number, more in enumerate(plans[1:], 1):
        if more.seed != whole.seed:
            raise ValueError(f"seed {more.seed}: the run that is extended has {whole.seed}")
        whole.inputs = more.inputs | whole.inputs
        whole.activations = more.activations | whole.activations
        whole.laws, whole.search = whole.laws or more.laws, max(whole.search, more.search)
        for task in more.tasks:
            if _key(task) not in known:
                known.add(_key(task))
                whole.tasks.append(replace(task, number=len(whole.tasks), request=number))
    return whole


def _key(task: Task) -> object:
    return task.implementation, task.case
