"""Removal of the long, thin, straight lines of ruled and squared paper from the ink.

The limits were set by hand; none was measured by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["remove_ruled_lines"]

Pixels = NDArray[np.uint8]
# Smaller pictures do not show ruled paper.
_MIN_SIDE = 160
# The thickness of a line, as a fraction of the picture's long side.
_MAX_THICKNESS = 0.006
# Angles that are tried, in degrees; a photo is rarely rotated further.
_ANGLES = np.arange(-14.0, 14.1, 0.5)
# A gap in a line (where a digit covers it) and the length of a line without larger gaps, as fractions of the width.
_MAX_GAP = 0.06
_MIN_RUN = 0.28
# The fraction of a line that is visible.
_MIN_VISIBLE = 0.55
# The darkest part of a line, as a multiple of its median darkness.
_MAX_OF_MEDIAN = 1.5
# A single line is ruled if it covers this fraction of the width; otherwise this many lines are needed.
_MIN_SINGLE_LINE, _MIN_LINES = 0.8, 4


def remove_ruled_lines(darkness: Pixels, threshold: float) -> Pixels:
    """`darkness` uint8 (h, w) without horizontal and vertical lines across the paper, which may be slightly rotated.

    `threshold` is the least darkness of ink, in grey thins.
    """
    if min(darkness.shape) < _MIN_SIDE:
        return darkness
    for vertical in (False, True):
        upright = np.ascontiguousarray(darkness.T) if vertical else darkness
        lines = _horizontal_lines(upright, threshold)
        if lines is not None:
            lines = np.ascontiguousarray(lines.T) if vertical else lines
            darkness = _subtract_lines(darkness, lines)
    return darkness


def _subtract_lines(darkness: Pixels, lines: Pixels) -> Pixels:
    import cv2

    # More than the lines' own darkness, which varies with the grain.
    return np.asarray(cv2.subtract(darkness, cv2.convertScaleAbs(lines, alpha=1.25, beta=0)), np.uint8)


def _horizontal_lines(darkness: Pixels, threshold: float) -> Pixels | None:
    """The darkness of nearly horizontal lines, 0 elsewhere; None without any."""
    import cv2

    max_thickness = max(5, round(_MAX_THICKNESS * max(darkness.shape))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (1, max_thickness))
    thin = cv2.subtract(darkness, cv2.morphologyEx(darkness, cv2.MORPH_OPEN, kernel))
    angle = _common_angle(np.asarray(thin, np.uint8), 0.6 * threshold)
    if angle is None:
        return None
    lines = np.zeros_like(darkness)
    for offset in (0.0, -1.1, 1.1):
        slope = float(np.tan(np.deg2rad(angle + offset)))
        runs = _long_runs(_sheared(np.asarray(thin, np.uint8), slope), 0.6 * threshold)
        if offset == 0.0 and not _are_ruled(runs, max_thickness):
            return None
        lines = np.maximum(lines, _sheared(runs, -slope))
    return lines


def _are_ruled(runs: Pixels, max_thickness: int) -> bool:
    """Whether there are several long horizontal runs, or one across nearly all of the picture."""
    import cv2

    tolerant = cv2.dilate(runs, np.ones((5, 1), np.uint8))
    covered = np.count_nonzero(tolerant, axis=1) / runs.shape[1]
    if covered.max() >= _MIN_SINGLE_LINE:
        return True
    rows = np.flatnonzero(covered >= 0.7 * _MIN_RUN)
    return len(rows) > 0 and 1 + int(np.count_nonzero(np.diff(rows) > max_thickness)) >= _MIN_LINES


def _common_angle(thin: Pixels, threshold: float) -> float | None:
    """The angle in degrees at which thin ink falls into the fewest rows; None without a clear one."""
    height, width = thin.shape
    rows, columns = np.nonzero(thin > threshold)
    if len(rows) < 0.3 * width:
        return None
    step = max(1, len(rows) // 20_000)
    rows, columns = rows[::step], columns[::step]
    best, best_fill = None, 0.0
    for angle in _ANGLES:
        positions = rows - columns * np.tan(np.deg2rad(angle)) + 0.3 * width
        counts = np.bincount(np.clip(positions, 0, height + 0.6 * width).astype(int) // 2)
        fill = float(np.sort(counts)[-3:].mean()) * step
        if fill > best_fill:
            best, best_fill = float(angle), fill
    return best if best_fill > 0.25 * width else None


def _sheared(pixels: Pixels, slope: float) -> Pixels:
    """Every column shifted up by `slope` times its index, in whole pixels; what leaves the picture is lost."""
    import cv2

    height, width = pixels.shape
    matrix = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * width / 2]])
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_NEAREST), np.uint8)


def _window_mean(mask: NDArray[Any], length: int) -> NDArray[np.float32]:
    """The fraction of set pixels in a horizontal window of `length` pixels around every pixel."""
    import cv2

    return np.asarray(
        cv2.boxFilter((mask > 0).view(np.uint8), cv2.CV_32F, (length, 1), borderType=cv2.BORDER_REPLICATE), np.float32
    )


def _any_of(mask: NDArray[Any], length: int) -> NDArray[np.bool_]:
    return _window_mean(mask, length) > 0.5 / length


def _all_of(mask: NDArray[Any], length: int) -> NDArray[np.bool_]:
    return _window_mean(mask, length) > 1 - 0.5 / length


def _long_runs(thin: Pixels, threshold: float) -> Pixels:
    """The darkness of the long horizontal runs in `thin`, 0 elsewhere."""
    import cv2

    width = thin.shape[1]
    tolerant = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    present = np.asarray(tolerant > threshold)
    gap, run = max(3, round(_MAX_GAP * width)) | 1, round(_MIN_RUN * width) | 1
    bridged = _all_of(_any_of(present, gap), gap)
    runs = _any_of(_all_of(bridged, run), run) & (_window_mean(present, run) > _MIN_VISIBLE)
    kept = cv2.dilate(_any_of(runs, gap).view(np.uint8), np.ones((3, 1), np.uint8)) * 255
    # Darker pixels are ink that runs along or across the lines.
    typical = thin[(kept > 0) & (thin > threshold)]
    cap = _MAX_OF_MEDIAN * float(np.median(typical)) if len(typical) else 0.0
    return np.minimum(cv2.bitwise_and(thin, kept), np.uint8(min(cap, 255.0))).astype(np.uint8)
