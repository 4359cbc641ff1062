"""Documents in a scene, as a sheet of paper on a table: each is read as a picture of its own.

The finder compares ink with the whole picture. On a table of another colour the paper of a sheet is what differs most,
and writing on it is lost. docs/log.md, 2026-11-30, has the figures, and the trials of the limits below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.pyramid import MIN_SIDE, Pyramid
from inkdigits.reading.reading import Box

__all__ = ["Document", "find_documents"]

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
# Of the copy of a picture in which sheets are found: its longer side and a side of the median filter, in pixels, which
# hides thin ink and the threads of a cloth, and the most grey levels from one pixel to the next within a sheet.
_SIDE, _BLUR, _MAX_STEP = 2 * MIN_SIDE, 3, 10
# A sheet is convex, but for the steps of pixels along its edges. Its outline, as a fraction of the picture and of its
# convex hull, and the fraction of it that is bare paper.
_MIN_PART, _MAX_PART, _MIN_OF_HULL, _MIN_PAPER = 0.05, 0.9, 0.93, 0.4
_MAX_DOCUMENTS = 2  # the largest ones


@dataclass(frozen=True)
class Document:
    """The box of a sheet in a picture: `pixels` uint8 (height, width, 3), and which of them are the sheet's, `inside`.

    The others have the sheet's colour. `left` and `top` are in pixels of the picture.
    """

    left: int
    top: int
    pixels: Pixels
    inside: Mask

    def holds(self, box: Box) -> bool:
        """Whether the middle of a box of the picture is on the sheet."""
        x, y, w, h = box
        row, column = y + h // 2 - self.top, x + w // 2 - self.left
        height, width = self.inside.shape
        return 0 <= row < height and 0 <= column < width and bool(self.inside[row, column])


def find_documents(picture: Pyramid) -> list[Document]:
    """The sheets in a picture, at most two, the largest first; none in one of under 128 pixels, which is a drawing."""
    if max(picture.pixels.shape[:2]) < MIN_SIDE:
        return []
    small = _without_ink(picture)
    outlines = sorted(_outlines(_even_regions(small)), key=lambda found: -int(found[1].sum()))
    return [_document(_rgb(picture.pixels), small, paper, outline) for paper, outline in outlines[:_MAX_DOCUMENTS]]


def _without_ink(picture: Pyramid) -> Pixels:
    """A small copy, uint8 (h, w, 3)."""
    import cv2

    return np.asarray(cv2.medianBlur(_rgb(picture.reduced.get(_SIDE, picture.pixels)), _BLUR), np.uint8)


def _rgb(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _even_regions(small: Pixels) -> Iterator[Mask]:
    """Connected pixels that differ little from the four beside them."""
    import cv2

    levels = small.astype(np.int16)
    even = np.ones(small.shape[:2], np.uint8)
    alike = (np.abs(np.diff(levels, axis=1)).max(axis=2) <= _MAX_STEP).astype(np.uint8)
    even[:, 1:] &= alike
    even[:, :-1] &= alike
    alike = (np.abs(np.diff(levels, axis=0)).max(axis=2) <= _MAX_STEP).astype(np.uint8)
    even[1:] &= alike
    even[:-1] &= alike
    count, labels = cv2.connectedComponents(even)
    counts = np.bincount(labels.ravel(), minlength=count)
    return (labels == label for label in range(1, count) if counts[label] >= _MIN_PAPER * _MIN_PART * even.size)


def _outlines(regions: Iterator[Mask]) -> Iterator[tuple[Mask, Mask]]:
    """The regions that are bare paper of a sheet, each with the sheet's whole outline, ink and all."""
    for paper in regions:
        outline = _filled(paper)
        area = int(outline.sum())
        is_part = _MIN_PART * outline.size <= area <= _MAX_PART * outline.size
        is_bare = int(paper.sum()) >= _MIN_PAPER * area
        if is_part and is_bare and area >= _MIN_OF_HULL * _hull_area(outline):
            yield paper, outline


def _filled(mask: Mask) -> Mask:
    """What has some of `mask` on all four sides, itself included."""
    from_left, from_above = np.logical_or.accumulate(mask, axis=1), np.logical_or.accumulate(mask, axis=0)
    from_right = np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    from_below = np.logical_or.accumulate(mask[::-1], axis=0)[::-1]
    return np.asarray(from_left & from_above & from_right & from_below)


def _hull_area(outline: Mask) -> float:
    """The area of the convex hull, in pixels."""
    import cv2

    rows = np.flatnonzero(outline.any(axis=1))
    left, right = outline[rows].argmax(axis=1), outline.shape[1] - outline[rows, ::-1].argmax(axis=1)
    corners = [np.stack([x, y], axis=1) for x in (left, right) for y in (rows, rows + 1)]
    return cv2.contourArea(cv2.convexHull(np.concatenate(corners).astype(np.int32)))


def _document(picture: Pixels, small: Pixels, paper: Mask, outline: Mask) -> Document:
    height, width = picture.shape[:2]
    rows = (np.arange(height) + 0.5) * (len(small) / height)
    columns = (np.arange(width) + 0.5) * (small.shape[1] / width)
    inside = outline[rows.astype(np.int64)][:, columns.astype(np.int64)]
    top, bottom = _span(inside.any(axis=1))
    left, right = _span(inside.any(axis=0))
    colour = np.median(small[paper], axis=0).astype(np.uint8)
    inside = inside[top:bottom, left:right]
    return Document(left, top, np.where(inside[:, :, None], picture[top:bottom, left:right], colour), inside)


def _span(some: Mask) -> tuple[int, int]:
    places = np.flatnonzero(some)
    return int(places[0]), int(places[-1]) + 1
