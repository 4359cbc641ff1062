"""Data-parallel training: every batch divided among several devices, by keras.distribution on JAX.

Every device holds all weights and computes the gradients of its part of a batch; XLA adds them up. Batch normalization
and dropout see the whole batch, so a step computes what one device would, but for the order of the sums.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import NetworkError, RecipeError
from inkdigits.training.backend import ALL_DEVICES, Backend
from inkdigits.training.recipes import Recipe

__all__ = ["ONE", "Devices", "find_devices"]


@dataclass(frozen=True)
class Devices:
    """`n` devices, in `processes` processes, among which every batch is divided."""

    n: int = 1
    distribution: Any = None  # a keras.distribution.DataParallel
    processes: int = 1  # as jax.distributed counts them
    process: int = 0  # which of them this is

    def scope(self) -> AbstractContextManager[None]:
        """Inside, Keras makes variables on all devices and divides the batches of `fit`."""
        scope: AbstractContextManager[None] = self.distribution.scope() if self.distribution else nullcontext()
        return scope

    def part(self, n: int, batch_size: int) -> NDArray[np.int64]:
        """The indices of an epoch's `n` pictures that this process feeds: its equal part of every batch, in order.

        Fewer than `self.n` pictures at the end, which cannot be divided evenly, are left out of the epoch.
        """
        whole = n - n % self.n
        batches = (np.arange(start, min(start + batch_size, whole)) for start in range(0, whole, batch_size))
        return np.concatenate([np.split(batch, self.processes)[self.process] for batch in batches])

    def check_batches(self, recipe: Recipe) -> None:
        """Raise `RecipeError` unless a batch of `recipe` can be divided evenly among the devices."""
        if recipe.batch_size % self.n:
            lower = recipe.batch_size // self.n * self.n
            nearest = " or ".join(str(size) for size in (lower, lower + self.n) if size)
            raise RecipeError(
                f"batch_size {recipe.batch_size} cannot be divided evenly among {self.n} devices: "
                f"take a multiple, such as --set batch_size={nearest}"
            )


ONE = Devices()


def find_devices(backend: Backend) -> Devices:
    """The devices of `backend`; Keras must be imported. Raises `NetworkError` when there are fewer."""
    if backend.devices == 1:
        return ONE
    import jax
    import keras

    available: list[str] = keras.distribution.list_devices()
    wanted = len(available) if backend.devices == ALL_DEVICES else int(backend.devices)
    _check_count(wanted, available, jax.process_count())
    if wanted == 1:
        return ONE
    # Every process is given its own part of each batch (`part`), so Keras does not divide it further.
    distribution = keras.distribution.DataParallel(devices=available[:wanted], auto_shard_dataset=False)
    return Devices(wanted, distribution, jax.process_count(), jax.process_index())


def _check_count(wanted: int, available: list[str], processes: int) -> None:
    if wanted > len(available):
        raise NetworkError(
            f"--devices {wanted}: JAX sees {len(available)} here ({', '.join(available)}): ask for fewer, or for all"
        )
    if processes > 1 and wanted != len(available):
        raise NetworkError(
            f"--devices {wanted}: a training over {processes} processes takes all their {len(available)} devices: "
            "say --devices all"
        )
