"""The robustness report: how a classifier handles pictures that are unlike those it was trained on, and non-digits.

Which pictures are classified is said in `robustness_conditions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import DataError
from inkdigits.evaluation.evaluate import check_digit_classes
from inkdigits.evaluation.held_out import open_held_out
from inkdigits.evaluation.robustness_conditions import (
    CORRUPTIONS,
    NONDIGITS,
    Condition,
    corrupted,
    font_digits,
    moved,
    nondigits,
)
from inkdigits.modelfile.load import Classifier, as_classifier, load_classifier
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats import scores
from inkdigits.stats.scores import Interval
from inkdigits.synthesis.corruptions import SEVERITIES
from inkdigits.system.html_table import html_table, html_text, percent
from inkdigits.system.whole_numbers import check_whole_number
from inkdigits.training.run import Run, open_run

__all__ = [
    "DEFAULT_THRESHOLD",
    "AcceptedNonDigit",
    "DigitScores",
    "NonDigitScores",
    "RobustnessMeans",
    "RobustnessReport",
    "measure_robustness",
    "robustness",
]

Grey = NDArray[np.uint8]

# For a model that does not name a probability below which it refuses a picture.
DEFAULT_THRESHOLD = 0.5

_SHOWN = 3  # accepted non-digits kept of each family, the most confident


@dataclass(frozen=True)
class DigitScores:
    """What was answered for `n` digits under one condition."""

    condition: Condition
    n: int
    right: int
    refused: int  # highest probability below the threshold
    wrong_accepted: int

    @property
    def accuracy(self) -> float:
        """The fraction classified correctly, accepted or not, in [0, 1]."""
        return self.right / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the accuracy (Wilson)."""
        return scores.wilson_interval(self.right, self.n)


@dataclass(frozen=True)
class NonDigitScores:
    """What was answered for `n` pictures of one family of non-digits."""

    family: str
    held_out: bool
    n: int
    accepted: int
    auroc: float  # of the highest probability, plain digits against these; 0.5 is chance

    @property
    def rate(self) -> float:
        """The fraction accepted as a digit, in [0, 1]."""
        return self.accepted / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the rate (Wilson)."""
        return scores.wilson_interval(self.accepted, self.n)


@dataclass(frozen=True)
class AcceptedNonDigit:
    """A picture of no digit that was accepted as one."""

    family: str
    read: int
    probability: float
    picture: Grey  # (28, 28)


@dataclass(frozen=True)
class RobustnessMeans:
    """Means over kinds, every kind with the same weight; fractions in [0, 1]."""

    corruptions: float  # accuracy, over kinds and severities
    fonts: float  # accuracy on their digits
    nondigits_accepted: float
    auroc: float


@dataclass(frozen=True)
class RobustnessReport:
    """Everything measured of one model. `shown` holds pictures for the page and is not in the JSON."""

    model: str
    data: str
    data_sha256: str
    sample: int
    seed: int
    threshold: float
    threshold_from_model: bool
    digits: tuple[DigitScores, ...]
    nondigits: tuple[NonDigitScores, ...]
    shown: tuple[AcceptedNonDigit, ...] = field(repr=False, default=())
    test_openings: int | None = None  # in the run's record; None for a model without one

    def __repr__(self) -> str:
        return f"RobustnessReport({self.model!r} on {self.data!r}: {percent(self.plain.accuracy)} of plain digits)"

    def _repr_html_(self) -> str:
        """The means over kinds as a table, in a notebook."""
        rows = [
            (kinds, percent(means.corruptions), percent(means.fonts), percent(means.nondigits_accepted))
            for kinds, means in (("trained-on", self.means(held_out=False)), ("held-out", self.means(held_out=True)))
        ]
        return html_text(repr(self)) + html_table(["kinds", "corrupted", "fonts", "non-digits accepted"], rows)

    @property
    def plain(self) -> DigitScores:
        """All test digits, unchanged."""
        return self.digits[0]

    def group(self, name: str) -> list[DigitScores]:
        """The scores of the conditions of one group, as in `Condition.group`."""
        return [row for row in self.digits if row.condition.group == name]

    def means(self, held_out: bool) -> RobustnessMeans:
        """The means over kinds that a network may have met in training, or over those that it never did."""
        damaged = [row for row in self.group("corruption") if row.condition.held_out == held_out]
        fonts = [row for row in self.group("font") if row.condition.held_out == held_out]
        families = [row for row in self.nondigits if row.held_out == held_out]
        return RobustnessMeans(
            corruptions=fmean(row.accuracy for row in damaged),
            fonts=fmean(row.accuracy for row in fonts if row.condition.kind == "digits"),
            nondigits_accepted=fmean(row.rate for row in families),
            auroc=fmean(row.auroc for row in families),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        apart = ("digits", "nondigits", "shown")
        return {
            **{name: value for name, value in vars(self).items() if name not in apart},
            "means": {
                "trained_on": asdict(self.means(held_out=False)),
                "held_out": asdict(self.means(held_out=True)),
            },
            "digits": [_digit_row(row) for row in self.digits],
            "nondigits": [{**asdict(row), "rate": row.rate, **_ends(row.interval)} for row in self.nondigits],
        }


def _digit_row(row: DigitScores) -> dict[str, Any]:
    counts = {"n": row.n, "right": row.right, "refused": row.refused, "wrong_accepted": row.wrong_accepted}
    return {**asdict(row.condition), **counts, "accuracy": row.accuracy, **_ends(row.interval)}


def _ends(interval: Interval) -> dict[str, list[float]]:
    return {"interval": [interval.low, interval.high]}


def robustness(
    model: Run | str | Path | Classifier,
    *,
    data: DataSource = MNIST,
    sample: int = 1000,
    seed: int = 0,
    start_keras: Callable[[], object] | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> RobustnessReport:
    """The robustness report of a shipped model, a model file, a run or its folder, a Keras model, or anything with
    `predict_proba`, on the test digits of `data`.

    All of them are classified unchanged, `sample` of them under every other condition, and `sample` non-digits of each
    family. A run's record notes that its test digits were opened. `progress` is called with a line at each stage.
    Raises `ModelFileError`, `DataError` or `RunError`.
    """
    check_whole_number("sample", sample, DataError)
    run, source = None, type(model).__name__
    if isinstance(model, Run | str | Path):
        path = model.path if isinstance(model, Run) else model
        run = open_run(path) if (Path(path) / "config.json").is_file() else None
        source, classifier = str(path), load_classifier(path, start_keras=start_keras)
    else:
        classifier = as_classifier(model)
    if isinstance(classifier, Predictor):
        check_digit_classes(classifier, source)
    metadata = classifier.metadata if isinstance(classifier, Predictor) else None
    return measure_robustness(
        classifier,
        open_held_out(run, data),
        model=source,
        threshold=metadata.acceptance_threshold if metadata else 0.0,
        sample=sample,
        seed=seed,
        progress=progress,
        test_openings=None if run is None else len(run.test_openings),
    )


def measure_robustness(
    classifier: Classifier,
    digits: LabelledDigits,
    *,
    model: str,
    threshold: float = 0.0,
    sample: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
    test_openings: int | None = None,
) -> RobustnessReport:
    """The robustness report of anything with `predict_proba`; with a `threshold` of 0 the default of 0.5 is used.

    Raises `DataError` when the answers are not probabilities (n, 10).
    """
    answers = _Answers(classifier, threshold or DEFAULT_THRESHOLD)
    few = digits.take(np.sort(np.random.default_rng(seed).permutation(len(digits))[:sample]))
    progress(f"plain: {len(digits):,} digits of {digits.name}")
    plain = answers.probabilities(digits.images)
    rows = [answers.scores(Condition("plain", "digits"), plain, digits.labels)]
    progress(f"corruptions: {len(CORRUPTIONS)} kinds at {len(SEVERITIES)} severities")
    rows += [answers.to_digits(condition, images, few.labels) for condition, images in corrupted(few, seed)]
    progress("shifts, rotations, scales and strokes")
    rows += [answers.to_digits(condition, images, few.labels) for condition, images in moved(few)]
    progress("digits of fonts")
    rows += [answers.to_digits(*written) for written in font_digits(sample, seed)]
    progress(f"non-digits: {len(NONDIGITS)} families")
    confidence = plain.max(axis=1)
    families = [answers.to_nondigits(family, images, confidence) for family, images in nondigits(sample, seed)]
    return RobustnessReport(
        model=model,
        data=digits.name,
        data_sha256=digits.sha256,
        sample=len(few),
        seed=seed,
        threshold=answers.threshold,
        threshold_from_model=threshold > 0,
        digits=tuple(rows),
        nondigits=tuple(row for row, _ in families),
        shown=tuple(accepted for _, shown in families for accepted in shown),
        test_openings=test_openings,
    )


@dataclass(frozen=True)
class _Answers:
    """What a classifier answers, and what is accepted of it."""

    classifier: Classifier
    threshold: float

    def probabilities(self, pictures: Grey) -> scores.Probabilities:
        probabilities = np.asarray(self.classifier.predict_proba(pictures))
        if probabilities.ndim != 2 or probabilities.shape[1] != CLASSES:
            raise DataError(f"it answered with shape {probabilities.shape}, expected one of (n, {CLASSES})")
        scores.check_probabilities(probabilities, len(pictures))
        return probabilities

    def to_digits(self, condition: Condition, pictures: Grey, labels: scores.Labels) -> DigitScores:
        return self.scores(condition, self.probabilities(pictures), labels)

    def scores(self, condition: Condition, probabilities: scores.Probabilities, labels: scores.Labels) -> DigitScores:
        right = probabilities.argmax(axis=1) == labels
        accepted = probabilities.max(axis=1) >= self.threshold
        return DigitScores(
            condition=condition,
            n=len(labels),
            right=int(right.sum()),
            refused=int((~accepted).sum()),
            wrong_accepted=int((accepted & ~right).sum()),
        )

    def to_nondigits(
        self, condition: Condition, pictures: Grey, of_digits: NDArray[np.floating[Any]]
    ) -> tuple[NonDigitScores, list[AcceptedNonDigit]]:
        """The scores of one family, and the most confident of those that were accepted.

        `of_digits` holds the highest probability of each plain digit.
        """
        probabilities = self.probabilities(pictures)
        confidence = probabilities.max(axis=1)
        accepted = confidence >= self.threshold
        first = [row for row in np.argsort(-confidence, kind="stable")[:_SHOWN].tolist() if accepted[row]]
        shown = [
            AcceptedNonDigit(condition.kind, int(probabilities[row].argmax()), float(confidence[row]), pictures[row])
            for row in first
        ]
        auroc = scores.auroc(of_digits, confidence)
        return NonDigitScores(condition.kind, condition.held_out, len(pictures), int(accepted.sum()), auroc), shown
