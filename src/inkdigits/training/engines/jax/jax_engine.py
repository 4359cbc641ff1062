"""The engine `jax`: any network, every epoch one compiled program, for a GPU or TPU."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from inkdigits.training.engines.engine import KERAS_OPTIMIZERS, Engine, Session

if TYPE_CHECKING:
    import keras

    from inkdigits.training.task import Task

__all__ = ["JAX"]


def _open_session(model: keras.Model, task: Task) -> AbstractContextManager[Session]:
    from inkdigits.training.engines.jax.jax_session import JaxSession

    return nullcontext(JaxSession(model, task))


JAX = Engine(
    "jax",
    optimizers=KERAS_OPTIMIZERS,
    backends=("jax",),
    open_session=_open_session,
    must_be_zero=("glyphs", "nondigits"),  # its pictures are made on the device
    whole_batches=True,
    holds_all=True,
    runs_on="one device",
)
