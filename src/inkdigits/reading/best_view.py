"""The view of a picture that shows its digits best, and the sheet of paper in it that does."""

from __future__ import annotations

from inkdigits.reading.coroutines import NetworkQueries
from inkdigits.reading.decide import are_accepted, decide
from inkdigits.reading.documents import Document, find_documents
from inkdigits.reading.finder import Finder
from inkdigits.reading.pyramid import MIN_SIDE, Pyramid, view_sides
from inkdigits.reading.segmentation import Candidate, Segmentation, segment
from inkdigits.reading.signs import find_signs
from inkdigits.reading.touching import may_be_several
from inkdigits.reading.views import show

__all__ = ["best_document", "best_segmentation"]

# In pixels of a view: digits of this height are seen well, larger views are not needed for them.
_GOOD_HEIGHT = 26
# Refused ink that is so many times as wide as high may be digits that run together, which a larger view shows apart:
# from 1.0 on some letters and stripes become digits (docs/log.md, 2026-11-30).
_MIN_SEVERAL_ASPECT = 1.3
# The confidence of every candidate of a view that leaves no doubt.
_CERTAIN = 0.93
# After a view in which all was large enough, the quality from which on a larger one may say something else: digits that
# only enlarging shows are mostly parts of something else (docs/log.md, 2026-11-30).
_MIN_CLEAR_QUALITY = 0.3
# How many times as large as it is a picture is shown once a view of 128 pixels has shown something large: larger views
# make digits of what is none. Not so where the classifier has at least this probability for ink of which the finder
# takes less than this fraction for a digit's (docs/log.md, 2026-11-30).
_MAX_ENLARGEMENT = 5
_MIN_DISPUTED_PROBABILITY, _MAX_DISPUTED_FRACTION = 0.98, 0.6
# The quality from which on a sheet is read by itself, a single digit's with a confidence of 0.9 (docs/log.md,
# 2026-11-30).
_MIN_DOCUMENT_QUALITY = 0.3


def best_segmentation(
    picture: Pyramid, finder: Finder, threshold: float, max_side: int | None = None
) -> NetworkQueries[Segmentation]:
    """The best segmentation of a picture among its views, from small to large, of at most `max_side` pixels.

    Larger views are left out where digits are large enough in those before, or where one in which all is large enough
    would be enlarged much. One that is not left out counts only if it says the same as that one, or if it shows more of
    the picture and is clear.
    """
    best: Segmentation | None = None
    large: Segmentation | None = None
    sides = [side for side in view_sides(picture.pixels) if max_side is None or side <= max_side]
    own_side = max(picture.pixels.shape[:2])
    for number, side in enumerate(sides):
        if large is not None and side > _MAX_ENLARGEMENT * own_side and not _is_disputed(large):
            break
        found = yield from segment(show(picture, side, finder))
        counts = large is None or _confirms(found, large, is_enlarged=side > own_side)
        if best is None or (found.quality > best.quality and counts):
            best = found
        if large is None and side >= MIN_SIDE and _is_large(found):
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
        for candidate, taken in zip(as_it_is.candidates, are_accepted(decide(as_it_is, threshold)), strict=True)
        if taken and candidate.value != 1
    ]
    best, quality = None, max(as_it_is.quality, _MIN_DOCUMENT_QUALITY)
    for document in find_documents(picture):
        if all(document.holds(box) for box in accepted):
            found = yield from best_segmentation(Pyramid.of(document.pixels), finder, threshold)
            if found.quality > quality:
                best, quality = (document, found), found.quality
    return best


def _is_large(found: Segmentation) -> bool:
    """Whether all that a view shows is large enough to be seen well, and none of it may be digits that run together."""
    return min((_clear_height(one) for one in found.candidates), default=0) >= _GOOD_HEIGHT


def _clear_height(candidate: Candidate) -> int:
    doubtful = candidate.best < _CERTAIN and may_be_several(candidate.component, _MIN_SEVERAL_ASPECT)
    return 0 if doubtful else candidate.component.ink_box[3]


def _is_disputed(found: Segmentation) -> bool:
    """Whether the classifier is certain of ink that the finder hardly takes for a digit's."""
    return any(
        one.best >= _MIN_DISPUTED_PROBABILITY and one.component.digit_fraction < _MAX_DISPUTED_FRACTION
        for one in found.candidates
    )


def _confirms(found: Segmentation, smaller: Segmentation, *, is_enlarged: bool) -> bool:
    """Whether a view counts beside a smaller one that is large enough: it says the same, or it is clear.

    One in which the picture is enlarged shows nothing that the smaller one does not, and has to say the same. What a
    sign is taken for may differ.
    """
    is_clear = found.quality >= _MIN_CLEAR_QUALITY and not is_enlarged
    return is_clear or _values(found) == _values(smaller)


def _values(found: Segmentation) -> list[int]:
    """The values of the candidates that are no signs, from left to right."""
    signs = find_signs(found.candidates, [True] * len(found.candidates))
    others = [one for one, sign in zip(found.candidates, signs, strict=True) if sign is None]
    return [one.value for one in sorted(others, key=lambda one: one.component.ink_box[0])]


def _is_certain(found: Segmentation) -> bool:
    """Whether a view leaves no doubt, so that no other is needed."""
    confidences = [candidate.confidence for candidate in found.candidates]
    return found.height >= _GOOD_HEIGHT and min(confidences, default=0.0) >= _CERTAIN
