"""The finder's file: what it answers, and that a damaged or foreign one is refused by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.errors import ModelFileError
from inkdigits.modelfile.predictor import bundled_file, model_path, shipped_models
from inkdigits.reading.finder import DEFAULT_FINDER, Finder


def test_ink_of_a_digit_is_found_where_it_is() -> None:
    digit = cv2.resize(load_train().images[0], (96, 96), interpolation=cv2.INTER_CUBIC)
    picture = np.full((128, 160, 3), 230, np.uint8)
    picture[16:112, 32:128] -= (digit[:, :, None] * 0.8).astype(np.uint8)
    maps = Finder.load().maps(picture)
    expected = np.zeros((128, 160), bool)
    expected[16:112, 32:128] = digit > 127
    found = maps.digit > 0.5
    assert (found & expected).sum() > 0.8 * (found | expected).sum()
    assert maps.other.max() < 0.5
    rows, columns = np.nonzero(found & expected)
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
    pointed = np.median([columns + maps.right[rows, columns], rows + maps.down[rows, columns]], axis=1)
    assert np.abs(pointed - middle).max() < 6


def test_a_damaged_finder_is_refused_by_name(tmp_path: Path) -> None:
    content = bytearray(bundled_file(DEFAULT_FINDER).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "broken.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"broken\.onnx: damaged or changed"):
        Finder.load(tmp_path / "broken.onnx")


def test_a_classifier_is_no_finder_and_a_finder_no_classifier() -> None:
    with pytest.raises(ModelFileError, match="not a finder, expected a finder of format 1"):
        Finder.load(model_path("reader"))
    assert DEFAULT_FINDER not in shipped_models()


def test_a_missing_finder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"absent\.onnx: the finder cannot be read: No such file"):
        Finder.load(tmp_path / "absent.onnx")
