"""`train` and `reproduce`: results, mistakes, full disks, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkdigits.training.run import Run
from tests.cli.one_line import assert_one_line
from tests.conftest import Cli


def test_a_training_is_summarized_as_json(main_here: Cli, small_npz: Path, tmp_path: Path) -> None:
    result = main_here("train", "dense", "--data", small_npz, "--epochs", 1, "--out", tmp_path / "run", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    summary = json.loads(result.stdout)
    assert (summary["parameters"], summary["state"], summary["epochs"]) == (669_706, "finished", 1)


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
        (["train", "cnn", "--data", "gone.npz"], "no such file"),
        (["train", "--resume", "gone"], "no such folder"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    main_here: Cli, arguments: list[str], needle: str, tmp_path: Path
) -> None:
    if "--resume" not in arguments:
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    assert_one_line(main_here(*arguments), needle)
    assert list(tmp_path.iterdir()) == []


def test_a_backend_that_is_not_installed(cli: Cli, tmp_path: Path) -> None:
    result = cli("train", "dense", "--backend", "torch", "--out", tmp_path / "run")
    assert_one_line(result, "pip install 'inkdigits[torch]'")


def test_a_backend_that_does_not_exist(cli: Cli, tmp_path: Path) -> None:
    result = cli("train", "dense", "--out", tmp_path / "run", KERAS_BACKEND="foo")
    assert_one_line(result, "KERAS_BACKEND=foo: expected one of jax, tensorflow, torch")


def test_an_unreadable_picture_is_named(main_here: Cli, tmp_path: Path) -> None:
    (tmp_path / "digits" / "4").mkdir(parents=True)
    (tmp_path / "digits" / "4" / "broken.png").write_bytes(b"\x89PNG\r\n")
    out = tmp_path / "out"
    assert_one_line(main_here("train", "dense", "--data", tmp_path / "digits", "--out", out), "4/broken.png")
    assert not out.exists()


def test_an_output_folder_that_cannot_be_made(main_here: Cli, small_npz: Path) -> None:
    result = main_here("train", "dense", "--data", small_npz, "--out", "/proc/inkdigits/run")
    assert_one_line(result, "cannot write /proc/inkdigits")


def test_an_output_that_is_a_file(main_here: Cli, small_npz: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert_one_line(main_here("train", "dense", "--data", small_npz, "--out", tmp_path / "file"), "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become somebody else")
def test_a_training_into_a_folder_without_write_permission(tmp_path: Path, small_npz: Path) -> None:
    """As a user who may read everything, Python's own files included, and write nothing."""
    reads = ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
    somebody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *reads]
    train = ["train", "dense", "--recipe", "sprint", "--data", str(small_npz), "--out", str(tmp_path / "run")]
    command = [*somebody, sys.executable, "-m", "inkdigits", *train]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_one_line(result, f"cannot write {tmp_path}/run: no permission to write there")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_during_training(small_npz: Path, tmp_path: Path) -> None:
    """A limit on file sizes stands in for a full disk: the checkpoint, about 13 MB, does not fit."""

    train = [sys.executable, "-m", "inkdigits", "train", "dense", "--data", str(small_npz), "--epochs", "2"]
    limited = ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", *train, "--out", str(tmp_path / "run")]
    result = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert_one_line(result, "cannot write", "epoch-00001", "free some space")
    assert list(tmp_path.rglob(".unfinished*")) == []
    assert not (tmp_path / "run" / "model.keras").exists()


def test_ctrl_c_says_how_to_resume(small_npz: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = ["train", "dense", "--data", str(small_npz), "--epochs", "500", "--set", "patience=0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", *arguments, "--out", str(path)], stderr=subprocess.PIPE, text=True
    )
    while not list(path.glob("checkpoints/epoch-*")):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert f"inkdigits train --resume {path}" in output
    assert "Traceback" not in output
    assert Run(path).status.state == "interrupted"
    assert (path / "model.keras").exists()


@pytest.mark.parametrize("seconds", [1.0, *(pytest.param(other, marks=pytest.mark.slow) for other in (0.3, 2.0))])
def test_ctrl_c_while_it_starts(small_npz: Path, tmp_path: Path, seconds: float) -> None:
    arguments = ["train", "dense", "--data", str(small_npz), "--epochs", "500", "--set", "patience=0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inkdigits", *arguments, "--out", str(tmp_path / "run")],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    try:
        _, output = process.communicate(timeout=150)
    finally:
        process.kill()
    assert process.returncode in (130, -signal.SIGINT), output
    assert "Traceback" not in output or process.returncode == -signal.SIGINT


def test_two_trainings_into_one_folder(cli: Cli, small_npz: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = ["train", "dense", "--recipe", "sprint", "--data", str(small_npz), "--epochs", "500"]
    first = subprocess.Popen([sys.executable, "-m", "inkdigits", *arguments, "--out", str(path), "--quiet"])
    try:
        while not (path / "config.json").exists():
            time.sleep(0.05)
            assert first.poll() is None
        assert_one_line(cli(*arguments, "--out", path), "another training is writing into it")
    finally:
        first.kill()
        first.wait()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_gets_a_progress_bar_unless_it_is_to_be_quiet(tmp_path: Path, small_npz: Path, quiet: bool) -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "inkdigits", "train", "dense", "--recipe", "sprint", "--data", str(small_npz)]
    command += ["--out", str(tmp_path / "run"), *(["--quiet"] if quiet else [])]
    done = subprocess.run(command, stderr=its, stdout=subprocess.PIPE, text=True, check=True)
    os.set_blocking(ours, False)
    try:
        drawn = os.read(ours, 1 << 20).decode()
    except BlockingIOError:
        drawn = ""
    os.close(its)
    os.close(ours)
    assert "evaluate it: inkdigits evaluate" in done.stdout
    assert ("━" in drawn, bool(drawn)) == (not quiet, not quiet)


def test_reproduce_misses_its_targets_on_too_little_data(main_here: Cli, tmp_path: Path, small_npz: Path) -> None:
    result = main_here("reproduce", "--data", small_npz, "--out", tmp_path / "r", "--json")
    assert result.returncode == 1, result.stderr
    output = json.loads(result.stdout)
    assert [row["parameters"] for row in output["networks"]] == [669_706, 1_111_946]
    for row in output["networks"]:
        assert set(row["seconds"]) == {"import", "data", "compile", "train", "evaluate"}
        assert row["accuracy"] > 0.5
    assert 0 <= output["comparison"]["p_value"] <= 1
    assert not all(check["met"] for check in output["checks"])
    page = (tmp_path / "r" / "report.html").read_text()
    assert page.count("<svg") == 4
    wrong = sum(round(500 * (1 - row["accuracy"])) for row in output["networks"])
    assert page.count("data:image/png;base64,") == wrong
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    assert not any(remote in page for remote in ('src="http', "url(http", '<link rel="stylesheet', "<script"))
