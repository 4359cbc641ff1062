"""`Reader`: values, boxes, rows, regions, known lengths, and reading from several threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inkdigits.datasets.mnist import load_test
from inkdigits.errors import PictureError
from inkdigits.reading.decide import CONFIDENT_THRESHOLD
from inkdigits.reading.reader import Reader
from inkdigits.reading.reading import Reading
from tests.reading.drawn_pages import ink, paper, photographed, row, written

SHAPE = (500, 800)
PLACES = [*row("2570", 80, 60, 90), *row("483", 120, 280, 80)]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    return photographed(written(paper(SHAPE), ink(SHAPE, PLACES, 7)))


@pytest.fixture(scope="module")
def reading(reader: Reader, page: np.ndarray) -> Reading:
    return reader.read(page)


def test_boxes_lie_around_the_ink(reading: Reading) -> None:
    assert reading.size == (800, 500)
    assert len(reading.digits) == len(PLACES)
    for digit, place in zip(reading.digits, PLACES, strict=True):
        x, y, w, h = digit.box
        assert digit.value == place.value
        alone = ink(SHAPE, [place], 7) > 0.3
        rows, columns = np.flatnonzero(alone.any(axis=1)), np.flatnonzero(alone.any(axis=0))
        assert abs(x - columns[0]) <= 3
        assert abs(y - rows[0]) <= 3
        assert abs(x + w - columns[-1] - 1) <= 3
        assert abs(y + h - rows[-1] - 1) <= 3


def test_boxes_of_a_large_picture_are_in_its_own_pixels(reader: Reader, page: np.ndarray, reading: Reading) -> None:
    large = page.repeat(5, axis=0).repeat(5, axis=1)
    found = reader.read(large)
    assert found.string == reading.string
    for small, big in zip(reading.digits, found.digits, strict=True):
        assert np.abs(np.array(big.box) - 5 * np.array(small.box)).max() <= 12


def test_values_and_probabilities_agree(reading: Reading) -> None:
    for digit in reading.digits:
        assert digit.network_input.shape == (28, 28)
        assert digit.network_input.dtype == np.uint8
        assert sum(digit.probabilities) == pytest.approx(1, abs=1e-4)
        order = np.argsort(digit.probabilities)[::-1]
        assert (digit.value, digit.second) == (order[0], order[1])
        assert digit.probability == max(digit.probabilities)
        assert [digit.row for digit in reading.digits] == [0, 0, 0, 0, 1, 1, 1]


def test_network_inputs_are_what_the_network_classified(reader: Reader, reading: Reading) -> None:
    answers = reader.predictor.predict_proba(np.stack([digit.network_input for digit in reading.digits]))
    np.testing.assert_allclose(answers, [digit.probabilities for digit in reading.digits], atol=1e-5)


def test_only_the_region_is_read_and_boxes_stay_in_the_picture(reader: Reader, page: np.ndarray) -> None:
    found = reader.read(page, region=(60, 250, 700, 150))
    assert found.string == "483"
    assert abs(found.digits[0].box[1] - 280) < 8
    assert found.size == (800, 500)


@pytest.mark.parametrize("region", [(0, 0, 0, 5), (-1, 0, 10, 10), (0, 0, 801, 10), (700, 490, 50, 50)])
def test_a_region_outside_is_refused(reader: Reader, page: np.ndarray, region: tuple[int, int, int, int]) -> None:
    with pytest.raises(PictureError, match="is not inside the picture of 800 x 500"):
        reader.read(page, region=region)


def test_a_known_length_refuses_the_least_probable(reader: Reader, page: np.ndarray) -> None:
    found = reader.read(page, length=5)
    assert len(found.string.replace("\n", "")) == 5
    refused = [digit for digit in found.digits if digit.outcome == "not_a_digit"]
    assert len(refused) == 2
    assert max(digit.probability for digit in refused) <= min(
        digit.probability for digit in found.digits if digit.outcome != "not_a_digit"
    )


def test_a_known_length_splits_digits_that_touch(reader: Reader) -> None:
    places = row("63", 100, 100, 160, gap=-0.18)
    picture = photographed(written(paper((360, 420)), ink((360, 420), places, 14)))
    assert len(reader.read(picture, length=2).string) == 2


def test_a_digit_that_is_certain_is_never_split(reader: Reader) -> None:
    """Each half of a 0 may look like a digit; where two digits are claimed, the reading says that one was found."""
    test = load_test()
    for zero in test.images[test.labels == 0][:12]:
        alone, claimed = reader.read(zero), reader.read(zero, length=2)
        if [digit.outcome for digit in alone.digits] == ["digit"]:
            assert (claimed.string, claimed.digits) == (alone.string, alone.digits)
            assert claimed.notes == ("1 of 2 digits were found",)


@pytest.mark.parametrize("too_many", [1, 2, 5])
def test_a_length_beyond_what_is_there_changes_no_digit(
    reader: Reader, page: np.ndarray, reading: Reading, too_many: int
) -> None:
    found = reader.read(page, length=len(PLACES) + too_many)
    assert found.digits == reading.digits
    assert found.notes == (f"{len(PLACES)} of {len(PLACES) + too_many} digits were found",)
    assert found.to_dict()["notes"] == list(found.notes)
    assert f"7 of {7 + too_many} digits were found" in repr(found)


def test_the_right_length_needs_no_note(reader: Reader, page: np.ndarray) -> None:
    assert reader.read(page, length=len(PLACES)).notes == ()


def test_a_known_length_accepts_the_improbable_as_unsure(reader: Reader) -> None:
    """A cross is hardly a digit; if one digit is claimed, the most probable is accepted as unsure."""
    picture = np.full((200, 200), 240, np.uint8)
    picture[60:140, 95:105] = picture[95:105, 60:140] = 20
    (digit,) = reader.read(picture, length=1).digits
    assert digit.outcome == ("digit" if digit.probability >= CONFIDENT_THRESHOLD else "unsure")


def test_threads_read_what_one_thread_reads(reader: Reader, page: np.ndarray, reading: Reading) -> None:
    barrier = threading.Barrier(4)

    def read(_: int) -> dict[str, object]:
        barrier.wait()
        return reader.read(page).to_dict()

    with ThreadPoolExecutor(4) as pool:
        assert all(value == reading.to_dict() for value in pool.map(read, range(4)))
