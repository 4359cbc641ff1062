"""What a training is about, whichever engine does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.training.devices import ONE, Devices
from inkdigits.training.epoch_data import steps_per_epoch
from inkdigits.training.recipes import Recipe

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """What to train on what, where its checkpoints go, and among which devices batches are divided."""

    train: LabelledDigits
    validation: LabelledDigits
    recipe: Recipe
    seed: int
    checkpoints: Path
    starts_trained: bool = False  # its initial weights are a trained network's
    devices: Devices = ONE

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last may be smaller."""
        return steps_per_epoch(len(self.train), self.recipe, self.devices.n)
