"""The pictures that a network is measured with: what it reads of each kind is told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inkdigits.exercise.measuring import Measurement, PreparedPictures, Probe, reading_of


@pytest.fixture
def data() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    sizes = {"train": 400, "test": 200}
    pictures = {f"x_{name}": rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for name, n in sizes.items()}
    return {**pictures, **{f"y_{name}": rng.integers(0, 10, n) for name, n in sizes.items()}}


def measured_by_table(data: dict[str, Any], *known: str) -> Measurement:
    """What is measured of a table of the parts `known`, that answers 0 to every other picture."""
    table = {
        picture.tobytes(): label
        for part in known
        for picture, label in zip(data[f"x_{part}"], data[f"y_{part}"], strict=True)
    }
    probe = Probe.of(data)
    shown = probe.pictures[probe.order]
    answers = np.eye(10)[[table.get(picture.tobytes(), 0) for picture in shown]]
    return reading_of(PreparedPictures("as they are", shown, probe), answers, data["y_test"])


def test_a_table_of_the_test_pictures_reads_these_alone(data: dict[str, Any]) -> None:
    found = measured_by_table(data, "test")
    assert (found.accuracy, found.changed_from, found.moved_from) == (1.0, 1.0, 1.0)
    assert all(part is not None and part < 0.3 for part in (found.changed, found.moved, found.of_training))
    assert not found.random


def test_a_table_of_the_training_pictures_reads_these_alone(data: dict[str, Any]) -> None:
    found = measured_by_table(data, "train")
    assert found.of_training == 1.0
    assert found.accuracy is not None
    assert found.accuracy < 0.3
    assert found.training_rows == len(data["x_train"])
