"""The engine `numpy`: dense and cnn, on a CPU, without compiling anything."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from inkdigits.modelfile.load import Classifier
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.networks.registry import layers_of
from inkdigits.training.backend import BACKENDS, NUMPY_BACKEND, WITHOUT_KERAS
from inkdigits.training.engines.engine import Engine, Session

if TYPE_CHECKING:
    import keras

    from inkdigits.training.task import Task

__all__ = ["NUMPY"]


def _open_session(model: keras.Model | PlainNetwork, task: Task) -> AbstractContextManager[Session]:
    from inkdigits.training.engines.numpy.numpy_session import open_session

    return open_session(model, task)


def _initial_network(name: str, seed: int) -> PlainNetwork:
    from inkdigits.training.engines.numpy.initial_weights import initial_weights

    layers = layers_of(name)
    return PlainNetwork(name, layers, initial_weights(layers, seed))


def _classifier(network: PlainNetwork) -> Classifier:
    from inkdigits.training.engines.numpy.plain_classifier import PlainClassifier

    return PlainClassifier(network)


NUMPY = Engine(
    "numpy",
    optimizers=("adam", "muon"),
    backends=(*BACKENDS, NUMPY_BACKEND, WITHOUT_KERAS),
    open_session=_open_session,
    networks=("dense", "cnn"),
    must_be_zero=("weight_decay",),
    runs_on="this machine's cores",
    initial_network=_initial_network,
    classifier=_classifier,
)
