"""Unsure digits as pictures for a person, and as data once they have labels."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import pytest

from inkdigits.batch.review import write_review
from inkdigits.datasets.source import load_for_evaluation, load_for_training
from inkdigits.errors import DataError
from inkdigits.reading.reader import Reader
from tests.batch.conftest import mnist, png
from tests.batch.in_process import job_of, read_here


def test_the_unsure_are_collected_and_filled_in_they_are_data(tmp_path: Path) -> None:
    reader, scans = Reader.load(), tmp_path / "scans"
    scans.mkdir()
    outcomes = ({digit.outcome for digit in reader.read(image).digits} for image in mnist().images)
    first, second = islice((number for number, found in enumerate(outcomes) if "unsure" in found), 2)
    for number in (first, second, 0, 1):
        (scans / f"{number:05d}.png").write_bytes(png(number))
    review = tmp_path / "review"
    parts = read_here(scans, tmp_path / "out").manifest.parts
    assert write_review(job_of(scans, tmp_path / "out"), review, parts) == 2
    with (review / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["path"]).name for row in rows] == [f"{first:05d}.png", f"{second:05d}.png"]
    with pytest.raises(DataError, match="no row has a label yet"):
        load_for_evaluation(str(review))
    for row, label in zip(rows, mnist().labels[[first, second]], strict=True):
        row["label"] = str(label)
    with (review / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    digits = load_for_training(str(review))
    assert digits.labels.tolist() == mnist().labels[[first, second]].tolist()
    assert digits.images.max() > 200
    assert load_for_evaluation(str(review / "labels.csv")).sha256 == digits.sha256
