"""`report.html` of a reproduction: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.evaluate import Evaluation, Predictions
from inkdigits.evaluation.figures import confusion_figure, curves_figure, png_data_uri
from inkdigits.evaluation.html_page import write_page
from inkdigits.training.checkpoint import EpochRecord

__all__ = ["EvaluatedNetwork", "write_report"]


@dataclass(frozen=True)
class EvaluatedNetwork:
    """A trained network with everything the page shows of it."""

    name: str
    history: Sequence[EpochRecord]
    evaluation: Evaluation
    predictions: Predictions


@dataclass(frozen=True)
class _Mistake:
    picture: str
    index: int
    label: int
    read: int
    probability: float


def write_report(
    path: Path, summary: dict[str, Any], networks: Sequence[EvaluatedNetwork], digits: LabelledDigits
) -> None:
    """Write the page for `networks`, all evaluated on `digits`. Raises `OutputError`."""
    sections = [_section(network, digits) for network in networks]
    write_page(path, "reproduction.html.jinja", summary=summary, sections=sections)


def _section(network: EvaluatedNetwork, digits: LabelledDigits) -> dict[str, Any]:
    return {
        "name": network.name,
        "evaluation": network.evaluation,
        "curves": curves_figure(network.history, f"{network.name}: learning curves"),
        "confusion": confusion_figure(network.evaluation.confusion_matrix, f"{network.name}: confusion matrix"),
        "mistakes": _mistakes(network.predictions, digits),
    }


def _mistakes(predictions: Predictions, digits: LabelledDigits) -> list[_Mistake]:
    """Every picture that was read wrong, the surest mistake first."""
    wrong = np.flatnonzero(predictions.predicted != digits.labels)
    sure = predictions.probabilities[wrong].max(axis=1)
    return [_mistake(int(index), predictions, digits) for index in wrong[np.argsort(-sure, kind="stable")]]


def _mistake(index: int, predictions: Predictions, digits: LabelledDigits) -> _Mistake:
    read = int(predictions.predicted[index])
    return _Mistake(
        picture=png_data_uri(digits.images[index]),
        index=index,
        label=int(digits.labels[index]),
        read=read,
        probability=float(predictions.probabilities[index, read]),
    )
