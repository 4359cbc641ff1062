"""The queues of pictures: those that arrive together are read together, and errors stay with their picture."""

from __future__ import annotations

import asyncio
import io
import select
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.reading import Reading
from inkdigits.serving.picture_batchers import Picture, PictureBatchers
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import HEAD, Served, open_connection, png


class Counting:
    """A predictor that records how many pictures it classifies at a time."""

    def __init__(self) -> None:
        self._predictor = Predictor.load("dense", threads=1)
        self.metadata = self._predictor.metadata
        self.batch_sizes: list[int] = []

    def predict_proba(self, images: np.ndarray[Any, Any]) -> Any:
        self.batch_sizes.append(len(images))
        return self._predictor.predict_proba(images)


def _readings(predictor: Counting, pictures: Sequence[Picture]) -> list[list[Reading]]:
    async def read_all() -> list[list[Reading]]:
        batchers = PictureBatchers(predictor, ServerLimits())  # type: ignore[arg-type]
        try:
            return await asyncio.gather(*map(batchers.read, pictures))
        finally:
            batchers.close()

    return asyncio.run(read_all())


def test_pictures_that_wait_are_classified_at_once_but_not_too_many(digits: LabelledDigits) -> None:
    predictor = Counting()
    pictures = [Picture(str(number), png(image)) for number, image in enumerate(digits.images[:40])]
    assert [reading.path for (reading,) in _readings(predictor, pictures)] == [str(number) for number in range(40)]
    # The network is asked about a picture of one digit once or twice, each time for the whole batch.
    assert len(predictor.batch_sizes) < 10
    assert max(predictor.batch_sizes) >= 16


def test_large_drawings_fill_a_batch_sooner(digits: LabelledDigits) -> None:
    predictor = Counting()
    _readings(predictor, [Picture("", png(digits.images[0].repeat(18, 0).repeat(18, 1)))] * 12)  # 504 x 504
    assert 1 < max(predictor.batch_sizes) <= 8


@pytest.mark.parametrize("wrong", [b"no picture", "region"])
def test_one_that_cannot_be_read_leaves_the_others_alone(digits: LabelledDigits, wrong: object) -> None:
    pictures = [Picture(str(number), png(image)) for number, image in enumerate(digits.images[:8])]
    expected = [reading.string for (reading,) in _readings(Counting(), pictures)]
    pictures[5] = Picture("5", wrong) if isinstance(wrong, bytes) else Picture("5", pictures[5].content, (0, 0, 99, 99))
    found = _readings(Counting(), pictures)
    assert found[5][0].outcome == "error"
    del found[5], expected[5]
    assert [reading.string for (reading,) in found] == expected


def test_drawings_do_not_wait_for_photos(stressed: Served, digits: LabelledDigits) -> None:
    photo = np.random.default_rng(0).normal(200, 9, (3000, 4000)).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG")
    body = buffer.getvalue()
    photos = [open_connection(stressed, HEAD + b"%d\r\n\r\n" % len(body) + body) for _ in range(6)]
    assert stressed.reading(png(digits.images[0]))["string"] == "7"
    answered, _, _ = select.select(photos, [], [], 0)
    assert len(answered) < len(photos)
    for connection in photos:
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()


class Failing(Counting):
    """A predictor that fails on one certain picture, alone or among others."""

    def __init__(self, picture: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self._picture = picture

    def predict_proba(self, images: np.ndarray[Any, Any]) -> Any:
        if (images == self._picture).all(axis=(1, 2)).any():
            raise ZeroDivisionError("a bug")
        return super().predict_proba(images)


@pytest.mark.parametrize("enlarged", [1, 40])
def test_an_exception_is_the_result_of_its_own_picture_only(digits: LabelledDigits, enlarged: int) -> None:
    images = [image.repeat(enlarged, 0).repeat(enlarged, 1) for image in digits.images[:3]]
    (inputs,) = [reading.digits[0].network_input for (reading,) in _readings(Counting(), [Picture("", png(images[1]))])]
    contents = [Picture(str(number), png(image)) for number, image in enumerate(images)]

    async def read_all() -> list[Any]:
        batchers = PictureBatchers(Failing(inputs), ServerLimits())  # type: ignore[arg-type]
        try:
            return await asyncio.gather(*map(batchers.read, contents), return_exceptions=True)
        finally:
            batchers.close()

    first, second, third = asyncio.run(read_all())
    assert isinstance(second, ZeroDivisionError)
    assert [first[0].outcome, third[0].outcome] == ["read", "read"]
