"""The command line as a user meets it, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from commandline import ROOT, lastbit_process, refusal
from typer.main import get_command

from harness.cli import app


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "sigmoyd"], ["unknown activation 'sigmoyd'", "sigmoid, tanh, relu"]),
        (["run", "--format", "float8"], ["unknown format 'float8'", "float16, bfloat16, float32, float64"]),
        (["run", "--backend", "caffe"], ["unknown backend 'caffe'", "numpy, torch, jax, tensorflow"]),
        (["run", "--backend", "jax:turbo"], ["unknown mode 'turbo'", "eager, compiled"]),
        (["run", "--backend", "jax@tpu9"], ["unknown device 'tpu9'", "cpu, cuda"]),
        (["run", "--order", "3"], ["unknown order 3", "0, 1, 2"]),
        (["run", "--route", "guess"], ["unknown route 'guess'", "native, autodiff, composed, exponential"]),
        (["run", "--inputs", "many"], ["inputs 'many'", "'exhaustive' or a number"]),
        (["run", "--inputs", "-5"], ["-5 inputs"]),
        (["run", "--format", "float64", "--inputs", "exhaustive"], ["too many to enumerate"]),
        (["run", "--seed", "-1"], ["seed -1"]),
        (["run", "--jobs", "0", "--backend", "numpy", "--inputs", "1024"], ["jobs 0"]),
        (["run", "--out", "/proc/nowhere"], ["cannot write to /proc/nowhere"]),
        (["explain", "sigmoid", "seventeen"], ["'seventeen' is not an input"]),
        (["explain", "sigmoid", "0x123456789", "--format", "float32"], ["more than 32 bits"]),
        (["run", "softplus(beta=two)"], ["'beta=two' is not parameter=value"]),
        (["run", "softplus(gamma=2)"], ["softplus has no parameter 'gamma'", "it has beta, threshold"]),
        (["run", "celu(alpha=1e-300)"], ["celu: parameter alpha = 1e-300: give 0 or a size from 1.17549e-38 to 1.70141e+38"]),
        (["run", "softplus(threshold=nan)"], ["softplus: parameter threshold = nan is not a finite number"]),
        (["run", "--search", "5"], ["search 5", "at least 262144 evaluations"]),
        (["run", "--search", "-1"], ["search -1", "at least 262144 evaluations"]),
        (["run", "--search", "1000000", "--format", "float16"], ["search 1000000", "float64 among the formats"]),
        (["calibrate", "sinh"], ["'sinh'", "choose from tanh, expm1, log1p, erf, exp"]),
        (["calibrate", "--search", "5"], ["search 5", "at least 262144 evaluations"]),
        (["calibrate", "--inputs", "many"], ["inputs 'many'", "'exhaustive' or a number"]),
        (["explain", "softplop", "1"], ["unknown activation 'softplop'"]),
        (["explain", "sigmoid"], ["missing argument 'x'", "see lastbit explain --help"]),
        (["run", "--nope"], ["no such option: --nope", "see lastbit run --help"]),
        (["speed", "--threads", "x"], ["'--threads'", "valid integer"]),
        (["rn"], ["no such command 'rn'", "see lastbit --help"]),
        (["--nope"], ["no such option: --nope"]),
    ],
)
def test_wrong_input_gets_one_clear_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    line = refusal(*arguments, cwd=tmp_path)
    for word in words:
        assert word in line


def test_wrong_input_gets_that_line_from_the_command_itself(tmp_path: Path) -> None:
    done = lastbit_process("run", "sigmoyd", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == refusal("run", "sigmoyd", cwd=tmp_path) + "\n"


def test_parameters_tell_activations_apart(tmp_path: Path) -> None:
    arguments = [
        "softplus(beta=2)",
        "softplus",
        "--format",
        "float16",
        "--order",
        "0",
        "--backend",
        "numpy",
        "--backend",
        "torch:eager",
        "--route",
        "native",
    ]
    done = lastbit_process("run", *arguments, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    for words in ("softplus(beta=2.0): values ", "softplus(beta=1.0): values ", "\nsoftplus(beta=2.0) ", "\nsoftplus(beta=1.0) "):
        assert words in done.stdout
    accuracy = pd.read_parquet(tmp_path / "run" / "accuracy.parquet")
    assert accuracy.parameters.tolist() == ['{"beta": 2.0}'] * 2 + ['{"beta": 1.0}'] * 2
    assert accuracy.output_digest.nunique() == 4


def test_run_writes_frames_and_prints_what_is_wrong(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = lastbit_process(
        "run", "--backend", "numpy", "--format", "float16", "--format", "bfloat16", "--out", str(out), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    for word in ("sigmoid: values ", "✕ vanished ", "formula from_value", "NumPy has no bfloat16 (unsupported, ", "saved in"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines()[:-2])) <= 100  # the last two name the directory
    frame = pd.read_parquet(out / "accuracy.parquet")
    assert list(frame.status.value_counts().index) == ["ok", "unsupported"]
    whole = pd.read_csv(out / "accuracy.csv")
    assert set(whole) - set(frame) == {"seconds", "framework_seconds"}
    assert len(whole) == len(frame)
    row = frame[(frame.order == 1) & (frame.route == "from_value") & (frame.format == "float16")].iloc[0]
    assert len(row.worst_exact.replace(".", "").partition("e")[0]) >= 25
    assert (out / "environments.parquet").exists()
    assert (out / "agreement.parquet").exists()


def test_json_is_all_that_goes_to_standard_output(tmp_path: Path) -> None:
    done = lastbit_process("run", "relu", "--backend", "numpy", "--format", "float16", "--json", "--out", "run", cwd=tmp_path)
    summary = json.loads(done.stdout)
    assert {row["status"] for row in summary["accuracy"]} == {"ok"}
    assert all(row["inputs"] == 65536 for row in summary["accuracy"])


def test_required_backends_that_break_exit_with_4(plugins: None, tmp_path: Path) -> None:
    arguments = ["run", "--backend", "faulty:broken", "--backend", "numpy", "--format", "float16", "--order", "0"]
    assert lastbit_process(*arguments, "--out", "a", cwd=tmp_path).returncode == 0
    done = lastbit_process(*arguments, "--require-backends", "--out", "b", cwd=tmp_path)
    assert done.returncode == 4
    assert "libbroken" in done.stderr


def test_explain_shows_the_dead_gradient() -> None:
    done = lastbit_process(
        "explain", "sigmoid", "17.0", "--format", "float32", "--order", "1", "--backend", "numpy", "--backend", "torch:eager"
    )
    assert done.returncode == 0, done.stderr
    assert "4.13993737600350163766974631973974969829" in done.stdout
    assert "vanished" in done.stdout
    assert "0x41880001" in done.stdout  # a neighbour
    assert done.stdout.count("┡") == 1  # all of it is one table
    assert done.stdout.count("0x00000000") == 3  # torch's autodiff and every from_value give these bits: one row, at each input
    assert done.stdout.count("from_value") == 2  # that row, and the diagnosis
    assert "severe early_underflow: torch: the gradient of sigmoid" in done.stdout
    assert "bit for bit the formula from_value" in " ".join(done.stdout.split())
    assert "flush_to_zero" not in done.stdout  # begins further out


def test_explain_tells_what_is_known_about_nan() -> None:
    done = lastbit_process("explain", "relu", "nan", "--order", "1", "--backend", "numpy")
    assert done.returncode == 0, done.stderr
    assert "minor nan_lost: textbook's formula in numpy: the gradient of relu" in done.stdout
    assert "nan_lost" not in lastbit_process("explain", "relu", "5", "--order", "1", "--backend", "numpy").stdout


def test_list_names_everything() -> None:
    done = lastbit_process("list")
    assert done.returncode == 0
    for word in ("sigmoid", "tanh", "relu", "numpy", "torch", "jax", "tensorflow", "xla", "bfloat16"):
        assert word in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = "import sys\nfrom harness.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "heavy = {'numpy', 'pandas', 'numba', 'flint', 'torch', 'jax', 'tensorflow', 'matplotlib', 'jinja2'}\n"
    code += "print('heavy:', sorted(heavy & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip().endswith("heavy: []")


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_has_its_help(command: str) -> None:
    done = lastbit_process(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")
    if "--backend" in done.stdout:
        assert "NAME[:MODE][@DEVICE]" in done.stdout  # nothing takes the brackets for markup


def test_interrupt_keeps_what_is_finished_and_leaves_no_process(tmp_path: Path) -> None:
    """Ctrl-C in the middle of 2^32 inputs: the pass before is saved, the rest says that it was interrupted."""
    arguments = [
        "run",
        "--backend",
        "numpy",
        "--format",
        "float16",
        "--format",
        "float32",
        "--order",
        "0",
        "--route",
        "native",
        "--inputs",
        "exhaustive",
    ]
    # In a shell's background a process ignores the signal, and so do those that it starts.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from harness.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments, "--out", "out"]
    running = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    try:
        workers = _children_after_a_while(running.pid)
        _wait_for_a_finished_pass(tmp_path / "out" / "finished")
        running.send_signal(signal.SIGINT)
        assert running.wait(300) == 130
    finally:
        running.kill()
    frame = pd.read_parquet(tmp_path / "out" / "accuracy.parquet").set_index("format")
    assert frame.loc["float16", "status"] == "ok"
    assert frame.loc["float32", "status"] == "interrupted"
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def _wait_for_a_finished_pass(finished: Path) -> None:
    """The next one, over all 2^32 inputs, takes many seconds."""
    for _ in range(3000):
        if list(finished.glob("pass-*")):
            return
        time.sleep(0.1)
    raise AssertionError("no pass was finished")


def _children_after_a_while(process: int) -> list[str]:
    for _ in range(3000):
        found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout.split()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no worker was started")
