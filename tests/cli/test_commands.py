"""Commands as processes: their results, their JSON, their help and their start-up."""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.datasets.npz import load_npz
from tests.conftest import Cli


@pytest.fixture(scope="module")
def run_folder(cli: Cli, small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    result = cli("train", "dense", "--data", small_npz, "--epochs", 3, "--out", folder / "dense", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["parameters"] == 669_706
    assert told["state"] == "finished"
    assert result.stderr == ""
    return folder


def test_evaluate_prints_a_table_and_keeps_the_scores(cli: Cli, run_folder: Path, small_npz: Path) -> None:
    result = cli("evaluate", run_folder / "dense", "--data", small_npz, "--out", run_folder / "scores.json")
    assert result.returncode == 0, result.stderr
    assert "95 % interval" in result.stdout
    kept = json.loads((run_folder / "dense" / "evaluation.json").read_text())
    assert kept["n"] == 500
    assert sum(map(sum, kept["confusion_matrix"])) == 500
    assert json.loads((run_folder / "scores.json").read_text())["accuracy"] == kept["accuracy"]


def test_evaluate_replaces_no_file(cli: Cli, run_folder: Path, small_npz: Path) -> None:
    config = run_folder / "dense" / "config.json"
    before = config.read_bytes()
    result = cli("evaluate", run_folder / "dense", "--data", small_npz, "--out", config)
    assert (result.returncode, result.stderr) == (2, f"inkdigits: {config}: exists already: choose another --out\n")
    assert config.read_bytes() == before


def test_a_narrow_terminal_folds_names_and_no_numbers(run_folder: Path) -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "inkdigits", "runs", str(run_folder)]
    subprocess.run(command, stdout=its, env={**os.environ, "COLUMNS": "80"}, check=True)
    drawn = os.read(ours, 1 << 20).decode()
    os.close(its)
    os.close(ours)
    assert "…" not in drawn
    assert "finished" in drawn
    assert "accuracy" in drawn


def test_evaluate_as_json(cli: Cli, run_folder: Path, small_npz: Path) -> None:
    told = json.loads(cli("evaluate", run_folder / "dense", "--data", small_npz, "--json").stdout)
    assert 0.5 < told["accuracy"] <= 1
    assert told["accuracy_interval"]["low"] < told["accuracy"] < told["accuracy_interval"]["high"]
    assert told["test_openings"] >= 1


def test_runs_lists_scores(cli: Cli, run_folder: Path, small_npz: Path) -> None:
    cli("evaluate", run_folder / "dense", "--data", small_npz)
    rows = json.loads(cli("runs", run_folder, "--json").stdout)
    assert [row["network"] for row in rows] == ["dense"]
    assert rows[0]["accuracy"] > 0.5
    assert str(run_folder / "dense") in cli("runs", run_folder).stdout


def test_data_info_and_export(cli: Cli, tmp_path: Path, small_npz: Path) -> None:
    parts = json.loads(cli("data", "info", "--json").stdout)
    assert [(part["part"], part["n"]) for part in parts] == [("train", 60000), ("test", 10000)]
    assert cli("data", "export", small_npz, "--to", "png", "--out", tmp_path / "png").returncode == 0
    assert len(list((tmp_path / "png" / "test").rglob("*.png"))) == 500
    told = json.loads(cli("data", "info", tmp_path / "png", "--json").stdout)
    assert [(part["part"], part["n"], part["name"]) for part in told] == [
        ("train", 1000, "png train"),
        ("test", 500, "png test"),
    ]
    again = tmp_path / "again.npz"
    assert cli("data", "export", tmp_path / "png" / "train", "--out", again).returncode == 0
    train = load_npz(again).train
    assert train is not None
    assert len(train) == 1000


def test_reproduce_misses_its_targets_on_too_little_data(cli: Cli, tmp_path: Path, small_npz: Path) -> None:
    result = cli("reproduce", "--data", small_npz, "--out", tmp_path / "r", "--json")
    assert result.returncode == 1, result.stderr
    told = json.loads(result.stdout)
    assert [row["parameters"] for row in told["networks"]] == [669_706, 1_111_946]
    for row in told["networks"]:
        assert set(row["seconds"]) == {"import", "data", "compile", "train", "evaluate"}
        assert row["accuracy"] > 0.5
    assert 0 <= told["comparison"]["p_value"] <= 1
    assert not all(check["met"] for check in told["checks"])
    page = (tmp_path / "r" / "report.html").read_text()
    assert page.count("<svg") == 4
    wrong = sum(round(500 * (1 - row["accuracy"])) for row in told["networks"])
    assert page.count("data:image/png;base64,") == wrong
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    assert not any(remote in page for remote in ('src="http', "url(http", '<link rel="stylesheet', "<script"))


def test_version_names_backends_and_devices(cli: Cli) -> None:
    told = cli("--version").stdout
    assert told.startswith("inkdigits 0.")
    assert "backends: jax" in told
    assert "devices (jax): cpu" in told
    # The devices are those of the backend that a training would take.
    assert "devices (numpy): cpu" in cli("--version", KERAS_BACKEND="numpy").stdout
    assert "devices (torch): none, it is not installed" in cli("--version", KERAS_BACKEND="torch").stdout


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


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['inkdigits', '--help']\n"
        "from inkdigits.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'keras', 'jax', 'numpy', 'tensorflow', 'torch', 'matplotlib', 'onnxruntime', 'cv2', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    seconds = []
    for _ in range(5):
        began = _seconds_of_children()
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds.append(_seconds_of_children() - began)
        assert result.stdout.splitlines()[-1] == "[]"
    assert min(seconds) < 0.45


def _seconds_of_children() -> float:
    """Processor time: on a quiet machine the command takes no longer, and on a busy one others' time is not its own."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_reading_data_imports_no_keras() -> None:
    code = (
        "import sys, inkdigits, inkdigits.stats.scores, inkdigits.normalize, inkdigits.datasets.source as s\n"
        "s.load_splits('mnist')\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
