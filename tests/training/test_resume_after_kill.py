"""Trainings that are really killed, at random moments, end with the weights of one that never was.

`benchmarks/resume_after_kill.py` kills at as many moments as it is told to.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.training.killed_training import Uninterrupted, assert_survives, train_uninterrupted

STRETCHES = 4


@pytest.fixture(scope="module")
def whole(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    return train_uninterrupted(small_npz, tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.backends
def test_killed_between_epochs(whole: Uninterrupted, tmp_path: Path) -> None:
    """Where a training surely has both epochs behind it and epochs before it."""
    assert_survives("epoch-00004", whole, tmp_path / "run")


def test_killed_at_any_moment(whole: Uninterrupted, tmp_path: Path) -> None:
    assert_survives(random.uniform(0, whole.seconds), whole, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("stretch", range(STRETCHES))
def test_killed_in_every_stretch(stretch: int, whole: Uninterrupted, tmp_path: Path) -> None:
    moment = whole.seconds * (stretch + random.random()) / STRETCHES
    assert_survives(moment, whole, tmp_path / "run")
