"""What a recipe makes of the data before the first epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.npz import save_npz
from inkdigits.training.recipes import Recipe
from inkdigits.training.training_data import load_training_data


def test_digits_are_split_and_few_are_all_kept(small_npz: Path, small: Splits) -> None:
    assert small.train is not None
    data = load_training_data(str(small_npz), Recipe(validation_fraction=0.2, loss_sampling_fraction=0.1), seed=1)
    assert data.digits.sha256 == small.train.sha256
    assert len(data.train) + len(data.validation) == 1000
    assert 180 < len(data.validation) < 220
    assert data.sample is data.train  # fewer than 5,000 are not sampled
    assert (data.added, data.adaptation) == (None, None)


def test_added_digits_are_held_out_and_mixed_in(small_npz: Path, small: Splits, tmp_path: Path) -> None:
    assert small.test is not None
    own = LabelledDigits(small.test.images[:100], small.test.labels[:100], "own")
    save_npz(tmp_path / "own.npz", Splits(own, None))
    data = load_training_data(str(small_npz), Recipe(), 0, str(tmp_path / "own.npz"))
    assert data.adaptation is not None
    assert len(data.adaptation.train) + len(data.adaptation.validation) == 100
    assert len(data.sample) == len(data.train) + len(data.adaptation.train)
    held_out = {image.tobytes() for image in data.adaptation.validation.images}
    assert held_out.isdisjoint(image.tobytes() for image in data.sample.images)


def test_the_same_seed_gives_the_same_split(small_npz: Path) -> None:
    first, again, other = (load_training_data(str(small_npz), Recipe(), seed) for seed in (3, 3, 4))
    assert first.validation.sha256 == again.validation.sha256 != other.validation.sha256
    assert np.array_equal(first.sample.labels, again.sample.labels)
