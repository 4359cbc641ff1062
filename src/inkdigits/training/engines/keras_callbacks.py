"""What looks on while Keras runs through an epoch: shows progress, times the compilation, stops when it must."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from inkdigits.system.interrupts import Interrupt
from inkdigits.training.progress import ProgressLine
from inkdigits.training.task import check_finite

__all__ = ["Watch"]


class Watch(keras.callbacks.Callback):
    """Set `at_epoch` before each epoch. Raises `KeyboardInterrupt` between two steps when a stop was asked for."""

    def __init__(self, line: ProgressLine, interrupt: Interrupt, steps_per_epoch: int, epochs: int) -> None:
        super().__init__()
        self.at_epoch = 1
        self._line = line
        self.interrupt = interrupt
        self._steps_per_epoch = steps_per_epoch
        self._epochs = epochs
        self._began: float | None = time.perf_counter()
        self._compile_seconds = 0.0

    def take_compile_seconds(self) -> float:
        """The seconds of this process's first step, which are nearly all compilation; zero from the second call on."""
        seconds, self._compile_seconds = self._compile_seconds, 0.0
        return seconds

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a step."""
        if self._began is not None:
            self._compile_seconds, self._began = time.perf_counter() - self._began, None
        self.interrupt.check()
        done = (self.at_epoch - 1) * self._steps_per_epoch + batch + 1
        self._line.show(done, f"epoch {self.at_epoch} of at most {self._epochs}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Raise `TrainingDivergedError` unless the epoch's mean loss is a finite number."""
        check_finite(float((logs or {}).get("loss", math.nan)), self.at_epoch)
