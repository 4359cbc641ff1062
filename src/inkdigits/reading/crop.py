"""Crops of single components, in the form that the network classifies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import normalize_ink
from inkdigits.reading.components import Component
from inkdigits.reading.ink import Ink, darkness_against
from inkdigits.stats.quick_statistics import percentile

__all__ = ["crop"]

# A component smaller than this, in pixels of the working copy, is cropped from the full picture; not measured.
_MIN_SIDE = 56


def crop(component: Component, ink: Ink, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The normalized component, uint8 (28, 28), white ink on black; other ink in its box is left out.

    `pixels` is the full picture, uint8 (height, width) or (height, width, 3).
    """
    if ink.scale < 1 and max(component.w, component.h) < _MIN_SIDE:
        darkness, mask = _from_full_picture(component, ink, pixels)
    else:
        darkness, mask = _from_working_copy(component, ink)
    inside = darkness[mask > 127]
    full = percentile(inside, 75) if inside.size else 255.0
    inked = np.minimum(darkness.astype(np.float32) * (255 / max(full, 1.0)), 255) * (mask.astype(np.float32) / 255)
    return normalize_ink(inked.round().astype(np.uint8))


def _from_working_copy(component: Component, ink: Ink) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Darkness and mask with a margin of one pixel, which keeps soft edges."""
    import cv2

    mask = cv2.copyMakeBorder(component.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    height, width = ink.darkness.shape
    top, left = max(0, component.y - 1), max(0, component.x - 1)
    bottom, right = min(height, component.bottom + 1), min(width, component.right + 1)
    darkness = np.zeros((component.h + 2, component.w + 2), np.uint8)
    own = darkness[top - component.y + 1 : bottom - component.y + 1, left - component.x + 1 : right - component.x + 1]
    own[:] = ink.darkness[top:bottom, left:right]
    return darkness, np.asarray(mask, np.uint8)


def _from_full_picture(
    component: Component, ink: Ink, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    import cv2

    height, width = ink.darkness.shape
    left, top = max(0, component.x - 1), max(0, component.y - 1)
    right, bottom = min(width, component.right + 1), min(height, component.bottom + 1)
    up = 1 / ink.scale
    x0, y0 = round(left * up), round(top * up)
    x1, y1 = min(pixels.shape[1], round(right * up)), min(pixels.shape[0], round(bottom * up))
    part = pixels[y0:y1, x0:x1]
    part = 255 - part if ink.light else part
    size = (x1 - x0, y1 - y0)
    paper = cv2.resize(ink.paper[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    mask[component.y - top : component.bottom - top, component.x - left : component.right - left] = component.mask
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return darkness_against(part, np.asarray(paper, np.uint8)), np.asarray(
        cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8
    )
