"""`inkdigits classify` as people call it: real processes, real files."""

from __future__ import annotations

import csv
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.modelfile.predictor import Predictor
from tests.conftest import Cli


@pytest.fixture(scope="module")
def digits() -> LabelledDigits:
    return load_train().take(slice(0, 12))


@pytest.fixture(scope="module")
def expected(digits: LabelledDigits) -> list[int]:
    labels: list[int] = Predictor.load("cnn").predict_proba(digits.images).argmax(axis=1).tolist()
    return labels


def _write(kind: str, digits: LabelledDigits, folder: Path) -> Path:
    path = folder / kind
    flat = digits.images.reshape(len(digits), -1)
    if kind == "some-images-idx3-ubyte":
        path.write_bytes(struct.pack(">4I", 2051, len(digits), 28, 28) + digits.images.tobytes())
    elif kind == "keras.npz":
        np.savez(path, x_test=digits.images, y_test=digits.labels)
    elif kind == "one.npz":
        np.savez(path, anything=digits.images)
    elif kind == "kaggle.csv":
        header = ",".join(f"pixel{i}" for i in range(784))
        np.savetxt(path, flat, "%d", delimiter=",", header=header, comments="")
    elif kind == "plain.csv":
        np.savetxt(path, flat, "%d", delimiter=",")
    elif kind == "labelled.csv":
        np.savetxt(path, np.column_stack([digits.labels, flat]), "%d", delimiter=",")
    else:
        for index, image in enumerate(digits.images):
            file = path / f"{index % 2}" / f"{index:02d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)
    return path


KINDS = ["some-images-idx3-ubyte", "keras.npz", "one.npz", "kaggle.csv", "plain.csv", "labelled.csv"]


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_as_kaggle_wants_them(
    kind: str, main_here: Cli, digits: LabelledDigits, expected: list[int], tmp_path: Path
) -> None:
    result = main_here("classify", _write(kind, digits, tmp_path), "--csv")
    assert result.returncode == 0, result.stderr
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows == [["ImageId", "Label"], *([str(i), str(label)] for i, label in enumerate(expected, start=1))]


def test_a_folder_as_json(cli: Cli, digits: LabelledDigits, tmp_path: Path) -> None:
    folder = _write("folder", digits, tmp_path)
    rows = json.loads(cli("classify", folder, "--json", "--model", "dense", "--threads", 1).stdout)
    files = sorted(folder.rglob("*.png"))
    assert [row["picture"] for row in rows] == [str(file) for file in files]
    images = np.stack([np.asarray(Image.open(file)) for file in files])
    np.testing.assert_allclose(
        [row["probabilities"] for row in rows], Predictor.load("dense").predict_proba(images), atol=1e-6
    )
    assert all(row["probabilities"][row["label"]] == row["probability"] for row in rows)


def test_one_picture_as_a_table(main_here: Cli, digits: LabelledDigits, expected: list[int], tmp_path: Path) -> None:
    Image.fromarray(digits.images[0]).save(tmp_path / "digit.png")
    head, row = main_here("classify", tmp_path / "digit.png").stdout.splitlines()
    assert head.split() == ["picture", "label", *(f"p{digit}" for digit in range(10))]
    assert row.split()[:2] == [str(tmp_path / "digit.png"), str(expected[0])]


def test_black_on_white_is_refused_and_inverted(
    main_here: Cli, digits: LabelledDigits, expected: list[int], tmp_path: Path
) -> None:
    Image.fromarray(255 - digits.images[0]).save(tmp_path / "white.png")
    refused = main_here("classify", tmp_path / "white.png")
    assert (refused.returncode, refused.stdout) == (2, "")
    told = (
        "its border is light, expected white ink on black: use --invert for black ink on white, or inkdigits read, "
        "which finds the ink itself"
    )
    said = f"inkdigits: {tmp_path / 'white.png'}: {told}\n"
    assert refused.stderr == said
    inverted = json.loads(main_here("classify", tmp_path / "white.png", "--invert", "--json").stdout)
    assert inverted[0]["label"] == expected[0]
    np.savez(tmp_path / "white.npz", 255 - digits.images)
    assert "use --invert for black ink on white" in main_here("classify", tmp_path / "white.npz").stderr


def test_a_larger_picture_is_normalized_whatever_its_ink(main_here: Cli, tmp_path: Path) -> None:
    page = np.full((90, 60), 250, np.uint8)
    page[10:80, 27:34] = 20
    Image.fromarray(page).save(tmp_path / "one.png")
    result = main_here("classify", tmp_path / "one.png", "--json")
    assert json.loads(result.stdout)[0]["label"] == 1
    assert result.stderr == (
        "inkdigits: warning: the picture is not 28x28: it was fitted into 28x28 as one digit; inkdigits read finds the "
        "digits in pictures\n"
    )


def test_invert_holds_for_a_larger_picture_too(tmp_path: Path) -> None:
    page = np.full((90, 60), 120, np.uint8)
    page[10:80, 27:34] = 60
    Image.fromarray(page).save(tmp_path / "one.png")
    page[:4, :4] = 255  # a glare, which is farther from the paper than the ink is
    Image.fromarray(page).save(tmp_path / "glare.png")
    expected = load_pictures(tmp_path / "one.png").images
    assert np.array_equal(load_pictures(tmp_path / "glare.png", invert=True).images, expected)
    assert not np.array_equal(load_pictures(tmp_path / "glare.png").images, expected)


def test_no_pictures_no_answers(main_here: Cli, tmp_path: Path) -> None:
    np.savez(tmp_path / "none.npz", np.empty((0, 28, 28), np.uint8))
    assert main_here("classify", tmp_path / "none.npz", "--csv").stdout == "ImageId,Label\n"
    assert json.loads(main_here("classify", tmp_path / "none.npz", "--json").stdout) == []
    (tmp_path / "none.csv").write_text(",".join(f"pixel{i}" for i in range(784)) + "\n")
    result = main_here("classify", tmp_path / "none.csv", "--csv")
    assert (result.returncode, result.stdout, result.stderr) == (0, "ImageId,Label\n", "")


def test_bad_input_is_one_line(main_here: Cli, tmp_path: Path, digits: LabelledDigits) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "short.csv").write_text("1,2,3\n")
    np.savez(tmp_path / "small.npz", digits.images[:, :8, :8])
    Image.fromarray(digits.images[0]).save(tmp_path / "digit.png")
    cases = [
        ([tmp_path / "none.png"], "no such file or folder"),
        ([tmp_path / "empty"], "no pictures in it"),
        ([tmp_path / "short.csv"], "3 columns, expected 784 (the pixels of a 28x28 picture)"),
        ([tmp_path / "small.npz"], "expected pictures (n, 28, 28), (n, 784)"),
        ([tmp_path / "digit.png", "--model", tmp_path / "text.onnx"], "not an ONNX file that can be loaded"),
        ([tmp_path / "digit.png", "--model", "nosuch"], "no such model file: expected a path to one, or one of cnn"),
        ([tmp_path / "digit.png", "--model", tmp_path / "empty"], "no trained network in it"),
        ([tmp_path / "digit.png", "--csv", "--json"], "choose one of them"),
    ]
    for arguments, message in cases:
        result = main_here("classify", *arguments)
        assert result.returncode == 2, arguments
        assert result.stdout == ""
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_several_sources_are_read_in_their_order(
    main_here: Cli, digits: LabelledDigits, expected: list[int], tmp_path: Path
) -> None:
    for name, row in (("b", 0), ("a", 1)):
        Image.fromarray(digits.images[row]).save(tmp_path / f"{name}.png")
    np.savez(tmp_path / "rest.npz", digits.images[2:])
    sources = [tmp_path / "b.png", tmp_path / "a.png", tmp_path / "rest.npz"]
    rows = json.loads(main_here("classify", *sources, "--json").stdout)

    assert [row["label"] for row in rows] == expected
    assert [row["picture"] for row in rows[:4]] == [
        *map(str, sources[:2]),
        f"{sources[2]}:0",
        f"{sources[2]}:1",
    ]
    refused = main_here("classify", *sources, tmp_path / "none.png")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "none.png: no such file or folder" in refused.stderr
