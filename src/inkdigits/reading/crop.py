"""A piece of ink cut out of its picture, as the network sees it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import normalize_ink
from inkdigits.reading.components import Piece
from inkdigits.reading.ink import Ink, strength_against
from inkdigits.stats.quick_statistics import percentile

__all__ = ["cut_out"]

# A piece with fewer working pixels than this is cut from the full picture.
_SMALL = 56


def cut_out(piece: Piece, ink: Ink, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The piece as uint8 (28, 28), white ink on black, normalized; other ink in its box is left out."""
    if ink.scale < 1 and max(piece.w, piece.h) < _SMALL:
        strength, mask = _full(piece, ink, pixels)
    else:
        strength, mask = _working(piece, ink)
    sure = strength[mask > 127]
    full = percentile(sure, 75) if sure.size else 255.0
    inked = np.minimum(strength.astype(np.float32) * (255 / max(full, 1.0)), 255) * (mask.astype(np.float32) / 255)
    return normalize_ink(inked.round().astype(np.uint8))


def _working(piece: Piece, ink: Ink) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Strength and mask with one pixel more all around, so that soft edges stay soft."""
    import cv2

    mask = cv2.copyMakeBorder(piece.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    height, width = ink.strength.shape
    top, left = max(0, piece.y - 1), max(0, piece.x - 1)
    bottom, right = min(height, piece.bottom + 1), min(width, piece.right + 1)
    strength = np.zeros((piece.h + 2, piece.w + 2), np.uint8)
    own = strength[top - piece.y + 1 : bottom - piece.y + 1, left - piece.x + 1 : right - piece.x + 1]
    own[:] = ink.strength[top:bottom, left:right]
    return strength, np.asarray(mask, np.uint8)


def _full(piece: Piece, ink: Ink, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    import cv2

    height, width = ink.strength.shape
    left, top = max(0, piece.x - 1), max(0, piece.y - 1)
    right, bottom = min(width, piece.right + 1), min(height, piece.bottom + 1)
    up = 1 / ink.scale
    x0, y0 = round(left * up), round(top * up)
    x1, y1 = min(pixels.shape[1], round(right * up)), min(pixels.shape[0], round(bottom * up))
    part = pixels[y0:y1, x0:x1]
    part = 255 - part if ink.light else part
    size = (x1 - x0, y1 - y0)
    paper = cv2.resize(ink.paper[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    mask[piece.y - top : piece.bottom - top, piece.x - left : piece.right - left] = piece.mask
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return strength_against(part, np.asarray(paper, np.uint8)), np.asarray(
        cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8
    )
