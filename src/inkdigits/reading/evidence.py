"""Evidence in the picture, besides the network's answer, that a component is ink and part of the writing.

Around ink the paper is clean, and ink is much darker than the paper's grain; around a dark spot of a texture there are
others. The limits were set by hand between photographed textures and objects on one side, and pen and pencil on
synthetic pages on the other; none was measured by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inkdigits.images.grey import to_grey
from inkdigits.reading.components import Component
from inkdigits.reading.ink import Ink

__all__ = ["is_digit_shaped", "is_ink", "matches_other_digits"]

# Smaller pictures hold a digit or two, with too little paper around them for these tests.
_MIN_SIDE = 60
# The contrast of ink, in standard deviations of the paper's grain. Below the second value less darkness is allowed
# around the component, given as a fraction of its contrast.
_MIN_ABOVE_GRAIN, _CLEARLY_ABOVE_GRAIN = 6.0, 12.0
_MAX_DARKNESS_AROUND, _MAX_DARKNESS_AROUND_FAINT = 0.22, 0.09
# The fraction of the pixels around a component that may be as dark as the component.
_MAX_AS_DARK = 0.25
# A component with strokes wider than this fraction of its longer side is a silhouette.
_MAX_STROKE = 0.5
# A component wider than this many times its height is a dash.
_MAX_ASPECT = 2.6


def is_ink(component: Component, ink: Ink) -> bool:
    """Whether a component stands out from clean paper, which a spot of a texture or the edge of an object does not."""
    if min(ink.mask.shape) < _MIN_SIDE:
        return True
    above_grain = component.contrast / (ink.noise + 1)
    if above_grain < _MIN_ABOVE_GRAIN:
        return False
    darkness, as_dark = _around(component, ink)
    limit = _MAX_DARKNESS_AROUND_FAINT if above_grain < _CLEARLY_ABOVE_GRAIN else _MAX_DARKNESS_AROUND
    return darkness < limit * component.contrast and as_dark < _MAX_AS_DARK


def _around(component: Component, ink: Ink) -> tuple[float, float]:
    """The mean darkness in a ring around the component, and the fraction of the ring that is as dark as the component.

    The ring keeps clear of the soft edge and leaves out other ink. Where it is as dark as the component, that is the
    edge of an object or of a shadow: ink has paper beside it.
    """
    import cv2

    near = max(2, round(0.35 * component.thickness)) + 1
    far = near + max(3, round(component.thickness))
    height, width = ink.mask.shape
    left, top = max(0, component.x - far), max(0, component.y - far)
    right, bottom = min(width, component.right + far), min(height, component.bottom + far)
    own = np.zeros((bottom - top, right - left), np.uint8)
    own[component.y - top : component.bottom - top, component.x - left : component.right - left] = component.mask
    distance = cv2.distanceTransform(255 - own, cv2.DIST_L2, 3)
    others = cv2.dilate(ink.mask[top:bottom, left:right], np.ones((3, 3), np.uint8))
    ring = (distance > near) & (distance <= far) & (others == 0)
    if not ring.any():
        return 0.0, 0.0
    darkness = ink.darkness[top:bottom, left:right]
    grey = to_grey(ink.paper[top:bottom, left:right]).astype(np.int16) - darkness
    # Compared with the component's own grey level near each pixel of the ring, because ink may cross a shadow.
    size = (2 * far + 1, 2 * far + 1)
    inked = (own > 0).astype(np.float32)
    dark = cv2.blur(grey * inked, size) / np.maximum(cv2.blur(inked, size), 1e-6) + 0.3 * component.contrast
    return float(darkness[ring].mean()), float((grey[ring] <= dark[ring]).mean())


def is_digit_shaped(component: Component) -> bool:
    """Whether a component is neither a dash nor a blob without strokes."""
    is_dash = component.w > _MAX_ASPECT * component.h
    return not is_dash and component.thickness <= _MAX_STROKE * max(component.w, component.h) + 2


def matches_other_digits(component: Component, others: Sequence[Component], ink: Ink) -> bool:
    """Whether a single upright stroke is about as tall, thick and dark as the digits `others`; true without any.

    The edge of a page, a crease or a margin line looks like a 1 to any network. Where there are other digits, a stroke
    at the picture's border counts as such an edge.
    """
    if not others or min(ink.mask.shape) < _MIN_SIDE:
        return True
    if component.touches_border(ink.mask.shape):
        return False
    height, thickness, contrast = (
        float(np.median(values))
        for values in zip(*((max(other.w, other.h), other.thickness, other.contrast) for other in others), strict=True)
    )
    return (
        0.45 * height < max(component.h, component.w) < 2.2 * height
        and 0.3 * thickness < component.thickness < 3 * thickness
        and component.contrast > 0.35 * contrast
    )
