"""The view of a picture that shows its digits best, and the sheet of paper in it that does."""

from __future__ import annotations

from inkdigits.reading.coroutines import NetworkQueries
from inkdigits.reading.decide import decide
from inkdigits.reading.documents import Document, find_documents
from inkdigits.reading.finder import Finder
from inkdigits.reading.pyramid import Pyramid, view_sides
from inkdigits.reading.segmentation import Segmentation, segment
from inkdigits.reading.views import show

__all__ = ["best_document", "best_segmentation"]

# In pixels of a view: digits of this height are seen well, larger views are not needed for them.
_GOOD_HEIGHT = 26
# The confidence of every candidate of a view that leaves no doubt.
_CERTAIN = 0.93
# After a view in which all was large enough, the quality from which on a larger one may say something else: digits that
# only enlarging shows are mostly parts of something else (docs/log.md, 2026-11-30).
_MIN_ENLARGED_QUALITY = 0.3
# The quality from which on a sheet is read by itself, a single digit's with a confidence of 0.9 (docs/log.md,
# 2026-11-30).
_MIN_DOCUMENT_QUALITY = 0.3


def best_segmentation(
    picture: Pyramid, finder: Finder, threshold: float, max_side: int | None = None
) -> NetworkQueries[Segmentation]:
    """The best segmentation of a picture among its views, from small to large, of at most `max_side` pixels.

    Larger views are left out where digits are large enough in those before. One that is not counts only if it says the
    same as a smaller one in which all is large enough, or if it is clear.
    """
    best: Segmentation | None = None
    large: Segmentation | None = None
    sides = [side for side in view_sides(picture.pixels) if max_side is None or side <= max_side]
    for number, side in enumerate(sides):
        found = yield from segment(show(picture, side, finder))
        if best is None or (found.quality > best.quality and (large is None or _confirms(found, large))):
            best = found
        if large is None and _is_large(found):
            large = found
        if _is_certain(best) or (number > 1 and best.height >= _GOOD_HEIGHT and "digit" in decide(best, threshold)):
            break
    assert best is not None
    return best


def best_document(
    picture: Pyramid, as_it_is: Segmentation, finder: Finder, threshold: float
) -> NetworkQueries[tuple[Document, Segmentation] | None]:
    """The sheet in a picture that reads better than the whole picture does; None without one.

    A sheet beside which digits are accepted is none: it is a part of a page, in light or in shadow. Ones do not count
    there, since strokes in wood and cloth look like them.
    """
    if _is_certain(as_it_is):
        return None
    accepted = [
        as_it_is.view.to_picture(*candidate.component.ink_box)
        for candidate, outcome in zip(as_it_is.candidates, decide(as_it_is, threshold), strict=True)
        if outcome != "not_a_digit" and candidate.value != 1
    ]
    best, quality = None, max(as_it_is.quality, _MIN_DOCUMENT_QUALITY)
    for document in find_documents(picture):
        if all(document.holds(box) for box in accepted):
            found = yield from best_segmentation(Pyramid.of(document.pixels), finder, threshold)
            if found.quality > quality:
                best, quality = (document, found), found.quality
    return best


def _is_large(found: Segmentation) -> bool:
    """Whether all that a view shows is large enough to be seen well; writing that runs together is wide, but low."""
    return min((one.component.ink_box[3] for one in found.candidates), default=0) >= _GOOD_HEIGHT


def _confirms(found: Segmentation, smaller: Segmentation) -> bool:
    """Whether a view counts beside a smaller one that is large enough: it says the same, or it is clear."""
    return found.quality >= _MIN_ENLARGED_QUALITY or _values(found) == _values(smaller)


def _values(found: Segmentation) -> list[int]:
    return [one.value for one in sorted(found.candidates, key=lambda one: one.component.ink_box[0])]


def _is_certain(found: Segmentation) -> bool:
    """Whether a view leaves no doubt, so that no other is needed."""
    confidences = [candidate.confidence for candidate in found.candidates]
    return found.height >= _GOOD_HEIGHT and min(confidences, default=0.0) >= _CERTAIN
