"""A checkpoint is read as it was written, and progress knows its best epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.errors import RunError
from inkdigits.training.checkpoint import Checkpoint, EpochRecord, Progress, latest_checkpoint, save_checkpoint


def after(losses: list[float], keep: str = "best") -> Progress:
    progress = Progress()
    for epoch, loss in enumerate(losses, start=1):
        progress = progress.after(EpochRecord(epoch, loss, 0.9, loss, 0.9, 2.0), keep=keep)
    return progress


def test_what_is_written_is_read_and_older_ones_are_removed(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    arrays = [np.arange(3, dtype=np.float32), np.array(7)]
    for losses in ([0.5], [0.5, 0.4]):
        save_checkpoint(tmp_path, Checkpoint(after(losses), arrays, arrays[1:], arrays[:1]))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-00002"]
    found = latest_checkpoint(tmp_path)
    assert found is not None
    assert found.progress == after([0.5, 0.4])
    for group, expected in ((found.model, arrays), (found.optimizer, arrays[1:]), (found.best, arrays[:1])):
        assert all(np.array_equal(a, b) for a, b in zip(group, expected, strict=True))


@pytest.mark.parametrize("name", ["arrays.npz", "progress.json"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    save_checkpoint(tmp_path, Checkpoint(after([0.5]), [np.zeros(2)], [], []))
    (tmp_path / "epoch-00001" / name).write_bytes(b"{")
    with pytest.raises(RunError, match=r"epoch-00001: a damaged checkpoint .* train again into another folder"):
        latest_checkpoint(tmp_path)


def test_the_best_epoch_and_early_stopping() -> None:
    progress = after([0.5, 0.3, 0.4, 0.35])
    assert (progress.best_epoch, progress.waited) == (2, 2)
    assert [progress.ended(10, patience) for patience in (0, 2, 3)] == [False, True, False]
    assert progress.ended(4, 0)
    last = after([0.5, 0.3, 0.4], keep="last")
    assert (last.best_epoch, last.waited) == (3, 0)


def test_seconds_of_compilation_are_not_seconds_of_training() -> None:
    progress = Progress().after(EpochRecord(1, 1.0, 0.5, 1.0, 0.5, 5.0), compile_seconds=2.0)
    assert (progress.compile_seconds, progress.train_seconds) == (2.0, 3.0)


def test_the_losses_of_steps_are_kept_as_at_most_fifty_means_an_epoch() -> None:
    progress = Progress()
    for epoch, n in ((1, 130), (2, 7)):
        losses = [float(step) for step in range(n)]
        progress = progress.after(EpochRecord(epoch, 1.0, 0.5, 1.0, 0.5, 1.0), step_losses=losses)
    first, second = ([record for record in progress.steps if epoch - 1 < record.epoch <= epoch] for epoch in (1, 2))
    assert (len(first), len(second)) == (50, 7)
    assert (first[0].loss, first[-1].loss) == (0.5, 128.0)
    assert [record.loss for record in second] == [0, 1, 2, 3, 4, 5, 6]
    assert (first[-1].epoch, second[-1].epoch) == (1, 2)
