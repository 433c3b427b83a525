"""Cases about functions of the user's own, and about likeness: what their tables mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_gate_limits import changed, load

from backends.protocol import Case
from harness.case import Implementation


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kernels.py").write_text("")
    return tmp_path


def test_how_an_own_function_is_called(folder: Path) -> None:
    more = "gradient_takes = 'value'\ngradient_of = 'tanh'\nwith = { alpha = 1.5, mode = 'a b' }\nitem = 0\nelementwise = true\n"
    first, *_, last = load(changed("vanished = 0\n", more)).demands[:4]
    words = "kernels.py:fast+slope --gradient-takes value --gradient-of tanh --with alpha=1.5 --with 'mode='\"'\"'a b'\"'\"''"
    assert first.implementation.substitute == f"{words} --item 0 --elementwise"
    assert (first.case.activation, last.case.activation) == ("sigmoid", "tanh")
    text = changed("vanished = 0\n", "gradient = 'kernels.py:other'\n").replace("fast+slope", "fast")
    assert load(text).demands[0].implementation.substitute == "kernels.py:fast+other"


def test_what_a_decorator_says_need_not_be_said_again(folder: Path) -> None:
    source = (
        "import lastbit\n\n@lastbit.implementation('softplus', parameters={'beta': 2.0}, backend='numpy')\ndef f(x): return x\n"
    )
    (folder / "kernels.py").write_text(source)
    (demand,) = load("[[case]]\nimplementation = 'kernels.py:f'\nformat = 'float16'\nnan = 0\n").demands
    assert (demand.implementation.backend, demand.case.parameters) == ("numpy", (("beta", 2.0),))
    (demand,) = load("[[case]]\nactivation = 'elu'\nimplementation = 'kernels.py:f'\nformat = 'float16'\nnan = 0\n").demands
    assert demand.case.activation == "elu"


def test_what_a_case_is_to_be_like(folder: Path) -> None:
    for word, mode in (("torch", "eager"), ("torch:compiled", "compiled")):
        first, *_ = load(changed("vanished = 0", f"max_steps = 2\ndiffering = 9\nagainst = '{word}'")).demands
        assert first.against == (Implementation("torch", mode), Case("sigmoid", 0, "native", "bfloat16"))
        assert first.limits["max_steps"] == 2
    first, *_ = load(changed("vanished = 0", "max_steps = 0\nagainst = 'kernels.py:plain'")).demands
    assert first.against
    assert str(first.against[0]) == "torch:eager kernels.py:plain"
