"""Checkpoints: everything that a training needs to be resumed after it was killed, bit by bit.

A checkpoint is a folder, renamed into place when it is complete: `arrays.npz` with the weights, the optimizer and the
best weights, and `progress.json` with the rest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.arrays import read_arrays
from inkdigits.errors import DataError, RunError
from inkdigits.system.atomic_io import write_folder, write_json
from inkdigits.system.typed_json import from_json

__all__ = ["Checkpoint", "EpochRecord", "OnEpoch", "Progress", "StepRecord", "latest_checkpoint", "save_checkpoint"]

Arrays = list[NDArray[Any]]
_MAX_STEP_RECORDS = 50  # of an epoch


@dataclass(frozen=True)
class EpochRecord:
    """One row of the learning curves; losses in nats, accuracies in [0, 1]."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


@dataclass(frozen=True)
class StepRecord:
    """The mean loss in nats of the steps up to `epoch`, which counts in fractions from 0, since the record before."""

    epoch: float
    loss: float


# Called after every epoch; False ends the training there, with its best weights.
OnEpoch = Callable[[EpochRecord], bool]


@dataclass(frozen=True)
class Progress:
    """A training's epochs so far. `waited` counts those since the lowest validation loss, at `best_epoch`."""

    history: tuple[EpochRecord, ...] = ()
    best_epoch: int = 0
    best_loss: float = float("inf")
    waited: int = 0
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    steps: tuple[StepRecord, ...] = ()

    def after(
        self,
        record: EpochRecord,
        compile_seconds: float = 0.0,
        keep: str = "best",
        step_losses: Sequence[float] = (),
    ) -> Progress:
        """The progress once `record`'s epoch is over, of which `compile_seconds` went into compilation.

        The best epoch is that of the lowest validation loss, or with `keep` "last" always the last. Of `step_losses`,
        the losses of the epoch's steps, at most 50 means are kept.
        """
        better = keep == "last" or record.val_loss < self.best_loss
        return Progress(
            history=(*self.history, record),
            best_epoch=record.epoch if better else self.best_epoch,
            best_loss=record.val_loss if better else self.best_loss,
            waited=0 if better else self.waited + 1,
            compile_seconds=self.compile_seconds + compile_seconds,
            train_seconds=self.train_seconds + record.seconds - compile_seconds,
            steps=(*self.steps, *_step_records(record.epoch, step_losses)),
        )

    def ended(self, epochs: int, patience: int) -> bool:
        """Whether all `epochs` are done, or the last `patience` (0: never) brought no lower validation loss."""
        stopped_early = bool(patience) and self.waited >= patience
        return stopped_early or len(self.history) >= epochs


def _step_records(epoch: int, losses: Sequence[float]) -> Iterator[StepRecord]:
    count = min(len(losses), _MAX_STEP_RECORDS)
    for number in range(1, count + 1):
        start, end = (number - 1) * len(losses) // count, number * len(losses) // count
        yield StepRecord(round(epoch - 1 + end / len(losses), 6), float(np.mean(losses[start:end])))


@dataclass(frozen=True)
class Checkpoint:
    """A training between two epochs. `model` holds weights and the states of random layers, in Keras's order."""

    progress: Progress = field(default_factory=Progress)
    model: Arrays = field(default_factory=list)
    optimizer: Arrays = field(default_factory=list)
    best: Arrays = field(default_factory=list)


_GROUPS = ("model", "optimizer", "best")


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` below `folder`, atomically, then remove the older ones. Raises `OutputError`."""
    name = f"epoch-{len(checkpoint.progress.history):05d}"
    arrays = {f"{group}_{i:04d}": array for group in _GROUPS for i, array in enumerate(getattr(checkpoint, group))}
    with write_folder(folder / name) as unfinished:
        np.savez(unfinished / "arrays.npz", allow_pickle=False, **arrays)
        write_json(unfinished / "progress.json", asdict(checkpoint.progress))
    for other in folder.iterdir():
        if other.name != name:
            shutil.rmtree(other, ignore_errors=True)


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The last checkpoint below `folder`, or None. Raises `RunError` when it is damaged."""
    names = sorted(path for path in folder.glob("epoch-*") if path.is_dir())
    return _load(names[-1]) if names else None


def _load(folder: Path) -> Checkpoint:
    try:
        progress = from_json(Progress, json.loads((folder / "progress.json").read_text()))
        arrays = read_arrays(folder / "arrays.npz")
        return Checkpoint(progress, *(_group(arrays, group) for group in _GROUPS))
    except (DataError, OSError, ValueError) as error:
        raise RunError(f"{folder}: a damaged checkpoint ({error}): train again into another folder") from error


def _group(arrays: Mapping[str, NDArray[Any]], group: str) -> Arrays:
    return [arrays[name] for name in sorted(arrays) if name.startswith(group)]
