"""Where the ink is, and how strong: a map of how far every pixel is from the paper around it.

The paper is what is left when everything narrower than a few strokes is taken away (a grey-scale closing), so shadows,
uneven light and a table in view are paper too. All of it works on a reduced copy of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from inkdigits.images.grey import to_grey
from inkdigits.reading.page_mask import find_sheet, table_covered
from inkdigits.reading.ruled_lines import without_ruling
from inkdigits.stats.quick_statistics import mean, median

__all__ = [
    "WORKING_SIDE",
    "Ink",
    "Working",
    "find_ink",
    "light_ink_evidence",
    "likely_sides",
    "reduced",
    "strength_against",
    "working_copy",
]

# Digits of a sheet photographed whole are still about 25 pixels high at this size.
WORKING_SIDE = 1600
_THUMB_SIDE = 400
_TINY = 60
# Less than this many of 255 grey levels above the paper is never ink.
_MIN = 9.0
# So much fine evidence for light or dark ink is not outvoted by shadows.
_FINE_DECIDES = 4.0
# With less evidence for either, dark and light ink are both tried; tiny pictures have little to give.
_UNDECIDED, _UNDECIDED_TINY = 4.0, 1.0
# Ink is at least this many standard deviations of the paper's own grain above it.
_ABOVE_NOISE = 5.0
# and at least this share of the strongest ink near it.
_OF_PEAK = 0.36
# and at least so many times what is usual around it: half of a texture is weaker than its usual strength.
_ABOVE_USUAL = 4.0
_TEXTURE_OF_PEAK = 0.55

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """The ink of a picture, at working size: `strength` and `mask` are uint8 (h, w), the mask 0 or 255.

    `scale` is working pixels to one of the picture's, at most 1. `paper` is the paper's colour, for cutting from the
    full picture (both inverted when `light`, ink lighter than its paper). `noise` is the grain in grey levels.
    """

    strength: Pixels
    mask: Pixels
    paper: Pixels
    scale: float
    light: bool
    noise: float


def reduced(pixels: Pixels, side: int) -> tuple[Pixels, float]:
    """`pixels` with its long side at most `side`, and the scale."""
    import cv2

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels, 1.0
    # Halving first is much faster than one averaging over odd areas, and as good for this purpose.
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale


@dataclass(frozen=True)
class Working:
    """A picture's reduced copy, `scale` of its size, with a table around a sheet covered; `sheet` is 0 on the table."""

    pixels: Pixels
    scale: float
    sheet: Pixels | None


def working_copy(pixels: Pixels) -> Working:
    """What ink is looked for in, from a picture uint8 (height, width) or (height, width, 3)."""
    work, scale = reduced(pixels, WORKING_SIDE)
    sheet = find_sheet(to_grey(work))
    return Working(work if sheet is None else table_covered(work, sheet), scale, sheet)


def likely_sides(work: Working) -> tuple[bool, ...]:
    """Whether ink is likely lighter than its paper: one answer, or both, the likelier first, where little decides."""
    evidence = light_ink_evidence(work)
    undecided = _UNDECIDED if min(work.pixels.shape[:2]) > _TINY else _UNDECIDED_TINY
    return (evidence > 0,) if abs(evidence) >= undecided else (evidence > 0, evidence <= 0)


def light_ink_evidence(work: Working) -> float:
    """How much speaks for light ink on dark paper (positive) against dark on light (negative); near 0: undecided.

    Strokes are few and stand out, so what is left of a picture without its coarse shades is skewed towards the ink.
    Where fine scales do not decide, as with fat strokes, coarse ones help, and paper is what most of the border shows.
    """
    import cv2

    medium, _ = reduced(work.pixels, 480)
    small = to_grey(reduced(work.pixels, 96)[0]).astype(np.float32)
    fine = 0.0
    if min(medium.shape[:2]) > _TINY:
        grey = to_grey(medium).astype(np.float32)
        fine = sum(_skew(grey - _blurred(grey, max(1.0, share * min(grey.shape)))) for share in (0.02, 0.06))
        if abs(fine) > _FINE_DECIDES:
            return fine
    coarse = sum(_skew(small - _coarse(small, max(1.0, share * min(small.shape)))) for share in (0.15, 0.4))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    off = small - median(border)
    total = float(cv2.norm(off, cv2.NORM_L2SQR))
    return fine + coarse + float((np.abs(off) * off).sum()) / (total + 1e-3)


def _blurred(grey: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def _coarse(small: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """`_blurred`, but for last bits, as two matrix products: for small pictures a quarter of the time (docs/log.md)."""
    height, width = small.shape
    return np.asarray(_blurring(height, sigma) @ small @ _blurring(width, sigma).T, np.float32)


@lru_cache(maxsize=32)
def _blurring(length: int, sigma: float) -> NDArray[np.float32]:
    """The matrix (length, length) that blurs columns of that length: what the blur makes of every single pixel."""
    import cv2

    # As many taps as `GaussianBlur` takes by itself for 32-bit floats.
    taps = round(8 * sigma + 1) | 1
    single = np.eye(length, dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(single, (1, taps), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def _skew(detail: NDArray[np.float32]) -> float:
    squared = detail * detail
    return float(mean(squared * detail) / (mean(squared) ** 1.5 + 1e-3))


def find_ink(work: Working, *, light: bool) -> Ink:
    """The ink in a picture's working copy, lighter than its paper when `light`."""
    pixels = 255 - work.pixels if light else work.pixels
    thumb, _ = reduced(pixels, _THUMB_SIDE)
    paper = _paper(thumb, pixels.shape[:2])
    strength = _smoothed(strength_against(pixels, paper))
    if work.sheet is not None:
        strength[work.sheet == 0] = 0
    threshold, noise = _least_strength(strength)
    unruled = without_ruling(strength, threshold)
    if unruled is not strength:
        strength = unruled
        threshold, noise = _least_strength(strength)
    mask = _strong_near_its_peak(strength, threshold)
    if min(mask.shape) > _THUMB_SIDE / 2:
        mask &= _above_texture(strength)
    return Ink(strength, mask, paper, work.scale, light, noise)


def _above_texture(strength: Pixels) -> Pixels:
    """255 where the ink is much stronger than what is usual around it, so that wood and cloth are no ink."""
    import cv2

    height, width = strength.shape
    small, _ = reduced(strength, 240)
    reach = round(0.25 * min(small.shape)) | 1
    usual = cv2.medianBlur(small, reach)
    peak = cv2.dilate(small, np.ones((reach, reach), np.uint8))
    # Where the usual is nearly the strongest, fat strokes fill the view.
    needed = np.where(usual < _TEXTURE_OF_PEAK * peak, cv2.convertScaleAbs(usual, alpha=_ABOVE_USUAL), 0)
    needed = cv2.resize(needed.astype(np.uint8), (width, height))
    return np.asarray(cv2.compare(strength, needed, cv2.CMP_GT), np.uint8)


def strength_against(pixels: Pixels, paper: Pixels) -> Pixels:
    """How much darker than `paper` each pixel is, 0 to 255; coloured ink counts in the channel that shows it best."""
    import cv2

    darker = cv2.subtract(paper, pixels)
    if darker.ndim == 2:
        return np.asarray(darker, np.uint8)
    red, green, blue = cv2.split(darker)
    # A single channel is noisier than grey is.
    most = cv2.convertScaleAbs(cv2.max(cv2.max(red, green), blue), alpha=0.75)
    return np.asarray(cv2.max(cv2.cvtColor(darker, cv2.COLOR_RGB2GRAY), most), np.uint8)


def _smoothed(strength: Pixels) -> Pixels:
    import cv2

    if max(strength.shape) < 200:
        return strength
    return np.asarray(cv2.GaussianBlur(strength, (3, 3), 0), np.uint8)


def _paper(thumb: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The paper's colour everywhere: closed over the widest stroke that there may be, then over those there are."""
    import cv2

    calm = np.asarray(cv2.medianBlur(thumb, 3), np.uint8) if min(thumb.shape[:2]) > _TINY else thumb
    widest = max(5, round(0.36 * min(calm.shape[:2])))
    paper = _closed(calm, widest)
    # Tiny pictures hold a digit or two, with no shadow to follow closely.
    strokes = _stroke_width(strength_against(calm, paper)) if min(calm.shape[:2]) > _TINY else 0.0
    if strokes and 4 * strokes + 5 < 0.7 * widest:
        paper = _closed(calm, round(4 * strokes + 5))
    height, width = shape[:2]
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _closed(thumb: Pixels, width: int) -> Pixels:
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (width | 1, width | 1))
    return np.asarray(cv2.blur(cv2.morphologyEx(thumb, cv2.MORPH_CLOSE, kernel), (3, 3)), np.uint8)


def _stroke_width(strength: Pixels) -> float:
    """The width of wide strokes in pixels, 0 when there is no ink: blobs at the border are objects, not strokes."""
    import cv2

    threshold, _ = _least_strength(strength)
    mask = _strong_near_its_peak(strength, threshold)
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
    share = np.cumsum(areas[order]) / areas.sum()
    return float(widths[order][np.searchsorted(share, 0.9)])


def _least_strength(strength: Pixels) -> tuple[float, float]:
    """From which strength on it may be ink, and the paper's grain (one standard deviation), both in grey levels."""
    sample = strength.ravel()[:: max(1, strength.size // 40_000)].astype(np.float32)
    calm = np.sort(sample)[: max(1, int(0.85 * len(sample)))]
    middle = float(calm[len(calm) // 2])
    noise = 1.4826 * float(np.sort(np.abs(calm - middle))[len(calm) // 2])
    return max(_MIN, middle + _ABOVE_NOISE * noise), noise


def _strong_near_its_peak(strength: Pixels, threshold: float) -> Pixels:
    """255 where the strength reaches the threshold and a share of the strongest ink around, so edges are cut evenly."""
    import cv2

    height, width = strength.shape
    small, _ = reduced(strength, 200)
    reach = max(3, round(0.12 * min(small.shape))) | 1
    peak = cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach)))
    peak = cv2.resize(cv2.blur(peak, (reach, reach)), (width, height), interpolation=cv2.INTER_LINEAR)
    needed = np.maximum(np.asarray(peak, np.float32) * _OF_PEAK, threshold)
    return np.where(strength > needed, np.uint8(255), np.uint8(0))
