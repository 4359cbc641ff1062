"""A user's mistake: one clear line on stderr, exit 2, no traceback, and nothing half-written."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkdigits.datasets import mnist
from inkdigits.training.run import Run
from tests.conftest import Cli

MNIST_FILES = Path(mnist.__file__).parent / "mnist_files"


def _one_line(result: subprocess.CompletedProcess[str], *needles: str) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    for needle in needles:
        assert needle in lines[0]


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["train", "cn"], "did you mean cnn"),
        (["train"], "name one network"),
        (["train", "cnn", "--recipe", "fast"], "unknown recipe 'fast'"),
        (["train", "cnn", "--learning-rate", "-1"], "learning_rate must be a number from"),
        (["train", "cnn", "--set", "epoch=3"], "did you mean epochs"),
        (["train", "cnn", "--set", "epochs"], "expected NAME=VALUE"),
        (["train", "cnn", "--set", "epochs=3", "--epochs", "4"], "epochs is given twice"),
        (["train", "cnn", "--resume", "gone", "--seed", "9"], "leave out --seed, NETWORK"),
        (["train", "--resume", "gone", "--set", "epochs=3"], "leave out --set, or"),
        (["train"], "or cnn, convnet, reader, path.py:function"),
        (["train", "dense", "--recipe", "fast"], "expected one of standard, sprint, brisk"),
        (["train", "reader", "--recipe", "fast"], "expected one of standard, quick, adapt, brisk"),
        (["train", "cnn", "--set", "lr=0.1"], "did you mean learning_rate"),
        (["evaluate", "cnn"], "cnn is a shipped model, not a run"),
        (["export", "cnn"], "cnn is a shipped model, not a run"),
        (["train", "cnn", "--data", "gone.npz"], "no such file"),
        (["train", "--resume", "gone"], "no such folder"),
        (["evaluate", "gone"], "no such folder"),
        (["runs", "gone"], "no such folder"),
        (["data", "info", "gone.csv"], "no such file"),
        (["train", "dense", "--backend", "torch"], "pip install 'inkdigits[torch]'"),
        (["tune", "dense", "--recipe", "nope"], "unknown recipe 'nope'"),
        (["tune", "dense", "--data", "gone.npz"], "gone.npz: no such file"),
        (["tune", "dense", "--storage", "nosuch://nowhere"], "cannot be used as a database of trials"),
    ],
)
def test_one_clear_line(cli: Cli, arguments: list[str], needle: str, tmp_path: Path) -> None:
    if arguments[0] in ("train", "tune") and "--resume" not in arguments:
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    _one_line(cli(*arguments), needle)
    assert list(tmp_path.iterdir()) == []


def test_a_backend_that_does_not_exist(cli: Cli, tmp_path: Path) -> None:
    result = cli("train", "dense", "--out", tmp_path / "run", KERAS_BACKEND="foo")
    _one_line(result, "KERAS_BACKEND=foo: expected one of jax, tensorflow, torch")


def test_a_data_set_is_written_under_a_name_of_its_kind(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    for form, name in (("npz", "small.csv"), ("png", "small.npz")):
        _one_line(cli("data", "export", small_npz, "--to", form, "--out", tmp_path / name), f"{name}: expected")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_runs(cli: Cli, tmp_path: Path) -> None:
    result = cli("runs", tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", f"no runs in {tmp_path}\n")


def test_a_truncated_idx_file(cli: Cli, tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(gzip.decompress((MNIST_FILES / f"{name}.gz").read_bytes())[:-1])
    _one_line(cli("data", "info", tmp_path), "t10k-images-idx3-ubyte", "truncated or damaged")


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        ("label\n", "no pictures in it"),
        ("1,2,3\n", "3 columns, expected 785"),
        ("3," + "0," * 783 + "ink\n", "row 1, column 785 holds 'ink'"),
        ("", "no pictures in it"),
    ],
)
def test_a_bad_csv(cli: Cli, tmp_path: Path, content: str, needle: str) -> None:
    (tmp_path / "digits.csv").write_text(content)
    _one_line(cli("data", "info", tmp_path / "digits.csv"), "digits.csv", needle)


def test_an_unreadable_picture_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "digits" / "4").mkdir(parents=True)
    (tmp_path / "digits" / "4" / "broken.png").write_bytes(b"\x89PNG\r\n")
    out = tmp_path / "out"
    _one_line(cli("train", "dense", "--data", tmp_path / "digits", "--out", out), "4/broken.png")
    assert not out.exists()


def test_an_output_folder_that_cannot_be_made(cli: Cli, small_npz: Path) -> None:
    result = cli("train", "dense", "--data", small_npz, "--out", "/proc/inkdigits/run")
    _one_line(result, "cannot write /proc/inkdigits")


def test_an_output_that_is_a_file(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    _one_line(cli("train", "dense", "--data", small_npz, "--out", tmp_path / "file"), "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without permission")
def test_an_output_folder_without_write_permission(tmp_path: Path, small_npz: Path) -> None:
    """As another user, since permissions do not bind root."""
    code = (
        "import os, sys; from inkdigits.system.atomic_io import write_text; from pathlib import Path\n"
        "from inkdigits.errors import OutputError\n"
        "os.setuid(65534)\n"
        "try: write_text(Path(sys.argv[1]) / 'x.txt', 'hello')\n"
        "except OutputError as error: print(error)"
    )
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    told = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True).stdout
    assert "x.txt: no permission to write there" in told


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become somebody else")
def test_a_training_into_a_folder_without_write_permission(tmp_path: Path, small_npz: Path) -> None:
    """As a user who may read everything, Python's own files included, and write nothing."""
    reads = ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
    somebody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *reads]
    train = ["train", "dense", "--recipe", "sprint", "--data", str(small_npz), "--out", str(tmp_path / "run")]
    command = [*somebody, sys.executable, "-m", "inkdigits", *train]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    _one_line(result, f"cannot write {tmp_path}/run: no permission to write there")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_during_training(small_npz: Path, tmp_path: Path) -> None:
    """A limit on file sizes stands in for a full disk: the checkpoint, about 13 MB, does not fit."""

    train = [sys.executable, "-m", "inkdigits", "train", "dense", "--data", str(small_npz), "--epochs", "2"]
    limited = ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", *train, "--out", str(tmp_path / "run")]
    result = subprocess.run(limited, capture_output=True, text=True, check=False)
    _one_line(result, "cannot write", "epoch-00001", "free some space")
    assert list(tmp_path.rglob(".unfinished*")) == []
    assert not (tmp_path / "run" / "model.keras").exists()


def test_ctrl_c_says_how_to_go_on(small_npz: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = ["train", "convnet", "--data", str(small_npz), "--epochs", "500", "--set", "patience=0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", *arguments, "--out", str(path)], stderr=subprocess.PIPE, text=True
    )
    while not list(path.glob("checkpoints/epoch-*")):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert f"inkdigits train --resume {path}" in told
    assert "Traceback" not in told
    assert Run(path).status.state == "interrupted"
    assert (path / "model.keras").exists()


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_ctrl_c_while_it_starts(small_npz: Path, tmp_path: Path, seconds: float) -> None:
    arguments = ["train", "convnet", "--data", str(small_npz), "--epochs", "500", "--set", "patience=0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", *arguments, "--out", str(tmp_path / "run")],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    try:
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode in (130, -signal.SIGINT), told
    assert "Traceback" not in told or process.returncode == -signal.SIGINT


def test_two_trainings_into_one_folder(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = ["train", "convnet", "--data", str(small_npz), "--epochs", "500", "--set", "patience=0"]
    first = subprocess.Popen([sys.executable, "-m", "inkdigits", *arguments, "--out", str(path), "--quiet"])
    try:
        while not (path / "config.json").exists():
            time.sleep(0.05)
            assert first.poll() is None
        _one_line(cli(*arguments, "--out", path), "another training is writing into it")
    finally:
        first.kill()
        first.wait()
