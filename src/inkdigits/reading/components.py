"""Connected components of the ink; grain, shadows and the edges of objects are left out.

The limits were set by hand; none was measured by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.ink import Ink
from inkdigits.stats.quick_statistics import percentile

__all__ = ["Component", "find_components", "merge", "typical_height"]

# A pixel below this fraction of its component's darkest ink is shadow, not ink.
_MIN_OF_DARKEST = 0.34
# A component below this fraction of the dominant contrast is a shadow, a crease or ink that shines through the paper.
_MIN_OF_DOMINANT = 0.25
_MIN_AREA = 6  # pixels
# More components are a texture rather than writing; the largest are kept.
_MAX_COMPONENTS = 1000


@dataclass(frozen=True)
class Component:
    """Connected ink: its box in pixels of the working copy, `mask` uint8 (h, w) of 0 and 255, and its contrast.

    The contrast is the 85th percentile of its darkness, in grey levels.
    """

    x: int
    y: int
    w: int
    h: int
    mask: NDArray[np.uint8]
    contrast: float

    @cached_property
    def right(self) -> int:
        """The first column to the right of the box."""
        return self.x + self.w

    @cached_property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.h

    def touches_border(self, shape: tuple[int, ...]) -> bool:
        """Whether the box reaches the border of a picture of shape (height, width)."""
        return self.x == 0 or self.y == 0 or self.right == shape[1] or self.bottom == shape[0]

    @cached_property
    def area(self) -> int:
        """The number of pixels with ink."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def thickness(self) -> float:
        """The width of the widest stroke, in pixels of the working copy."""
        import cv2

        framed = cv2.copyMakeBorder(self.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        return 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, 5).max())


def merge(parts: Sequence[Component]) -> Component:
    """Several components as one."""
    if len(parts) == 1:
        return parts[0]
    x, y = min(part.x for part in parts), min(part.y for part in parts)
    right, bottom = max(part.right for part in parts), max(part.bottom for part in parts)
    mask = np.zeros((bottom - y, right - x), np.uint8)
    for part in parts:
        mask[part.y - y : part.bottom - y, part.x - x : part.right - x] |= part.mask
    return Component(x, y, right - x, bottom - y, mask, max(part.contrast for part in parts))


def typical_height(components: Sequence[Component]) -> float:
    """The height of the writing in pixels: half of the ink is in components that are no taller; 0 without any."""
    if not components:
        return 0.0
    if len(components) == 1:
        return float(max(components[0].h, components[0].w * 0.6))
    heights = np.array([max(component.h, component.w * 0.6) for component in components])
    order = np.argsort(heights)
    cumulative = np.cumsum(np.array([component.area for component in components])[order])
    return float(heights[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def find_components(ink: Ink) -> list[Component]:
    """The components of the ink of a picture, the largest first."""
    found = _connected_components(_without_shadow(ink), ink.darkness)
    if not found:
        return []
    dominant = _dominant_contrast(found, ink.mask.shape)
    kept = [
        component
        for component in found
        if component.contrast >= _MIN_OF_DOMINANT * dominant and not _runs_along_border(component, ink.mask.shape)
    ]
    return kept[:_MAX_COMPONENTS]


def _without_shadow(ink: Ink) -> NDArray[np.uint8]:
    """The mask without pixels that are much lighter than the darkest ink that they are connected to."""
    import cv2

    count, labels = cv2.connectedComponents(ink.mask, connectivity=8)
    inked = ink.mask > 0
    if count == 2:
        darkest_of_all = int(cv2.minMaxLoc(ink.darkness, ink.mask)[1])
        return np.where(inked & (ink.darkness >= _MIN_OF_DARKEST * darkest_of_all), np.uint8(255), np.uint8(0))
    darkest = np.zeros(count, np.uint8)
    np.maximum.at(darkest, np.asarray(labels, np.int64)[inked], ink.darkness[inked])
    mask = ink.mask.copy()
    mask[inked] = np.where(ink.darkness[inked] >= _MIN_OF_DARKEST * darkest[labels[inked]], 255, 0)
    return mask


def _connected_components(mask: NDArray[np.uint8], darkness: NDArray[np.uint8]) -> list[Component]:
    import cv2

    _count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    order = 1 + np.argsort(-stats[1:, 4], kind="stable")
    components = []
    for label in order[: 2 * _MAX_COMPONENTS].tolist():
        x, y, w, h, area = stats[label].tolist()
        if area < _MIN_AREA:
            break
        own = labels[y : y + h, x : x + w] == label
        contrast = percentile(darkness[y : y + h, x : x + w][own], 85)
        components.append(Component(x, y, w, h, own.astype(np.uint8) * 255, contrast))
    return components


def _dominant_contrast(components: Sequence[Component], shape: tuple[int, ...]) -> float:
    """The median contrast, weighted by area and contrast; components at the border count only without others."""
    if len(components) == 1:
        return components[0].contrast
    inside = [component for component in components if not component.touches_border(shape)] or list(components)
    contrasts = np.array([component.contrast for component in inside])
    weights = np.array([component.area for component in inside]) * contrasts**2
    order = np.argsort(contrasts)
    cumulative = np.cumsum(weights[order])
    return float(contrasts[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def _runs_along_border(component: Component, shape: tuple[int, ...]) -> bool:
    """Whether most of its length lies on the picture's border, like the edge of a page or of a table."""
    if not component.touches_border(shape):
        return False
    on_border = max(
        np.count_nonzero(component.mask[:, 0]) * (component.x == 0),
        np.count_nonzero(component.mask[:, -1]) * (component.right == shape[1]),
        np.count_nonzero(component.mask[0]) * (component.y == 0),
        np.count_nonzero(component.mask[-1]) * (component.bottom == shape[0]),
    )
    return bool(on_border > 0.6 * max(component.w, component.h))
