"""Writing a trained network into its run."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from inkdigits.errors import ExportError, MissingExtraError, output_error
from inkdigits.system.atomic_io import temporary_sibling
from inkdigits.training.run import Run
from inkdigits.training.run_export import write_model_file
from inkdigits.training.training_data import TrainingData

if TYPE_CHECKING:
    import keras

    from inkdigits.networks.plain_network import PlainNetwork

__all__ = ["save_trained_model"]


def save_trained_model(run: Run, model: keras.Model | PlainNetwork, data: TrainingData) -> None:
    """Write model.keras and model.onnx into `run`. Warns when the network cannot be written as model.onnx."""
    _remove_evaluation(run)
    with temporary_sibling(run.path / "model.keras") as temporary:
        # Keras requires the suffix .keras, which the temporary file has.
        model.save(temporary)
    run.model_file_path.unlink(missing_ok=True)
    try:
        write_model_file(run, model, data.train, data.validation)
    except (ExportError, MissingExtraError) as error:
        warnings.warn(f"{run.path}: no model.onnx in it: {error}", stacklevel=2)


def _remove_evaluation(run: Run) -> None:
    """Remove the evaluation of the network that is replaced, as when an interrupted training is resumed."""
    names = ("evaluation.json", "report.html", "report.md")
    try:
        for path in [*(run.path / name for name in names), *(run.path / "predictions").glob("*")]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, run.path) from error
