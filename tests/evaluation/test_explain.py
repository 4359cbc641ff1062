"""Explanations: gradients against finite differences, neighbours against brute force, and no Keras for model files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError
from inkdigits.evaluation.explain import explain
from inkdigits.training.run import Run
from inkdigits.training.train import train
from tests.conftest import Cli


@pytest.fixture(scope="module")
def run(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("explain")
    return train("convnet", hyperparameters={"epochs": 1}, data=str(small_npz), out=folder / "run")


@pytest.fixture
def digit(test_part: LabelledDigits, tmp_path: Path) -> Path:
    Image.fromarray(test_part.images[0]).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


def test_a_run_is_explained_with_gradient_and_neighbours(main_here: Cli, run: Run, digit: Path, tmp_path: Path) -> None:
    result = main_here("explain", run.path, digit, "--neighbours", 2, "--out", tmp_path / "why.png", "--json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert np.shape(told["gradient"]) == np.shape(told["occlusion"]) == (28, 28)
    assert len(told["neighbours"]) == 2
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.width > 2 * picture.height


def test_a_model_file_is_explained_without_keras(digit: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['inkdigits', 'explain', *sys.argv[1:]]\n"
        "from inkdigits.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch', 'onnx'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "cnn", str(digit), "--out", str(tmp_path / "why.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[0].startswith("read: 7 with ")
    assert told.splitlines()[-1] == "[]"
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_ink_of_the_digit_speaks_for_it(test_part: LabelledDigits) -> None:
    explanation = explain("cnn", test_part.images[0])
    assert explanation.label == 7
    assert explanation.occlusion.max() > 1
    assert explanation.gradient is None
    # What speaks for a seven speaks against a one.
    other = explain("cnn", test_part.images[0], label=1)
    strongest = np.unravel_index(explanation.occlusion.argmax(), (28, 28))
    assert other.occlusion[strongest] < 0


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["gone.onnx", "PICTURE"], "gone.onnx"),
        (["cnn", "gone.png"], "gone.png"),
        (["cnn", "PICTURE", "--index", "1"], "holds 1 picture, --index 0 to 0, got --index 1"),
    ],
)
def test_wrong_use_is_one_line(main_here: Cli, digit: Path, arguments: list[str], needle: str, tmp_path: Path) -> None:
    given = [str(digit) if argument == "PICTURE" else argument for argument in arguments]
    result = main_here("explain", *given, "--out", tmp_path / "why.png")
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "why.png").exists()


def test_a_label_that_is_no_digit(test_part: LabelledDigits) -> None:
    with pytest.raises(DataError, match="label must be a whole number from 0 to 9"):
        explain("cnn", test_part.images[0], label=10)


def test_the_picture_of_a_folder_is_named_and_no_file_is_replaced(
    main_here: Cli, digit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "scans" / name).write_bytes(digit.read_bytes())
    (tmp_path / "explained.png").write_text("mine")
    result = main_here("explain", "cnn", "scans")
    assert result.stderr == "picture 0 of 2 in scans, counted from 0: scans/a.png (--index chooses another)\n"
    assert "explained-2.png: what speaks for" in result.stdout
    assert (tmp_path / "explained.png").read_text() == "mine"
    for name, told in (("explained.png", "exists already: choose another --out"), ("x.jpg", "ends in .png")):
        assert told in main_here("explain", "cnn", "scans", "--out", name).stderr
