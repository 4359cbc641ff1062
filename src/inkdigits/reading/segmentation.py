"""A picture looked at with dark or with light ink: the candidates for digits, as the network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.clusters import SPECK, cut_ways, find_clusters
from inkdigits.reading.components import Piece, find_pieces
from inkdigits.reading.coroutines import Asking
from inkdigits.reading.crop import cut_out
from inkdigits.reading.evidence import is_ink
from inkdigits.reading.ink import Ink, Working, find_ink

__all__ = ["Candidate", "View", "look", "with_length"]

Pixels = NDArray[np.uint8]
Ways = Sequence[Sequence[Piece]]
# What another way to join pieces, and to part them, must gain in its worst digit's probability.
_JOIN_GAIN = 0.1
_CUT_GAIN = 0.2
# A piece that is so probably one digit is not parted, and parts that are less probable are no digits.
_NO_DOUBT = 0.95
_SURE_PARTS = 0.93
# Of the picture's long side: what is smaller is grain or a crease.
_NOTABLE = 0.04
# With less than this, a cut that only a known length speaks for is not made.
_FORCED_PARTS = 0.3
# Cutting takes long, and a picture with more doubtful pieces is no page of digits.
_MAX_CUT = 60


@dataclass(frozen=True)
class Candidate:
    """A piece of ink, what the network saw of it, and what it answered.

    It is `forced` where only a known length spoke for the cut that it comes from.
    """

    piece: Piece
    network_input: Pixels
    probabilities: NDArray[np.float32]
    forced: bool = False

    @cached_property
    def best(self) -> float:
        """The highest probability."""
        return float(self.probabilities.max())

    @cached_property
    def value(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class View:
    """A picture's ink and its candidates; `other` are notable pieces that are no ink at all."""

    ink: Ink
    candidates: tuple[Candidate, ...]
    other: tuple[Piece, ...]

    @property
    def quality(self) -> float:
        """How much it looks like digits: probable ones count, the improbable count against it."""
        found = self.candidates
        return sum(candidate.best - 0.6 for candidate in found) / (len(found) ** 0.5 if found else 1.0)


def look(work: Working, pixels: Pixels, *, light: bool) -> Asking[View]:
    """The view of a picture's working copy with ink that is lighter than its paper when `light`, else darker."""
    ink = find_ink(work, light=light)
    found = find_pieces(ink)
    pieces = [piece for piece in found if is_ink(piece, ink)]
    clusters = [cluster.ways for cluster in find_clusters(pieces)]
    joins = yield from _chosen(clusters, ink, pixels, _JOIN_GAIN)
    candidates = yield from _parted([candidate for way in joins for candidate in way], ink, pixels)
    large = max((max(candidate.piece.w, candidate.piece.h) for candidate in candidates), default=0)
    notable = max(SPECK * large, _NOTABLE * max(ink.mask.shape))
    other = [piece for piece in found if max(piece.w, piece.h) > notable and not is_ink(piece, ink)]
    return View(ink, tuple(candidates), tuple(other))


def _asked(pieces: Sequence[Piece], ink: Ink, pixels: Pixels) -> Asking[list[Candidate]]:
    if not pieces:
        return []
    images = np.stack([cut_out(piece, ink, pixels) for piece in pieces])
    probabilities = yield images
    return list(map(Candidate, pieces, images, probabilities))


def _chosen(clusters: Sequence[Ways], ink: Ink, pixels: Pixels, gain: float) -> Asking[list[list[Candidate]]]:
    """Of every cluster the way whose least probable digit is the most probable; the first has an advantage."""
    known = iter((yield from _asked([piece for ways in clusters for way in ways for piece in way], ink, pixels)))
    chosen = []
    for ways in clusters:
        seen = [[next(known) for _ in way] for way in ways]
        scores = [min(candidate.best for candidate in way) for way in seen]
        scores[0] += gain
        chosen.append(seen[int(np.argmax(scores))])
    return chosen


def _parted(candidates: Sequence[Candidate], ink: Ink, pixels: Pixels) -> Asking[list[Candidate]]:
    """The candidates, with those that the network does not take for one digit parted where that gives digits."""
    doubtful = [index for index, one in enumerate(candidates) if one.best < _NO_DOUBT]
    largest = sorted(doubtful, key=lambda index: -candidates[index].piece.area)[:_MAX_CUT]
    doubts = {index: cut_ways(candidates[index].piece) for index in sorted(largest)}
    clusters = [((candidates[index].piece,), *ways) for index, ways in doubts.items() if ways]
    parted = iter((yield from _chosen(clusters, ink, pixels, _CUT_GAIN)))
    result = []
    for index, candidate in enumerate(candidates):
        parts = next(parted) if doubts.get(index) else [candidate]
        sure = len(parts) == 1 or min(part.best for part in parts) >= _SURE_PARTS
        result += parts if sure else [candidate]
    return result


def with_length(view: View, missing: int, pixels: Pixels) -> Asking[View]:
    """The view with up to `missing` more candidates, by the most probable cuts of wide ones; fewer where none is.

    However probable its parts are, nothing in the picture says that it was right to cut: they are `forced`.
    """
    candidates = list(view.candidates)
    widest = sorted(range(len(candidates)), key=lambda index: -candidates[index].piece.w)[:_MAX_CUT]
    ways = [(index, way) for index in sorted(widest) for way in cut_ways(candidates[index].piece)]
    known = iter((yield from _asked([piece for _, way in ways for piece in way], view.ink, pixels)))
    seen = [(index, [next(known) for _ in way]) for index, way in ways]
    replaced: dict[int, list[Candidate]] = {}
    for index, parts in sorted(seen, key=lambda way: -min(part.best for part in way[1])):
        worst = min(part.best for part in parts)
        if index not in replaced and len(parts) - 1 <= missing and worst >= _FORCED_PARTS:
            replaced[index] = [replace(part, forced=True) for part in parts]
            missing -= len(parts) - 1
    whole = [part for index, one in enumerate(candidates) for part in replaced.get(index, [one])]
    return replace(view, candidates=tuple(whole))
