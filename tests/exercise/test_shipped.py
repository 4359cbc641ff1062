"""What inkdigits ships is recognized, renamed and reformatted, and other answers are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx.numpy_helper
import pytest

from inkdigits.datasets import mnist
from inkdigits.exercise.model_description import as_array, matrix_checksums
from inkdigits.exercise.shipped import has_shipped_weights, is_shipped_solution, misreads_as_shipped
from inkdigits.exercise.submission import read_submission
from tests.exercise.conftest import solution_source, write_submission
from tests.exercise.noisy_network import noisy_dense_digits

WEIGHTS = Path(__file__).parents[2] / "src" / "inkdigits" / "modelfile" / "weights"
LONG = ("scores", "activations", "dense-model", "dense-train", "cnn-model", "cnn-train")
CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": lambda source: source,
    "renamed": lambda source: (
        source.replace("steps", "n").replace("batch_size =", "size =").replace("=batch_size", "=size")
    ),
    "commented": lambda source: "# my own work\n" + source + "\nprint('done')",
    "reformatted": lambda source: source.replace("    ", "  ").replace(", ", ",  "),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_solution_is_recognized(tmp_path: Path, name: str) -> None:
    changed = {cell: CHANGES[name](solution_source(cell)) for cell in LONG if name != "renamed" or "train" in cell}
    if name == "renamed":
        changed = {
            cell: source.replace(
                "epochs * int(np.ceil(0.9 * len(x_train) / batch_size))",
                "epochs * int(np.ceil(0.9 * len(x_train) / size))",
            )
            for cell, source in changed.items()
        }
        changed = {cell: source.replace("epochs, batch_size", "epochs, size") for cell, source in changed.items()}
    assert is_shipped_solution(read_submission(write_submission(tmp_path / "a.ipynb", changed)))


def test_other_answers_are_not_the_solution(tmp_path: Path) -> None:
    other = {"dense-train": solution_source("dense-train").replace("RMSprop", "Adam")}
    assert not is_shipped_solution(read_submission(write_submission(tmp_path / "a.ipynb", other)))
    assert not is_shipped_solution(read_submission(write_submission(tmp_path / "b.ipynb", {}, ("cnn-train",))))


def test_the_bundled_weights_are_recognized_in_a_keras_model_and_others_are_not() -> None:
    network = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu"), keras.layers.Dense(10)]
    )
    assert not has_shipped_weights(matrix_checksums(map(as_array, network.weights)))
    tensors = onnx.load(str(WEIGHTS / "dense.onnx")).graph.initializer
    arrays = [onnx.numpy_helper.to_array(tensor) for tensor in tensors]
    kernel = next(array for array in arrays if sorted(array.shape) == [512, 784])
    weights = network.get_weights()
    network.set_weights([kernel if kernel.shape == (784, 512) else np.ascontiguousarray(kernel.T), *weights[1:]])
    assert has_shipped_weights(matrix_checksums(map(as_array, network.weights)))


def test_the_bundled_network_is_recognized_with_noise_added_to_its_weights_and_another_is_not() -> None:
    images, labels = mnist.load_data()[1]
    own = noisy_dense_digits(images, 0.0)
    assert misreads_as_shipped("dense", own, images, labels)
    assert misreads_as_shipped("dense", noisy_dense_digits(images, 0.1), images, labels)
    # As alike as two networks of one recipe: half of what either misreads.
    (wrong,), (right,) = np.nonzero(own != labels), np.nonzero(own == labels)
    own[wrong[::3]], own[right[: len(wrong) // 3]] = labels[wrong[::3]], (labels[right[: len(wrong) // 3]] + 1) % 10
    assert not misreads_as_shipped("dense", own, images, labels)
    assert not misreads_as_shipped("dense", labels, images, labels)
