"""Segmentation of a view into candidates that the classifier has classified."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.normalize import normalize_ink
from inkdigits.reading.broken import broken_pairs, joined
from inkdigits.reading.components import Cluster, Component, find_clusters, typical_height
from inkdigits.reading.coroutines import NetworkQueries
from inkdigits.reading.finder import InkMaps
from inkdigits.reading.touching import cut_everywhere, may_be_several, split_at_wall
from inkdigits.reading.views import View

__all__ = ["Candidate", "Segmentation", "segment", "split_to_length"]

Pixels = NDArray[np.uint8]
Hypothesis = Sequence[Component]
# Candidates with a confidence below this count against a view.
_LIKELY = 0.6
# By how much the probability of its least probable digit must rise for ink to be more digits.
_MIN_GAIN = 0.1
# Ink that is no digit, with a lower probability, is cut between touching digits where it is so many times as wide as
# high. The cut counts if every part has that probability and so many of them and of the digits beside them are no ones,
# which strokes of letters look like (docs/log.md, 2026-11-30).
_MIN_PROBABILITY, _MIN_ASPECT, _MIN_OTHERS = 0.9, 0.8, 2
# The probability of a broken digit that is joined again.
_MIN_JOINED_PROBABILITY = 0.95
# How probable the parts of a split are that only a known length justifies, how many there may be, and how many wide
# components are cut at all: more are a text or a texture.
_MIN_FORCED_PROBABILITY, _MAX_PARTS, _MAX_CUTS = 0.3, 12, 20


@dataclass(frozen=True)
class Candidate:
    """A component that may be a digit, the picture of it that the classifier was given, and its answer.

    `network_input` is uint8 (28, 28), `probabilities` (10,). It is `forced` if it comes from a split that only a known
    length justifies.
    """

    component: Component
    network_input: Pixels
    probabilities: NDArray[np.float32]
    forced: bool = False

    @cached_property
    def best(self) -> float:
        """The highest probability."""
        return float(self.probabilities.max())

    @cached_property
    def confidence(self) -> float:
        """The highest probability times the fraction of the ink that the finder takes for a digit's."""
        return self.best * self.component.digit_fraction

    @cached_property
    def value(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class Segmentation:
    """A view of a picture, its candidates, the clusters of ink that they were chosen from, and specks of ink.

    It is `plain` if the finder was not asked (`plain.py`).
    """

    view: View
    candidates: tuple[Candidate, ...]
    clusters: tuple[Cluster, ...] = ()
    specks: tuple[Component, ...] = ()
    plain: bool = False

    @cached_property
    def quality(self) -> float:
        """How much the candidates look like digits: those with a confidence below `_LIKELY` count against it."""
        found = self.candidates
        return sum(one.confidence - _LIKELY for one in found) / (len(found) ** 0.5 if found else 1.0)

    @cached_property
    def height(self) -> float:
        """The height of the writing in pixels of the view; 0 without any."""
        return typical_height([candidate.component for candidate in self.candidates])


def segment(view: View) -> NetworkQueries[Segmentation]:
    """The segmentation of a view."""
    clusters, specks = find_clusters(view.maps)
    classified = iter((yield from _classified([one for cluster in clusters for one in cluster.hypotheses])))
    best = [_best([next(classified) for _ in cluster.hypotheses]) for cluster in clusters]
    best = yield from _cut(clusters, best, view.maps)
    candidates = [one for digits in best for one in digits]
    candidates = yield from _rejoined(candidates)
    return Segmentation(view, tuple(candidates), tuple(clusters), tuple(specks))


def _cut(
    clusters: Sequence[Cluster], best: list[list[Candidate]], maps: InkMaps
) -> NetworkQueries[list[list[Candidate]]]:
    """The candidates of each cluster, replaced by touching digits where its ink is some."""
    wholes = [cluster.whole for cluster in clusters]
    doubtful = [
        index
        for index, candidates in enumerate(best)
        if _least_probable(candidates) < _MIN_PROBABILITY and may_be_several(wholes[index], _MIN_ASPECT)
    ]
    doubtful = sorted(doubtful, key=lambda index: -wholes[index].w)[:_MAX_CUTS]
    lattices = [cut_everywhere(wholes[index], maps) for index in doubtful]
    halves = [split_at_wall(wholes[index]) for index in doubtful]
    found_parts = yield from _classified([*(lattice.parts for lattice in lattices), *halves])
    classified, pairs = found_parts[: len(doubtful)], found_parts[len(doubtful) :]
    found = list(best)
    beside = sum(_is_certain_other(one) for digits in best for one in digits)
    for index, lattice, parts, pair in zip(doubtful, lattices, classified, pairs, strict=True):
        path = [parts[place] for place in lattice.best_path([one.best for one in parts])]
        found[index] = next((digits for digits in (path, pair) if _are_digits(digits, beside)), found[index])
    return found


def _is_certain_other(one: Candidate) -> bool:
    """Whether a candidate is certainly a digit other than 1."""
    return one.value != 1 and one.confidence >= _MIN_PROBABILITY


def _are_digits(parts: Sequence[Candidate], beside: int) -> bool:
    """Whether all parts are digits, and with so many digits `beside` them not only ones."""
    others = sum(one.value != 1 for one in parts)
    return len(parts) > 1 and others + beside >= _MIN_OTHERS and _least_probable(parts) >= _MIN_PROBABILITY


def _rejoined(candidates: list[Candidate]) -> NetworkQueries[list[Candidate]]:
    """The candidates, two parts of a broken digit replaced by it where it is one."""
    pairs = broken_pairs([one.component for one in candidates])
    wholes = [(joined(candidates[upper].component, candidates[lower].component),) for upper, lower in pairs]
    classified = yield from _classified(wholes)
    found = list(candidates)
    for (upper, lower), (whole,) in sorted(zip(pairs, classified, strict=True), key=lambda one: -one[1][0].best):
        parts = [candidates[upper], candidates[lower]]
        if whole.best >= _MIN_JOINED_PROBABILITY and all(any(one is part for one in found) for part in parts):
            found = [whole if one is parts[1] else one for one in found if one is not parts[0]]
    return found


def _classified(hypotheses: Sequence[Hypothesis]) -> NetworkQueries[list[list[Candidate]]]:
    """The candidates of every hypothesis, with one query of the classifier."""
    components = [component for hypothesis in hypotheses for component in hypothesis]
    if not components:
        return [[] for _ in hypotheses]
    images = np.stack([normalize_ink(component.cover) for component in components])
    probabilities = yield images
    candidates = map(Candidate, components, images, probabilities)
    return [[next(candidates) for _ in hypothesis] for hypothesis in hypotheses]


def _best(hypotheses: list[list[Candidate]]) -> list[Candidate]:
    """The hypothesis whose least probable digit is the most probable; of those nearly as good, the fewest digits."""
    scores = [_least_probable(candidates) for candidates in hypotheses]
    good = [one for one, score in zip(hypotheses, scores, strict=True) if score >= max(scores) - _MIN_GAIN]
    return min(good, key=len)


def _least_probable(candidates: Sequence[Candidate]) -> float:
    return min(candidate.best for candidate in candidates)


def split_to_length(
    segmentation: Segmentation, missing: int, kept: Collection[Candidate] = ()
) -> NetworkQueries[Segmentation]:
    """The segmentation with up to `missing` more candidates, from the most probable splits of others than `kept`.

    The parts are `forced`: however probable they are, nothing in the picture justifies the split.
    """
    whole_ones = {id(one) for one in kept}
    finest = [max(cluster.hypotheses, key=len) for cluster in segmentation.clusters]
    wide = [one.component for one in segmentation.candidates if id(one) not in whole_ones]
    wide = sorted(wide, key=lambda one: -one.w)[:_MAX_CUTS]
    counts = range(2, min(_MAX_PARTS, missing + 1) + 1)
    cuts = yield from _cuts(wide, counts, segmentation.view.maps)
    splits = yield from _classified([digits for digits in finest if len(digits) > 1])
    splits += cuts
    candidates = list(segmentation.candidates)
    for split in sorted(splits, key=lambda digits: -_least_probable(digits)):
        whole = [one for one in candidates if any(_holds(one.component, part.component) for part in split)]
        probable = _least_probable(split) >= _MIN_FORCED_PROBABILITY
        free = len(whole) == 1 and not whole[0].forced and id(whole[0]) not in whole_ones
        if probable and free and len(split) - 1 <= missing:
            place = next(index for index, one in enumerate(candidates) if one is whole[0])
            candidates[place : place + 1] = [replace(part, forced=True) for part in split]
            missing -= len(split) - 1
    return replace(segmentation, candidates=tuple(candidates))


def _cuts(wide: Sequence[Component], counts: Iterable[int], maps: InkMaps) -> NetworkQueries[list[list[Candidate]]]:
    """The best way to cut each component into each number of parts."""
    lattices = [cut_everywhere(component, maps) for component in wide]
    classified = yield from _classified([lattice.parts for lattice in lattices])
    return [
        [parts[place] for place in path]
        for lattice, parts in zip(lattices, classified, strict=True)
        for count in counts
        if (path := lattice.best_path([one.best for one in parts], count))
    ]


def _holds(whole: Component, part: Component) -> bool:
    return whole.x <= part.x + part.w // 2 < whole.x + whole.w and whole.y <= part.y + part.h // 2 < whole.y + whole.h
