"""Planted regressions of every class are named, and nothing else is; and what is no result never passes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from commandline import lastbit

from lastbit.testing import assert_accurate

FOLDER = Path(__file__).parent / "kernels"
VALUES = {
    "vanished_tail": "vanished 127 is above 0: from x = -8.00781 on",
    "one_nan": "nan 1 is above 0",
    "one_ulp": "at x = 1.5 (0x3e00) it is 0x3a8b, exact is 0.8175744761936436",
    "zero_sign": "zero_sign 1 is above 0",
}
GRADIENTS = {"other_gradient": "max_ulp", "history": "history: 1 of 65,536 results change from call to call: at x = 1.5"}
OWN_GRADIENTS = {"other_gradient": "right+tanh_slope", "history": "right+remembering_slope"}  # NumPy's are given
NOTHING = ("zeros", "nans", "untouched")
HEAD = "[defaults]\nmax_ulp = 0.51\nvanished = 0\nzero_sign = 0\n"


def case(framework: str, name: str, more: str) -> str:
    text = f'[[case]]\nactivation = "sigmoid"\nimplementation = "planted_{framework}.py:{name}"\n'
    return f'{text}backend = "{framework}:eager"\nformat = "float16"\n{more}\n'


def judged(folder: Path, text: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and outcome and reasons by function."""
    for framework in ("numpy", "torch", "jax", "tensorflow"):
        shutil.copy(FOLDER / f"planted_{framework}.py", folder)
    (folder / "lastbit.toml").write_text(text)
    done = lastbit("check", "--json", cwd=folder)
    found = json.loads(done.stdout)
    names = [each["name"].split()[1].partition(":")[2] for each in found]
    return done.returncode, {name: (each["outcome"], "; ".join(each["reasons"])) for name, each in zip(names, found, strict=True)}


@pytest.mark.parametrize(
    "framework", ["numpy", *(pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "jax", "tensorflow"))]
)
def test_planted_regressions_are_named_exactly(tmp_path: Path, framework: str) -> None:
    own = OWN_GRADIENTS if framework == "numpy" else {}
    text = HEAD + case(framework, "right", "") + "".join(case(framework, name, "") for name in VALUES)
    text += "".join(case(framework, own.get(name, name), "order = 1\nmax_ulp = 1") for name in GRADIENTS)
    code, found = judged(tmp_path, text)
    assert code == 1
    assert found.pop("right") == ("ok", "")
    for name, words in {**VALUES, **GRADIENTS}.items():
        outcome, reasons = found[own.get(name, name)]
        assert (outcome, words in reasons) == ("worse", True), (name, reasons)


@pytest.mark.parametrize(
    "framework", ["numpy", *(pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "jax", "tensorflow"))]
)
def test_what_is_no_result_never_passes(tmp_path: Path, framework: str) -> None:
    """Whatever is allowed: here each of these has a limit that it holds."""
    limits = "\n".join(f"{name} = 65536" for name in ("nan", "vanished", "flushed", "overflowed", "special", "inaccurate"))
    code, found = judged(tmp_path, "".join(case(framework, name, limits) for name in NOTHING))
    assert code == 1
    for name in NOTHING:
        assert found[name][0] == "worse"
        # Memory that nobody has written to may also be other memory the next time.
        assert re.search("nothing was computed|history" if name == "untouched" else "nothing was computed", found[name][1])


@pytest.mark.parametrize("framework", ["numpy", "torch", "jax", "tensorflow"])
def test_planted_regressions_fail_their_tests(framework: str) -> None:
    """The same in a test-suite, in process."""
    names: dict[str, object] = {}
    exec(compile((FOLDER / f"planted_{framework}.py").read_text(), framework, "exec"), names)
    given = {"format": "float16", "backend": framework, "max_ulp": 0.51, "allow": ("flushed",)}

    def said(name: str, **more: object) -> str:
        with pytest.raises(AssertionError) as failure:
            assert_accurate(names[name], "sigmoid", **{**given, **more})  # type: ignore[arg-type]
        return str(failure.value)

    if framework != "jax":  # in float32, without jax_enable_x64
        assert_accurate(names["right"], "sigmoid", **given)  # type: ignore[arg-type]
    for name, word in (("vanished_tail", "vanished: 127"), ("one_nan", "nan: 1"), ("one_ulp", "x = 1.5 (0x3e00): got 0.818")):
        assert word in said(name)
    assert "zero sign: 1" in said("zero_sign")
    gradients = {"other_gradient": "tanh_slope", "history": "remembering_slope"}
    for name, word in (
        ("other_gradient", r"error above 1 ulp: \d+"),
        ("history", "gives other bits when it is called again, for 1"),
    ):
        more = {"order": 1, "max_ulp": 1}
        own = {"gradient": names[gradients[name]]} if framework == "numpy" else {}
        assert re.search(word, said("right" if own else name, **more, **own))
    for name in NOTHING:
        assert re.search("results are not sigmoid" + "|gives other bits" * (name == "untouched"), said(name))
