"""Rows of handwritten digits that touch."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.mnist import load_train
from inkdigits.datasets.split import stratified_split
from inkdigits.synthesis.pages.shapes import HELD_OUT_FRACTION


def touching_rows(n: int) -> list[tuple[NDArray[np.uint8], str]]:
    """Rows of two to five held-out digits, each moved to the left until it touches the one before."""
    _, held_out = stratified_split(load_train(), HELD_OUT_FRACTION, seed=0)
    rng, found = np.random.default_rng(11), []
    for _ in range(n):
        page, right, values = np.zeros((120, 500), np.uint8), 30, ""
        for _ in range(int(rng.integers(2, 6))):
            place = int(rng.integers(len(held_out)))
            ink = held_out.images[place]
            x, y, w, h = cv2.boundingRect((ink > 60).astype(np.uint8))
            ink = cv2.resize(ink[y : y + h, x : x + w], (max(6, round(60 * w / h)), 60), interpolation=cv2.INTER_CUBIC)
            left = right
            near = cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 100
            while values and not ((page[30:90, left : left + ink.shape[1]] > 100) & near).any():
                left -= 1
            place_of = np.s_[30:90, left : left + ink.shape[1]]
            page[place_of] = np.maximum(page[place_of], ink)
            right, values = left + ink.shape[1], values + str(held_out.labels[place])
        found.append((255 - page[:, : right + 30], values))
    return found
