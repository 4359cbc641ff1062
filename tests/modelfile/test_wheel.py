"""What `pip install inkdigits` without extras gives: small, without Keras, and it classifies."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from tests.journeys.fresh_environment import build_wheel, fresh_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MEGABYTE = 1e6
TRAINING_ONLY = {"keras", "jax", "tensorflow", "torch", "onnx"}

_CLASSIFY = """
import json, socket, sys

def refuse(*arguments):
    raise OSError("this test has no network")

socket.socket.connect = socket.getaddrinfo = refuse
from inkdigits.cli import app
try:
    app(["classify", *sys.argv[1:], "--json"])
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_environment(tmp_path_factory.mktemp("fresh") / "venv", wheel)


def _sizes(programs: Path) -> dict[str, float]:
    """Megabytes of everything installed, with bytecode, by its name in site-packages."""
    (packages,) = programs.parent.glob("lib/python*/site-packages")
    sizes = {}
    for linked in packages.iterdir():
        place = linked.resolve()
        files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
        sizes[linked.name] = sum(file.stat().st_size for file in files) / MEGABYTE
    return sizes


def test_the_wheel_is_under_25_mb_and_carries_the_models(wheel: Path) -> None:
    assert wheel.stat().st_size < 25 * MEGABYTE
    with zipfile.ZipFile(wheel) as archive:
        sizes = {Path(file.filename).name: file.file_size / MEGABYTE for file in archive.infolist()}
    assert {"dense.onnx", "cnn.onnx"} <= set(sizes)
    assert sizes["reader.onnx"] < 3
    print(f"wheel: {wheel.stat().st_size / MEGABYTE:.1f} MB")


def test_the_installation_is_under_400_mb(programs: Path) -> None:
    sizes = _sizes(programs)
    assert sizes["onnxruntime"] > 20, "a size of links would prove nothing"
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    told = f"{sum(sizes.values()):.0f} MB; the largest: {', '.join(f'{name} {size:.0f}' for name, size in largest)}"
    print(told)
    assert sum(sizes.values()) < 400, told
    assert not TRAINING_ONLY & set(sizes)


@pytest.mark.parametrize("model", ["cnn", "dense", "reader"])
def test_it_classifies_offline_and_without_keras(
    model: str, programs: Path, thousand: LabelledDigits, tmp_path: Path
) -> None:
    Image.fromarray(thousand.images[0]).save(tmp_path / "digit.png")
    command = [programs / "python", "-I", "-c", _CLASSIFY, tmp_path / "digit.png", "--model", model]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["label"] == thousand.labels[0]
    imported = set(json.loads(result.stderr))
    assert "onnxruntime" in imported
    assert not TRAINING_ONLY & imported


def test_training_says_which_extra_it_needs(programs: Path, tmp_path: Path) -> None:
    command = [programs / "inkdigits", "train", "dense"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pip install 'inkdigits[train]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
