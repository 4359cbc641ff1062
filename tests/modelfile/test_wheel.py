"""What `pip install inkdigits` without extras gives: small, without Keras, and it classifies."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PROJECT = Path(__file__).parents[2]
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
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and what it depends on; the only step that may need a network."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", str(wheel)], check=True, timeout=600)
    return folder


def _sizes(environment: Path) -> dict[str, float]:
    """Megabytes of everything installed, with bytecode, by its name in site-packages; pip apart."""
    (packages,) = environment.glob("lib/python*/site-packages")
    subprocess.run([environment / "bin" / "python", "-m", "compileall", "-q", str(packages)], check=True, timeout=300)
    files = (file for file in packages.rglob("*") if file.is_file() and not file.is_symlink())
    sizes: dict[str, float] = {}
    for file in files:
        name = file.relative_to(packages).parts[0]
        sizes[name] = sizes.get(name, 0) + file.stat().st_size / MEGABYTE
    return {name: size for name, size in sizes.items() if not name.startswith(("pip", "setuptools"))}


def test_the_wheel_is_under_25_mb_and_carries_the_models(wheel: Path) -> None:
    assert wheel.stat().st_size < 25 * MEGABYTE
    with zipfile.ZipFile(wheel) as archive:
        sizes = {Path(file.filename).name: file.file_size / MEGABYTE for file in archive.infolist()}
    assert {"dense.onnx", "cnn.onnx"} <= set(sizes)
    assert sizes["reader.onnx"] < 3
    print(f"wheel: {wheel.stat().st_size / MEGABYTE:.1f} MB")


def test_the_installation_is_under_400_mb(environment: Path) -> None:
    sizes = _sizes(environment)
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    told = f"{sum(sizes.values()):.0f} MB; the largest: {', '.join(f'{name} {size:.0f}' for name, size in largest)}"
    print(told)
    assert sum(sizes.values()) < 400, told
    assert not TRAINING_ONLY & set(sizes)


@pytest.mark.parametrize("model", ["cnn", "dense", "reader"])
def test_it_classifies_offline_and_without_keras(
    model: str, environment: Path, thousand: LabelledDigits, tmp_path: Path
) -> None:
    Image.fromarray(thousand.images[0]).save(tmp_path / "digit.png")
    command = [environment / "bin" / "python", "-I", "-c", _CLASSIFY, tmp_path / "digit.png", "--model", model]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["label"] == thousand.labels[0]
    imported = set(json.loads(result.stderr))
    assert "onnxruntime" in imported
    assert not TRAINING_ONLY & imported


def test_training_says_which_extra_it_needs(environment: Path, tmp_path: Path) -> None:
    command = [environment / "bin" / "inkdigits", "train", "dense"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pip install 'inkdigits[train]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
