"""`report.html` and `report.md` of a run's evaluation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.label_errors import label_errors
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import RunError
from inkdigits.evaluation import figures
from inkdigits.evaluation.confidence import Bin, Coverage, coverage, coverage_curve, reliability
from inkdigits.evaluation.evaluate import Evaluation, Predictions, load_predictions, score, temperature_of
from inkdigits.evaluation.examples import Example, correct, mistakes
from inkdigits.evaluation.held_out import open_again
from inkdigits.evaluation.html_page import write_page
from inkdigits.evaluation.leakage_warnings import about_labels, about_training, learned_from
from inkdigits.evaluation.occlusion import occlusion_map
from inkdigits.modelfile.load import Classifier, load_classifier
from inkdigits.stats import scores
from inkdigits.stats.scores import Interval
from inkdigits.training.backend import start_keras
from inkdigits.training.run import Run

__all__ = ["Confused", "Report", "WithoutErrors", "make_report", "write_report"]

_COVERAGES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8)
_WORST, _UNSURE_SHOWN, _CONFUSED = 24, 12, 10  # how many of each are shown
_NEIGHBOURS = 3  # training pictures beside each mistake, where they are looked for


@dataclass(frozen=True)
class WithoutErrors:
    """The accuracy on the `n` pictures whose labels are not known to be wrong; `left_out` of them are."""

    accuracy: float
    interval: Interval  # 95 %, Wilson
    n: int
    left_out: int


@dataclass(frozen=True)
class Confused:
    """How often a digit is read as another; `fraction` is that of the digit's pictures."""

    label: int
    read: int
    n: int
    fraction: float


@dataclass(frozen=True)
class Report:
    """What a report shows beyond the scores of `evaluate`."""

    warnings: list[str]
    without_errors: WithoutErrors | None  # only on MNIST's test set
    confused: list[Confused]
    bins: list[Bin]
    coverage: list[Coverage]
    mistakes: int
    worst: list[Example]  # the most confident mistakes
    least_confident: list[Example]  # among the right ones


def make_report(name: str, learned: Collection[str], digits: LabelledDigits, predictions: Predictions) -> Report:
    """What `predictions` on `digits` show; `name` stands in warnings, `learned` are the training data's SHA-256.

    Raises `DataError` when they are no probabilities.
    """
    labels, probabilities = digits.labels, predictions.probabilities
    scores.check_probabilities(probabilities, len(digits))
    errors = label_errors(digits)
    wrong = predictions.predicted != labels
    known = frozenset() if errors is None else frozenset(errors.tolist())
    return Report(
        warnings=[*about_training(name, learned, digits.name, digits.sha256), *about_labels(digits.name, labels)],
        without_errors=None if errors is None else _without(errors, wrong),
        confused=_confused(scores.confusion_matrix(labels, predictions.predicted)),
        bins=reliability(labels, probabilities),
        coverage=coverage(labels, probabilities, _COVERAGES),
        mistakes=int(wrong.sum()),
        worst=mistakes(digits, predictions, known, _WORST),
        least_confident=correct(digits, predictions, known, _UNSURE_SHOWN),
    )


def _without(errors: NDArray[np.int64], wrong: NDArray[np.bool_]) -> WithoutErrors:
    kept = np.delete(wrong, errors)
    right = int((~kept).sum())
    return WithoutErrors(right / len(kept), scores.wilson_interval(right, len(kept)), len(kept), len(errors))


def _confused(matrix: NDArray[np.int64]) -> list[Confused]:
    wrong = matrix - np.diag(np.diag(matrix))
    places = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSED]
    pairs = [divmod(int(place), len(matrix)) for place in places]
    return [
        Confused(label, read, int(wrong[label, read]), float(wrong[label, read] / matrix[label].sum()))
        for label, read in pairs
        if wrong[label, read]
    ]


def write_report(run: Run, data: str = MNIST, classifier: Classifier | None = None, *, explain: bool = False) -> Report:
    """Write `report.html` and `report.md` into a run that was evaluated on `data`, and return what they say.

    `classifier` computes the occlusion maps of the worst mistakes, by default the run's own network. With `explain`
    Keras is started, and they get the gradient and the nearest training pictures too. Raises `RunError` when the run
    was not evaluated or its training data are gone, `DataError` when `data` is not what it was evaluated on,
    `OutputError`.
    """
    kept = run.evaluation
    if kept is None:
        raise RunError(f"{run.path}: not evaluated yet: inkdigits evaluate {run.path}")
    digits = open_again(data, kept.data_sha256)
    predictions = load_predictions(run, digits.sha256)
    report = make_report(str(run.path), learned_from(run.config), digits, predictions)
    evaluation = score(digits, predictions, temperature_of(run))
    tables = _tables(evaluation, run, kept.seconds)
    values = {"run": run, "config": run.config, "evaluation": evaluation, "report": report, **tables}
    write_page(run.path / "report.md", "report.md.jinja", **values)
    classifier = classifier or load_classifier(run.path, start_keras=lambda: start_keras(run.config.backend))
    pictures = _pictures(report, digits, classifier, run if explain else None)
    drawn = _figures(run, evaluation, report, predictions)
    write_page(run.path / "report.html", "report.html.jinja", **values, **drawn, **pictures)
    return report


def _tables(evaluation: Evaluation, run: Run, evaluating: float) -> dict[str, Any]:
    """What both forms of the report show as tables."""
    fractions = [[count / max(1, sum(row)) for count in row] for row in evaluation.confusion_matrix]
    seconds = {**run.status.seconds, "evaluate": evaluating}
    hyperparameters = {name: value for name, value in asdict(run.config.recipe).items() if name != "name"}
    return {
        "fractions": fractions,
        "seconds": seconds,
        "hyperparameters": hyperparameters,
        "openings": run.test_openings,
    }


def _figures(run: Run, evaluation: Evaluation, report: Report, predictions: Predictions) -> dict[str, str]:
    return {
        "curves": figures.curves_figure(run.history, run.steps, "learning curves"),
        "confusion": figures.confusion_figure(evaluation.confusion_matrix, "confusion matrix"),
        "calibration": figures.reliability_figure(report.bins),
        "refusal": figures.coverage_figure(*coverage_curve(predictions.labels, predictions.probabilities)),
    }


def _pictures(report: Report, digits: LabelledDigits, classifier: Classifier, explained: Run | None) -> dict[str, Any]:
    """The pictures of the examples as `data:` addresses; of the worst mistakes also what speaks for what was read."""
    saliencies = (
        _saliencies(report.worst, digits, explained) if explained and report.worst else [None] * len(report.worst)
    )
    heats = [occlusion_map(classifier, digits.images[worst.index], worst.read) for worst in report.worst]
    return {
        "worst": [
            (
                worst,
                figures.png_data_uri(digits.images[worst.index]),
                figures.heat_data_uri(digits.images[worst.index], heat),
                saliency,
            )
            for worst, heat, saliency in zip(report.worst, heats, saliencies, strict=True)
        ],
        "least_confident": [
            (example, figures.png_data_uri(digits.images[example.index])) for example in report.least_confident
        ],
    }


def _saliencies(worst: list[Example], digits: LabelledDigits, run: Run) -> list[dict[str, Any]]:
    """Gradient and nearest training pictures of each of `worst`, from the run's Keras model, as `data:` addresses."""
    # Imported here because it imports Keras, which a report without explanations does not need.
    from inkdigits.evaluation.saliency import saliency_of_run

    images = digits.images[[example.index for example in worst]]
    saliencies = saliency_of_run(run, images, [example.read for example in worst], _NEIGHBOURS)
    return [
        {
            "gradient": figures.heat_data_uri(image, saliency.gradient),
            "neighbours": [(figures.png_data_uri(near.image), near) for near in saliency.neighbours],
        }
        for image, saliency in zip(images, saliencies, strict=True)
    ]
