"""A short way for small pictures of one digit on even paper, as programs and data sets hold them: without the finder.

It leaves every doubt to the finder: grain, a second stroke, ink at the border, or a classifier that is not certain.
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
_MIN_SIDE, _MAX_SIDE = 20, 64  # pixels
_MIN_CONTRAST = 60  # grey levels, of the channel with the most
# Of the contrast: what is ink, and how far paper may differ from its colour.
_INK, _GRAIN = 0.4, 0.12
_MAX_ASPECT = 1.1  # width by height; two digits that touch are wider
_MIN_PROBABILITY = 0.98


def segment_plain(pixels: Pixels) -> NetworkQueries[Segmentation | None]:
    """The segmentation of a picture uint8 (h, w) or (h, w, 3) that plainly shows one digit; None for any other."""
    if not (min(pixels.shape[:2]) >= _MIN_SIDE and max(pixels.shape[:2]) <= _MAX_SIDE):
        return None
    component = _only_component(_ink(pixels))
    if component is None:
        return None
    network_input = normalize_ink(component.cover)
    (probabilities,) = yield network_input[None]
    candidate = Candidate(component, network_input, probabilities)
    if candidate.best < _MIN_PROBABILITY:
        return None
    return Segmentation(_view(component, pixels.shape[:2]), (candidate,))


def _ink(pixels: Pixels) -> Pixels | None:
    """How far each pixel differs from the border's colour, stretched to 255, uint8 (h, w); None on uneven paper."""
    import cv2

    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    paper = np.median(border, axis=0).astype(np.uint8)
    difference = cv2.absdiff(pixels, np.broadcast_to(paper, pixels.shape))
    strongest = difference if difference.ndim == 2 else difference.max(axis=2)
    contrast = int(strongest.max())
    if contrast < _MIN_CONTRAST:
        return None
    ink = cv2.convertScaleAbs(strongest, alpha=255 / contrast)
    edges = (ink[0], ink[-1], ink[:, 0], ink[:, -1])
    return None if max(int(edge.max()) for edge in edges) > 255 * _GRAIN else np.asarray(ink, np.uint8)


def _only_component(ink: Pixels | None) -> Component | None:
    """The ink as one component, with its soft edges; None unless it is connected and all else is paper."""
    import cv2

    if ink is None:
        return None
    mask = (ink > 255 * _INK).astype(np.uint8)
    count, _, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    x, y, w, h, _ = statistics[-1].tolist()
    if count != 2 or w > _MAX_ASPECT * h:
        return None
    near = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    if int(np.where(near, 0, ink).max()) > 255 * _GRAIN:
        return None
    box = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
    cover = np.where(near[box], ink[box], 0).astype(np.uint8)
    height, width = cover.shape
    return Component(MARGIN + max(0, x - 2), MARGIN + max(0, y - 2), width, height, cover, 1.0)


def _view(component: Component, shape: tuple[int, ...]) -> View:
    """What the finder would have said of the component."""
    height, width = (length + 2 * MARGIN for length in shape[:2])
    digit, nothing = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    part = digit[component.y : component.y + component.h, component.x : component.x + component.w]
    part[:] = component.cover / np.float32(255)
    return View(InkMaps(digit, nothing, nothing, nothing), 1.0, (width - 2 * MARGIN, height - 2 * MARGIN))
