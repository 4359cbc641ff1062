"""The shift card: how a classifier bears pictures that are unlike those it was trained on, and what is no digit.

Digits of the test set are damaged, moved, turned, scaled and written with another pen; digits of held-out fonts and
pictures that are no digits are made. Kinds that a network may have met in training stand apart from held-out ones
(`synthesis.families`). The same seed and sample give the same pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import DataError, ModelFileError
from inkdigits.evaluation.held_out import open_test_split
from inkdigits.modelfile.load import Classifier, load_classifier
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats import scores
from inkdigits.stats.scores import Interval
from inkdigits.synthesis import geometry
from inkdigits.synthesis.corruptions import SEVERITIES, corrupt
from inkdigits.synthesis.families import (
    HELD_OUT_CORRUPTIONS,
    HELD_OUT_NONDIGITS,
    TRAINED_CORRUPTIONS,
    TRAINED_NONDIGITS,
)
from inkdigits.synthesis.glyphs import Glyphs, Split, load_glyphs, sample_glyphs
from inkdigits.synthesis.nondigits import FAMILIES
from inkdigits.training.run import open_run

__all__ = ["DEFAULT_THRESHOLD", "Accepted", "Digits", "NonDigits", "ShiftCard", "Summary", "judge_shift", "make_card"]

Grey = NDArray[np.uint8]

# For a model that says of itself no probability below which it does not accept a picture.
DEFAULT_THRESHOLD = 0.5

_SHIFTS = (1, 2, 3, 4, 5, 6)  # pixels, every eighth picture in each of eight directions
_ROTATIONS = (-60, -45, -30, -15, 15, 30, 45, 60)  # degrees, clockwise
_SCALES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3)
_STROKES = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 1.0, 1.5, 2.0)  # pixels on each side of a stroke
_SHOWN = 3  # accepted non-digits kept a family, the surest


@dataclass(frozen=True)
class Digits:
    """Digits under one condition. `amount` is a strength, pixels, degrees, a factor, or None."""

    group: str  # "plain", "corruption", "shift", "rotation", "scale", "stroke" or "font"
    kind: str
    amount: float | None
    held_out: bool
    n: int
    right: int
    refused: int  # highest probability below the threshold
    wrong_accepted: int

    @property
    def accuracy(self) -> float:
        """The share that is read right, accepted or not, in [0, 1]."""
        return self.right / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy (Wilson)."""
        return scores.wilson_interval(self.right, self.n)


@dataclass(frozen=True)
class NonDigits:
    """Pictures of one family that are no digits."""

    family: str
    held_out: bool
    n: int
    accepted: int
    auroc: float  # how well the highest probability tells the plain digits from them; 0.5 is chance

    @property
    def rate(self) -> float:
        """The share that was accepted as a digit, in [0, 1]."""
        return self.accepted / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the rate (Wilson)."""
        return scores.wilson_interval(self.accepted, self.n)


@dataclass(frozen=True)
class Accepted:
    """A picture that is no digit and was accepted as one."""

    family: str
    read: int
    probability: float
    picture: Grey  # (28, 28)


@dataclass(frozen=True)
class Summary:
    """Means over kinds, every kind with the same weight; shares in [0, 1]."""

    corruptions: float  # accuracy, over kinds and strengths
    fonts: float  # accuracy on their digits
    nondigits_accepted: float
    auroc: float


@dataclass(frozen=True)
class ShiftCard:
    """Everything that was found out about one model. `shown` holds pictures for a page and is no part of the JSON."""

    model: str
    data: str
    data_sha256: str
    sample: int
    seed: int
    threshold: float
    threshold_is_the_models: bool
    digits: tuple[Digits, ...]
    nondigits: tuple[NonDigits, ...]
    shown: tuple[Accepted, ...] = field(repr=False, default=())
    test_openings: int | None = None  # in the run's record; None for a model without one

    @property
    def plain(self) -> Digits:
        """All test digits as they are."""
        return self.digits[0]

    def summary(self, held_out: bool) -> Summary:
        """The means over kinds that a network may have met, or over those that it never did."""
        digits = [row for row in self.digits if row.held_out == held_out]
        families = [row for row in self.nondigits if row.held_out == held_out]
        return Summary(
            corruptions=fmean(row.accuracy for row in digits if row.group == "corruption"),
            fonts=fmean(row.accuracy for row in digits if row.group == "font" and row.kind == "digits"),
            nondigits_accepted=fmean(row.rate for row in families),
            auroc=fmean(row.auroc for row in families),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        return {
            **told,
            "summary": {
                "trained_on": asdict(self.summary(held_out=False)),
                "held_out": asdict(self.summary(held_out=True)),
            },
            "digits": [{**asdict(row), "accuracy": row.accuracy, **_ends(row.interval)} for row in self.digits],
            "nondigits": [{**asdict(row), "rate": row.rate, **_ends(row.interval)} for row in self.nondigits],
        }


_PLAIN_FIELDS = (
    *("model", "data", "data_sha256", "sample", "seed", "threshold", "threshold_is_the_models", "test_openings"),
)


def _ends(interval: Interval) -> dict[str, list[float]]:
    return {"interval": [interval.low, interval.high]}


def judge_shift(
    source: str,
    *,
    data: str = MNIST,
    sample: int = 1000,
    seed: int = 0,
    start_keras: Callable[[], object] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> ShiftCard:
    """The shift card of a shipped model, a model file, a run's folder or a Keras model, on the test digits of `data`.

    All of them are read as they are, `sample` of them under every other condition, and `sample` non-digits a family are
    made. That the test digits were opened is written into a run's record. `tell` is given lines about the progress.
    Raises `ModelFileError`, `DataError` or `RunError`.
    """
    classifier = load_classifier(source, start_keras=start_keras)
    run = open_run(Path(source)) if (Path(source) / "config.json").is_file() else None
    metadata = classifier.metadata if isinstance(classifier, Predictor) else None
    if metadata and metadata.classes != tuple(str(label) for label in range(CLASSES)):
        raise ModelFileError(f"{source} has the classes {', '.join(metadata.classes)}, expected the digits 0 to 9")
    return make_card(
        classifier,
        open_test_split(run, data),
        model=source,
        threshold=metadata.acceptance_threshold if metadata else 0.0,
        sample=sample,
        seed=seed,
        tell=tell,
        test_openings=None if run is None else len(run.test_openings),
    )


def make_card(
    classifier: Classifier,
    digits: LabelledDigits,
    *,
    model: str,
    threshold: float = 0.0,
    sample: int = 1000,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
    test_openings: int | None = None,
) -> ShiftCard:
    """The shift card of anything with `predict_proba`. A `threshold` of 0 stands for none: then 0.5 is taken.

    Raises `DataError` when its answers are no probabilities, (n, 10).
    """
    judge = _Judge(classifier, threshold or DEFAULT_THRESHOLD, seed, tell)
    few = digits.take(np.sort(np.random.default_rng(seed).permutation(len(digits))[:sample]))
    plain, confidence = judge.plain(digits)
    tell(f"damage: {len(TRAINED_CORRUPTIONS) + len(HELD_OUT_CORRUPTIONS)} kinds at {len(SEVERITIES)} strengths")
    conditions = [plain, *judge.corruptions(few), *judge.moved(few), *judge.fonts(sample)]
    families = list(judge.nondigits(sample, confidence))
    return ShiftCard(
        model=model,
        data=digits.name,
        data_sha256=digits.sha256,
        sample=len(few),
        seed=seed,
        threshold=judge.threshold,
        threshold_is_the_models=threshold > 0,
        digits=tuple(conditions),
        nondigits=tuple(row for row, _ in families),
        shown=tuple(accepted for _, shown in families for accepted in shown),
        test_openings=test_openings,
    )


@dataclass(frozen=True)
class _Judge:
    classifier: Classifier
    threshold: float
    seed: int
    tell: Callable[[str], None]

    def plain(self, digits: LabelledDigits) -> tuple[Digits, NDArray[np.floating[Any]]]:
        """All digits as they are, and the highest probability of each."""
        self.tell(f"plain: {len(digits):,} digits of {digits.name}")
        probabilities = self._ask(digits.images)
        return self._row("plain", "digits", None, False, digits.labels, probabilities), probabilities.max(axis=1)

    def corruptions(self, digits: LabelledDigits) -> Iterator[Digits]:
        """Every kind at every strength."""
        for kind in (*TRAINED_CORRUPTIONS, *HELD_OUT_CORRUPTIONS):
            for strength in SEVERITIES:
                damaged = corrupt(digits.images, kind, strength, self._random(kind, strength))
                yield self._digits("corruption", kind, strength, damaged, digits.labels, kind in HELD_OUT_CORRUPTIONS)

    def moved(self, digits: LabelledDigits) -> Iterator[Digits]:
        """Shifts, rotations, scales and strokes by known amounts."""
        self.tell("shifts, rotations, scales and strokes")
        turn = np.arange(len(digits)) % 8 * (np.pi / 4)
        changes: Sequence[tuple[str, Sequence[float], Callable[[float], Grey]]] = (
            ("shift", _SHIFTS, lambda by: geometry.shifted(digits.images, by * np.cos(turn), by * np.sin(turn))),
            ("rotation", _ROTATIONS, lambda by: geometry.rotated(digits.images, by)),
            ("scale", _SCALES, lambda by: geometry.scaled(digits.images, by)),
            ("stroke", _STROKES, lambda by: geometry.thickened(digits.images, by)),
        )
        for group, amounts, change in changes:
            for amount in amounts:
                yield self._digits(group, group, amount, change(amount), digits.labels, False)

    def fonts(self, n: int) -> Iterator[Digits]:
        """Digits of the fonts to train with and of the held-out ones, these also by style."""
        self.tell("digits of fonts")
        for split in ("train", "held_out"):
            glyphs = load_glyphs(split).digits
            plain = glyphs.take(glyphs.styles == "plain")
            yield self._font(split, "digits", plain, n)
            for style in ("crossed", "slashed", "foot"):
                yield self._font(split, style, glyphs.take(glyphs.styles == style), max(1, n // 4))

    def _font(self, split: Split, kind: str, glyphs: Glyphs, n: int) -> Digits:
        pictures, rows = sample_glyphs(glyphs, self._random(split + kind, 0), n)
        labels = glyphs.characters[rows].astype(np.int64)
        return self._digits("font", kind, None, pictures, labels, split == "held_out")

    def nondigits(self, n: int, of_digits: NDArray[np.floating[Any]]) -> Iterator[tuple[NonDigits, list[Accepted]]]:
        """Each family, with the surest of those that were accepted."""
        self.tell(f"non-digits: {len(TRAINED_NONDIGITS) + len(HELD_OUT_NONDIGITS)} families")
        for family in (*TRAINED_NONDIGITS, *HELD_OUT_NONDIGITS):
            pictures = FAMILIES[family](self._random(family, 0), n)
            probabilities = self._ask(pictures)
            confidence = probabilities.max(axis=1)
            accepted = confidence >= self.threshold
            surest = [row for row in np.argsort(-confidence, kind="stable")[:_SHOWN].tolist() if accepted[row]]
            shown = [
                Accepted(family, int(probabilities[row].argmax()), float(confidence[row]), pictures[row])
                for row in surest
            ]
            held_out = family in HELD_OUT_NONDIGITS
            yield NonDigits(family, held_out, n, int(accepted.sum()), scores.auroc(of_digits, confidence)), shown

    def _digits(
        self, group: str, kind: str, amount: float | None, pictures: Grey, labels: scores.Labels, held_out: bool
    ) -> Digits:
        return self._row(group, kind, amount, held_out, labels, self._ask(pictures))

    def _row(
        self,
        group: str,
        kind: str,
        amount: float | None,
        held_out: bool,
        labels: scores.Labels,
        probabilities: scores.Probabilities,
    ) -> Digits:
        right = probabilities.argmax(axis=1) == labels
        accepted = probabilities.max(axis=1) >= self.threshold
        return Digits(
            group=group,
            kind=kind,
            amount=amount,
            held_out=held_out,
            n=len(labels),
            right=int(right.sum()),
            refused=int((~accepted).sum()),
            wrong_accepted=int((accepted & ~right).sum()),
        )

    def _ask(self, pictures: Grey) -> scores.Probabilities:
        probabilities = np.asarray(self.classifier.predict_proba(pictures))
        if probabilities.ndim != 2 or probabilities.shape[1] != CLASSES:
            raise DataError(f"it answered with shape {probabilities.shape}, expected one of (n, {CLASSES})")
        scores.check_probabilities(probabilities, len(pictures))
        return probabilities

    def _random(self, kind: str, strength: int) -> np.random.Generator:
        # From the kind's name, so that a kind that is added later changes no other's pictures.
        return np.random.default_rng([self.seed, zlib.crc32(kind.encode()), strength])
