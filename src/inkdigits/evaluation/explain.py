"""Explain one prediction: maps over the picture, and for a run the nearest training pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError, require_extra
from inkdigits.evaluation.figures import heat_overlay
from inkdigits.evaluation.occlusion import occlusion_map
from inkdigits.modelfile.load import Classifier, load_classifier
from inkdigits.system.atomic_io import write_bytes

__all__ = ["Explanation", "Neighbour", "explain", "write_explanation"]


@dataclass(frozen=True)
class Neighbour:
    """A training picture, how far it is in the last hidden layer (Euclidean), and its place in the training data."""

    index: int
    label: int
    distance: float
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class Explanation:
    """The probabilities of one picture, and which pixels speak for `label`. Maps are float64 (28, 28)."""

    image: NDArray[np.uint8]
    probabilities: NDArray[np.floating[Any]]  # (10,)
    label: int
    occlusion: NDArray[np.float64]  # `evaluation.occlusion.occlusion_map`
    gradient: NDArray[np.float64] | None = None  # where more ink speaks for the label; only for a run
    neighbours: tuple[Neighbour, ...] = ()  # nearest first; only for a run


def explain(
    model: str | Path, image: NDArray[np.uint8], *, label: int | None = None, neighbours: int = 5
) -> Explanation:
    """Explain what `model` reads in `image`, uint8 (28, 28): `label`, by default the most probable digit.

    A model file gives an occlusion map, and Keras is not imported. Of a run the Keras model is loaded, on the backend
    that trained it, and the gradient and the nearest `neighbours` training pictures are added. Raises `DataError` for a
    label that is no digit, `ModelFileError`, `NetworkError` or `RunError`.
    """
    if label is not None and not 0 <= label <= 9:
        raise DataError(f"label {label}: expected a digit 0 to 9")
    if (Path(model) / "config.json").is_file():
        # Imported here because it imports Keras, which a model file does not need.
        from inkdigits.evaluation.saliency import explain_run

        return explain_run(Path(model), image, label, neighbours)
    return explain_by_occlusion(load_classifier(model), image, label)


def explain_by_occlusion(classifier: Classifier, image: NDArray[np.uint8], label: int | None) -> Explanation:
    """The part of an explanation that needs nothing but predictions."""
    probabilities = classifier.predict_proba(image[None])[0]
    chosen = int(probabilities.argmax()) if label is None else label
    return Explanation(image, probabilities, chosen, occlusion_map(classifier, image, chosen, patch=5, stride=1))


def write_explanation(path: Path, explanation: Explanation) -> None:
    """Write the picture, its maps and its neighbours side by side as a PNG. Raises `OutputError`."""
    require_extra("matplotlib", "train", "an explanation's picture")
    from matplotlib.figure import Figure

    panels = _panels(explanation)
    figure = Figure(figsize=(1.9 * len(panels), 2.4), layout="constrained", dpi=120)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (title, pixels) in zip(axes, panels, strict=True):
        place.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        place.set_title(title, fontsize=9)
        place.axis("off")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getvalue())


def _panels(explanation: Explanation) -> list[tuple[str, NDArray[np.uint8]]]:
    image, label = explanation.image, explanation.label
    probability = 100 * float(explanation.probabilities[label])
    panels = [
        (f"{label} with {probability:.1f} %", 255 - image),
        (f"covered: orange ink\nspeaks for {label}", heat_overlay(image, explanation.occlusion)),
    ]
    if explanation.gradient is not None:
        panels.append((f"gradient: ink on orange\nspeaks for {label}", heat_overlay(image, explanation.gradient)))
    return panels + [
        (f"training {near.index}\na {near.label}, distance {near.distance:.1f}", 255 - near.image)
        for near in explanation.neighbours
    ]
