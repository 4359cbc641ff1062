"""The one way to open held-out digits. Every opening is written into the run's record."""

from __future__ import annotations

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST, load_for_evaluation, source_name
from inkdigits.errors import DataError
from inkdigits.training.run import Run

__all__ = ["open_again", "open_held_out"]


def open_held_out(run: Run | None, data: DataSource = MNIST) -> LabelledDigits:
    """The digits of `data` to evaluate `run` on, and a line in the run's record that they were opened.

    A model file outside of a run has no record: for it `run` is None. Raises `DataError` when they cannot be read.
    """
    digits = load_for_evaluation(data)
    if run is not None:
        run.record_test_opening(digits.name, digits.sha256)
    return digits


def open_again(data: DataSource, sha256: str) -> LabelledDigits:
    """Digits that predictions are stored for, to show their pictures: that opening is recorded already.

    Raises `DataError` when they cannot be read or are not those with that SHA-256.
    """
    digits = load_for_evaluation(data)
    if digits.sha256 != sha256:
        raise DataError(
            f"{source_name(data)}: not the digits that were evaluated on, or changed since: name those with --data"
        )
    return digits
