"""The program: start-up, warnings, errors, exit codes."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from inkdigits.errors import DataError
from tests.conftest import Cli


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['inkdigits', '--help']\n"
        "from inkdigits.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'keras', 'jax', 'numpy', 'tensorflow', 'torch', 'matplotlib', 'onnxruntime', 'cv2', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def _commands(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, below in getattr(command, "commands", {}).items():
        yield (*names, name), below
        yield from _commands(below, *names, name)


def test_help_is_whole_in_80_columns(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.main import get_command

    from inkdigits.cli import app

    monkeypatch.setenv("COLUMNS", "80")
    for names, command in [((), get_command(app)), *_commands(get_command(app))]:
        told = main_here(*names, "--help").stdout
        assert max(map(len, told.splitlines())) <= 80
        words = set(re.split(r"[\s;\]]+", told))
        for option in command.params:
            variable = "_".join(["inkdigits", *names, option.name]).upper()
            assert variable in words or option.param_type_name == "argument" or option.name == "help"
        for name, below in getattr(command, "commands", {}).items():
            sentence = below.get_short_help_str(1000)
            assert f"{name} {sentence}" in " ".join(told.split())


def test_warnings_are_lines_on_stderr(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn() -> list[str]:
        warnings.warn("the data are few", UserWarning, stacklevel=1)
        return ["inkdigits"]

    monkeypatch.setattr("inkdigits.cli.version.version_lines", warn)
    warnings.simplefilter("always")
    assert main_here("--version").stderr == "inkdigits: warning: the data are few\n"


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [(DataError("gone.npz: no such file"), 2, "inkdigits: gone.npz: no such file\n"), (KeyboardInterrupt(), 130, "")],
)
def test_errors_and_ctrl_c_become_exit_codes(
    main_here: Cli, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, message: str
) -> None:
    def fail() -> list[str]:
        raise raised

    monkeypatch.setattr("inkdigits.cli.version.version_lines", fail)
    result = main_here("--version")
    assert (result.returncode, result.stdout, result.stderr) == (code, "", message)


@pytest.mark.parametrize(
    "command",
    [
        ("data", "info", "two\nlines.csv"),
        ("train", "two\nlines.py:network"),
        ("train", "dense", "--recipe", "two\nlines.toml"),
        ("compare", "dense", "two\nlines"),
        ("classify", "two\nlines.png"),
        ("batch", "two\nlines", "--out", "results"),
    ],
)
def test_a_line_break_in_a_name_makes_no_second_line(main_here: Cli, command: tuple[str, ...]) -> None:
    result = main_here(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("inkdigits: ")
    assert "two\\nlines" in result.stderr
    assert result.stderr.count("\n") == 1


def test_reading_data_imports_no_keras() -> None:
    code = (
        "import sys, inkdigits, inkdigits.stats.scores, inkdigits.normalize, inkdigits.datasets.source as s\n"
        "s.load_splits('mnist')\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def _shell(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m inkdigits"
    return subprocess.run(
        ["bash", "-c", script.replace("inkdigits", program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_behind_the_output_is_one_line() -> None:
    for script in ("inkdigits data info >/dev/full", "inkdigits data info --json >/dev/full"):
        result = _shell(script)
        assert result.returncode == 2
        assert result.stderr == (
            "inkdigits: cannot write standard output: the disk is full: free some space, then run it again\n"
        )


def test_a_terminal_that_knows_ascii_only() -> None:
    result = _shell("inkdigits train --help-recipe; inkdigits read --help", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_closed_terminal_ends_a_command_in_one_line() -> None:
    command = [sys.executable, "-m", "inkdigits", "read", "-"]
    # Whoever runs the tests under nohup would hand its ignored SIGHUP on.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(signal.SIGHUP, before)
    assert process.stdout is not None
    process.stdout.readline()  # the table's head: it waits for the picture
    process.send_signal(signal.SIGHUP)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, b"inkdigits: stopped\n")


def test_options_are_read_from_the_environment(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_READ_MODEL", "gone.onnx")
    result = main_here("read", "x.png")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("inkdigits: gone.onnx: no such model file")


def test_ctrl_c_while_the_command_line_is_imported_is_silent() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "inkdigits", "doctor"]
    read, write = os.pipe()
    # It waits for the reader of a short pipe, so that it is importing still when it is stopped, on a busy machine too.
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(read) as stderr, subprocess.Popen(command, stderr=write) as process:
        os.close(write)
        for line in stderr:  # a line for each module that was imported
            if line.split()[-1] == "inkdigits.errors":
                break
        process.send_signal(signal.SIGINT)
        told = stderr.read()
    assert (process.returncode, "KeyboardInterrupt" in told) == (130, False), told
