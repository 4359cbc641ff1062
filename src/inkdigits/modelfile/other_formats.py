"""The same network in other programs' formats, each by that format's own exporter, each compared with Keras.

`keras`, `saved_model` and `tflite` hold the network alone: it takes float32 in [0, 1], as it was trained. `openvino` is
made from the model file, so it takes uint8 pictures and returns probabilities and raw logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ExportError, InkdigitsError, require_extra
from inkdigits.modelfile.parity import check_parity, exact_probabilities
from inkdigits.networks.inputs import to_inputs
from inkdigits.stats.calibration import softmax
from inkdigits.system.atomic_io import check_new, temporary_sibling, write_folder
from inkdigits.system.telemetry import without_openvino_telemetry

if TYPE_CHECKING:
    import keras

__all__ = [
    "BACKEND_NEEDED",
    "check_installed",
    "export_keras",
    "export_openvino",
    "export_saved_model",
    "export_tflite",
]

# These exporters work on one backend only; the network itself may have been trained on any.
BACKEND_NEEDED = {"saved_model": "tensorflow", "tflite": "tensorflow"}

# The modules that write a format and compare it with Keras, and the extra that brings them.
_NEEDED = {
    "saved_model": ("tensorflow", ["tensorflow"]),
    "tflite": ("tflite", ["tensorflow", "ai_edge_litert"]),
    "openvino": ("openvino", ["openvino"]),
}

Pictures = NDArray[np.uint8]


def check_installed(form: str) -> None:
    """Raise `MissingExtraError` when what writes the format `form` is not installed."""
    extra, modules = _NEEDED.get(form, ("", []))
    for module in modules:
        require_extra(module, extra, f"the format {form}")


def export_keras(model: keras.Model, path: Path, pictures: Pictures) -> float:
    """Write Keras's own format and return the largest difference to `model` on `pictures`. Raises `ExportError`."""
    from inkdigits.modelfile.keras_classifier import load_keras_model

    with temporary_sibling(path) as temporary:
        model.save(temporary)
        loaded = load_keras_model(temporary)
        return check_parity(model, lambda images: exact_probabilities(loaded, images), pictures)


def export_saved_model(model: keras.Model, path: Path, pictures: Pictures) -> float:
    """Write a TensorFlow SavedModel, a folder with the endpoint `serve`; else as `export_keras`."""
    import tensorflow

    check_new(path, "--out")
    with write_folder(path) as folder, _exporting("saved_model"):
        model.export(str(folder), format="tf_saved_model", verbose=False)
        loaded = tensorflow.saved_model.load(str(folder))  # whose `serve` works only while it is there itself
        return check_parity(model, lambda images: loaded.serve(_inputs(model, images)).numpy(), pictures)


def export_tflite(model: keras.Model, path: Path, pictures: Pictures) -> float:
    """Write a LiteRT (formerly TensorFlow Lite) file; else as `export_keras`."""
    with temporary_sibling(path) as temporary, _exporting("tflite"):
        model.export(str(temporary), format="litert", verbose=False)
        return check_parity(model, _litert(model, temporary), pictures)


def _litert(model: keras.Model, path: Path) -> Callable[[Pictures], NDArray[Any]]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    entry, exit_ = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def classify(images: Pictures) -> NDArray[Any]:
        inputs = _inputs(model, images)
        interpreter.resize_tensor_input(entry, inputs.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry, inputs)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(exit_))

    return classify


def export_openvino(model: keras.Model, model_file: Path, path: Path, pictures: Pictures) -> float:
    """Write OpenVINO's model.xml and model.bin into a folder, from `model_file`; else as `export_keras`."""
    with without_openvino_telemetry():
        import openvino

    check_new(path, "--out")
    with write_folder(path) as folder, _exporting("openvino"):
        core = openvino.Core()
        openvino.save_model(core.read_model(model_file), folder / "model.xml", compress_to_fp16=False)
        # Some processors would compute in bfloat16 otherwise.
        compiled = core.compile_model(folder / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return check_parity(model, lambda images: softmax(compiled({"images": images})["logits"]), pictures)


def _inputs(model: keras.Model, images: Pictures) -> NDArray[np.float32]:
    return to_inputs(images, channels_first=model.input_shape[1] == 1)


@contextmanager
def _exporting(form: str) -> Iterator[None]:
    """Turn whatever the exporter raises into one line that names the format."""
    try:
        yield
    except (InkdigitsError, OSError):
        raise
    except Exception as error:  # exporters raise many kinds of errors for a network that they cannot write
        lines = str(error).strip().splitlines()
        raise ExportError(
            f"{form}: its exporter failed with {type(error).__name__}: {lines[0] if lines else 'no message'}"
        ) from error
