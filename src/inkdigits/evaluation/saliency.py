"""Saliency from a run's Keras model: the gradient at a picture, and its nearest training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_for_training
from inkdigits.errors import RunError
from inkdigits.evaluation.explain import Explanation, Neighbour, explain_by_occlusion
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.networks.inputs import to_inputs
from inkdigits.training.backend import start_keras, with_gradients
from inkdigits.training.run import Run, open_run

if TYPE_CHECKING:
    import keras

__all__ = ["Saliency", "explain_run", "gradient_map", "nearest", "saliency_of_run"]


@dataclass(frozen=True)
class Saliency:
    """The gradient at one picture, (28, 28), and its nearest training pictures."""

    gradient: NDArray[np.float64]
    neighbours: tuple[Neighbour, ...]


def explain_run(path: Path, image: NDArray[np.uint8], label: int | None, neighbours: int) -> Explanation:
    """The explanation of what the run in `path` reads in `image`, gradient and neighbours included.

    Raises `RunError` when its data are gone.
    """
    run = open_run(path)
    model = _keras_model(run)
    explanation = explain_by_occlusion(KerasClassifier(model), image, label)
    (saliency,) = _saliencies(model, run, image[None], [explanation.label], neighbours)
    return replace(explanation, gradient=saliency.gradient, neighbours=saliency.neighbours)


def saliency_of_run(run: Run, images: NDArray[np.uint8], labels: Sequence[int], neighbours: int) -> list[Saliency]:
    """The saliency of each of `images` uint8 (n, 28, 28) for one of `labels` each, by the Keras model of `run`.

    Raises `RunError` when its data are gone, `NetworkError` when its backend is not installed.
    """
    return _saliencies(_keras_model(run), run, images, labels, neighbours)


def _keras_model(run: Run) -> keras.Model:
    path = run.model_path
    start_keras(with_gradients(run.config.backend))
    return load_keras_model(path)


def _saliencies(
    model: keras.Model, run: Run, images: NDArray[np.uint8], labels: Sequence[int], neighbours: int
) -> list[Saliency]:
    found = nearest(model, images, _training_digits(run), neighbours) if neighbours else [()] * len(images)
    gradients = [gradient_map(model, image, label) for image, label in zip(images, labels, strict=True)]
    return [Saliency(gradient, near) for gradient, near in zip(gradients, found, strict=True)]


def _training_digits(run: Run) -> LabelledDigits:
    data = run.config.data
    digits = load_for_training(data.source)
    if digits.sha256 != data.sha256:
        raise RunError(f"{run.path}: its data {data.source} changed since it was trained: use --neighbours 0")
    return digits


def gradient_map(model: keras.Model, image: NDArray[np.uint8], label: int) -> NDArray[np.float64]:
    """By how much the logarithm of p(label) / p(the most probable other) grows with each pixel's ink, (28, 28).

    The gradient of Simonyan, Vedaldi and Zisserman 2014, with its sign, in nats for a pixel from 0 to full ink. The
    ratio is used because p(label) alone hardly changes where the network is confident. Works on every Keras backend.
    """
    import keras

    inputs = to_inputs(image[None], channels_first=tuple(model.input_shape[1:]) == (1, 28, 28))
    gradient = {"jax": _on_jax, "tensorflow": _on_tensorflow, "torch": _on_torch}[keras.backend.backend()]
    return np.asarray(gradient(model, inputs, label), np.float64).reshape(28, 28)


def _margin(probabilities: Any, label: int) -> Any:
    import keras

    logs = keras.ops.log(keras.ops.maximum(probabilities[0], float(np.finfo(np.float32).tiny)))
    others = [digit for digit in range(int(logs.shape[0])) if digit != label]
    return logs[label] - keras.ops.max(keras.ops.take(logs, others))


def _on_jax(model: keras.Model, inputs: NDArray[np.float32], label: int) -> Any:
    import jax

    trained = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]

    def margin(pictures: Any) -> Any:
        answers, _ = model.stateless_call(trained, others, pictures, training=False)
        return _margin(answers, label)

    return jax.grad(margin)(inputs)


def _on_tensorflow(model: keras.Model, inputs: NDArray[np.float32], label: int) -> Any:
    import tensorflow

    pictures = tensorflow.convert_to_tensor(inputs)
    with tensorflow.GradientTape() as tape:
        tape.watch(pictures)
        margin = _margin(model(pictures, training=False), label)
    return tape.gradient(margin, pictures)


def _on_torch(model: keras.Model, inputs: NDArray[np.float32], label: int) -> Any:
    import keras

    pictures = keras.ops.convert_to_tensor(inputs).requires_grad_()
    _margin(model(pictures, training=False), label).backward()
    return pictures.grad.cpu()


def nearest(
    model: keras.Model, images: NDArray[np.uint8], digits: LabelledDigits, count: int
) -> list[tuple[Neighbour, ...]]:
    """For each of `images` uint8 (n, 28, 28) the `count` pictures of `digits` nearest to it, nearest first.

    They are compared where the last layer reads from.
    """
    import keras

    hidden = KerasClassifier(keras.Model(model.inputs, model.layers[-1].input))
    here, there = (hidden.predict_proba(each).reshape(len(each), -1) for each in (images, digits.images))
    return [_nearest(np.sqrt(np.square(there - one).sum(axis=1)), digits, count) for one in here]


def _nearest(distances: NDArray[np.float32], digits: LabelledDigits, count: int) -> tuple[Neighbour, ...]:
    rows = np.argsort(distances, kind="stable")[:count]
    return tuple(
        Neighbour(int(row), int(digits.labels[row]), float(distances[row]), digits.images[row]) for row in rows
    )
