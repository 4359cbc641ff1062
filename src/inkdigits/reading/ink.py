"""The ink of a picture: how much darker every pixel is than the paper around it, and which pixels are ink.

The paper is estimated by a grey-scale closing, which removes everything narrower than a few strokes, so that shadows,
uneven light and a table in the picture count as paper. All of this works on a downscaled copy. The limits were set by
hand; none was measured by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from inkdigits.images.grey import to_grey
from inkdigits.reading.page_mask import fill_background, find_page_mask
from inkdigits.reading.ruled_lines import remove_ruled_lines
from inkdigits.stats.quick_statistics import mean, median

__all__ = [
    "WORKING_SIDE",
    "Ink",
    "WorkingCopy",
    "darkness_against",
    "downscaled",
    "find_ink",
    "likely_polarities",
    "polarity_evidence",
    "working_copy",
]

# In pixels, the long side of the working copy, of the thumbnail for the paper, and of the copies for the polarity.
WORKING_SIDE = 1600
_THUMB_SIDE = 400
_MEDIUM_SIDE, _SMALL_SIDE = 480, 96
# Pictures whose shorter side is at most this hold a digit or two.
_MIN_SIDE = 60
# Above this, the evidence of fine detail for a polarity is not combined with that of coarse detail.
_FINE_DECIDES = 4.0
# With less evidence both polarities are tried; small pictures have little evidence.
_MIN_EVIDENCE, _MIN_EVIDENCE_SMALL = 4.0, 1.0
# Ink is darker than the paper by at least this many grey levels,
_MIN_DARKNESS = 9.0
# by this many standard deviations of the paper's grain,
_MIN_ABOVE_GRAIN = 5.0
# and by this fraction of the darkest ink near it.
_MIN_OF_PEAK = 0.36

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """The ink in the working copy of a picture.

    `darkness` and `mask` are uint8 (h, w), the mask 0 or 255. `paper` is the paper's colour (h, w) or (h, w, 3),
    inverted if the ink is lighter than its paper (`light`). `scale` is the working copy's size as a fraction of
    the picture's. `noise` is the standard deviation of the paper's grain in grey levels.
    """

    darkness: Pixels
    mask: Pixels
    paper: Pixels
    scale: float
    light: bool
    noise: float


def downscaled(pixels: Pixels, side: int) -> tuple[Pixels, float]:
    """`pixels` with a long side of at most `side` pixels, and the scale, at most 1."""
    import cv2

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale


@dataclass(frozen=True)
class WorkingCopy:
    """A downscaled copy of a picture, with the background around a page filled with the page's colour.

    `page_mask` is 255 on the page and 0 around it; None if the page fills the picture.
    """

    pixels: Pixels
    scale: float
    page_mask: Pixels | None


def working_copy(pixels: Pixels, side: int = WORKING_SIDE) -> WorkingCopy:
    """A copy of a picture, uint8 (height, width) or (height, width, 3), with a long side of at most `side` pixels."""
    small, scale = downscaled(pixels, side)
    page_mask = find_page_mask(to_grey(small))
    return WorkingCopy(small if page_mask is None else fill_background(small, page_mask), scale, page_mask)


def likely_polarities(copy: WorkingCopy) -> tuple[bool, ...]:
    """Whether the ink is lighter than its paper: one answer, or both with the more likely first if evidence is weak."""
    evidence = polarity_evidence(copy)
    needed = _MIN_EVIDENCE if min(copy.pixels.shape[:2]) > _MIN_SIDE else _MIN_EVIDENCE_SMALL
    return (evidence > 0,) if abs(evidence) >= needed else (evidence > 0, evidence <= 0)


def polarity_evidence(copy: WorkingCopy) -> float:
    """Evidence for light ink on dark paper (positive) or dark ink on light paper (negative), without a unit.

    Strokes cover little of a picture, so the distribution of its detail is skewed towards the ink. If fine detail does
    not decide, as with thick strokes, the skew of coarse detail and the border, which is mostly paper, are added.
    """
    import cv2

    medium, _ = downscaled(copy.pixels, _MEDIUM_SIDE)
    small = to_grey(downscaled(copy.pixels, _SMALL_SIDE)[0]).astype(np.float32)
    fine = 0.0
    if min(medium.shape[:2]) > _MIN_SIDE:
        grey = to_grey(medium).astype(np.float32)
        fine = sum(_skew(grey - _blurred(grey, max(1.0, fraction * min(grey.shape)))) for fraction in (0.02, 0.06))
        if abs(fine) > _FINE_DECIDES:
            return fine
    coarse = sum(_skew(small - _coarse(small, max(1.0, fraction * min(small.shape)))) for fraction in (0.15, 0.4))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    offset = small - median(border)
    total = float(cv2.norm(offset, cv2.NORM_L2SQR))
    return fine + coarse + float((np.abs(offset) * offset).sum()) / (total + 1e-3)


def _blurred(grey: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def _coarse(small: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """`_blurred` as two matrix products, which are faster for small pictures (docs/log.md, 2026-11-25).

    The last bits differ.
    """
    height, width = small.shape
    return np.asarray(_blurring(height, sigma) @ small @ _blurring(width, sigma).T, np.float32)


@lru_cache(maxsize=32)
def _blurring(length: int, sigma: float) -> NDArray[np.float32]:
    """The matrix (length, length) that blurs columns: each of its columns is a blurred unit vector."""
    import cv2

    # The size of the kernel that `GaussianBlur` chooses for 32-bit floats.
    taps = round(8 * sigma + 1) | 1
    single = np.eye(length, dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(single, (1, taps), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def _skew(detail: NDArray[np.float32]) -> float:
    squared = detail * detail
    return float(mean(squared * detail) / (mean(squared) ** 1.5 + 1e-3))


def find_ink(copy: WorkingCopy, *, light: bool) -> Ink:
    """The ink in a working copy, lighter than its paper if `light`, else darker."""
    pixels = 255 - copy.pixels if light else copy.pixels
    thumb, _ = downscaled(pixels, _THUMB_SIDE)
    paper = _paper(thumb, pixels.shape[:2])
    darkness = _smoothed(darkness_against(pixels, paper))
    if copy.page_mask is not None:
        darkness[copy.page_mask == 0] = 0
    threshold, noise = _min_darkness(darkness)
    unruled = remove_ruled_lines(darkness, threshold)
    if unruled is not darkness:
        darkness = unruled
        threshold, noise = _min_darkness(darkness)
    mask = _dark_near_peak(darkness, threshold)
    return Ink(darkness, mask, paper, copy.scale, light, noise)


def darkness_against(pixels: Pixels, paper: Pixels) -> Pixels:
    """How much darker than `paper` each pixel is, uint8 (h, w), for coloured ink in the channel that shows it best."""
    import cv2

    darker = cv2.subtract(paper, pixels)
    if darker.ndim == 2:
        return np.asarray(darker, np.uint8)
    red, green, blue = cv2.split(darker)
    # A single channel has more noise than the grey level.
    channel = cv2.convertScaleAbs(cv2.max(cv2.max(red, green), blue), alpha=0.75)
    return np.asarray(cv2.max(cv2.cvtColor(darker, cv2.COLOR_RGB2GRAY), channel), np.uint8)


def _smoothed(darkness: Pixels) -> Pixels:
    import cv2

    if max(darkness.shape) < 200:
        return darkness
    return np.asarray(cv2.GaussianBlur(darkness, (3, 3), 0), np.uint8)


def _paper(thumb: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The paper's colour at every pixel: closed over the widest possible stroke, then over the strokes found."""
    import cv2

    smooth = np.asarray(cv2.medianBlur(thumb, 3), np.uint8) if min(thumb.shape[:2]) > _MIN_SIDE else thumb
    widest = max(5, round(0.36 * min(smooth.shape[:2])))
    paper = _closed(smooth, widest)
    # Small pictures hold a digit or two, without shadows to follow.
    strokes = _stroke_width(darkness_against(smooth, paper)) if min(smooth.shape[:2]) > _MIN_SIDE else 0.0
    if strokes and 4 * strokes + 5 < 0.7 * widest:
        paper = _closed(smooth, round(4 * strokes + 5))
    height, width = shape[:2]
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _closed(thumb: Pixels, width: int) -> Pixels:
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (width | 1, width | 1))
    return np.asarray(cv2.blur(cv2.morphologyEx(thumb, cv2.MORPH_CLOSE, kernel), (3, 3)), np.uint8)


def _stroke_width(darkness: Pixels) -> float:
    """The width of the wide strokes in pixels, 0 without ink; blobs at the border are objects rather than strokes."""
    import cv2

    threshold, _ = _min_darkness(darkness)
    mask = _dark_near_peak(darkness, threshold)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return 0.0
    height, width = mask.shape
    left, top, wide, high = (stats[1:, column] for column in range(4))
    inside = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    distance = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[
        1:-1, 1:-1
    ]
    thickest = np.zeros(count)
    np.maximum.at(thickest, np.asarray(labels, np.int64).ravel(), distance.ravel())
    chosen = inside if inside.any() else np.ones(count - 1, bool)
    areas, widths = stats[1:, 4][chosen], 2 * thickest[1:][chosen]
    order = np.argsort(widths)
    cumulative = np.cumsum(areas[order]) / areas.sum()
    return float(widths[order][np.searchsorted(cumulative, 0.9)])


def _min_darkness(darkness: Pixels) -> tuple[float, float]:
    """The least darkness of ink and the standard deviation of the paper's grain, both in grey levels.

    The deviation is estimated from the median absolute deviation, times 1.4826 as for a normal distribution.
    """
    sample = darkness.ravel()[:: max(1, darkness.size // 40_000)].astype(np.float32)
    paper = np.sort(sample)[: max(1, int(0.85 * len(sample)))]
    middle = float(paper[len(paper) // 2])
    noise = 1.4826 * float(np.sort(np.abs(paper - middle))[len(paper) // 2])
    return max(_MIN_DARKNESS, middle + _MIN_ABOVE_GRAIN * noise), noise


def _dark_near_peak(darkness: Pixels, threshold: float) -> Pixels:
    """255 where the darkness exceeds the threshold and a fraction of the darkest ink nearby, for even edges."""
    import cv2

    height, width = darkness.shape
    small, _ = downscaled(darkness, 200)
    reach = max(3, round(0.12 * min(small.shape))) | 1
    peak = cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach)))
    peak = cv2.resize(cv2.blur(peak, (reach, reach)), (width, height), interpolation=cv2.INTER_LINEAR)
    needed = np.maximum(np.asarray(peak, np.float32) * _MIN_OF_PEAK, threshold)
    return np.where(darkness > needed, np.uint8(255), np.uint8(0))
