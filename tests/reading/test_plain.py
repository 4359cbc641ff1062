"""The short way for small plain pictures of one digit reads what the finder's way reads, and leaves it all else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.datasets.mnist import load_train
from inkdigits.reading.best_view import best_segmentation
from inkdigits.reading.coroutines import run
from inkdigits.reading.plain import segment_plain
from inkdigits.reading.pyramid import Pyramid
from inkdigits.reading.reader import Reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("side", [28, 64])
@pytest.mark.parametrize("dark", [True, False])
def test_both_ways_read_the_same(reader: Reader, side: int, dark: bool) -> None:
    images = load_train().images[:60]
    short = 0
    for image in images:
        picture = cv2.resize(255 - image if dark else image, (side, side), interpolation=cv2.INTER_LINEAR)
        found = run(segment_plain(picture, 0.5), reader.predictor.predict_proba)
        if found is None:
            continue
        short += 1
        (candidate,) = found.candidates
        other = run(best_segmentation(Pyramid.of(picture), reader.finder, 0.5), reader.predictor.predict_proba)
        assert [str(candidate.value)] == [str(one.value) for one in other.candidates]
        ours, theirs = candidate.component.ink_box, other.candidates[0].component.ink_box
        scale = other.view.scale
        # The finder may leave the faint end of a stroke out.
        assert np.abs(np.array(ours[2:]) - np.array(theirs[2:]) / scale).max() <= 1 + 0.1 * side
    assert short > 45


@pytest.mark.parametrize(
    "name", ["two digits", "grain", "ink at the border", "empty", "faint", "large", "two touching digits"]
)
def test_every_doubt_is_left_to_the_finder(reader: Reader, name: str) -> None:
    digits = load_train().images
    rng = np.random.default_rng(0)
    zero, one = digits[1], digits[3]
    touching = np.zeros((28, 40), np.uint8)
    touching[:, :28], touching[:, 12:] = zero, np.maximum(touching[:, 12:], np.roll(zero, -3, axis=1))
    picture = {
        "two digits": np.hstack([one, zero]),
        "grain": np.clip(zero * 0.6 + 60 + rng.normal(0, 15, zero.shape), 0, 255).astype(np.uint8),
        "ink at the border": zero[6:22, 6:22].repeat(2, axis=0).repeat(2, axis=1),
        "empty": np.full((28, 28), 90, np.uint8),
        "faint": zero // 8,
        "large": cv2.resize(zero, (200, 200)),
        "two touching digits": touching,
    }[name]
    assert run(segment_plain(picture, 0.5), reader.predictor.predict_proba) is None


def test_tiny_pictures_are_enlarged_and_boxes_are_in_their_own_pixels(reader: Reader) -> None:
    tiny = cv2.resize(load_train().images[1], (14, 14), interpolation=cv2.INTER_AREA)
    found = run(segment_plain(tiny, 0.5), reader.predictor.predict_proba)
    assert found is not None
    (candidate,) = found.candidates
    assert candidate.value == 0
    x, y, w, h = found.view.to_picture(*candidate.component.ink_box)
    rows, columns = np.nonzero(tiny > 100)
    assert abs(x - columns.min()) <= 1
    assert abs(y + h - rows.max() - 1) <= 1
    assert w <= 14


def test_the_classifier_alone_decides_on_tiny_pictures(reader: Reader) -> None:
    train = load_train()
    right = 0
    for image, label in zip(train.images[:80], train.labels[:80].tolist(), strict=True):
        x, y, w, h = cv2.boundingRect((image > 60).astype(np.uint8))
        side = max(w, h)
        square = cv2.copyMakeBorder(
            image[y : y + h, x : x + w], 0, side - h, (side - w) // 2, side - w - (side - w) // 2, cv2.BORDER_CONSTANT
        )
        tiny = cv2.resize(square, (10, 10), interpolation=cv2.INTER_AREA)
        right += reader.read(tiny).string == str(label)
    assert right >= 72
