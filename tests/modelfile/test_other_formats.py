"""Formats of other programs. Each is exported and loaded again where its exporter is installed and its backend runs;

elsewhere the error must say what is missing. The backend is the one that KERAS_BACKEND names.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import ExportError, InkdigitsError, MissingExtraError, OutputError
from inkdigits.modelfile.keras_classifier import KerasClassifier, load_keras_model
from inkdigits.modelfile.other_formats import check_installed, export_openvino
from inkdigits.training.backend import Backend
from inkdigits.training.run import Run
from inkdigits.training.run_export import export_run
from inkdigits.training.train import train

pytestmark = [
    pytest.mark.backends,
    # OpenVINO starts a process when it is imported, and JAX warns of any fork.
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
]
MODULES = {
    "keras": ["keras"],
    "openvino": ["openvino"],
    "saved_model": ["tensorflow"],
    "tflite": ["tensorflow", "ai_edge_litert"],
}


@pytest.fixture(scope="module")
def run(small_npz: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "run"
    backend = Backend(keras.backend.backend())
    return train("convnet", data=str(small_npz), hyperparameters={"epochs": 1}, backend=backend, out=out)


def _openvino(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    import openvino

    precise = {"INFERENCE_PRECISION_HINT": "f32"}  # else bfloat16 on processors that have it
    answers = openvino.Core().compile_model(path / "model.xml", "CPU", precise)({"images": images})
    logits: NDArray[np.float32] = answers["logits"]
    return logits


def _saved_model(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))
    answers: NDArray[np.float32] = loaded.serve((images / 255).astype(np.float32)[..., None]).numpy()
    return answers


def _tflite(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    from ai_edge_litert.interpreter import Interpreter

    run_one = Interpreter(model_path=str(path)).get_signature_runner()
    (name,) = run_one.get_input_details()
    rows = [run_one(**{name: (image / 255).astype(np.float32)[None, ..., None]}) for image in images]
    return np.concatenate([next(iter(row.values())) for row in rows])


def _keras(path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return KerasClassifier(load_keras_model(path)).predict_proba(images)


Read = Callable[[Path, NDArray[np.uint8]], NDArray[np.float32]]
READERS: dict[str, Read] = {
    "keras": _keras,
    "openvino": _openvino,
    "saved_model": _saved_model,
    "tflite": _tflite,
}


@pytest.mark.parametrize("to", READERS)
def test_a_format_answers_as_keras_or_says_what_it_needs(
    to: str, run: Run, thousand: LabelledDigits, tmp_path: Path
) -> None:
    out = tmp_path / f"model.{to}"
    missing = [module for module in MODULES[to] if importlib.util.find_spec(module) is None]
    if missing:
        with pytest.raises(InkdigitsError, match=rf"{to} needs {missing[0]}.*pip install 'inkdigits\["):
            export_run(run.path, to=to, out=out)
    elif to in ("saved_model", "tflite") and keras.backend.backend() != "tensorflow":
        with pytest.raises(InkdigitsError, match="so tensorflow cannot be had"):
            export_run(run.path, to=to, out=out)
    else:
        assert export_run(run.path, to=to, out=out).largest_difference < 1e-5
        found, expected = (read(path, thousand.images) for read, path in ((READERS[to], out), (_keras, run.model_path)))
        assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
        return
    assert not out.exists()


def test_an_exporter_that_fails_is_one_line(tmp_path: Path, thousand: LabelledDigits) -> None:
    if importlib.util.find_spec("openvino") is None:
        with pytest.raises(MissingExtraError, match=r"pip install 'inkdigits\[openvino\]'"):
            check_installed("openvino")
        return
    (tmp_path / "broken.onnx").write_text("no model")
    with pytest.raises(ExportError, match=r"^openvino: its exporter failed with") as caught:
        export_openvino(keras.Model(), tmp_path / "broken.onnx", tmp_path / "out", thousand.images)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_already_is_left_alone(tmp_path: Path, run: Run) -> None:
    (tmp_path / "out").mkdir()
    to = "openvino" if importlib.util.find_spec("openvino") else "saved_model"
    with pytest.raises(InkdigitsError) as caught:
        export_run(run.path, to=to, out=tmp_path / "out")
    assert isinstance(caught.value, OutputError) or "needs" in str(caught.value) or "cannot be had" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []
