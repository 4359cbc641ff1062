"""What a recipe mixes into an epoch, and that an epoch is the same whenever it is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import large_arrays
from inkdigits.datasets.labelled import Splits
from inkdigits.training import epoch_data
from inkdigits.training.epoch_data import acceptance_pictures, batches_of_epoch, pictures_of_epoch, steps_per_epoch
from inkdigits.training.recipes import Recipe, named_recipe

MIXED = replace(named_recipe("standard", "reader"), glyphs=0.1, nondigits=0.2)


def test_plain_digits_come_once_each_in_another_order(small: Splits) -> None:
    assert small.train is not None
    images, targets = pictures_of_epoch(small.train, Recipe(), seed=0, epoch=1)
    assert len(images) == len(small.train)
    assert sorted(image.tobytes() for image in images) == sorted(image.tobytes() for image in small.train.images)
    assert not np.array_equal(images, small.train.images)
    rows = {image.tobytes(): label for image, label in zip(small.train.images, small.train.labels, strict=True)}
    assert [rows[image.tobytes()] for image in images] == targets.argmax(axis=1).tolist()


def test_glyphs_and_nondigits_are_mixed_in(small: Splits) -> None:
    assert small.train is not None
    images, targets = pictures_of_epoch(small.train, MIXED, seed=0, epoch=1)
    assert images.shape == (1300, 28, 28)
    flat = targets.max(axis=1) < 0.5
    assert flat.sum() == 200
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    # Shuffled: what is no digit stands everywhere.
    assert 60 < flat[:650].sum() < 140


def test_an_epoch_follows_from_its_seed_and_number(small: Splits) -> None:
    assert small.train is not None
    first, again, later = (pictures_of_epoch(small.train, MIXED, 3, epoch)[0] for epoch in (2, 2, 3))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)


@pytest.mark.parametrize("batch_size", [7, 128, 5000])
def test_steps(small: Splits, batch_size: int) -> None:
    assert small.train is not None
    recipe = replace(MIXED, batch_size=batch_size)
    images, _ = pictures_of_epoch(small.train, recipe, 0, 1)
    assert steps_per_epoch(len(small.train), recipe) == -(-len(images) // batch_size)


def test_a_recipe_of_digits_alone_has_nothing_to_choose_acceptance_by(small: Splits) -> None:
    assert small.test is not None
    assert acceptance_pictures(small.test, Recipe(), 0) is None
    chosen = acceptance_pictures(small.test, MIXED, 0)
    assert chosen is not None
    assert chosen.shape == (500, 28, 28)
    assert not np.array_equal(chosen, small.test.images)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Digits that are read from a file, 256 of them together."""
    monkeypatch.setattr(large_arrays, "LARGE", 300_000)
    monkeypatch.setattr(epoch_data, "MIXED", 256)
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.mark.parametrize("recipe", [Recipe(), MIXED, replace(MIXED, batch_size=300)])
@pytest.mark.usefixtures("in_parts")
def test_digits_in_a_file_come_once_each_in_full_batches(small: Splits, recipe: Recipe) -> None:
    assert small.train is not None
    batches = list(batches_of_epoch(small.train, recipe, seed=0, epoch=1))
    assert len(batches) == steps_per_epoch(len(small.train), recipe)
    assert {len(images) for images, _ in batches[:-1]} == {recipe.batch_size}
    assert all(len(images) == len(targets) for images, targets in batches)
    assert sum(len(images) for images, _ in batches) == pytest.approx(
        len(small.train) * (1 + recipe.glyphs + recipe.nondigits), abs=4
    )


@pytest.mark.usefixtures("in_parts")
def test_an_epoch_from_a_file_holds_the_digits_in_an_order_of_its_own(small: Splits) -> None:
    assert small.train is not None
    first, again, later = (
        np.concatenate([images for images, _ in batches_of_epoch(small.train, Recipe(), 3, epoch)])
        for epoch in (2, 2, 3)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)
    assert sorted(image.tobytes() for image in first) == sorted(image.tobytes() for image in small.train.images)


def test_batches_of_digits_in_memory_are_the_epoch_in_slices(small: Splits) -> None:
    assert small.train is not None
    images, targets = pictures_of_epoch(small.train, MIXED, 0, 1)
    batches = list(batches_of_epoch(small.train, MIXED, 0, 1))
    assert np.array_equal(np.concatenate([batch for batch, _ in batches]), images)
    assert np.array_equal(np.concatenate([batch for _, batch in batches]), targets)
