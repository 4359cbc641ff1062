"""Segmentation of a picture, for one polarity of ink, into candidates that the network has classified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.clusters import SPECK, find_clusters, split_hypotheses
from inkdigits.reading.components import Component, find_components
from inkdigits.reading.coroutines import NetworkQueries
from inkdigits.reading.crop import crop
from inkdigits.reading.evidence import is_ink
from inkdigits.reading.ink import Ink, WorkingCopy, find_ink

__all__ = ["Candidate", "Segmentation", "segment", "split_to_length"]

Pixels = NDArray[np.uint8]
Hypothesis = Sequence[Component]
# The limits were set by hand on the development pictures (benchmarks/real_digits.py); none was measured by itself.
# By how much the probability of its least probable digit must rise for components to be merged, and to be split.
_MIN_MERGE_GAIN = 0.1
_MIN_SPLIT_GAIN = 0.2
# A component with at least this probability is not split, and no part of a split may have less than the second one.
_MAX_SPLIT_PROBABILITY = 0.95
_MIN_PART_PROBABILITY = 0.93
# The same for the parts of a split that only a known length justifies.
_MIN_FORCED_PROBABILITY = 0.3
# Components smaller than this fraction of the picture's long side are grain or a crease.
_MIN_NOTABLE = 0.04
# Splitting takes long, and a picture with more doubtful components is not a page of digits.
_MAX_SPLITS = 60


@dataclass(frozen=True)
class Candidate:
    """A component that may be a digit, the picture of it that the network classified, and the network's answer.

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
    def value(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class Segmentation:
    """A picture's ink and the candidates in it; `other` are components of notable size that are not ink."""

    ink: Ink
    candidates: tuple[Candidate, ...]
    other: tuple[Component, ...]

    @property
    def quality(self) -> float:
        """How much the candidates look like digits: those with a probability below 0.6 count against it."""
        found = self.candidates
        return sum(candidate.best - 0.6 for candidate in found) / (len(found) ** 0.5 if found else 1.0)


def segment(copy: WorkingCopy, pixels: Pixels, *, light: bool) -> NetworkQueries[Segmentation]:
    """The segmentation of a picture for ink that is lighter than its paper (`light`) or darker.

    `pixels` is the full picture that `copy` was made of.
    """
    ink = find_ink(copy, light=light)
    found = find_components(ink)
    clusters = [cluster.hypotheses for cluster in find_clusters([one for one in found if is_ink(one, ink)])]
    merged = yield from _best_hypotheses(clusters, ink, pixels, _MIN_MERGE_GAIN)
    candidates = yield from _split([candidate for digits in merged for candidate in digits], ink, pixels)
    large = max((max(candidate.component.w, candidate.component.h) for candidate in candidates), default=0)
    notable = max(SPECK * large, _MIN_NOTABLE * max(ink.mask.shape))
    other = [component for component in found if max(component.w, component.h) > notable and not is_ink(component, ink)]
    return Segmentation(ink, tuple(candidates), tuple(other))


def _classified(hypotheses: Sequence[Hypothesis], ink: Ink, pixels: Pixels) -> NetworkQueries[list[list[Candidate]]]:
    """The candidates of every hypothesis, with one query of the network."""
    components = [component for hypothesis in hypotheses for component in hypothesis]
    if not components:
        return []
    images = np.stack([crop(component, ink, pixels) for component in components])
    probabilities = yield images
    candidates = map(Candidate, components, images, probabilities)
    return [[next(candidates) for _ in hypothesis] for hypothesis in hypotheses]


def _best_hypotheses(
    clusters: Sequence[Sequence[Hypothesis]], ink: Ink, pixels: Pixels, min_gain: float
) -> NetworkQueries[list[list[Candidate]]]:
    """For every cluster the hypothesis whose least probable digit is the most probable.

    Another than the first is taken only if it is better by more than `min_gain`.
    """
    classified = iter((yield from _classified([one for cluster in clusters for one in cluster], ink, pixels)))
    best = []
    for cluster in clusters:
        hypotheses = [next(classified) for _ in cluster]
        scores = [_least_probable(candidates) for candidates in hypotheses]
        scores[0] += min_gain
        best.append(hypotheses[int(np.argmax(scores))])
    return best


def _least_probable(candidates: Sequence[Candidate]) -> float:
    return min(candidate.best for candidate in candidates)


def _split(candidates: Sequence[Candidate], ink: Ink, pixels: Pixels) -> NetworkQueries[list[Candidate]]:
    """The candidates, with those that are probably not one digit split where their parts are digits."""
    doubtful = [index for index, one in enumerate(candidates) if one.best < _MAX_SPLIT_PROBABILITY]
    largest = sorted(doubtful, key=lambda index: -candidates[index].component.area)[:_MAX_SPLITS]
    splits = {index: split_hypotheses(candidates[index].component) for index in sorted(largest)}
    clusters = [((candidates[index].component,), *hypotheses) for index, hypotheses in splits.items() if hypotheses]
    best = iter((yield from _best_hypotheses(clusters, ink, pixels, _MIN_SPLIT_GAIN)))
    result = []
    for index, candidate in enumerate(candidates):
        parts = next(best) if splits.get(index) else [candidate]
        accepted = len(parts) == 1 or _least_probable(parts) >= _MIN_PART_PROBABILITY
        result += parts if accepted else [candidate]
    return result


def split_to_length(segmentation: Segmentation, missing: int, pixels: Pixels) -> NetworkQueries[Segmentation]:
    """The segmentation with up to `missing` more candidates, from the most probable splits of the wide ones.

    The parts are `forced`: however probable they are, nothing in the picture justifies the split.
    """
    candidates = list(segmentation.candidates)
    widest = sorted(range(len(candidates)), key=lambda index: -candidates[index].component.w)[:_MAX_SPLITS]
    splits = [(index, parts) for index in sorted(widest) for parts in split_hypotheses(candidates[index].component)]
    classified = yield from _classified([parts for _, parts in splits], segmentation.ink, pixels)
    by_index = [(index, parts) for (index, _), parts in zip(splits, classified, strict=True)]
    replaced: dict[int, list[Candidate]] = {}
    for index, parts in sorted(by_index, key=lambda split: -_least_probable(split[1])):
        probable = _least_probable(parts) >= _MIN_FORCED_PROBABILITY
        if index not in replaced and len(parts) - 1 <= missing and probable:
            replaced[index] = [replace(part, forced=True) for part in parts]
            missing -= len(parts) - 1
    whole = [part for index, one in enumerate(candidates) for part in replaced.get(index, [one])]
    return replace(segmentation, candidates=tuple(whole))
