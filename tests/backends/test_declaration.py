"""The decorator: the same as the command line, and nothing else happens to the function."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import ROOT, refusal

import lastbit
from backends.substitute import described
from harness.workers.own import declared
from lastbit.testing import assert_accurate

SOURCE = """\
import lastbit
import numpy as np

def slope(s):
    return 1 - np.exp(-2.0 * s)

@lastbit.implementation("softplus", parameters={"beta": 2.0}, backend="numpy", gradient=slope, gradient_takes="value")
def named(x):
    return np.log1p(np.exp(2 * x)) / 2

@lastbit.implementation("relu", gradient=lambda x, at: x > at, gradient_arguments={"at": 0}, arguments={"by": 1.0}, item=0)
def nameless(x, by):
    return by * np.maximum(x, 0), x

@lastbit.implementation("relu", backend="torch")
class Relu:
    def __call__(self, x):
        return x

def silent(x):
    return x
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "declared.py").write_text(SOURCE)
    return tmp_path


def test_it_is_imported_cheaply() -> None:
    code = "import sys, lastbit\n@lastbit.implementation('relu')\ndef f(x): return x\n"
    code += "assert f(3) == 3\nassert not {'numpy', 'pandas', 'torch', 'harness'} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_the_same_as_the_command_line(folder: Path) -> None:
    words = "declared.py:named+slope --gradient-takes value"
    assert described("declared.py:named") == {"text": words, "activation": "softplus(beta=2.0)", "backend": "numpy"}
    words = "declared.py:nameless+nameless.lastbit.gradient --gradient-with at=0 --with by=1.0 --item 0"
    assert described("declared.py:nameless") == {"text": words, "activation": "relu", "backend": ""}
    assert described("declared.py:nameless+silent --item 1")["text"] == "declared.py:nameless+silent --with by=1.0 --item 1"
    assert described("declared.py:nameless --with by=3.0")["text"].endswith(" --with by=3.0 --item 0")
    assert described("declared.py:Relu()") == {"text": "declared.py:Relu()", "activation": "relu", "backend": "torch"}
    assert described("declared.py:silent") == {}


def test_what_is_given_goes_before_it(folder: Path) -> None:
    text = "declared.py:named+slope --gradient-takes value"
    assert declared(("declared.py:named",), (), ()) == ((text,), ("softplus(beta=2.0)",), ("numpy",))
    assert declared(("declared.py:named",), ("elu",), ("torch",)) == ((text,), ("elu",), ("torch",))
    assert declared(("declared.py:silent", "nowhere.py:f", "torch.nn:Mish()"), (), ())[1:] == ((), ())
    with pytest.raises(ValueError, match=r"implementations of several activations, softplus\(beta=2\.0\), relu: measure"):
        declared(("declared.py:named", "declared.py:nameless"), (), ())


def test_a_run_needs_no_more(folder: Path) -> None:
    result = lastbit.run(formats=("float16",), orders=(0, 1), routes=("native",), implementations=("declared.py:named",))
    rows = result.accuracy[result.accuracy.implementation != ""]
    assert set(rows.parameters) == {'{"beta": 2.0}'}
    assert list(rows.order) == [0, 1]
    assert (rows.status == "ok").all()
    line = refusal("run", "--implementation", "declared.py:named", "--implementation", "declared.py:nameless", cwd=folder)
    assert line.startswith("lastbit: implementations of several activations")


def test_a_test_needs_no_more() -> None:
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    assert_accurate(names["nameless"], "relu", format="float16", max_ulp=0.5)
    assert_accurate(names["named"], "softplus(beta=2)", format="float32", max_ulp=1e9, allow=("flushed", "vanished"), order=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"gradient_takes": "value"}, "gradient-takes 'value': there is no gradient"),
        ({"gradient": np.sign, "gradient_takes": "output"}, "gradient-takes 'output': choose from"),
        ({"gradient_of": "relu"}, "gradient-of 'relu': there is no gradient"),
    ],
)
def test_declarations_that_make_no_sense(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lastbit.implementation("relu", **arguments)
    with pytest.raises(TypeError, match="cannot be noted on a builtin_function_or_method: decorate a function"):
        lastbit.implementation("relu")(len)
