"""The queues of pictures: who arrives together is read together, and nobody pays for another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading.reading import Reading
from inkdigits.serving.picture_batchers import Picture, PictureBatchers
from inkdigits.serving.settings import ServerLimits
from tests.serving.server import png


class Counting:
    """A predictor that notes how many pictures it is asked about at a time."""

    def __init__(self) -> None:
        self._predictor = Predictor.load("dense", threads=1)
        self.metadata = self._predictor.metadata
        self.asked: list[int] = []

    def predict_proba(self, images: np.ndarray[Any, Any]) -> Any:
        self.asked.append(len(images))
        return self._predictor.predict_proba(images)


def _answers(predictor: Counting, pictures: Sequence[Picture]) -> list[list[Reading]]:
    async def ask() -> list[list[Reading]]:
        batchers = PictureBatchers(predictor, ServerLimits())  # type: ignore[arg-type]
        try:
            return await asyncio.gather(*map(batchers.read, pictures))
        finally:
            batchers.close()

    return asyncio.run(ask())


def test_pictures_that_wait_are_classified_at_once_but_not_too_many(digits: LabelledDigits) -> None:
    predictor = Counting()
    answers = _answers(predictor, [Picture(str(number), png(image)) for number, image in enumerate(digits.images[:40])])
    assert [reading.path for (reading,) in answers] == [str(number) for number in range(40)]
    # The network is asked about a picture of one digit once or twice, each time for the whole batch.
    assert len(predictor.asked) < 10
    assert max(predictor.asked) >= 16


def test_large_drawings_fill_a_batch_sooner(digits: LabelledDigits) -> None:
    predictor = Counting()
    _answers(predictor, [Picture("", png(digits.images[0].repeat(18, 0).repeat(18, 1)))] * 12)  # 504 x 504
    assert 1 < max(predictor.asked) <= 8


@pytest.mark.parametrize("wrong", [b"no picture", "region"])
def test_one_that_cannot_be_read_leaves_the_others_alone(digits: LabelledDigits, wrong: object) -> None:
    pictures = [Picture(str(number), png(image)) for number, image in enumerate(digits.images[:8])]
    expected = [reading.string for (reading,) in _answers(Counting(), pictures)]
    pictures[5] = Picture("5", wrong) if isinstance(wrong, bytes) else Picture("5", pictures[5].content, (0, 0, 99, 99))
    found = _answers(Counting(), pictures)
    assert found[5][0].outcome == "error"
    del found[5], expected[5]
    assert [reading.string for (reading,) in found] == expected


class Failing(Counting):
    """A predictor that fails on one certain picture, alone or among others."""

    def __init__(self, picture: np.ndarray[Any, Any]) -> None:
        super().__init__()
        self._picture = picture

    def predict_proba(self, images: np.ndarray[Any, Any]) -> Any:
        if (images == self._picture).all(axis=(1, 2)).any():
            raise ZeroDivisionError("a defect")
        return super().predict_proba(images)


@pytest.mark.parametrize("enlarged", [1, 40])
def test_a_defect_is_the_answer_of_its_own_picture_only(digits: LabelledDigits, enlarged: int) -> None:
    images = [image.repeat(enlarged, 0).repeat(enlarged, 1) for image in digits.images[:3]]
    (inputs,) = [reading.digits[0].network_input for (reading,) in _answers(Counting(), [Picture("", png(images[1]))])]
    contents = [Picture(str(number), png(image)) for number, image in enumerate(images)]

    async def ask() -> list[Any]:
        batchers = PictureBatchers(Failing(inputs), ServerLimits())  # type: ignore[arg-type]
        try:
            return await asyncio.gather(*map(batchers.read, contents), return_exceptions=True)
        finally:
            batchers.close()

    first, second, third = asyncio.run(ask())
    assert isinstance(second, ZeroDivisionError)
    assert [first[0].outcome, third[0].outcome] == ["read", "read"]
