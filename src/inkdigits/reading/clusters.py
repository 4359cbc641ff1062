"""From pieces of ink to digits: what belongs together is joined, what touches may be cut, and the network decides.

Where geometry alone cannot tell, a `Cluster` holds several ways to see the same ink, and the way whose worst digit is
the most probable wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from inkdigits.reading.components import Piece, joined, typical_height
from inkdigits.reading.touching import cuts

__all__ = ["SPECK", "Cluster", "cut_ways", "find_clusters"]

# All lengths are in heights of the writing, `typical_height`.
SPECK = 0.22
_TALLEST = 1.45
_BREAK = 0.06
# Width to height of the slimmest two digits that touch.
_SLIMMEST_PAIR = 0.55
# Digits that touch are of nearly one height.
_ONE_HEIGHT = 0.74
# What fills this share of its box has no strokes to part.
_SOLID = 0.75


@dataclass(frozen=True)
class Cluster:
    """Ink that is one digit or a few: `ways` to join its pieces, the most likely first."""

    ways: tuple[tuple[Piece, ...], ...]


def find_clusters(pieces: Sequence[Piece]) -> list[Cluster]:
    """The digits that may be in those pieces, each with the ways to see it."""
    if len(pieces) == 1:
        return [Cluster((tuple(pieces),))]
    height = _height_of_writing(pieces)
    digits = [piece for piece in _sure_joins(pieces, height) if max(piece.w, piece.h) > SPECK * height]
    return [Cluster(tuple(_ways(group, height))) for group in _near_groups(digits, height)]


def _height_of_writing(pieces: Sequence[Piece]) -> float:
    """`typical_height`; of two or three pieces one above the other, close by, it is the height of all together."""
    height = typical_height(pieces)
    large = [piece for piece in pieces if max(piece.w, piece.h) > SPECK * height]
    if not 2 <= len(large) <= 3:
        return height
    top, bottom = min(piece.y for piece in large), max(piece.bottom for piece in large)
    left, right = min(piece.x for piece in large), max(piece.right for piece in large)
    close = all(min(max(_gap(one, other)) for other in large if other is not one) <= 0.12 * height for one in large)
    return float(bottom - top) if close and right - left < 1.1 * (bottom - top) else height


def _gap(first: Piece, second: Piece) -> tuple[int, int]:
    """How far two boxes are apart, across and down; negative where they overlap."""
    across = max(first.x, second.x) - min(first.right, second.right)
    down = max(first.y, second.y) - min(first.bottom, second.bottom)
    return across, down


def _far_apart(first: Piece, second: Piece, height: float) -> bool:
    """Whether it needs no closer look: on a sheet, nearly all pairs are."""
    return (
        first.x - second.right > height
        or second.x - first.right > height
        or first.y - second.bottom > height
        or second.y - first.bottom > height
    )


def _sure_joins(pieces: Sequence[Piece], height: float) -> list[Piece]:
    """Small parts put to the digit that they hang on: a 5's bar, a stroke that the pen skipped."""
    done: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: -max(piece.w, piece.h)):
        hosts = [index for index, other in enumerate(done) if _hangs_on(piece, other, height)]
        if hosts:
            nearest = min(hosts, key=lambda index: max(*_gap(piece, done[index])))
            done[nearest] = joined([done[nearest], piece])
        else:
            done.append(piece)
    return done


def _hangs_on(part: Piece, host: Piece, height: float) -> bool:
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
    return (inside or is_bar) and together <= max(_TALLEST * height, 1.15 * host.h)


def _continues(part: Piece, host: Piece, height: float) -> bool:
    """Whether one stands right on the other, as the halves of a digit do that the pen broke."""
    across, down = _gap(part, host)
    together = max(part.bottom, host.bottom) - min(part.y, host.y)
    return down <= _BREAK * height and across < -0.6 * min(part.w, host.w) and together <= 1.15 * height


def _near_groups(digits: Sequence[Piece], height: float) -> list[list[Piece]]:
    """Pieces that may be parts of one digit, together; at most three a group, each piece in one."""
    order = sorted(range(len(digits)), key=lambda index: digits[index].x)
    groups: list[list[Piece]] = []
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


def _partner(group: Sequence[Piece], digits: Sequence[Piece], free: Iterable[int], height: float) -> int | None:
    return next((other for other in free if any(_may_join(part, digits[other], height) for part in group)), None)


def _may_join(first: Piece, second: Piece, height: float) -> bool:
    if _far_apart(first, second, height):
        return False
    across, down = _gap(first, second)
    small = min(max(first.w, first.h), max(second.w, second.h))
    together = max(first.bottom, second.bottom) - min(first.y, second.y)
    wide = max(first.right, second.right) - min(first.x, second.x)
    if max(across, down) > 0.25 * height or together > 1.25 * height or wide > 1.25 * height:
        return False
    return small < 0.75 * height or across < -0.3 * min(first.w, second.w)


def _ways(group: Sequence[Piece], height: float) -> list[tuple[Piece, ...]]:
    ways = [tuple(group)]
    if len(group) > 1:
        for first, second in combinations(range(len(group)), 2):
            rest = [piece for index, piece in enumerate(group) if index not in {first, second}]
            ways.append((joined([group[first], group[second]]), *rest))
    if len(group) > 2:
        ways.append((joined(group),))
    return ways


def cut_ways(piece: Piece) -> list[tuple[Piece, ...]]:
    """Ways to part a piece that may be digits that touch; none for a piece that is too slim."""
    shape = piece.w / max(piece.h, 1)
    solid = piece.area > _SOLID * piece.w * piece.h
    if shape < _SLIMMEST_PAIR or piece.w < 8 or solid:
        return []
    most = min(4, max(2, round(shape / 0.6)))
    ways = [tuple(parts) for count in range(2, most + 1) for parts in cuts(piece, count)]
    return [way for way in ways if all(part.h > _ONE_HEIGHT * piece.h for part in way)]
