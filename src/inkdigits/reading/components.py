"""Components: ink that may be one digit, grouped by where the finder says that its digit has its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.finder import InkMaps

__all__ = ["Cluster", "Component", "Ink", "find_clusters", "typical_height"]

# Ink is where the finder says that ink covers this much of a pixel, and all that is connected to it over pixels of the
# second value, so that a faint part of a stroke does not break it (hysteresis; Canny 1986).
_MIN_COVER, _MIN_CONNECTED_COVER = 0.5, 0.4
_MIN_AREA = 6  # pixels
# More components are a texture rather than writing; the largest are kept.
_MAX_COMPONENTS = 600
# The middle of a digit is blurred over this fraction of its height, and over so many pixels at the least, since pixels
# disagree a little about it.
_SPREAD, _MIN_SPREAD = 0.07, 0.6
# A middle is where this fraction of the most votes within a disc of this width, in heights of a digit and in pixels at
# the least, lies.
_MIN_PEAK, _PEAK_WIDTH, _MIN_PEAK_WIDTH = 0.2, 0.4, 3
# A digit is this many times as high as its ink is away from the middle of its box, in the median of 3,000 of MNIST's
# training digits (docs/log.md, 2026-11-29).
_HEIGHT_OF_DISTANCE = 2.94
# A wide stroke counts as a digit of this fraction of its width.
_HEIGHT_OF_WIDTH = 0.6
# Parts with less than this fraction of the ink are not kept.
_MIN_PART = 0.05
# Components that are smaller than this fraction of the writing's height, or than so many pixels, are specks: the finder
# was trained on digits of 13 pixels at the least.
_SPECK, _MIN_SIDE = 0.2, 9

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Component:
    """Ink: a box in pixels of the view, and `cover` uint8 (h, w), how much of each of its pixels ink covers, of 255.

    The box has room for soft edges. `digit_fraction` is the fraction of the ink that the finder takes for a digit's.
    """

    x: int
    y: int
    w: int
    h: int
    cover: NDArray[np.uint8]
    digit_fraction: float

    @cached_property
    def area(self) -> int:
        """The number of pixels with ink."""
        return int(np.count_nonzero(self.cover > 127))

    @cached_property
    def ink_box(self) -> tuple[int, int, int, int]:
        """x, y, width and height of the pixels with ink."""
        import cv2

        x, y, w, h = cv2.boundingRect((self.cover > 127).astype(np.uint8))
        return self.x + x, self.y + y, w, h

    @property
    def height(self) -> float:
        """The height of the digit that it may be, in pixels; a wide stroke counts as a low digit."""
        return max(self.ink_box[3], _HEIGHT_OF_WIDTH * self.ink_box[2])


@dataclass(frozen=True)
class Cluster:
    """Ink that is one digit or a few: each hypothesis is a list of digits, the finder's own first."""

    hypotheses: tuple[tuple[Component, ...], ...]

    @property
    def whole(self) -> Component:
        """All the ink as one component."""
        return min(self.hypotheses, key=len)[0]


def typical_height(components: Sequence[Component]) -> float:
    """The height of the writing in pixels: half of the ink is in components that are no taller; 0 without any."""
    if not components:
        return 0.0
    heights = np.array([component.height for component in components])
    order = np.argsort(heights)
    cumulative = np.cumsum(np.array([component.area for component in components])[order])
    return float(heights[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def find_clusters(maps: InkMaps) -> tuple[list[Cluster], list[Component]]:
    """The ink of a view as clusters, and the specks, which are too small for digits, apart."""
    import cv2

    mask = _ink_mask(maps.ink)
    count, connected = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    if count == 1:
        return [], []
    rows, columns = np.nonzero(mask)
    connected = np.asarray(connected, np.int32)[rows, columns]
    digits = _digit_of_each_pixel(maps, rows, columns, connected)
    ink = Ink(maps, rows, columns)
    return _without_specks([_cluster(ink, places, connected, digits) for places in _groups(connected, digits)])


def _ink_mask(cover: Floats) -> NDArray[np.uint8]:
    """1 where there is ink, else 0."""
    import cv2

    certain = cover > _MIN_COVER
    possible = (cover > _MIN_CONNECTED_COVER).astype(np.uint8)
    count, labels = cv2.connectedComponents(possible, connectivity=8, ltype=cv2.CV_32S)
    holds = np.zeros(count, np.uint8)
    holds[np.asarray(labels, np.int32)[certain]] = 1
    return np.asarray(holds[labels], np.uint8)


@dataclass(frozen=True)
class Ink:
    """The pixels of ink of a view, at `rows` and `columns`."""

    maps: InkMaps
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def component(self, places: NDArray[np.intp]) -> Component:
        """The pixels at `places` as one component, with the soft edge around them."""
        import cv2

        rows, columns = self.rows[places], self.columns[places]
        top, left = max(0, int(rows.min()) - 1), max(0, int(columns.min()) - 1)
        bottom, right = int(rows.max()) + 2, int(columns.max()) + 2
        part = np.s_[top:bottom, left:right]
        own = np.zeros(self.maps.ink[part].shape, np.uint8)
        own[rows - top, columns - left] = 1
        own = _without_crumbs(own)
        edge = cv2.dilate(own, np.ones((3, 3), np.uint8))
        # More than an edge's cover is another component's ink.
        kept = (own > 0) | ((edge > 0) & (self.maps.ink[part] <= _MIN_CONNECTED_COVER))
        cover = np.where(kept, self.maps.ink[part], 0)
        digit, other = (float(ink[part][own > 0].sum()) for ink in (self.maps.digit, self.maps.other))
        height, width = cover.shape
        return Component(left, top, width, height, np.round(255 * cover).astype(np.uint8), digit / (digit + other))


def _without_crumbs(own: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`own` without the small parts that are connected to nothing: a few pixels that point to the wrong middle."""
    import cv2

    count, labels, statistics, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
    if count == 2:
        return own
    areas = statistics[1:, cv2.CC_STAT_AREA]
    kept = np.flatnonzero(areas >= min(_MIN_PART * areas.sum(), areas.max())) + 1
    return np.isin(labels, kept).astype(np.uint8)


def _digit_of_each_pixel(maps: InkMaps, rows: NDArray[np.intp], columns: NDArray[np.intp], connected: Labels) -> Labels:
    """A number for the digit that each pixel of ink belongs to: the pixels that point to the same middle."""
    import cv2

    right, down = maps.right[rows, columns], maps.down[rows, columns]
    height, width = maps.digit.shape
    x = np.clip(np.round(columns + right), 0, width - 1).astype(np.intp)
    y = np.clip(np.round(rows + down), 0, height - 1).astype(np.intp)
    digit_height = _HEIGHT_OF_DISTANCE * float(np.median(np.hypot(right, down)))
    votes = np.zeros((height, width), np.float32)
    np.add.at(votes, (y, x), 1)
    density = cv2.GaussianBlur(votes, (0, 0), max(_MIN_SPREAD, _SPREAD * digit_height))
    reach = max(_MIN_PEAK_WIDTH, round(_PEAK_WIDTH * digit_height)) | 1
    peak = cv2.dilate(density, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    middles = ((density > _MIN_PEAK * peak) & (density > 0)).astype(np.uint8)
    _, labels = cv2.connectedComponents(middles, connectivity=8, ltype=cv2.CV_32S)
    own = np.asarray(labels, np.int32)[y, x]
    return _with_strays(own, connected)


def _with_strays(digits: Labels, connected: Labels) -> Labels:
    """Pixels that point to no middle (0) belong to the digit of most of the ink that they are connected to."""
    strays = np.flatnonzero(digits == 0)
    if not len(strays):
        return digits
    count = int(digits.max()) + 1
    pairs, sizes = np.unique(connected[digits > 0].astype(np.int64) * count + digits[digits > 0], return_counts=True)
    order = np.argsort(sizes, kind="stable")  # the last, largest one stays
    largest = np.zeros(int(connected.max()) + 1, np.int32)
    largest[pairs[order] // count] = pairs[order] % count
    digits = digits.copy()
    digits[strays] = largest[connected[strays]]
    # Ink without any middle is a digit of its own.
    alone = digits == 0
    digits[alone] = count + connected[alone]
    return digits


def _groups(connected: Labels, digits: Labels) -> list[NDArray[np.intp]]:
    """The places of the pixels of each group: connected ink, and ink of one digit, are in one group."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    span = int(digits.max()) + 1
    pairs, inverse = np.unique(connected.astype(np.int64) * span + digits, return_inverse=True)
    for pair in pairs.tolist():
        parent[root(-(pair // span))] = root(pair % span + 1)
    roots = np.array([root(pair % span + 1) for pair in pairs.tolist()])[inverse]
    order = np.argsort(roots, kind="stable")
    starts = np.flatnonzero(np.diff(roots[order])) + 1
    groups = sorted(np.split(order, starts), key=lambda group: -len(group))
    return [group for group in groups[:_MAX_COMPONENTS] if len(group) >= _MIN_AREA]


def _cluster(ink: Ink, places: NDArray[np.intp], connected: Labels, digits: Labels) -> Cluster:
    hypotheses = [_components(ink, places, digits)]
    if len(hypotheses[0]) > 1 or len(np.unique(connected[places])) > 1:
        hypotheses.append(_components(ink, places, connected))
        if len(hypotheses[0]) > 1 and len(hypotheses[1]) > 1:
            hypotheses.append((ink.component(places),))
    return Cluster(tuple(hypotheses))


def _components(ink: Ink, places: NDArray[np.intp], labels: Labels) -> tuple[Component, ...]:
    """A component for each label, left to right; those of less than a twentieth of the largest are left out."""
    own = labels[places]
    parts = [places[own == label] for label in np.unique(own)]
    largest = max(map(len, parts))
    kept = [ink.component(part) for part in parts if len(part) >= max(min(_MIN_AREA, largest), _MIN_PART * largest)]
    return tuple(sorted(kept, key=lambda component: component.x))


def _without_specks(clusters: list[Cluster]) -> tuple[list[Cluster], list[Component]]:
    components = [component for cluster in clusters for component in cluster.hypotheses[0]]
    height = typical_height(components)

    def is_speck(cluster: Cluster) -> bool:
        return all(max(part.ink_box[2:]) <= max(_SPECK * height, _MIN_SIDE - 1) for part in cluster.hypotheses[0])

    specks = [component for cluster in clusters if is_speck(cluster) for component in cluster.hypotheses[0]]
    return [cluster for cluster in clusters if not is_speck(cluster)], specks
