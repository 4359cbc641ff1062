"""A short way for small pictures of one digit on even paper, as programs and data sets hold them: without the finder.

It leaves every doubt to the finder: grain, ink beside ink, ink at the border, or a classifier that is not certain.
Only of tiny pictures, whose digits are smaller than those that the finder was trained on, the classifier alone decides.
tests/reading/test_plain.py holds that both ways read the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import normalize_ink
from inkdigits.reading.components import Component
from inkdigits.reading.coroutines import NetworkQueries
from inkdigits.reading.finder import InkMaps
from inkdigits.reading.segmentation import Candidate, Segmentation
from inkdigits.reading.views import MARGIN, View

__all__ = ["segment_plain"]

Pixels = NDArray[np.uint8]
_MAX_SIDE = 64  # pixels
# Smaller pictures are enlarged by the factor first; data sets cut them tightly, so that ink may be at their border.
_MIN_SIDE, _FACTOR = 20, 8
_MIN_CONTRAST = 60  # grey levels, of the channel with the most
_EDGE = 2  # pixels, of a stroke's soft edge
# Of the contrast: what is ink, and how far paper may differ from its colour.
_INK, _GRAIN = 0.4, 0.12
_MAX_ASPECT = 1.6  # width by height; two digits beside each other are wider
_MIN_OVERLAP = 0.5  # of a part's columns that another part has too; two digits stand beside each other
_MIN_PROBABILITY = 0.98


def segment_plain(pixels: Pixels, threshold: float) -> NetworkQueries[Segmentation | None]:
    """The segmentation of a picture uint8 (h, w) or (h, w, 3) that plainly shows one digit; None for any other.

    `threshold` is the probability from which on the classifier accepts a digit.
    """
    if max(pixels.shape[:2]) > _MAX_SIDE:
        return None
    scale = _FACTOR if max(pixels.shape[:2]) < _MIN_SIDE else 1
    if scale > 1:
        pixels = _enlarged(pixels)
    component = _only_component(_ink(pixels, at_border=scale > 1), _EDGE if scale == 1 else scale)
    if component is None:
        return None
    network_input = normalize_ink(component.cover)
    (probabilities,) = yield network_input[None]
    candidate = Candidate(component, network_input, probabilities)
    if candidate.best < (_MIN_PROBABILITY if scale == 1 else threshold):
        return None
    return Segmentation(_view(component, pixels.shape[:2], scale), (candidate,), plain=True)


def _enlarged(pixels: Pixels) -> Pixels:
    import cv2

    return np.asarray(cv2.resize(pixels, None, fx=_FACTOR, fy=_FACTOR, interpolation=cv2.INTER_CUBIC), np.uint8)


def _ink(pixels: Pixels, *, at_border: bool) -> Pixels | None:
    """How far each pixel differs from the border's colour, stretched to 255, uint8 (h, w); None on uneven paper.

    Unless ink may be `at_border`, it is None too where there is any.
    """
    import cv2

    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    paper = np.median(border, axis=0).astype(np.uint8)
    difference = cv2.absdiff(pixels, np.broadcast_to(paper, pixels.shape))
    strongest = difference if difference.ndim == 2 else difference.max(axis=2)
    contrast = int(strongest.max())
    if contrast < _MIN_CONTRAST:
        return None
    ink = cv2.convertScaleAbs(strongest, alpha=255 / contrast)
    if at_border:
        return np.asarray(ink, np.uint8)
    edges = (ink[0], ink[-1], ink[:, 0], ink[:, -1])
    return None if max(int(edge.max()) for edge in edges) > 255 * _GRAIN else np.asarray(ink, np.uint8)


def _only_component(ink: Pixels | None, edge: int) -> Component | None:
    """The ink as one component, with soft edges of `edge` pixels; None unless all else is paper."""
    import cv2

    if ink is None:
        return None
    mask = (ink > 255 * _INK).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    x, y, w, h = cv2.boundingRect(mask)
    if w > _MAX_ASPECT * h or not _are_over_each_other(np.asarray(statistics[1:], np.int32)):
        return None
    near = cv2.dilate(mask, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    if int(np.where(near, 0, ink).max()) > 255 * _GRAIN:
        return None
    top, left = max(0, y - edge), max(0, x - edge)
    box = np.s_[top : y + h + edge, left : x + w + edge]
    cover = np.where(near[box], ink[box], 0).astype(np.uint8)
    height, width = cover.shape
    return Component(MARGIN + left, MARGIN + top, width, height, cover, 1.0)


def _are_over_each_other(parts: NDArray[np.int32]) -> bool:
    """Whether the parts, rows of x, y, width, height and area, lie above or within the largest, as those of a 5 do."""
    x, _, w, _, area = parts.T
    largest = area.argmax()
    common = np.minimum(x + w, x[largest] + w[largest]) - np.maximum(x, x[largest])
    return bool((common >= _MIN_OVERLAP * w).all())


def _view(component: Component, shape: tuple[int, ...], scale: int) -> View:
    """What the finder would have said of the component."""
    height, width = (length + 2 * MARGIN for length in shape[:2])
    digit, nothing = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    part = digit[component.y : component.y + component.h, component.x : component.x + component.w]
    part[:] = component.cover / np.float32(255)
    return View(InkMaps(digit, nothing, nothing, nothing), scale, (shape[1] // scale, shape[0] // scale))
