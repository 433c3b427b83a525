"""The gate as a CI meets it: planted regressions, hostile modules, and nothing but what was asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import commandline
import pandas as pd
import pytest
from commandline import ROOT, refusal

from harness.gate.saved import saved_figures
from lastbit import run

KERNELS = """\
import numpy as np

def right(x):
    with np.errstate(all="ignore"):
        return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)

def slope(x):
    with np.errstate(all="ignore"):
        s = 1 / (1 + np.exp(-np.abs(x.astype(np.float64))))
        return (np.exp(-np.abs(x.astype(np.float64))) * s * s).astype(x.dtype)

def vanished_tail(x):
    return np.where((x < -8) & (x > -9), x.dtype.type(0), right(x))

def one_nan(x):
    return np.where(x == 1.5, x.dtype.type(np.nan), right(x))

def one_ulp(x):
    return np.where(x == 1.5, np.nextafter(right(x), x.dtype.type(2)), right(x))

def zero_sign(x):
    return np.where(x == -20, x.dtype.type(-0.0), right(x))
"""
LIMITS = {"vanished_tail": "vanished", "one_nan": "nan", "one_ulp": "max_ulp", "zero_sign": "zero_sign"}
HEAD = "[defaults]\nmax_ulp = 0.51\nnan = 0\nvanished = 0\nzero_sign = 0\n"


def case(name: str, more: str = "") -> str:
    backend = 'backend = "numpy"\nformat = "float16"\n'
    return f'[[case]]\nactivation = "sigmoid"\nimplementation = "kernels.py:{name}"\n{backend}{more}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kernels.py").write_text(KERNELS)
    return tmp_path


def lastbit(folder: Path, *arguments: str, **variables: str) -> commandline.Done:
    return commandline.lastbit(*arguments, cwd=folder, **variables)


def test_planted_regressions_are_named_and_nothing_else(project: Path) -> None:
    (project / "lastbit.toml").write_text(HEAD + "".join(map(case, ["right", "right+slope", *LIMITS])))
    done = lastbit(project, "check", "--json")
    assert done.returncode == 1, done.stderr
    verdicts = {verdict["name"].split()[1].split(":")[1]: verdict for verdict in json.loads(done.stdout)}
    assert {name for name, verdict in verdicts.items() if verdict["outcome"] != "ok"} == set(LIMITS)
    for name, limit in LIMITS.items():
        broken = {reason.split()[0] for reason in verdicts[name]["reasons"]}
        assert broken == ({"vanished", "max_ulp"} if limit == "vanished" else {limit}), name
    assert "x = 1.5 (0x3e00) it is 0x3a8b, exact is 0.8175744761936436" in verdicts["one_ulp"]["reasons"][0]
    assert "vanished 127 is above 0: from x = -8.00781 on" in " ".join(verdicts["vanished_tail"]["reasons"])


def test_where_errors_are_limited_there_are_no_nans_unless_the_file_says_so(project: Path) -> None:
    for more, last in (("", "0 ok, 1 worse"), ("\nnan = 1", "1 ok, 0 worse")):
        (project / "lastbit.toml").write_text(case("one_nan", f"max_ulp = 1e9{more}"))
        done = lastbit(project, "check")
        assert ("nan 1 is above 0" in done.stdout) == (not more)
        assert done.stdout.splitlines()[-1] == f"{last}, 0 better, 0 undecided, 0 missing"


def test_with_nothing_planted_all_holds(project: Path) -> None:
    (project / "lastbit.toml").write_text(HEAD + case("right+slope", "order = [0, 1]\nmonotone_dip = 0"))
    done = lastbit(project, "check", "--junit", "out/junit.xml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 ok, 0 worse, 0 better, 0 undecided, 0 missing"
    suite = ElementTree.parse(project / "out" / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["inputs"] == "65536"
    (project / "full.xml").symlink_to("/dev/full")
    done = lastbit(project, "check", "--junit", "full.xml", "--sarif", "s.json")
    assert (done.returncode, done.stderr.strip()) == (2, "lastbit: cannot write full.xml: No space left on device")
    assert done.stdout.splitlines()[-1] == "2 ok, 0 worse, 0 better, 0 undecided, 0 missing"
    assert json.loads((project / "s.json").read_text())["version"] == "2.1.0"


def test_baselines_find_what_changed(project: Path) -> None:
    (project / "lastbit.toml").write_text("".join(map(case, ["right", *LIMITS])))
    kernels = project / "kernels.py"
    intact = KERNELS + "".join(f"{name} = right\n" for name in LIMITS)
    kernels.write_text(intact)
    written = lastbit(project, "baseline", "write")
    assert written.returncode == 0, written.stderr
    kept = (project / "lastbit.baseline").read_text()
    assert lastbit(project, "baseline", "write").returncode == 2  # nothing is overwritten
    assert lastbit(project, "check", "--baseline", "lastbit.baseline").returncode == 0
    kernels.write_text(KERNELS)
    done = lastbit(project, "check", "--baseline", "lastbit.baseline", "--json")
    assert done.returncode == 1
    right, *broken = json.loads(done.stdout)
    assert right["outcome"] == "ok"
    for figure, verdict in zip(LIMITS.values(), broken, strict=True):
        assert verdict["outcome"] == "worse"
        assert figure in {reason.split()[0] for reason in verdict["reasons"]}
    refused = lastbit(project, "baseline", "update")
    assert refused.returncode == 1
    assert "zero_sign 0 -> 1" in refused.stdout
    assert f"is as it was: {len(LIMITS)} cases would be held less tightly (--allow-worse)" in refused.stderr
    assert (project / "lastbit.baseline").read_text() == kept
    assert lastbit(project, "baseline", "update", "--allow-worse").returncode == 0
    kernels.write_text(intact)
    done = lastbit(project, "check", "--baseline", "lastbit.baseline")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"1 ok, 0 worse, {len(LIMITS)} better, 0 undecided, 0 missing"
    assert "zero_sign 1 -> 0" in done.stdout
    assert lastbit(project, "baseline", "update").returncode == 0
    assert (project / "lastbit.baseline").read_text() == kept


def test_a_baseline_of_another_machine_is_undecided(project: Path) -> None:
    (project / "lastbit.toml").write_text(HEAD + case("right"))
    assert lastbit(project, "baseline", "write", "b").returncode == 0
    text = (project / "b").read_text()
    old = next(word for word in text.split(" ") if word.startswith("architecture="))
    (project / "b").write_text(text.replace(old, "architecture=abacus"))
    done = lastbit(project, "check", "--baseline", "b")
    assert done.returncode == 3
    assert "another environment: architecture was 'abacus'" in done.stdout
    assert lastbit(project, "check", "--baseline", "b", "--strict").returncode == 1


WRITES = """import os
for fd in range(3, 99):
    try: os.write(fd, b'{}')
    except OSError: pass
"""
HOSTILE = {
    "raises": ("raise RuntimeError('\\x1b[2J=cmd()')", "failed: RuntimeError: \\x1b[2J=cmd()"),
    "leaves": ("raise SystemExit(0)", "failed: SystemExit: 0"),
    "exits": ("import os\nos._exit(0)", "crashed: exited with code 0"),
    "dies": (
        "import os, signal\nprint('last words \\x1b[31m')\nos.kill(os.getpid(), signal.SIGKILL)",
        "killed by signal 9 (SIGKILL)",
    ),
    "hangs": ("import time\ntime.sleep(600)", "timeout: no answer within 6 s"),
    "empty": ("", "failed: AttributeError: empty.py has no f"),
    "broken": ("def f(x:", "failed: SyntaxError"),
    "number": ("f = 3", "failed: TypeError: f in number.py is no function but of type int"),
    "pair": ("def f(x): return x, x", "failed: TypeError: returned a tuple of 2: say which item is meant (--item 0)"),
    "nothing": ("def f(x): pass", "failed: TypeError: returned None"),
    "short": ("def f(x): return x[:-1]", "failed: ValueError: returned shape (65535,) for 65536 inputs"),
    "double": ("def f(x): return x.astype('float64')", "failed: TypeError: returned float64 for float16 input"),
    "late": ("import os\ndef f(x): os.abort()", "crashed: killed by signal 6 (SIGABRT)"),
    "nameless": ("import os\ndef f(x): os.kill(os.getpid(), 40)", "crashed: killed by signal 40"),
    "endless": ("def f(x):\n    while True: pass", "timeout: no answer within 6 s"),
    "noisy": (WRITES.format("x\\x1b[2J\\n"), "crashed: its replies are spoiled: 'x\\x1b[2J'"),
    "talks": ("def f(x):\n    " + WRITES.format('[{}]\\n{"id": 99}\\n').replace("\n", "\n    "), "spoiled: '[{}]'"),
    "closes": ("import os\ndef f(x): os.closerange(3, 99)", "crashed: exited with code 1: OSError"),
    "speechless": ("class E(BaseException):\n    __str__ = None\ndef f(x): raise E", "crashed: exited with code 1: TypeError"),
}


def test_hostile_modules_cost_a_row_each(project: Path) -> None:
    text = "timeout = 6\n" + HEAD + case("right")
    for name, (source, _) in HOSTILE.items():
        (project / f"{name}.py").write_text(source)
        text += case("f").replace("kernels.py", f"{name}.py")
    (project / "lastbit.toml").write_text(text)
    done = lastbit(project, "check", "--junit", "j.xml", "--sarif", "s.json", "--out", "run")
    assert done.returncode == 4, done.stdout
    assert done.stdout.splitlines()[-1] == f"1 ok, 0 worse, 0 better, 0 undecided, {len(HOSTILE)} missing"
    assert "\x1b" not in done.stdout
    for name, (_, reason) in HOSTILE.items():
        assert reason in done.stdout, name
    rows = pd.read_parquet(project / "run" / "accuracy.parquet").set_index("implementation")
    assert set(rows.status) == {"ok", "failed", "crashed", "timeout"}
    assert rows.status["kernels.py:right"] == "ok"
    assert ElementTree.parse(project / "j.xml").getroot().get("errors") == str(len(HOSTILE))
    assert len(json.loads((project / "s.json").read_text())["runs"][0]["results"]) == len(HOSTILE)


def test_a_missing_backend_exits_with_4(project: Path) -> None:
    code = "import harness.workers.implementations as there; there.installed_version = lambda spec: None\n"
    code += "from harness.cli import main; main()"
    (project / "lastbit.toml").write_text(HEAD + case("right"))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, "check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment, check=False)
    assert done.returncode == 4
    assert "missing: numpy is not installed: pip install" in done.stdout
    command += ["--require-backends", "--out", "run"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment, check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "lastbit: numpy is not installed: pip install 'lastbit[numpy]'\n"
    assert lastbit(project, "check", "--require-backends").returncode == 0  # it is installed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "no lastbit.toml, and no pyproject.toml"),
        (["check", "nowhere.toml"], "there is no file nowhere.toml"),
        (["check", "bare.toml"], "bare.toml:1: the case has no limits"),
        (["check", "rubbish"], "rubbish:1: is no such file: it has more than"),
        (["check", "bare.toml", "--baseline", "rubbish"], "rubbish:1: is no such file: it has more than"),
        (["check", "bare.toml", "--baseline", "bare.toml"], "bare.toml:1: is no baseline"),
        (["check", "right.toml", "--junit", "."], "cannot write to ."),
        (["check", "right.toml", "--junit", "right.toml"], "cannot write to right.toml: it is read"),
        (["check", "right.toml", "--sarif", "../{name}/kernels.py"], "kernels.py: it is read"),
        (["check", "right.toml", "--junit", "new", "--sarif", "./new"], "cannot write to new: it is read, or written"),
        (["check", "right.toml", "--baseline", "kept", "--junit", "kept"], "cannot write to kept: it is read"),
        (["check", "\x1b[2J.toml"], "there is no file \\x1b[2J.toml"),
        (["check", "right.toml", "--junit", "kernels.py/\x1b[2J"], "cannot write to kernels.py"),
        (["check", "right.toml", "--jobs", "0"], "jobs 0"),
        (["baseline", "update", "--limits", "right.toml"], "there is no file lastbit.baseline"),
        (["baseline", "write", "no/where", "--limits", "right.toml"], "there is no directory no"),
        (["compare", "a", "b"], "no run in a: there is no such directory"),
        (["compare", "broken", "broken"], "broken/accuracy.parquet cannot be read"),
        (["run", "--implementation", "kernels.py:right"], "needs one --backend"),
        (["run", "--implementation", "nowhere.py:f", "--backend", "numpy"], "there is no file nowhere.py"),
        (["run", "--implementation", "kernels.py", "--backend", "numpy"], "give path/to/file.py:function"),
    ],
)
def test_wrong_input_gets_one_clear_line(project: Path, arguments: list[str], words: str) -> None:
    (project / "bare.toml").write_text(case("right"))
    (project / "right.toml").write_text(HEAD + case("right"))
    with (project / "rubbish").open("wb") as file:
        file.truncate(100 << 20)
    (project / "kept").write_text("lastbit baseline 1\ninputs seed=0\nend cases=0\n")
    (project / "broken").mkdir()
    (project / "broken" / "accuracy.parquet").write_bytes(b"PAR1" + b"\x00rubbish" * 100)
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    assert words in refusal(*(word.format(name=project.name) for word in arguments), cwd=project)
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


def test_own_functions_are_rows_beside_the_frameworks(project: Path) -> None:
    own = ("kernels.py:right+slope", "kernels.py:vanished_tail")
    arguments = [word for text in own for word in ("--implementation", text)]
    done = lastbit(project, "run", *arguments, "--backend", "numpy", "--format", "float16", "--out", "r")
    assert done.returncode == 0, done.stderr
    assert own[0] in done.stdout
    rows = pd.read_parquet(project / "r" / "accuracy.parquet")
    sloped = rows[rows.implementation == own[0]].set_index("order")
    assert list(sloped.route) == ["native", "native", "autodiff"]
    assert sloped.loc[1, "inaccurate"] == sloped.loc[1, "vanished"] == 0
    for implementation in ("", own[1]):
        assert set(rows[rows.implementation == implementation].route) >= {"native", "autodiff", "from_value", "mirrored"}
    assert "exponential" not in set(rows[rows.implementation == own[1]].route)  # it does not ask for the value
    findings = pd.read_parquet(project / "r" / "findings.parquet")
    assert findings.sentence.str.startswith("textbook's formula in numpy: the gradient of sigmoid").any()
    (tail,) = findings[findings.sentence.str.startswith("kernels.py:vanished_tail on numpy: the value of")].to_dict("records")
    assert tail["kind"] == "early_underflow"
    assert tail["implementations"] == "numpy:eager kernels.py:vanished_tail"
    assert "numpy:eager kernels.py:right+slope" in tail["right"]
    again = lastbit(project, "run", "--resume", "r")
    assert again.returncode == 0, again.stderr
    assert pd.read_parquet(project / "r" / "accuracy.parquet").output_digest.equals(rows.output_digest)


def test_two_runs_are_compared(project: Path) -> None:
    (project / "kernels.py").write_text(KERNELS + "mine = right\n")
    arguments = {"backends": ("numpy",), "formats": ("float16",), "orders": (0,), "routes": ("native",)}
    own = (str(project / "kernels.py") + ":mine",)
    run(**arguments, implementations=own, out=project / "a")  # type: ignore[arg-type]
    (project / "kernels.py").write_text(KERNELS + "mine = one_nan\n")
    run("sigmoid", "relu", **arguments, implementations=own, out=project / "b")  # type: ignore[arg-type]
    done = lastbit(project, "compare", "a", "b")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 same, 1 worse, 0 better, 0 undecided, 2 appeared, 0 disappeared"
    assert "nan 0 -> 1" in done.stdout
    assert "numpy:eager@cpu: the same: numpy" in done.stdout
    frame = pd.read_parquet(project / "b" / "environments.parquet")
    frame.assign(versions="\x1b[2J[red]").to_parquet(project / "b" / "environments.parquet")
    assert "versions numpy" in (said := lastbit(project, "compare", "a", "b").stdout)
    assert "-> \\x1b[2J[red]" in said
    assert "\x1b" not in said
    back = lastbit(project, "compare", "b", "a", "--json")
    outcomes: list[Any] = json.loads(back.stdout)
    assert sorted(each["outcome"] for each in outcomes) == ["better", "disappeared", "disappeared", "ok"]
    assert back.returncode == 3


@pytest.mark.parametrize(
    ("column", "value"),
    [("order", "x"), ("parameters", "[[["), ("parameters", "3"), ("inputs", None), ("correct", "\x1b[2J"), ("status", None)],
)
def test_a_run_with_rubbish_in_its_rows_is_refused(project: Path, column: str, value: Any) -> None:
    out = project / "run"
    run("relu", backends=("numpy",), formats=("float16",), orders=(0,), out=out)
    frame = pd.read_parquet(out / "accuracy.parquet")
    frame[column] = value
    frame.to_parquet(out / "accuracy.parquet")
    with pytest.raises(ValueError, match=rf"accuracy.parquet is not as lastbit writes it: its column '{column}'") as error:
        saved_figures(out)
    assert str(error.value).isprintable()


def test_github_sees_it(project: Path) -> None:
    (project / "lastbit.toml").write_text(HEAD + case("right") + case("one_nan"))
    done = lastbit(project, "check", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(project / "page.md"))
    (command,) = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert command.startswith(
        "::error file=lastbit.toml,line=12,title=numpy%3Aeager kernels.py%3Aone_nan sigmoid native float16::worse: nan 1"
    )
    page = (project / "page.md").read_text().splitlines()
    assert page[0] == "### lastbit: 1 ok, 1 worse, 0 better, 0 undecided, 0 missing"
    assert "one_nan" in page[4]
