"""Ruled and squared paper: its long, thin, straight lines are taken out of the ink, and what is written stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["without_ruling"]

Pixels = NDArray[np.uint8]
# Below this side there is no paper with lines in view.
_MIN_SIDE = 160
# Lines are no thicker than this share of the picture's long side.
_THICKEST = 0.006
# Angles that are looked at, in degrees; a photo is hardly turned more.
_ANGLES = np.arange(-14.0, 14.1, 0.5)
# A line may be covered over this share of the width (by a digit), and is at least so long without other breaks.
_BRIDGED = 0.06
_LONGEST_RUN = 0.28
# The share of a line that must be seen.
_SEEN = 0.55
# In its own usual strength, the strongest part of a line.
_STRONGEST = 1.5
# One line alone is a ruling when it runs over this share of the width, else so many must run alongside.
_ALONE, _COMPANY = 0.8, 4


def without_ruling(strength: Pixels, threshold: float) -> Pixels:
    """`strength` (h, w) without lines that run across the paper, level or upright, or slightly turned."""
    if min(strength.shape) < _MIN_SIDE:
        return strength
    for turned in (False, True):
        view = np.ascontiguousarray(strength.T) if turned else strength
        lines = _level_lines(view, threshold)
        if lines is not None:
            lines = np.ascontiguousarray(lines.T) if turned else lines
            strength = _taken_off(strength, lines)
    return strength


def _taken_off(strength: Pixels, lines: Pixels) -> Pixels:
    import cv2

    # Grain makes a line's strength vary around what was found to be common to all of it.
    return np.asarray(cv2.subtract(strength, cv2.convertScaleAbs(lines, alpha=1.25, beta=0)), np.uint8)


def _level_lines(strength: Pixels, threshold: float) -> Pixels | None:
    """The strength of nearly level lines, 0 elsewhere; None where there are none."""
    import cv2

    thickest = max(5, round(_THICKEST * max(strength.shape))) | 1
    upright = cv2.getStructuringElement(cv2.MORPH_RECT, (1, thickest))
    thin = cv2.subtract(strength, cv2.morphologyEx(strength, cv2.MORPH_OPEN, upright))
    angle = _common_angle(np.asarray(thin, np.uint8), 0.6 * threshold)
    if angle is None:
        return None
    lines = np.zeros_like(strength)
    for off in (0.0, -1.1, 1.1):
        slope = float(np.tan(np.deg2rad(angle + off)))
        runs = _long_runs(_sheared(np.asarray(thin, np.uint8), slope), 0.6 * threshold)
        if off == 0.0 and not _is_ruling(runs, thickest):
            return None
        lines = np.maximum(lines, _sheared(runs, -slope))
    return lines


def _is_ruling(runs: Pixels, thickest: int) -> bool:
    """Whether long runs, level, are many or one across nearly all of the picture: not the bar of a large digit."""
    import cv2

    tolerant = cv2.dilate(runs, np.ones((5, 1), np.uint8))
    share = np.count_nonzero(tolerant, axis=1) / runs.shape[1]
    if share.max() >= _ALONE:
        return True
    places = np.flatnonzero(share >= 0.7 * _LONGEST_RUN)
    return len(places) > 0 and 1 + int(np.count_nonzero(np.diff(places) > thickest)) >= _COMPANY


def _common_angle(thin: Pixels, threshold: float) -> float | None:
    """The angle in degrees at which thin ink piles up most sharply into level rows; None where it hardly does."""
    height, width = thin.shape
    rows, columns = np.nonzero(thin > threshold)
    if len(rows) < 0.3 * width:
        return None
    step = max(1, len(rows) // 20_000)
    rows, columns = rows[::step], columns[::step]
    best, most = None, 0.0
    for angle in _ANGLES:
        places = rows - columns * np.tan(np.deg2rad(angle)) + 0.3 * width
        heights = np.bincount(np.clip(places, 0, height + 0.6 * width).astype(int) // 2)
        full = float(np.sort(heights)[-3:].mean()) * step
        if full > most:
            best, most = float(angle), full
    return best if most > 0.25 * width else None


def _sheared(pixels: Pixels, slope: float) -> Pixels:
    """Every column moved up by `slope` times its place, by whole pixels; what leaves the picture is lost."""
    import cv2

    height, width = pixels.shape
    matrix = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * width / 2]])
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_NEAREST), np.uint8)


def _share(mask: NDArray[Any], length: int) -> NDArray[np.float32]:
    """The share of pixels, in [0, 1], that are set in a level window of `length` around each.

    By running sums, which take as long for a window of 400 pixels as for one of 4.
    """
    import cv2

    return np.asarray(
        cv2.boxFilter((mask > 0).view(np.uint8), cv2.CV_32F, (length, 1), borderType=cv2.BORDER_REPLICATE), np.float32
    )


def _any_of(mask: NDArray[Any], length: int) -> NDArray[np.bool_]:
    return _share(mask, length) > 0.5 / length


def _all_of(mask: NDArray[Any], length: int) -> NDArray[np.bool_]:
    return _share(mask, length) > 1 - 0.5 / length


def _long_runs(level: Pixels, threshold: float) -> Pixels:
    """The strength of the long runs in `level`, where lines are level."""
    import cv2

    width = level.shape[1]
    tolerant = cv2.dilate(level, np.ones((3, 1), np.uint8))
    present = np.asarray(tolerant > threshold)
    bridge, run = max(3, round(_BRIDGED * width)) | 1, round(_LONGEST_RUN * width) | 1
    bridged = _all_of(_any_of(present, bridge), bridge)
    runs = _any_of(_all_of(bridged, run), run) & (_share(present, run) > _SEEN)
    kept = cv2.dilate(_any_of(runs, bridge).view(np.uint8), np.ones((3, 1), np.uint8)) * 255
    # What is stronger than the lines are is ink that runs along or across them.
    usual = level[(kept > 0) & (level > threshold)]
    cap = _STRONGEST * float(np.median(usual)) if len(usual) else 0.0
    return np.minimum(cv2.bitwise_and(level, kept), np.uint8(min(cap, 255.0))).astype(np.uint8)
