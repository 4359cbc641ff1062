"""What every test may use: small data, a real command line, and the rule for slow tests."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.mnist import load_test, load_train
from inkdigits.datasets.npz import save_npz
from inkdigits.system.cores import usable_cores
from inkdigits.training.backend import Backend, choose_backend, start_keras

# Before any test module imports Keras: the backend cannot be changed after. Processes that a test spawns import its
# module, and with it this one, but few of them need Keras.
if multiprocessing.parent_process() is None:
    start_keras(Backend(choose_backend()))
Cli = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too, as CI does")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run imports only the files that have tests for it: what others import is slow, or missing where it runs.

    `None` leaves the decision to pytest.
    """
    if collection_path.suffix != ".py" and not collection_path.is_dir():
        return None
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else [collection_path]
    return None if any(_may_run(file, config.option.markexpr) for file in files) else True


@cache
def _may_run(file: Path, marks: str) -> bool:
    """Whether `pytest -m MARKS` may run tests of `file`, for `marks` like "slow" and "not browser and not ray"."""
    source = file.read_text()
    if marks.isidentifier():
        return f"mark.{marks}" in source
    excluded = re.findall(r"\bnot (\w+)", marks)
    whole_file = re.search(r"^pytestmark = (\[$.*?^\]|.*?$)", source, re.MULTILINE | re.DOTALL)
    return whole_file is None or not any(f"mark.{mark}" in whole_file[0] for mark in excluded)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: where one waits for a server or a deadline, the others compute."""
    return usable_cores() + 1


# Files with few long tests, or long waits: begun last, one process would run them while the others have nothing left.
LONG_FILES = {
    "test_supervisor.py",
    "test_server_process.py",
    "test_file_decoder.py",
    "test_connections.py",
    "test_grade.py",
    "test_catalogue.py",
    "test_resume_after_kill.py",
    "test_openapi.py",
    "test_seeds.py",
    "test_trackers.py",
    "test_backend.py",
    "test_extras.py",
    "test_journeys.py",
}


# Files whose tests are long and share nothing: each test is given to the next free process.
SPLIT_FILES = {"test_supervisor.py", "test_server_process.py", "test_seeds.py", "test_grade.py", "test_extras.py"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps the tests of a file in one process, but for `SPLIT_FILES`; None, for xdist's own, where none is kept."""
    from xdist.scheduler import LoadFileScheduling

    class MostFilesWhole(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return nodeid if Path(file).name in SPLIT_FILES else file

    return MostFilesWhole(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG_FILES)
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def small() -> Splits:
    """1,000 digits to train on and 500 to be evaluated on."""
    return Splits(load_train().take(slice(0, 1000)), load_test().take(slice(0, 500)))


@pytest.fixture(scope="session")
def small_npz(small: Splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "small.npz"
    save_npz(path, small)
    return path


@pytest.fixture
def three_digits() -> LabelledDigits:
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return LabelledDigits(images, np.array([1, 7, 1], np.int64), "three")


@pytest.fixture(scope="session")
def cli() -> Cli:
    """Runs `inkdigits ARG…` as a process of its own."""

    def run(*arguments: object, timeout: float = 240, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "inkdigits", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **environment},
            check=False,
        )

    return run


@pytest.fixture
def main_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Runs `inkdigits ARG…` in this process, where everything is imported already."""
    from inkdigits.cli import main

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr("warnings.showwarning", warnings.showwarning)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["inkdigits", *map(str, arguments)]
        monkeypatch.setattr("sys.argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return subprocess.CompletedProcess(command, code or 0, *capsys.readouterr())

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
