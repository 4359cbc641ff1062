"""The preprocessing of all networks: a picture of one digit, of any size, becomes their 28x28 input.

It follows MNIST's own recipe (LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document
recognition", III A): the ink is fitted into a 20x20 box with its aspect ratio kept, anti-aliased, and its centre of
mass is put in the middle of 28x28. Strokes that are thinner or thicker than nearly all of MNIST's are adjusted first. A
picture of MNIST is not changed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import BlankPictureError, DataError

__all__ = ["BOX", "SIZE", "normalize", "normalize_ink", "stroke_width"]

SIZE = 28
BOX = 20
# A contrast below this, of 255 grey levels, counts as paper.
_MIN_CONTRAST = 24
# Weaker pixels are anti-aliased edges.
_FAINT = 20
# Stroke widths in pixels of the 20x20 box. Of the first 3,000 pictures of MNIST's training part, 97 % lie
# between 2.1 and 5.5, with a median of 3.19, as `stroke_width` measures it (docs/log.md, 2026-11-25).
_MIN_WIDTH, _WIDTH_OF_THIN = 2.1, 2.7
_MAX_WIDTH, _WIDTH_OF_THICK = 5.5, 4.8
# Strokes are measured and changed at so many times the resolution of the box; a stroke is what is stronger than this
# fraction of the strongest pixel.
_FINE, _STROKE_LEVEL = 4, 0.43

Grey = NDArray[np.uint8]


def normalize(picture: NDArray[Any], *, dark: bool | None = None) -> Grey:
    """White ink on black, uint8 (28, 28), from a grey uint8 picture (height, width) of one digit, dark or light.

    `dark` says whether the ink is darker than the paper; None: the ink is what differs most from the border. Raises
    `BlankPictureError` when there is no ink, `DataError` when the array is not a grey uint8 picture.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or picture.size == 0:
        raise DataError(
            f"expected a grey uint8 picture (height, width), got {picture.dtype} {picture.shape}: "
            "convert it to 8-bit grey first"
        )
    return normalize_ink(_ink_on_black(picture, dark))


def normalize_ink(ink: Grey) -> Grey:
    """`normalize` for ink that is separated already: uint8 (height, width), light on black, near 255 at its strongest.

    Raises `BlankPictureError` when no pixel is stronger than a faint edge.
    """
    cropped = _crop(ink)
    width = stroke_width(cropped)
    if width < _MIN_WIDTH:
        cropped = _thickened(cropped, _WIDTH_OF_THIN - width)
    elif width > _MAX_WIDTH:
        cropped = _thinned(cropped, width - _WIDTH_OF_THICK)
    return _centre(_resized(cropped, BOX))


def _ink_on_black(picture: Grey, dark: bool | None) -> Grey:
    """Ink as light on black, stretched to the full range; the paper is the median of the border."""
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    paper = int(np.median(border))
    lighter, darker = int(picture.max()) - paper, paper - int(picture.min())
    is_dark = darker > lighter if dark is None else dark
    contrast = darker if is_dark else lighter
    if contrast < _MIN_CONTRAST:
        raise BlankPictureError(f"no ink found: the picture's contrast is {contrast} of 255 grey levels")
    signed = picture.astype(np.int16) - paper
    ink = -signed if is_dark else signed
    return np.clip(ink * 255.0 / contrast, 0, 255).round().astype(np.uint8)


def _crop(ink: Grey) -> Grey:
    """The smallest rectangle around the ink, with its faint edges where there is no noise."""
    import cv2

    strong, all_of_it = _rectangle(cv2.threshold(ink, _FAINT, 1, cv2.THRESH_BINARY)[1]), _rectangle(ink)
    if strong is None or all_of_it is None:
        raise BlankPictureError("no ink found: nothing in the picture contrasts with its paper")
    # Noise far from the ink would make the ink small in the box.
    spread = max(abs(outer - inner) for outer, inner in zip(all_of_it, strong, strict=True))
    top, bottom, left, right = all_of_it if spread <= 1 else strong
    return ink[top:bottom, left:right]


def _rectangle(picture: Any) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right of all pixels that are not 0; None when all are."""
    import cv2

    x, y, w, h = cv2.boundingRect(picture)
    return (y, y + h, x, x + w) if w else None


def _resized(ink: Grey, side: int) -> Grey:
    """`ink` with its longer side as long as `side`."""
    import cv2

    scale = side / max(ink.shape)
    if scale == 1:
        return ink
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, (width, height), interpolation=method), dtype=np.uint8)


def stroke_width(ink: Grey) -> float:
    """The mean width of the strokes of cropped ink, in pixels of the 20x20 box; 0 without ink.

    Across a stroke the mean distance to its edge is a quarter of its width.
    """
    import cv2

    fine = cv2.copyMakeBorder(_resized(ink, BOX * _FINE), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    # Relative to the strongest pixel: very thin lines become faint when they are reduced.
    _, mask = cv2.threshold(fine, _STROKE_LEVEL * int(fine.max()), 1, cv2.THRESH_BINARY)
    area = cv2.countNonZero(mask)
    return 4 * float(cv2.sumElems(cv2.distanceTransform(mask, cv2.DIST_L2, 5))[0]) / area / _FINE if area else 0.0


def _thickened(ink: Grey, by: float) -> Grey:
    import cv2

    disc = _disc(by)
    margin = disc.shape[0] // 2 + 1
    fine = cv2.copyMakeBorder(
        _resized(ink, BOX * _FINE), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0,)
    )
    full = 255 / max(1, int(fine.max()))
    return _crop(np.asarray(cv2.convertScaleAbs(cv2.dilate(fine, disc), alpha=full), np.uint8))


def _thinned(ink: Grey, by: float) -> Grey:
    """Eroded, except for strokes that erosion would remove."""
    import cv2

    disc = _disc(by)
    margin = disc.shape[0] // 2 + 1
    fine = cv2.copyMakeBorder(
        _resized(ink, BOX * _FINE), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(0,)
    )
    eroded = cv2.erode(fine, disc)
    removed = cv2.subtract(fine, cv2.dilate(eroded, disc))
    return _crop(np.asarray(cv2.max(eroded, cv2.morphologyEx(removed, cv2.MORPH_OPEN, _disc(1.0))), np.uint8))


def _disc(width: float) -> NDArray[np.uint8]:
    """A round kernel that makes strokes wider or narrower by `width` pixels of the box."""
    import cv2

    radius = max(1, round(width * _FINE / 2))
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def _centre(ink: Grey) -> Grey:
    """Put the centre of mass of `ink` (at most 20x20) in the middle of 28x28, as far as the picture's edge allows."""
    import cv2

    moments = cv2.moments(ink)
    height, width = ink.shape
    row, column = moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    # Rounded half up to pixel 14, as in MNIST: every picture has its centre in [13.5, 14.5).
    top = min(max(math.floor(SIZE / 2 - row + 0.5), 0), SIZE - height)
    left = min(max(math.floor(SIZE / 2 - column + 0.5), 0), SIZE - width)
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    canvas[top : top + height, left : left + width] = ink
    return canvas
