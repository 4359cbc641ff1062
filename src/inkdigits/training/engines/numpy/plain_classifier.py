"""Classify with the engine's own forward pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.stats.calibration import softmax
from inkdigits.training.engines.numpy.network import NumpyNetwork
from inkdigits.training.engines.numpy.parameters import Parameters
from inkdigits.training.engines.numpy.thread_pool import ThreadPool

__all__ = ["PlainClassifier"]

_BATCH = 250  # pictures


@dataclass(frozen=True)
class PlainClassifier:
    """`network`, which is dense or cnn, in NumPy."""

    network: PlainNetwork

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28)."""
        with ThreadPool.open() as pool:
            network = NumpyNetwork(Parameters.of(self.network.weights), pool)
            probabilities = np.empty((len(images), CLASSES), np.float32)
            for start in range(0, len(images), _BATCH):
                pixels = images[start : start + _BATCH].astype(np.float32) / np.float32(255)
                probabilities[start : start + _BATCH] = softmax(network.logits(pixels))
        return probabilities
