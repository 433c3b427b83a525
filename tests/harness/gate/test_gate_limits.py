"""Files of limits: what they mean, and that whatever is wrong with one is said in a line."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.protocol import Case
from harness.case import Implementation
from harness.gate import limits
from harness.gate.demands import LIMITS, Gate, TimeLimit
from harness.gate.lines import Lines

RIGHT = """\
inputs = 2048
seed = 3
timeout = 20
[defaults]
nan = 0
max_ulp = 4
[defaults.sigmoid]
max_ulp = 1.5

[[case]]
activation = "sigmoid"
implementation = "kernels.py:fast+slope"
backend = ["torch:eager"]
format = ["bfloat16", "float16"]
order = [0, 1]
vanished = 0

[[case]]
activation = "softplus(beta=2)"
backend = "numpy"
format = "float32"
order = 2
monotone_dip = 2.5
"""
TIMED = """\
time_budget = 30
[[case]]
activation = "sigmoid"
implementation = "kernels.py:fast+slope"
backend = "torch:compiled"
format = "float32"
order = [0, 1]
slower_than = { ratio = 1.15, route = "from_value", elements = 4096 }
"""
IN_PROCESS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kernels.py").write_text("")
    return tmp_path


def load(text: str | bytes, name: str = "lastbit.toml") -> Gate:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return limits.load(Path(name))


def test_a_file_means_its_cases(folder: Path) -> None:
    gate = load(RIGHT)
    assert (gate.inputs, gate.seed, gate.timeout) == ("2048", 3, 20)
    found = [(str(each.implementation), each.case.order, each.case.route, each.case.format) for each in gate.demands]
    own = "torch:eager kernels.py:fast+slope"
    assert found == [
        (own, 0, "native", "bfloat16"),
        (own, 0, "native", "float16"),
        (own, 1, "native", "bfloat16"),
        (own, 1, "native", "float16"),
        ("numpy:eager", 2, "autodiff", "float32"),
    ]
    assert gate.demands[0].limits == {"nan": 0, "max_ulp": 1.5, "vanished": 0}
    assert gate.demands[-1].limits == {"nan": 0, "max_ulp": 4.0, "monotone_dip": 2.5}
    assert gate.demands[-1].case.parameters == (("beta", 2.0),)
    assert [each.line for each in gate.demands] == [10] * 4 + [18]


def test_paths_begin_where_the_file_is(folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    (below / "mine.py").write_text("")
    text = '[[case]]\nactivation = "relu"\nimplementation = "mine.py:f"\nbackend = "numpy"\nformat = "float16"\nnan = 0\n'
    (demand,) = load(text, "below/lastbit.toml").demands
    assert demand.implementation == Implementation("numpy", "eager", substitute="mine.py:f")
    assert demand.implementation.folder == "below"


def test_pyproject_has_them_too(folder: Path) -> None:
    text = '[project]\nname = "x"\n[tool.lastbit]\ninputs = 1024\n[[tool.lastbit.case]]\nactivation = "relu"\n'
    gate = load(text + 'backend = "numpy"\nformat = "float32"\nnan = 0\n', "pyproject.toml")
    assert (gate.inputs, gate.demands[0].line) == ("1024", 5)
    assert limits.find(None) == Path("pyproject.toml")
    with pytest.raises(ValueError, match=r"pyproject.toml:8: unknown key 'spede'"):
        load(text + 'backend = "numpy"\nspede = 3\n', "pyproject.toml")
    for other in ("tool = 1", "[tool]\nlastbit = 3", "[project]"):
        with pytest.raises(ValueError, match=r"pyproject.toml:1: has no table \[tool.lastbit\]"):
            load(other, "pyproject.toml")


@pytest.mark.parametrize(
    ("other", "compared_with"),
    [
        ("", ["torch:compiled native", "torch:compiled autodiff"]),
        (
            'implementation = "kernels.py:slow",',
            ["torch:compiled kernels.py:slow native", "torch:compiled kernels.py:slow autodiff"],
        ),
        (
            'implementation = "kernels.py:fast",',
            ["torch:compiled kernels.py:fast native", "torch:compiled kernels.py:fast autodiff"],
        ),
    ],
)
def test_times_are_compared_with_what_is_named(folder: Path, other: str, compared_with: list[str]) -> None:
    gate = load(TIMED.replace('route = "from_value",', other))
    assert gate.time_budget == 30
    limited = [each.time for each in gate.demands if each.time]
    assert [f"{each.implementation} {each.case.route}" for each in limited] == compared_with
    assert [(each.ratio, each.case.order, each.case.format, each.n) for each in limited] == [
        (1.15, 0, "float32", 4096),
        (1.15, 1, "float32", 4096),
    ]


def test_a_framework_is_compared_with_a_route_of_its_own(folder: Path) -> None:
    text = '[[case]]\nactivation = "sigmoid"\nbackend = "jax:compiled"\nformat = "float32"\norder = 1\n'
    (demand,) = load(text + 'slower_than = { route = "cached", ratio = 3 }\n').demands
    case = Case("sigmoid", 1, "cached", "float32")
    assert demand.time == TimeLimit(3, Implementation("jax", "compiled"), case, 1 << 16)


def changed(old: str, new: str, text: str = RIGHT) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


WRONG: list[tuple[str | bytes, int, str]] = [
    (changed("seed = 3", "sede = 3"), 2, "unknown key 'sede': choose from inputs, seed"),
    (changed("seed = 3", "seed = -3"), 2, "seed -3 is negative"),
    (changed("inputs = 2048", "inputs = 2.5"), 1, "inputs 2.5: give 'exhaustive' or a number"),
    (changed("inputs = 2048", "inputs = true"), 1, "inputs True"),
    (changed("inputs = 2048", "inputs = 'all'"), 1, "inputs 'all': give 'exhaustive' or a number"),
    (changed("timeout = 20", "timeout = 0"), 3, "timeout 0"),
    (changed("timeout = 20", "timeout = 1e6"), 3, "timeout 1e+06"),
    (changed("nan = 0", "nan = 0.5"), 5, "nan 0.5: give a whole number"),
    (changed("nan = 0", "nan = true"), 5, "nan True: give a whole number"),
    (changed("max_ulp = 4", "max_ulp = -4"), 6, "max_ulp -4 is negative"),
    (changed("max_ulp = 4", "max_ulp = inf"), 6, "max_ulp inf: give a number"),
    (changed("max_ulp = 4", "max_ulp = nan"), 6, "max_ulp nan: give a number"),
    (changed("max_ulp = 4", "max_ulp = " + "9" * 400), 6, "max_ulp is larger than 2^63"),
    (changed("max_ulp = 4", "max_ulp = '4'"), 6, "max_ulp '4': give a number"),
    (changed("max_ulp = 1.5", "order = 1"), 8, "unknown key 'order'"),
    (changed("[defaults.sigmoid]", "[defaults.sigmoyd]"), 7, "unknown key 'sigmoyd'"),
    (changed('activation = "sigmoid"', 'activation = "sigmoyd"'), 11, "unknown activation 'sigmoyd'"),
    (changed('activation = "sigmoid"', "activation = 3"), 11, "activation 3 is not a text"),
    (changed('activation = "sigmoid"', ""), 10, "this one has no activation"),
    (changed('activation = "sigmoid"', 'activation = "=cmd()\\u001b[2J"'), 11, "activation '=cmd()\\x1b[2J': give NAME"),
    (changed("kernels.py:fast", "colonels.py:fast"), 12, "there is no file colonels.py"),
    (changed("kernels.py:fast", "kernels.py"), 12, "give path/to/file.py:function"),
    (changed("kernels.py:fast", "=1+1.py:fast"), 12, "give path/to/file.py:function"),
    (changed("kernels.py:fast", "\\u001b]0;x\\u0007.py:fast"), 12, "give path/to/file.py:function"),
    (changed("kernels.py:fast", "k" * 300 + ".py:fast"), 12, "implementation"),
    (changed('["torch:eager"]', '["torch:eager", "jax"]'), 13, "needs one backend"),
    (changed('["torch:eager"]', "[]"), 13, "backend is an empty list"),
    (changed('["torch:eager"]', '"caffe"'), 13, "unknown backend 'caffe'"),
    (changed('"bfloat16", "float16"', '"float8"'), 14, "unknown format 'float8'"),
    (changed("[0, 1]", "[0, 3]"), 15, "unknown order 3: choose from 0, 1, 2"),
    (changed("[0, 1]", "[[0]]"), 15, "unknown order [0]"),
    (changed("vanished = 0", "speed_ratio = 1.1"), 16, "unknown key 'speed_ratio'"),
    (changed("vanished = 0", "route = 'from_value'"), 16, "unknown route 'from_value' for this order: choose from native"),
    (changed("vanished = 0", "vanished = 0\nvanished = 1"), 17, "Cannot overwrite a value"),
    (changed("vanished = 0", "vanished ="), 16, "Invalid value"),
    (changed("time_budget = 30", "time_budget = -1", TIMED), 1, "time_budget -1 is negative"),
    (changed("1.15", "0", TIMED), 8, "ratio 0: give a number above 0"),
    (changed("1.15", "-1.15", TIMED), 8, "ratio -1.15 is negative"),
    (changed("1.15", "'1.15'", TIMED), 8, "ratio '1.15': give a number"),
    (changed('"from_value"', '"from_memory"', TIMED), 8, "no route by which this order can be timed: choose from native,"),
    (changed('"from_value"', "3", TIMED), 8, "route 3: no route"),
    (changed('route = "from_value"', 'implementation = "colonels.py:f"', TIMED), 8, "there is no file colonels.py"),
    (changed('route = "from_value"', 'implementation = "kernels.py:fast+slope"', TIMED), 8, "is the case itself: torch:compiled"),
    (changed('route = "from_value"', 'route = "native", implementation = "kernels.py:f"', TIMED), 8, "not both"),
    (changed("4096", "0", TIMED), 8, "elements 0: give a number from 1 to 16777216"),
    (changed("4096", "99999999", TIMED), 8, "elements 99999999: give a number from 1 to 16777216"),
    (changed("4096", "4096.5", TIMED), 8, "elements 4096.5: give a whole number"),
    (changed("ratio = 1.15, ", "", TIMED), 8, "slower_than is a table with a ratio"),
    (changed("ratio = 1.15", "ratios = 1.15, ratio = 1", TIMED), 8, "unknown key 'ratios': choose from ratio, route"),
    (changed("monotone_dip = 2.5", "slower_than = { ratio = 2 }"), 23, "slower_than needs the route to compare with"),
    (changed("monotone_dip = 2.5", "slower_than = { ratio = 2, route = 'autodiff' }"), 23, "'autodiff' is the case itself"),
    (changed("nan = 0", "slower_than = 2"), 5, "unknown key 'slower_than'"),
    (changed("vanished = 0", "against = 'torch:eager'"), 16, "against needs a limit: max_steps or differing"),
    (changed("vanished = 0", "max_steps = 2"), 16, "max_steps needs against, an implementation"),
    (changed("vanished = 0", "max_steps = 2\nagainst = 'exact'"), 16, "max_steps needs against, an implementation"),
    (
        changed("vanished = 0", "max_steps = 2\nagainst = 'caffe'"),
        17,
        "against 'caffe': give 'exact', NAME[:MODE] or FILE.py:FUNCTION",
    ),
    (changed("vanished = 0", "max_steps = 2\nagainst = 3"), 17, "against 3 is not a text"),
    (changed("monotone_dip = 2.5", "max_steps = 2\nagainst = 'numpy'"), 24, "against 'numpy' is the case itself"),
    (
        changed("vanished = 0", "max_ulp_subnormal = 1"),
        16,
        "max_ulp_subnormal 1: it is a larger budget than max_ulp, which is 1.5",
    ),
    (changed("vanished = 0", "gradient = 'kernels.py:slope'"), 12, "there is one already, slope"),
    (changed("vanished = 0", "gradient_takes = 'output'"), 12, "gradient-takes 'output': choose from input value"),
    (changed("vanished = 0", "gradient_of = 'reloo'"), 12, "unknown activation 'reloo'"),
    (changed("vanished = 0", "with = 3"), 16, "with is a table of arguments"),
    (changed("vanished = 0", "item = '0'"), 16, "item '0': give a whole number"),
    (changed("vanished = 0", "elementwise = 1"), 16, "elementwise 1: give true or false"),
    (changed("monotone_dip = 2.5", "item = 0"), 23, "item says how an implementation is called: give one"),
    (changed("fast+slope", "fast("), 12, "is no name, attribute or call"),
    (RIGHT + RIGHT[RIGHT.index("\n[[case]]") :], 25, "the same case as on line 10"),
    (RIGHT.partition("[[case]]")[0], 1, "there are no cases"),
    ("case = 3", 1, "there are no cases"),
    ("x = [" * 600, 1, "unclosed"),
    ("x = " + "[" * 4000, 1, ""),
    ("\n\n" + "a" * 5000, 3, "has 5,000 characters"),
    (RIGHT.encode() + b"\xff\xfe", 24, "is not UTF-8 text"),
    (RIGHT.encode() + b"# \x00", 24, ""),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=lambda value: str(value)[-30:])
def test_what_is_wrong_is_said_with_its_line(folder: Path, text: str | bytes, line: int, words: str) -> None:
    with pytest.raises(ValueError, match=f"^lastbit.toml:{line}: ") as error:
        load(text)
    said = str(error.value)
    assert said.isprintable()
    assert len(said) < 500
    if words != "unclosed":
        assert words in said


def test_no_file_and_too_large_a_file(folder: Path) -> None:
    for path, words in ((Path("nowhere.toml"), "there is no file"), (folder, "there is no file")):
        with pytest.raises(ValueError, match=words):
            limits.load(path)
    with pytest.raises(ValueError, match=r"no lastbit\.toml, and no pyproject\.toml"):
        limits.find(None)
    with pytest.raises(ValueError, match="more than 1,048,576 bytes"):
        load(b"\xa5" * (100 << 20))


def test_names_are_no_orders_to_a_terminal(folder: Path) -> None:
    for name in ("\x1b[2J", "\x1b]0;x\x07.toml"):
        with pytest.raises(ValueError, match="there is no file") as error:
            limits.load(Path(name))
        assert str(error.value).isprintable()
        with pytest.raises(ValueError, match="1: there are no cases") as error:
            load("", name)
        assert str(error.value).isprintable()


def survives(text: str | bytes) -> None:
    """Loads, or says in one printable line why not."""
    try:
        load(text)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017


@IN_PROCESS
@given(st.text() | st.binary())
def test_anything_is_a_file_or_said_not_to_be(folder: Path, text: str | bytes) -> None:
    with contextlib.suppress(UnicodeEncodeError):  # lone surrogates make no file
        survives(text)


@IN_PROCESS
@given(st.data())
def test_spoiled_files_are_said_to_be(folder: Path, data: st.DataObject) -> None:
    """Some characters of a right file replaced, or it is cut off."""
    right = data.draw(st.sampled_from([RIGHT, TIMED]))
    low = data.draw(st.integers(0, len(right)))
    high = data.draw(st.integers(low, min(low + 30, len(right))))
    put = data.draw(st.text(st.sampled_from("[]{}\"'=.,#\n\\ 0a\x1b-"), max_size=8))
    survives(right[:low] + put + (right[high:] if data.draw(st.booleans()) else ""))


VALUES = st.recursive(
    st.integers() | st.booleans() | st.floats() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [
        *LIMITS,
        "slower_than",
        "against",
        "max_steps",
        "with",
        "item",
        "activation",
        "backend",
        "format",
        "order",
        "route",
        "implementation",
        "spede",
    ]
)


def toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",\n ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


@IN_PROCESS
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_values_of_any_type_are_judged(folder: Path, table: dict[str, Any]) -> None:
    right = {"activation": "relu", "backend": "numpy", "format": "float16"}
    keys = {key: toml(value) for key, value in (right | table).items()}
    survives("[[case]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))


PIECES = st.sampled_from(
    [
        '{key} = 1 # [ """',
        '{key} = "a # b"',
        "{key} = '''\n[[case]]\nnot.a.key = 1\n'''",
        '{key} = """x\n\\"" = 3\n{{[\n""""',
        "{key} = [\n 1,\n [2, '] # '], # ]\n]",
        "{key} = {{ a = 1, b = [2] }}",
        "  {key} = 1979-05-27",
        '"{key}" = 1',
        "# nothing = 1\n{key} = 2",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=5), max_size=4))
def test_lines_of_keys_are_known(cases: list[list[str]]) -> None:
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    for number, pieces in enumerate(cases):
        lines.append("[[case]]")
        expected["case", number] = len(lines)
        for index, piece in enumerate(pieces):
            text = piece.format(key=f"key{index}").split("\n")
            expected["case", number, f"key{index}"] = len(lines) + 1 + piece.startswith("#")
            lines += text
    tomllib.loads("\n".join(lines))  # it is TOML
    found = Lines("\n".join(lines))
    assert {place: found[place] for place in expected} == expected
    assert found["case", 99, "nothing"] == 1
