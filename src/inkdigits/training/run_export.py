"""From a run to a file for other programs: its provenance comes from the run's config, its temperature is fitted."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import load_for_training
from inkdigits.datasets.split import stratified_split
from inkdigits.errors import ExportError, OutputError, RunError
from inkdigits.modelfile.metadata import Metadata
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.networks.registry import is_own_network
from inkdigits.system.atomic_io import check_new
from inkdigits.training.backend import AUTO, Backend, as_backend, start_keras
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.epoch_data import acceptance_pictures
from inkdigits.training.run import Run, open_run

if TYPE_CHECKING:
    import keras

    from inkdigits.modelfile.export import Exported

__all__ = ["FORMATS", "export_run", "write_model_file"]

# What each format's file is called in a run's folder; the last two are folders.
FORMATS = {
    "onnx": "model.onnx",
    "keras": "model.keras",
    "tflite": "model.tflite",
    "saved_model": "saved_model",
    "openvino": "openvino",
}


def write_model_file(
    run: Run,
    model: keras.Model | PlainNetwork,
    train: LabelledDigits,
    validation: LabelledDigits,
    path: Path | None = None,
) -> Exported:
    """Write the run's `model` as a model file to `path`, by default the run's model.onnx.

    It is compared with Keras, or a `PlainNetwork` with the engine, on pictures of `train`, and its temperature fitted
    on `validation`. Raises as `modelfile.export.export_onnx` does.
    """
    from inkdigits.modelfile.export import export_onnx
    from inkdigits.modelfile.parity import PICTURES

    engine = engine_of(run.config.recipe)
    return export_onnx(
        model,
        path or run.model_file_path,
        _provenance(run),
        train.images[:PICTURES],
        validation,
        acceptance_pictures(validation, run.config.recipe, run.config.seed),
        engine.classifier_of(model).predict_proba if isinstance(model, PlainNetwork) else None,
    )


def _provenance(run: Run) -> Metadata:
    config, evaluation = run.config, run.evaluation
    network = config.network
    return Metadata(
        # Of a user's own network, no folder names of the machine it was trained on.
        network=Path(network).name if is_own_network(network) else network,
        recipe=asdict(config.recipe),
        seed=config.seed,
        data_sha256=config.data.sha256,
        inkdigits_version=version("inkdigits"),
        figures={name: getattr(evaluation, name) for name in ("data", "n", "accuracy", "log_loss")}
        if evaluation
        else {},
    )


def export_run(
    path: Path | str, *, to: str = "onnx", out: Path | str | None = None, backend: Backend | str | None = None
) -> Exported:
    """Write the trained network of the run in `path` in the format `to`, after comparing its outputs with Keras's.

    `to` is `onnx`, `keras`, `tflite`, `saved_model` or `openvino`; `out` is where to, by default in the run's folder.
    It runs on the backend that trained the run unless `backend` says otherwise; tflite and saved_model are written by
    TensorFlow, whatever trained the run. Raises `ExportError` when the network cannot be written so or the file's
    outputs differ, `MissingExtraError` for an extra that is not installed, `OutputError` when `out` exists already,
    `RunError` when the run or its data are gone.
    """
    from inkdigits.modelfile.keras_classifier import load_keras_model

    run = open_run(Path(path))
    _check_out(to, out)
    model_path = run.model_path
    start_keras(_backend_for(to, as_backend(backend), run))
    train, validation = _parts(run)
    return _written(run, load_keras_model(model_path), to, Path(out or run.path / FORMATS[to]), train, validation)


def _check_out(to: str, out: Path | str | None) -> None:
    """Raise `OutputError` for a place that is taken, or whose name says another format."""
    if out is None or to not in FORMATS:
        return
    ending = Path(FORMATS[to]).suffix
    check_new(Path(out), "--out", *([ending] if ending else []))
    others = {Path(name).suffix for name in FORMATS.values()} - {ending}
    if Path(out).suffix.lower() in others:
        raise OutputError(f"--out {out}: expected a folder's name, since --format {to} writes several files")


def _backend_for(to: str, backend: Backend | None, run: Run) -> Backend:
    from inkdigits.modelfile.other_formats import BACKEND_NEEDED, check_installed

    if to not in FORMATS:
        raise ExportError(f"unknown format {to!r}: expected one of {', '.join(FORMATS)}")
    needed = BACKEND_NEEDED.get(to)
    if needed and backend and backend.name not in (needed, AUTO):
        raise ExportError(f"{to} is written by the {needed} backend only, got {backend.name}: leave --backend out")
    check_installed(to)
    if needed:
        return replace(backend or Backend(), name=needed)
    return backend or run.config.backend


def _parts(run: Run) -> tuple[LabelledDigits, LabelledDigits]:
    """The digits that the run was trained on, and those that it was chosen by."""
    config = run.config
    digits = load_for_training(config.data.source)
    if digits.sha256 != config.data.sha256:
        raise RunError(f"{run.path}: its data {config.data.source} changed since it was trained: train it again")
    return stratified_split(digits, config.recipe.validation_fraction, config.seed)


def _written(
    run: Run, model: keras.Model, to: str, out: Path, train: LabelledDigits, validation: LabelledDigits
) -> Exported:
    from inkdigits.modelfile import other_formats
    from inkdigits.modelfile.export import Exported
    from inkdigits.modelfile.parity import PICTURES

    pictures = train.images[:PICTURES]
    if to == "onnx":
        return write_model_file(run, model, train, validation, out)
    if to == "openvino":
        with tempfile.TemporaryDirectory() as folder:
            file = write_model_file(run, model, train, validation, Path(folder) / "model.onnx")
            return Exported(out, other_formats.export_openvino(model, file.path, out, pictures), file.temperature)
    write = {
        "keras": other_formats.export_keras,
        "tflite": other_formats.export_tflite,
        "saved_model": other_formats.export_saved_model,
    }[to]
    return Exported(out, write(model, out, pictures))
