"""A sheet of paper that lies in view: what is around it is table, and not looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_sheet", "table_covered"]

Pixels = NDArray[np.uint8]
_THUMB = 200
# Shares of the picture's area that a sheet may fill.
_SMALLEST, _LARGEST = 0.3, 0.97
# A sheet fills this share of the smallest turned rectangle around it, and its ink leaves this share light.
_RECTANGULAR, _LIGHT = 0.84, 0.72
# Across its edge the grey level steps by at least this.
_STEP = 25
# and this share of it right at the edge; and its four corners hold this share of it.
_SHARP, _FOUR_CORNERED = 0.7, 0.96


def find_sheet(grey: Pixels) -> Pixels | None:
    """255 where a light sheet lies in a picture (h, w), 0 on the darker table around it; None where none is seen.

    Only a sheet with table on all four sides counts: the edge of a shadow never looks so.
    """
    import cv2

    height, width = grey.shape
    if min(height, width) < 100:
        return None
    scale = _THUMB / max(height, width)
    reduced = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    thumb = np.asarray(cv2.medianBlur(reduced, 5), np.uint8)
    low, high = (float(np.percentile(thumb, share)) for share in (3, 90))
    if high - low < 25:
        return None
    for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        sheet = _sheet_above(thumb, low + share * (high - low))
        if sheet is not None:
            return np.asarray(cv2.resize(sheet, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return None


def _sheet_above(thumb: Pixels, threshold: float) -> Pixels | None:
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
    rectangular = inside / max(1.0, (sides[0] + 1) * (sides[1] + 1)) >= _RECTANGULAR
    right_size = _SMALLEST * own.size <= inside <= _LARGEST * own.size
    if not rectangular or not right_size or own.sum() < _LIGHT * inside or not _table_all_around(filled):
        return None
    if not _four_cornered(np.asarray(hull, np.int32), inside) or not _sharp_edge(thumb, filled):
        return None
    return np.asarray(cv2.erode(filled, np.ones((5, 5), np.uint8)), np.uint8)


def _table_all_around(filled: Pixels) -> bool:
    edges = (filled[0], filled[-1], filled[:, 0], filled[:, -1])
    return all(np.count_nonzero(edge) < 0.5 * len(edge) for edge in edges)


def _four_cornered(hull: NDArray[np.int32], area: int) -> bool:
    """Whether four corners are enough: a sheet with a shadow across it shows more, or a part of a sheet."""
    import cv2

    for share in (0.02, 0.035, 0.05):
        corners = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, True), True)
        if len(corners) == 4:
            return bool(cv2.contourArea(corners) >= _FOUR_CORNERED * area)
    return False


def _sharp_edge(thumb: Pixels, filled: Pixels) -> bool:
    """Whether nearly all along the edge it is lighter inside than outside, within a step as short as paper's edge is.

    The edge of a shadow is softer.
    """
    import cv2

    edge = cv2.morphologyEx(filled, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near, far = (_step_across(thumb, filled, edge, reach) for reach in (5, 13))
    return bool(np.mean((far >= _STEP) & (near >= _SHARP * far)) >= 0.88)


def _step_across(thumb: Pixels, filled: Pixels, edge: NDArray[np.bool_], reach: int) -> NDArray[np.int64]:
    """How much lighter it is inside than outside at every pixel of the edge, looking `reach` / 2 pixels both ways."""
    import cv2

    around = np.ones((reach, reach), np.uint8)
    inner = cv2.dilate(np.where(filled > 0, thumb, 0).astype(np.uint8), around)
    outer = cv2.erode(np.where(filled > 0, 255, thumb).astype(np.uint8), around)
    return np.asarray(inner[edge], np.int64) - np.asarray(outer[edge], np.int64)


def table_covered(pixels: Pixels, sheet: Pixels) -> Pixels:
    """A copy of `pixels` (h, w) or (h, w, 3) in which the table has the colour of the sheet near it."""
    import cv2

    height, width = sheet.shape
    scale = _THUMB / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    thumb = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = (cv2.resize(sheet, size, interpolation=cv2.INTER_NEAREST) > 0).astype(np.float32)
    weighted = thumb * (weight if thumb.ndim == 2 else weight[:, :, None])
    filled = np.zeros_like(thumb)
    # From far to near, so that the nearest paper has the last word.
    for reach in (2 * _THUMB, _THUMB // 2, _THUMB // 6, 9):
        near = cv2.blur(weight, (reach | 1, reach | 1), borderType=cv2.BORDER_CONSTANT)
        colour = cv2.blur(weighted, (reach | 1, reach | 1), borderType=cv2.BORDER_CONSTANT)
        known = near > 0.02
        filled[known] = colour[known] / (near[known] if thumb.ndim == 2 else near[known][:, None])
    covered = pixels.copy()
    paper = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    covered[sheet == 0] = paper[sheet == 0].round().astype(np.uint8)
    return covered
