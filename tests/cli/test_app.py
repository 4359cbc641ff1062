"""The program: start-up, warnings, errors, exit codes."""

from __future__ import annotations

import subprocess
import sys
import warnings

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


def test_reading_data_imports_no_keras() -> None:
    code = (
        "import sys, inkdigits, inkdigits.stats.scores, inkdigits.normalize, inkdigits.datasets.source as s\n"
        "s.load_splits('mnist')\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
