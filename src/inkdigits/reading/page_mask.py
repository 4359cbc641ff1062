"""The mask of a page that lies on a darker background; what is around it is not read.

The limits were set by hand; none was measured by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fill_background", "find_page_mask"]

Pixels = NDArray[np.uint8]
_THUMB_SIDE = 200  # pixels
# The fraction of the picture that a page fills.
_MIN_AREA, _MAX_AREA = 0.3, 0.97
# The fraction of the smallest rotated rectangle around it that a page fills, of the page that is light, of the page
# that a polygon of four corners holds.
_MIN_RECTANGULAR, _MIN_LIGHT, _MIN_FOUR_CORNERED = 0.84, 0.72, 0.96
# The step in grey levels across the edge of a page, the fraction of the step that is directly at the edge, and the
# fraction of the edge that has such a step.
_MIN_STEP, _MIN_SHARP, _MIN_SHARP_EDGE = 25, 0.7, 0.88


def find_page_mask(grey: Pixels) -> Pixels | None:
    """The mask of a light page in a picture uint8 (h, w): 255 on the page, 0 around it; None without a page.

    Only a page with background on all four sides counts, because the edge of a shadow never encloses one.
    """
    import cv2

    height, width = grey.shape
    if min(height, width) < 100:
        return None
    scale = _THUMB_SIDE / max(height, width)
    downscaled = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    thumb = np.asarray(cv2.medianBlur(downscaled, 5), np.uint8)
    low, high = (float(np.percentile(thumb, percent)) for percent in (3, 90))
    if high - low < _MIN_STEP:
        return None
    for fraction in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        page = _page_above(thumb, low + fraction * (high - low))
        if page is not None:
            return np.asarray(cv2.resize(page, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return None


def _page_above(thumb: Pixels, threshold: float) -> Pixels | None:
    import cv2

    light = (thumb > threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(light, connectivity=4)
    if count < 2:
        return None
    own = (labels == 1 + int(stats[1:, 4].argmax())).astype(np.uint8)
    points = np.argwhere(own)[:, ::-1].astype(np.int32)
    hull = cv2.convexHull(points)
    filled = np.zeros_like(own)
    cv2.fillConvexPoly(filled, hull, 255)
    inside = cv2.countNonZero(filled)
    (_, sides, _) = cv2.minAreaRect(hull)
    fills_rectangle = inside / max(1.0, (sides[0] + 1) * (sides[1] + 1)) >= _MIN_RECTANGULAR
    right_size = _MIN_AREA * own.size <= inside <= _MAX_AREA * own.size
    if not fills_rectangle or not right_size or own.sum() < _MIN_LIGHT * inside or not _is_surrounded(filled):
        return None
    if not _has_four_corners(np.asarray(hull, np.int32), inside) or not _has_sharp_edge(thumb, filled):
        return None
    return np.asarray(cv2.erode(filled, np.ones((5, 5), np.uint8)), np.uint8)


def _is_surrounded(filled: Pixels) -> bool:
    edges = (filled[0], filled[-1], filled[:, 0], filled[:, -1])
    return all(np.count_nonzero(edge) < 0.5 * len(edge) for edge in edges)


def _has_four_corners(hull: NDArray[np.int32], area: int) -> bool:
    """Whether four corners hold the area; a page with a shadow across it has more."""
    import cv2

    for tolerance in (0.02, 0.035, 0.05):
        corners = cv2.approxPolyDP(hull, tolerance * cv2.arcLength(hull, True), True)
        if len(corners) == 4:
            return bool(cv2.contourArea(corners) >= _MIN_FOUR_CORNERED * area)
    return False


def _has_sharp_edge(thumb: Pixels, filled: Pixels) -> bool:
    """Whether nearly all of the edge is a sharp step from dark to light; the edge of a shadow is softer."""
    import cv2

    edge = cv2.morphologyEx(filled, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near, far = (_step_across(thumb, filled, edge, reach) for reach in (5, 13))
    return bool(np.mean((far >= _MIN_STEP) & (near >= _MIN_SHARP * far)) >= _MIN_SHARP_EDGE)


def _step_across(thumb: Pixels, filled: Pixels, edge: NDArray[np.bool_], reach: int) -> NDArray[np.int64]:
    """How much lighter the inside is at every pixel of the edge, in grey levels, within `reach` / 2 pixels of it."""
    import cv2

    around = np.ones((reach, reach), np.uint8)
    inner = cv2.dilate(np.where(filled > 0, thumb, 0).astype(np.uint8), around)
    outer = cv2.erode(np.where(filled > 0, 255, thumb).astype(np.uint8), around)
    return np.asarray(inner[edge], np.int64) - np.asarray(outer[edge], np.int64)


def fill_background(pixels: Pixels, page_mask: Pixels) -> Pixels:
    """A copy of `pixels` (h, w) or (h, w, 3) in which the background has the colour of the page near it."""
    import cv2

    height, width = page_mask.shape
    scale = _THUMB_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    thumb = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = (cv2.resize(page_mask, size, interpolation=cv2.INTER_NEAREST) > 0).astype(np.float32)
    weighted = thumb * (weight if thumb.ndim == 2 else weight[:, :, None])
    filled = np.zeros_like(thumb)
    # From far to near, so that the nearest paper decides.
    for reach in (2 * _THUMB_SIDE, _THUMB_SIDE // 2, _THUMB_SIDE // 6, 9):
        near = cv2.blur(weight, (reach | 1, reach | 1), borderType=cv2.BORDER_CONSTANT)
        colour = cv2.blur(weighted, (reach | 1, reach | 1), borderType=cv2.BORDER_CONSTANT)
        known = near > 0.02
        filled[known] = colour[known] / (near[known] if thumb.ndim == 2 else near[known][:, None])
    covered = pixels.copy()
    paper = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    covered[page_mask == 0] = paper[page_mask == 0].round().astype(np.uint8)
    return covered
