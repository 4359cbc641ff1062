"""The engine `numpy`: dense and cnn, on a CPU, without compiling anything."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from inkdigits.training.backend import BACKENDS, NUMPY_BACKEND
from inkdigits.training.engines.engine import Engine, Session

if TYPE_CHECKING:
    import keras

    from inkdigits.training.task import Task

__all__ = ["NUMPY"]


def _open_session(model: keras.Model, task: Task) -> AbstractContextManager[Session]:
    from inkdigits.training.engines.numpy.numpy_session import open_session

    return open_session(model, task)


def _draw_initial_weights(model: keras.Model) -> None:
    from inkdigits.training.engines.numpy.initial_weights import draw_initial_weights

    draw_initial_weights(model)


NUMPY = Engine(
    "numpy",
    optimizers=("adam", "muon"),
    backends=(*BACKENDS, NUMPY_BACKEND),
    open_session=_open_session,
    networks=("dense", "cnn"),
    must_be_zero=("weight_decay",),
    runs_on="this machine's cores",
    initial_weights_backend=NUMPY_BACKEND,
    draw_initial_weights=_draw_initial_weights,
)
