"""Components to digits: parts of one digit are merged, and touching digits may be split.

Where geometry cannot decide, a `Cluster` holds several hypotheses about the same ink, and the one whose least probable
digit is the most probable is taken. The limits were set by hand on the development pictures
(benchmarks/real_digits.py); none was measured by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from inkdigits.reading.components import Component, merge, typical_height
from inkdigits.reading.touching import split_touching

__all__ = ["SPECK", "Cluster", "find_clusters", "split_hypotheses"]

# Lengths are fractions of the height of the writing, `typical_height`.
SPECK = 0.22
_MAX_HEIGHT = 1.45
_MAX_BREAK = 0.06
# Width divided by height of the narrowest two digits that touch.
_MIN_PAIR_ASPECT = 0.55
# Digits that touch have nearly the same height: each at least this fraction of the component's.
_MIN_PART_HEIGHT = 0.74
# A component that fills more than this fraction of its box has no strokes to split.
_MAX_FILL = 0.75


@dataclass(frozen=True)
class Cluster:
    """Ink that is one digit or a few: each hypothesis is a list of digits, the most likely by geometry first."""

    hypotheses: tuple[tuple[Component, ...], ...]


def find_clusters(components: Sequence[Component]) -> list[Cluster]:
    """Components that may be parts of the same digits, as clusters with their hypotheses; specks are left out."""
    if len(components) == 1:
        return [Cluster((tuple(components),))]
    height = _height_of_writing(components)
    digits = [
        component for component in _merge_attached(components, height) if max(component.w, component.h) > SPECK * height
    ]
    return [Cluster(tuple(_hypotheses(group, height))) for group in _group_neighbours(digits, height)]


def _height_of_writing(components: Sequence[Component]) -> float:
    """`typical_height`; of two or three components close to each other, one above the other, their total height."""
    height = typical_height(components)
    large = [component for component in components if max(component.w, component.h) > SPECK * height]
    if not 2 <= len(large) <= 3:
        return height
    top, bottom = min(component.y for component in large), max(component.bottom for component in large)
    left, right = min(component.x for component in large), max(component.right for component in large)
    close = all(min(max(_gap(one, other)) for other in large if other is not one) <= 0.12 * height for one in large)
    return float(bottom - top) if close and right - left < 1.1 * (bottom - top) else height


def _gap(first: Component, second: Component) -> tuple[int, int]:
    """The horizontal and vertical distance of two boxes; negative where they overlap."""
    across = max(first.x, second.x) - min(first.right, second.right)
    down = max(first.y, second.y) - min(first.bottom, second.bottom)
    return across, down


def _far_apart(first: Component, second: Component, height: float) -> bool:
    """A quick test that is true of nearly all pairs on a page."""
    return (
        first.x - second.right > height
        or second.x - first.right > height
        or first.y - second.bottom > height
        or second.y - first.bottom > height
    )


def _merge_attached(components: Sequence[Component], height: float) -> list[Component]:
    """Components with small parts, such as the bar of a 5 or a broken stroke, merged into the digit they belong to."""
    done: list[Component] = []
    for component in sorted(components, key=lambda component: -max(component.w, component.h)):
        hosts = [index for index, other in enumerate(done) if _is_attached(component, other, height)]
        if hosts:
            nearest = min(hosts, key=lambda index: max(*_gap(component, done[index])))
            done[nearest] = merge([done[nearest], component])
        else:
            done.append(component)
    return done


def _is_attached(part: Component, host: Component, height: float) -> bool:
    if _far_apart(part, host, height):
        return False
    across, down = _gap(part, host)
    if _continues(part, host, height):
        return True
    if max(part.w, part.h) > 0.7 * max(host.h, host.w) or max(across, down) > 0.12 * height:
        return False
    together = max(part.bottom, host.bottom) - min(part.y, host.y)
    inside = across < -0.5 * part.w
    is_bar = part.w > 1.3 * part.h and part.y < host.y + 0.4 * host.h
    return (inside or is_bar) and together <= max(_MAX_HEIGHT * height, 1.15 * host.h)


def _continues(part: Component, host: Component, height: float) -> bool:
    """Whether one lies directly above the other, like the halves of a digit with a gap in its strokes."""
    across, down = _gap(part, host)
    together = max(part.bottom, host.bottom) - min(part.y, host.y)
    return down <= _MAX_BREAK * height and across < -0.6 * min(part.w, host.w) and together <= 1.15 * height


def _group_neighbours(digits: Sequence[Component], height: float) -> list[list[Component]]:
    """Groups of at most three components that may be parts of one digit; each component is in one group."""
    order = sorted(range(len(digits)), key=lambda index: digits[index].x)
    groups: list[list[Component]] = []
    free = dict.fromkeys(order)
    for index in order:
        if index not in free:
            continue
        del free[index]
        group = [digits[index]]
        while len(group) < 3 and (partner := _partner(group, digits, free, height)) is not None:
            group.append(digits[partner])
            del free[partner]
        groups.append(group)
    return groups


def _partner(group: Sequence[Component], digits: Sequence[Component], free: Iterable[int], height: float) -> int | None:
    return next(
        (other for other in free if any(_may_be_one_digit(part, digits[other], height) for part in group)), None
    )


def _may_be_one_digit(first: Component, second: Component, height: float) -> bool:
    if _far_apart(first, second, height):
        return False
    across, down = _gap(first, second)
    small = min(max(first.w, first.h), max(second.w, second.h))
    together = max(first.bottom, second.bottom) - min(first.y, second.y)
    wide = max(first.right, second.right) - min(first.x, second.x)
    if max(across, down) > 0.25 * height or together > 1.25 * height or wide > 1.25 * height:
        return False
    return small < 0.75 * height or across < -0.3 * min(first.w, second.w)


def _hypotheses(group: Sequence[Component], height: float) -> list[tuple[Component, ...]]:
    hypotheses = [tuple(group)]
    if len(group) > 1:
        for first, second in combinations(range(len(group)), 2):
            rest = [component for index, component in enumerate(group) if index not in {first, second}]
            hypotheses.append((merge([group[first], group[second]]), *rest))
    if len(group) > 2:
        hypotheses.append((merge(group),))
    return hypotheses


def split_hypotheses(component: Component) -> list[tuple[Component, ...]]:
    """Hypotheses about a component as two to four touching digits; none for one that is too narrow or solid."""
    aspect = component.w / max(component.h, 1)
    solid = component.area > _MAX_FILL * component.w * component.h
    if aspect < _MIN_PAIR_ASPECT or component.w < 8 or solid:
        return []
    max_count = min(4, max(2, round(aspect / 0.6)))
    hypotheses = [tuple(parts) for count in range(2, max_count + 1) for parts in split_touching(component, count)]
    return [
        hypothesis for hypothesis in hypotheses if all(part.h > _MIN_PART_HEIGHT * component.h for part in hypothesis)
    ]
