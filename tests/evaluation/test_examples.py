"""The examples that pages show."""

from __future__ import annotations

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.evaluate import Predictions
from inkdigits.evaluation.report import make_report
from tests.evaluation.conftest import answers


def test_mistakes_come_most_confident_first_and_correct_ones_least_confident_first(test_part: LabelledDigits) -> None:
    probabilities = answers(test_part.labels, 30, 0)
    report = make_report("run", (), test_part, Predictions(probabilities, test_part.labels))
    assert report.mistakes == 30
    confidence = [example.probability for example in report.worst]
    assert confidence == sorted(confidence, reverse=True)
    assert all(example.read != example.label for example in report.worst)
    assert min(probabilities.max(axis=1)[probabilities.argmax(axis=1) == test_part.labels]) == pytest.approx(
        report.least_confident[0].probability
    )
    assert sum(row.n for row in report.confused) <= 30
