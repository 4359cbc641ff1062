"""No library reports to its makers from a process of ours, unless the user asked for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.system.telemetry import _SWITCHES, disable_telemetry, without_openvino_telemetry

ROOT = Path(__file__).parents[2]
# ONNX Runtime looks up its collector some seconds after its first session (measured: within 12).
_CLASSIFY_AND_STAY = """
import time
import numpy as np
import inkdigits
inkdigits.Predictor.load("dense").predict_proba(np.zeros((1, 28, 28), np.uint8))
time.sleep(15)
"""


@pytest.fixture(scope="module")
def strace() -> str:
    path = shutil.which("strace")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("strace is not installed: apt-get install strace")
        pytest.skip("needs strace: apt-get install strace")
    return path


def _environment(home: Path, **more: str) -> dict[str, str]:
    """That of a user: ONNX Runtime reports nothing on a CI's machine, and this process may have switched it off."""
    not_a_users = ("CI", "XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED")
    inherited = {name: value for name, value in os.environ.items() if name not in not_a_users}
    return {**inherited, "HOME": str(home), **more}


@pytest.mark.slow  # it waits for what might happen
def test_a_process_that_classifies_opens_no_connection_and_leaves_no_file(strace: str, tmp_path: Path) -> None:
    calls = tmp_path / "calls.txt"
    home = tmp_path / "home"
    home.mkdir()
    command = [strace, "-f", "-qq", "-e", "trace=%network", "-o", str(calls), sys.executable, "-c", _CLASSIFY_AND_STAY]
    subprocess.run(command, env=_environment(home), check=True, timeout=120)
    assert calls.read_text() == ""
    assert [path for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("library", "variable", "others"),
    [
        ("onnxruntime", "ORT_DISABLE_TELEMETRY", ["ORT_TELEMETRY_DISABLED"]),
        ("onnxruntime", "ORT_TELEMETRY_DISABLED", ["ORT_DISABLE_TELEMETRY"]),
        ("mlflow", "DO_NOT_TRACK", ["MLFLOW_DISABLE_TELEMETRY"]),
        ("ray", "RAY_USAGE_STATS_ENABLED", []),
    ],
)
def test_a_variable_that_the_user_set_stays(
    library: str, variable: str, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "as the user set it")
    for other in others:
        monkeypatch.delenv(other, raising=False)
    disable_telemetry(library)
    assert os.environ[variable] == "as the user set it"
    assert [other for other in others if other in os.environ] == []


def test_the_readme_names_what_is_switched_off() -> None:
    (told,) = re.findall(r"usage\s+reports of ([^)]*) are switched off", (ROOT / "README.md").read_text())
    assert set(re.split(r", | and ", told)) == {"ONNX Runtime", "MLflow", "OpenVINO", "Ray"}
    assert set(_SWITCHES) == {"onnxruntime", "mlflow", "ray"}  # OpenVINO has no switch of its own


@pytest.mark.parametrize("agreed", [False, True])
def test_openvino_finds_its_telemetry_only_where_the_user_agreed(
    agreed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("openvino", "openvino_telemetry")]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "intel").mkdir()
    (tmp_path / "intel" / "openvino_telemetry").write_text("1" if agreed else "0")
    with without_openvino_telemetry():
        hidden = sys.modules.get("openvino_telemetry", "") is None
    assert hidden != agreed
    assert "openvino_telemetry" not in sys.modules
