"""Loss sampling: train on the digits that a small network, trained in half a second, classifies with high loss.

Most of MNIST's digits are redundant. A network with 128 hidden units is trained on all digits once; each digit is then
drawn, without replacement, with probability proportional to its loss plus a constant. Selection by a cheaper network is
from Coleman et al. 2020, "Selection via Proxy". On MNIST the exercise's CNN learns as much from 6,400 digits drawn by
loss as from 20,000 drawn uniformly (docs/log.md).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.networks.inputs import one_hot
from inkdigits.training.engines.numpy.numpy_training import NumpyTraining
from inkdigits.training.engines.numpy.parameters import PixelStatistics
from inkdigits.training.engines.numpy.thread_pool import ThreadPool
from inkdigits.training.learning_rate import triangular
from inkdigits.training.recipes import Recipe
from inkdigits.training.shuffled_rows import shuffled_rows

__all__ = ["losses_of_small_network", "sample_by_loss"]

Floats = NDArray[np.float32]

# Distinguishes this stream of random numbers from the others that are drawn from the same seed.
_STREAM = 6
_BASE_LOSS = 0.02  # nats, added to every loss, so that easy digits are drawn too
_HIDDEN = 128
_RECIPE = Recipe("small", engine="numpy", optimizer="adam", learning_rate=4e-3, warmup=0.1, batch_size=256)


def sample_by_loss(digits: LabelledDigits, fraction: float, seed: int) -> LabelledDigits:
    """The `fraction` in (0, 1] of `digits`, at least one, drawn by their losses and `seed`, in their order."""
    rng = np.random.default_rng([seed, _STREAM])
    losses = losses_of_small_network(digits, rng)
    # The largest of log(weight) + Gumbel noise are a draw without replacement (Kool et al. 2019, equation 3).
    order = np.argsort(-(np.log(losses + _BASE_LOSS) + rng.gumbel(size=len(losses))))
    return digits.take(np.sort(order[: max(1, round(fraction * len(digits)))]))


def losses_of_small_network(digits: LabelledDigits, rng: np.random.Generator) -> Floats:
    """The cross-entropy in nats of each of `digits`, float32 (n,), under a small network trained on them once."""
    sizes = (digits.images[0].size, _HIDDEN, CLASSES)
    weights = [array for pair in pairwise(sizes) for array in _layer(rng, *pair)]
    with ThreadPool.open() as pool:
        training = NumpyTraining.of(weights, PixelStatistics.of(digits.images), _RECIPE, pool)
        _train_once(training, digits, rng)
        probabilities = training.predict_proba(digits.images)
    losses: Floats = -np.log(np.maximum(probabilities[np.arange(len(digits)), digits.labels], np.float32(1e-30)))
    return losses


def _layer(rng: np.random.Generator, inputs: int, outputs: int) -> tuple[Floats, Floats]:
    limit = (6 / (inputs + outputs)) ** 0.5  # Glorot and Bengio 2010
    return rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32), np.zeros(outputs, np.float32)


def _train_once(training: NumpyTraining, digits: LabelledDigits, rng: np.random.Generator) -> None:
    order = shuffled_rows(len(digits), rng)
    batches = [order[i : i + _RECIPE.batch_size] for i in range(0, len(order), _RECIPE.batch_size)]
    for step, batch in enumerate(batches):
        factor = triangular(step, len(batches), _RECIPE.warmup)
        training.step(digits.images[batch], one_hot(digits.labels[batch]), factor)
