"""Synthesized pages: the same from the same seed, and what they say is a digit is one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkdigits.synthesis.pages.canvas import OFFSET_UNIT
from inkdigits.synthesis.pages.shapes import load_shapes
from inkdigits.synthesis.pages.synthesized_page import SIDE, SynthesizedPage, draw_page


@pytest.fixture(scope="module")
def pages() -> list[SynthesizedPage]:
    rng = np.random.default_rng(5)
    return [draw_page(load_shapes(), rng) for _ in range(180)]


def test_the_same_generator_draws_the_same_page() -> None:
    first, second = (draw_page(load_shapes(), np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.digit, second.digit)


def test_pages_are_pictures_with_maps_of_their_size(pages: list[SynthesizedPage]) -> None:
    for page in pages:
        assert (page.pixels.shape, page.pixels.dtype) == ((SIDE, SIDE, 3), np.uint8)
        for cover in (page.digit, page.other):
            assert cover.shape == (SIDE, SIDE)
            assert 0 <= cover.min() <= cover.max() <= 1
        assert np.isfinite(page.offset).all()


def test_ink_differs_from_the_paper_around_it(pages: list[SynthesizedPage]) -> None:
    """What is said to be ink is seen in nearly all pages; a few hide theirs in grain or in a shadow."""
    seen = []
    for page in pages:
        inked = page.digit > 0.9
        around = (cv2.dilate(inked.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & (page.digit + page.other == 0)
        if inked.sum() > 60 and around.sum() > 60:
            seen.append(np.abs(page.pixels[inked].mean(axis=0) - page.pixels[around].mean(axis=0)).max() > 8)
    assert len(seen) > 80
    assert np.mean(seen) > 0.9


def test_every_pixel_of_a_digit_points_to_one_middle() -> None:
    """Drawn alone, a digit's pixels all point to the middle of their own box."""
    for seed in range(40):
        page = draw_page(load_shapes(), np.random.default_rng(seed))
        count, labels = cv2.connectedComponents((page.digit > 0.5).astype(np.uint8))
        if count != 2:
            continue
        rows, columns = np.nonzero(labels == 1)
        middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
        to = np.stack([columns, rows]) + OFFSET_UNIT * page.offset[:, rows, columns]
        # A margin that is added later may cover a part of the digit.
        if (np.array([columns.min(), rows.min()]) > 20).all() and max(columns.max(), rows.max()) < SIDE - 21:
            assert np.abs(to - middle[:, None]).max() < 2


def test_all_kinds_of_pages_are_drawn(pages: list[SynthesizedPage]) -> None:
    digits = [bool((page.digit > 0.5).any()) for page in pages]
    others = [bool((page.other > 0.5).any()) for page in pages]
    assert 0.6 < np.mean(digits) < 0.95
    assert 0.1 < np.mean(others) < 0.6
    assert any(not digit and not other for digit, other in zip(digits, others, strict=True))


def test_touching_digits_are_drawn(pages: list[SynthesizedPage]) -> None:
    """In a part of the pages some connected ink is of several digits, which point to middles of their own."""
    touching = [page for page in pages if len(page.digits) > _connected(page)]
    assert 0.1 < len(touching) / len(pages) < 0.4


def _connected(page: SynthesizedPage) -> int:
    """How many regions of connected ink have the middle of the ink of a digit's box in them, at least."""
    _, labels = cv2.connectedComponents((page.digit > 0.5).astype(np.uint8))
    boxes = [labels[y : y + h, x : x + w] for _, (x, y, w, h) in page.digits]
    return len({int(np.bincount(box[box > 0]).argmax()) for box in boxes if (box > 0).any()})


def test_the_boxes_of_digits_hold_their_ink(pages: list[SynthesizedPage]) -> None:
    """Where digits are whole, all ink of digits lies in their boxes and every box has some; values are labels."""
    whole = [page for page in pages if page.digits and page.whole_digits == page.digits]
    assert len(whole) > 40
    assert {one.value for page in whole for one in page.digits} == set(range(10))
    for page in whole:
        inside = np.zeros((SIDE, SIDE), bool)
        for _, (x, y, w, h) in page.digits:
            assert (page.digit[y : y + h, x : x + w] > 0.5).any()
            inside[y : y + h, x : x + w] = True
        assert not (page.digit[~inside] > 0.5).any()
