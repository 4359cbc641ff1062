"""Write a trained network as a model file: an ONNX file that ONNX Runtime loads without Keras.

The layers are translated here (`modelfile.onnx`): jax2onnx gave 35 nodes that ONNX Runtime refused, and Keras's own
export needs TensorFlow or torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import require_extra
from inkdigits.modelfile.metadata import Metadata
from inkdigits.modelfile.onnx.translate import translate
from inkdigits.modelfile.onnx.writer import to_bytes
from inkdigits.modelfile.parity import FOLDED_TOLERANCE, TOLERANCE, Classify, check_parity
from inkdigits.modelfile.predictor import Predictor
from inkdigits.stats.calibration import fit_acceptance_threshold, fit_temperature, softmax
from inkdigits.system.atomic_io import write_bytes

if TYPE_CHECKING:
    import keras

    from inkdigits.datasets.labelled import LabelledDigits
    from inkdigits.networks.plain_network import PlainNetwork

__all__ = ["Exported", "export_onnx"]


@dataclass(frozen=True)
class Exported:
    """A file that was written, after it was compared with Keras. A folder for some formats."""

    path: Path
    largest_difference: float  # of a probability from Keras's
    temperature: float | None = None  # None where the format has no place for it


def export_onnx(
    model: keras.Model | PlainNetwork,
    path: Path,
    metadata: Metadata,
    pictures: NDArray[np.uint8],
    validation: LabelledDigits | None = None,
    degraded: NDArray[np.uint8] | None = None,
    reference: Classify | None = None,
) -> Exported:
    """Write `model` to `path` as a model file.

    The file's predictions for `pictures`, uint8 (n, height, width), are compared with those of `reference` first, by
    default the model's by Keras. With `validation` the temperature is fitted on it, else it is the one in `metadata`.
    With `degraded` pictures of digits the acceptance threshold is fitted on them. Raises `ExportError` when a layer
    cannot be written or the predictions differ, `MissingExtraError` without onnx, `OutputError` when the file cannot be
    written.
    """
    require_extra("onnx", "train", "writing a model file")
    graph = translate(model)
    plain = Predictor.from_bytes(to_bytes(graph, replace(metadata, temperature=1.0)), str(path))
    tolerance = FOLDED_TOLERANCE if reference else TOLERANCE
    difference = check_parity(model, plain.predict_proba, pictures, reference, tolerance)
    if validation is not None:
        temperature = fit_temperature(validation.labels, plain.predict_logits(validation.images))
        metadata = replace(metadata, temperature=temperature)
    if degraded is not None:
        probabilities = softmax(plain.predict_logits(degraded) / metadata.temperature)
        metadata = replace(metadata, acceptance_threshold=fit_acceptance_threshold(probabilities))
    write_bytes(path, to_bytes(graph, metadata))
    return Exported(path, difference, metadata.temperature)
