"""Is it ink at all? What the picture itself says about a piece, before and after a network is asked.

The limits were set where photographed textures and objects part from pen and pencil on drawn scenes: around ink the
paper is clean and ink stands far above the paper's grain, around a texture's dark spots there are more of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inkdigits.images.grey import to_grey
from inkdigits.reading.components import Piece
from inkdigits.reading.ink import Ink

__all__ = ["fits_the_others", "is_ink", "unlike_writing"]

# Pictures with a shorter side hold one digit or two, with no room around them to judge.
_MIN_SIDE = 60
# The strength just outside a piece as a share of its contrast, and its contrast in standard deviations of the grain.
_UNCLEAN, _DOUBTFUL = 0.22, 0.09
# The share of what is around a piece that may be as dark as the piece.
_ONE_SIDED = 0.25
_HARDLY_ABOVE_GRAIN, _LITTLE_ABOVE_GRAIN = 6.0, 12.0
# Strokes wider than this share of the digit's longer side are a silhouette, not a stroke.
_WIDEST_STROKE = 0.5
# Wider than so many heights, it is a dash.
_WIDEST_SHAPE = 2.6


def is_ink(piece: Piece, ink: Ink) -> bool:
    """Whether a piece stands out from clean paper, as ink does and a texture or an object's edge does not."""
    if min(ink.mask.shape) < _MIN_SIDE:
        return True
    above_grain = piece.contrast / (ink.noise + 1)
    if above_grain < _HARDLY_ABOVE_GRAIN:
        return False
    unclean, dark_beside = _around(piece, ink)
    limit = _DOUBTFUL if above_grain < _LITTLE_ABOVE_GRAIN else _UNCLEAN
    return unclean < limit * piece.contrast and dark_beside < _ONE_SIDED


def _around(piece: Piece, ink: Ink) -> tuple[float, float]:
    """The mean strength in a ring around the piece, and which share of the ring is as dark as the piece is.

    The ring lies a little off the soft edge and leaves other ink out. Where it is as dark, the piece is the edge of an
    object or of a shadow: beside ink there is paper.
    """
    import cv2

    near = max(2, round(0.35 * piece.thickness)) + 1
    far = near + max(3, round(piece.thickness))
    height, width = ink.mask.shape
    left, top = max(0, piece.x - far), max(0, piece.y - far)
    right, bottom = min(width, piece.right + far), min(height, piece.bottom + far)
    own = np.zeros((bottom - top, right - left), np.uint8)
    own[piece.y - top : piece.bottom - top, piece.x - left : piece.right - left] = piece.mask
    distance = cv2.distanceTransform(255 - own, cv2.DIST_L2, 3)
    others = cv2.dilate(ink.mask[top:bottom, left:right], np.ones((3, 3), np.uint8))
    ring = (distance > near) & (distance <= far) & (others == 0)
    if not ring.any():
        return 0.0, 0.0
    strength = ink.strength[top:bottom, left:right]
    view = to_grey(ink.paper[top:bottom, left:right]).astype(np.int16) - strength
    # The piece's own darkness beside each pixel of the ring: ink may cross a shadow.
    size = (2 * far + 1, 2 * far + 1)
    inked = (own > 0).astype(np.float32)
    dark = cv2.blur(view * inked, size) / np.maximum(cv2.blur(inked, size), 1e-6) + 0.3 * piece.contrast
    return float(strength[ring].mean()), float((view[ring] <= dark[ring]).mean())


def unlike_writing(piece: Piece) -> bool:
    """Whether the shape of a piece rules a digit out: a dash, or a blob without strokes."""
    return piece.w > _WIDEST_SHAPE * piece.h or piece.thickness > _WIDEST_STROKE * max(piece.w, piece.h) + 2


def fits_the_others(piece: Piece, others: Sequence[Piece], ink: Ink) -> bool:
    """Whether a bare upright stroke is of the same writing as `others`: as tall, thick and dark, within wide limits.

    The edge of a sheet, a crease or a margin line looks like a 1 to any network. Where there are other digits, a stroke
    at the picture's border is taken for such an edge.
    """
    if not others or min(ink.mask.shape) < _MIN_SIDE:
        return True
    if piece.x == 0 or piece.y == 0 or piece.right == ink.mask.shape[1] or piece.bottom == ink.mask.shape[0]:
        return False
    height, thickness, contrast = (
        float(np.median(values))
        for values in zip(*((max(other.w, other.h), other.thickness, other.contrast) for other in others), strict=True)
    )
    return (
        0.45 * height < max(piece.h, piece.w) < 2.2 * height
        and 0.3 * thickness < piece.thickness < 3 * thickness
        and piece.contrast > 0.35 * contrast
    )
