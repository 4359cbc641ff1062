"""Digits that touch: cut by the middles that their pixels point to, where the classifier is sure of every part."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest

from inkdigits.reading.components import Component
from inkdigits.reading.finder import InkMaps
from inkdigits.reading.reader import Reader
from inkdigits.reading.touching import Lattice, cut_everywhere
from tests.reading.touching_rows import touching_rows


def _leaning(starts: tuple[int, ...]) -> tuple[Component, InkMaps]:
    """Strokes of 40 pixels that lean by one pixel in two, each from its column on, so that none has columns alone."""
    digit, right, down = (np.zeros((60, 120), np.float32) for _ in range(3))
    for start in starts:
        for row in range(40):
            columns = np.arange(start + row // 2, start + row // 2 + 8)
            digit[10 + row, columns] = 1
            right[10 + row, columns] = start + 13.5 - columns
    x, y, w, h = cv2.boundingRect((digit > 0).astype(np.uint8))
    cover = (255 * digit[y : y + h, x : x + w]).astype(np.uint8)
    return Component(x, y, w, h, cover, 1.0), InkMaps(digit, np.zeros_like(digit), right, down)


@pytest.mark.parametrize("starts", [(10, 18), (10, 18, 30), (10, 30, 38, 60)])
def test_ink_is_cut_between_the_middles_that_it_points_to(starts: tuple[int, ...]) -> None:
    component, maps = _leaning(starts)
    lattice = cut_everywhere(component, maps)
    single = [part for (first, last), part in zip(lattice.spans, lattice.parts, strict=True) if part.area == 40 * 8]
    assert [part.ink_box for part in single] == [(start, 10, 27, 40) for start in starts]


def test_parts_hold_all_the_ink_between_them() -> None:
    component, maps = _leaning((10, 18, 30))
    lattice = cut_everywhere(component, maps)
    path = lattice.best_path([1.0] * len(lattice.parts))
    assert sum(lattice.parts[place].area for place in path) == component.area


def _every_path(spans: tuple[tuple[int, int], ...], end: int, start: int = 0) -> list[list[int]]:
    if start == end:
        return [[]]
    return [
        [place, *rest]
        for place, (first, last) in enumerate(spans)
        if first == start
        for rest in _every_path(spans, end, last)
    ]


@pytest.mark.parametrize("count", [None, 1, 2, 3, 5])
def test_the_best_path_is_the_best_of_all(count: int | None) -> None:
    rng = np.random.default_rng(0)
    component, _ = _leaning((10,))
    for _ in range(50):
        spans = tuple(span for span in itertools.combinations(range(6), 2) if rng.random() < 0.7)
        lattice = Lattice(5, spans, (component,) * len(spans))
        probabilities = rng.random(len(spans)).tolist()
        paths = [path for path in _every_path(spans, 5) if count in (None, len(path))]
        best = max(paths, key=lambda path: math.prod(probabilities[place] for place in path), default=[])
        assert lattice.best_path(probabilities, count) == best


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


def test_rows_of_touching_digits_are_read(reader: Reader) -> None:
    """Three in five of 400 other such rows are; what is not cut rightly is mostly refused (docs/log.md, 2026-11-30)."""
    rows = touching_rows(40)
    read = [reader.read(picture).string for picture, _ in rows]
    assert sum(one == values for one, (_, values) in zip(read, rows, strict=True)) >= 20
    assert sum(len(one) >= len(values) and one != values for one, (_, values) in zip(read, rows, strict=True)) <= 5


def test_a_known_length_cuts_more(reader: Reader) -> None:
    rows = touching_rows(40)
    known = sum(reader.read(picture, length=len(values)).string == values for picture, values in rows)
    assert known >= 24
