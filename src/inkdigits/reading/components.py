"""Connected pieces of ink, and what they look like; grain, shades and edges of objects are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.ink import Ink
from inkdigits.stats.quick_statistics import percentile

__all__ = ["Piece", "find_pieces", "joined", "typical_height"]

# Of a piece's own strongest ink; weaker pixels are shade that clings to it.
_OF_STRONGEST = 0.34
# Of the ink that dominates the picture; weaker pieces are shades, creases, or the other side shining through.
_OF_DOMINANT = 0.25
_MIN_AREA = 6
# So many pieces are a texture, not writing; the largest are kept.
_MAX_PIECES = 1000


@dataclass(frozen=True)
class Piece:
    """Ink that belongs together: its box in working pixels, `mask` uint8 (h, w) 0 or 255, and its contrast."""

    x: int
    y: int
    w: int
    h: int
    mask: NDArray[np.uint8]
    contrast: float

    @cached_property
    def right(self) -> int:
        """The column after the last."""
        return self.x + self.w

    @cached_property
    def bottom(self) -> int:
        """The row after the last."""
        return self.y + self.h

    @cached_property
    def area(self) -> int:
        """Pixels of ink."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def thickness(self) -> float:
        """The width of its widest stroke, in working pixels."""
        import cv2

        framed = cv2.copyMakeBorder(self.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        return 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max())


def joined(parts: Sequence[Piece]) -> Piece:
    """Several pieces as one."""
    if len(parts) == 1:
        return parts[0]
    x, y = min(part.x for part in parts), min(part.y for part in parts)
    right, bottom = max(part.right for part in parts), max(part.bottom for part in parts)
    mask = np.zeros((bottom - y, right - x), np.uint8)
    for part in parts:
        mask[part.y - y : part.bottom - y, part.x - x : part.right - x] |= part.mask
    return Piece(x, y, right - x, bottom - y, mask, max(part.contrast for part in parts))


def typical_height(pieces: Sequence[Piece]) -> float:
    """The height of the writing in working pixels: half of the ink is in pieces that are no taller."""
    if not pieces:
        return 0.0
    if len(pieces) == 1:
        return float(max(pieces[0].h, pieces[0].w * 0.6))
    heights = np.array([max(piece.h, piece.w * 0.6) for piece in pieces])
    order = np.argsort(heights)
    share = np.cumsum(np.array([piece.area for piece in pieces])[order])
    return float(heights[order][np.searchsorted(share, share[-1] / 2)])


def find_pieces(ink: Ink) -> list[Piece]:
    """The pieces of ink in a picture, from the largest on."""
    found = _components(_without_shade(ink), ink.strength)
    if not found:
        return []
    dominant = _dominant_contrast(found, ink.mask.shape)
    kept = [
        piece
        for piece in found
        if piece.contrast >= _OF_DOMINANT * dominant and not _runs_along_border(piece, ink.mask.shape)
    ]
    return kept[:_MAX_PIECES]


def _without_shade(ink: Ink) -> NDArray[np.uint8]:
    """The mask without what is much weaker than the strongest ink that it is connected to."""
    import cv2

    count, labels = cv2.connectedComponents(ink.mask, connectivity=8)
    inked = ink.mask > 0
    if count == 2:
        strongest_of_all = int(cv2.minMaxLoc(ink.strength, ink.mask)[1])
        return np.where(inked & (ink.strength >= _OF_STRONGEST * strongest_of_all), np.uint8(255), np.uint8(0))
    strongest = np.zeros(count, np.uint8)
    np.maximum.at(strongest, np.asarray(labels, np.int64)[inked], ink.strength[inked])
    mask = ink.mask.copy()
    mask[inked] = np.where(ink.strength[inked] >= _OF_STRONGEST * strongest[labels[inked]], 255, 0)
    return mask


def _components(mask: NDArray[np.uint8], strength: NDArray[np.uint8]) -> list[Piece]:
    import cv2

    _count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    order = 1 + np.argsort(-stats[1:, 4], kind="stable")
    pieces = []
    for label in order[: 2 * _MAX_PIECES].tolist():
        x, y, w, h, area = stats[label].tolist()
        if area < _MIN_AREA:
            break
        own = labels[y : y + h, x : x + w] == label
        contrast = percentile(strength[y : y + h, x : x + w][own], 85)
        pieces.append(Piece(x, y, w, h, own.astype(np.uint8) * 255, contrast))
    return pieces


def _dominant_contrast(pieces: Sequence[Piece], shape: tuple[int, ...]) -> float:
    """The contrast of the ink that there is most of; large dark objects at the border do not count where others are."""
    if len(pieces) == 1:
        return pieces[0].contrast
    inside = [piece for piece in pieces if not _touches_border(piece, shape)] or list(pieces)
    contrasts = np.array([piece.contrast for piece in inside])
    weights = np.array([piece.area for piece in inside]) * contrasts**2
    order = np.argsort(contrasts)
    share = np.cumsum(weights[order])
    return float(contrasts[order][np.searchsorted(share, share[-1] / 2)])


def _touches_border(piece: Piece, shape: tuple[int, ...]) -> bool:
    return piece.x == 0 or piece.y == 0 or piece.right == shape[1] or piece.bottom == shape[0]


def _runs_along_border(piece: Piece, shape: tuple[int, ...]) -> bool:
    """Whether most of its length lies on the picture's border, as a paper's edge or a table does, and no digit."""
    if not _touches_border(piece, shape):
        return False
    on_border = max(
        np.count_nonzero(piece.mask[:, 0]) * (piece.x == 0),
        np.count_nonzero(piece.mask[:, -1]) * (piece.right == shape[1]),
        np.count_nonzero(piece.mask[0]) * (piece.y == 0),
        np.count_nonzero(piece.mask[-1]) * (piece.bottom == shape[0]),
    )
    return bool(on_border > 0.6 * max(piece.w, piece.h))
