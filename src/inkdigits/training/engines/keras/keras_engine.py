"""The engine `keras`: any network, on any Keras backend, with Keras's own `fit`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from inkdigits.training.backend import BACKENDS
from inkdigits.training.engines.engine import KERAS_OPTIMIZERS, Engine, Session

if TYPE_CHECKING:
    import keras

    from inkdigits.training.task import Task

__all__ = ["KERAS"]


def _open_session(model: keras.Model, task: Task) -> AbstractContextManager[Session]:
    from inkdigits.training.engines.keras.keras_session import KerasSession

    return nullcontext(KerasSession(model, task))


KERAS = Engine("keras", optimizers=KERAS_OPTIMIZERS, backends=BACKENDS, open_session=_open_session)
