"""Functions of the user's own as implementations: from what was typed, and what they say of themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from backends import target as targets
from backends.target import Target

from ..activations import Activation
from ..case import Implementation
from ..catalogue import parse
from .process import START_LIMIT, environment


@dataclass(frozen=True)
class Calling:
    """How functions of the user's own are called, in the words of the command line; see :mod:`backends.target`."""

    gradient: str = ""
    takes: str = ""
    of: str = ""
    fixed: tuple[str, ...] = ()
    gradient_fixed: tuple[str, ...] = ()
    item: int | None = None
    elementwise: bool = False

    def completed(self, text: str) -> str:
        """The text of a target, with these words.

        Raises:
            ValueError: where the text, or one of the words, makes no sense.
        """
        found = targets.parse(text)
        try:
            found = targets.with_gradient(found, self.gradient) if self.gradient else found
            found = replace(found, takes=self.takes or found.takes, of=self.of or found.of)
            found = replace(found, item=found.item if self.item is None else self.item)
            fixed = (*found.fixed, *map(targets.fixed_argument, self.fixed))
            more = (*found.gradient_fixed, *map(targets.fixed_argument, self.gradient_fixed))
            found = replace(found, fixed=fixed, gradient_fixed=more)
            return str(replace(found, elementwise=self.elementwise or found.elementwise))
        except ValueError as error:
            raise ValueError(f"implementation {text!r}: {error}") from None


def completed(texts: Sequence[str], calling: Calling) -> tuple[str, ...]:
    """The texts of targets, with the same words for all.

    Raises:
        ValueError: where they make no sense.
    """
    if not texts and calling != Calling():
        raise ValueError(
            "--gradient, --gradient-takes, --gradient-of, --with, --item, --elementwise belong to an --implementation"
        )
    return tuple(calling.completed(text) for text in texts)


def declared(
    texts: Sequence[str], activations: Sequence[str], backends: Sequence[str], folder: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The same targets, activations and backends, completed by what the functions say of themselves.

    Raises:
        ValueError: where the functions are of several activations or backends, and none is given.
    """
    said = [_said(text, folder) for text in texts]
    found = tuple(each.get("text", text) for each, text in zip(said, texts, strict=True))
    theirs = {}
    for name, given in (("activation", activations), ("backend", backends)):
        words = tuple(dict.fromkeys(each[name] for each in said if each.get(name)))
        if not given and len(words) > 1:
            raise ValueError(f"implementations of several {name}s, {', '.join(words)}: measure them one by one, or say which")
        theirs[name] = tuple(given) or words
    return found, theirs["activation"], theirs["backend"]


def _said(text: str, folder: str) -> dict[str, str]:
    """What a function says of itself; nothing where its module cannot be had: its worker will say why, in a row."""
    source = _source(targets.parse(text), folder)
    try:  # it takes a process to ask, which imports a framework
        asks = source is not None and b"implementation(" in source.read_bytes()
        return _asked(text, str(Path(folder).resolve()), source.stat().st_mtime_ns) if source and asks else {}
    except OSError:
        return {}


@lru_cache
def _asked(text: str, folder: str, changed: int) -> dict[str, str]:
    """What a function says of itself in a file that was changed then."""
    command = [sys.executable, "-P", "-m", "backends.worker", "--describe", "--substitute", text, "--folder", folder]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=START_LIMIT, check=True, errors="replace", env=environment()
        )
        said: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return {}
    return said


def _source(target: Target, folder: str) -> Path | None:
    """The file of a target's module; nothing is imported to find it."""
    if target.is_file:
        return Path(folder) / target.module
    here = Path(folder, *target.module.split("."))
    for path in (here.with_suffix(".py"), here / "__init__.py"):
        if path.is_file():
            return path
    first, *rest = target.module.split(".")
    try:
        found = find_spec(first)
    except (ImportError, ValueError):
        return None
    if found is None or not rest:
        return Path(found.origin) if found and found.origin else None
    return Path(*(found.submodule_search_locations or [""])[:1], *rest).with_suffix(".py")


def own_implementations(texts: Sequence[str], frameworks: Sequence[Implementation]) -> list[Implementation]:
    """The user's own functions in all the modes of the one backend.

    Raises:
        ValueError: as :func:`own_implementation`, and for several backends.
    """
    if texts and len({found.backend for found in frameworks}) > 1:
        raise ValueError("an implementation of your own needs one --backend: the one whose tensors it takes")
    return [own_implementation(text, found) for text in texts for found in frameworks]


def own_implementation(text: str, framework: Implementation, folder: str = "") -> Implementation:
    """A function of the user's own on the tensors of a backend.

    Raises:
        ValueError: where the text names nothing, or a file that is not there.
    """
    target = targets.parse(text)
    for file in target.files:
        try:
            there = (Path(folder) / file).is_file()
        except OSError as error:  # for example a name that is too long
            raise ValueError(f"implementation {text!r}: {error.strerror}") from None
        if not there:
            raise ValueError(f"implementation {text!r}: there is no file {file}")
    if target.of:
        parse(target.of)
    return replace(framework, substitute=str(target), folder=folder)


def held_against(implementation: Implementation, definition: Activation, order: int) -> Activation:
    """The activation whose derivative a result of that order is compared with: another one where the user's gradient is meant
    to differ from that of the function."""
    if not order or not implementation.substitute:
        return definition
    of = targets.parse(implementation.substitute).of
    return parse(of) if of else definition
