"""Explain one prediction: maps over the picture, and for a run the nearest training pictures."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkdigits.datasets.array_pictures import pictures_of
from inkdigits.datasets.unlabelled import load_pictures
from inkdigits.errors import DataError
from inkdigits.evaluation.figures import heat_overlay
from inkdigits.evaluation.occlusion import occlusion_map
from inkdigits.images.png import encode_png
from inkdigits.modelfile.load import Classifier, as_classifier, load_classifier
from inkdigits.system.atomic_io import write_bytes
from inkdigits.system.whole_numbers import check_whole_number

# In pixels: a panel, the gap between two, and the height of the titles above them.
_SIDE, _GAP, _TITLE = 196, 16, 48

__all__ = ["Explanation", "Neighbour", "explain", "write_explanation"]


class RunFolder(Protocol):
    """A `Run`; that class is not imported here, since its package knows Keras."""

    @property
    def path(self) -> Path:
        """The run's folder."""


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

    def __repr__(self) -> str:
        read = int(self.probabilities.argmax())
        return f"Explanation(read {read} with {float(self.probabilities[read]):.3f}, what speaks for {self.label})"

    def _repr_png_(self) -> bytes:
        """The picture, its maps and its neighbours side by side, in a notebook."""
        return encode_png(_panels_side_by_side(self))


def explain(
    model: RunFolder | str | Path | Classifier,
    image: ArrayLike | Path,
    *,
    label: int | None = None,
    neighbours: int = 5,
) -> Explanation:
    """Explain what `model` reads in `image`: `label`, by default the most probable digit.

    `image` is one digit: an array (28, 28) as `datasets.array_pictures` takes it, white ink on black, or a path.
    `model` is a run or its folder, a shipped model's name, a model file, a Keras model, or anything with
    `predict_proba`. Everything but a run gives an occlusion map. Of a run the Keras model is loaded, on the backend
    that trained it, and the gradient and the nearest `neighbours` training pictures are added; where Keras is not
    installed, a run gives what its model file gives.

    Raises `DataError` for a label that is no digit or an image of another shape, `ModelFileError`, `NetworkError` or
    `RunError`.
    """
    if label is not None:
        check_whole_number("label", label, DataError, least=0, most=9)
    picture = _picture(image)
    if isinstance(path := getattr(model, "path", None), Path):
        model = path
    if not isinstance(model, str | Path):
        return explain_by_occlusion(as_classifier(model), picture, label)
    if (Path(model) / "config.json").is_file() and not _has_to_do_without_keras(Path(model)):
        # Imported here because it imports Keras, which a model file does not need.
        from inkdigits.evaluation.saliency import explain_run

        return explain_run(Path(model), picture, label, neighbours)
    return explain_by_occlusion(load_classifier(model), picture, label)


def _picture(image: ArrayLike | Path) -> NDArray[np.uint8]:
    if isinstance(image, str | Path):
        pictures = load_pictures(Path(image)).images
        if len(pictures) != 1:
            raise DataError(f"{image}: holds {len(pictures)} pictures, expected one")
        return np.asarray(pictures[0])
    array = np.asarray(image)
    one = array[None] if array.shape in ((28, 28), (784,), (28, 28, 1)) else array
    pictures = pictures_of(one, "image")
    if len(pictures) != 1:
        raise DataError(
            f"image: expected one picture, (28, 28), got {len(pictures)}, {array.shape}: choose one of them"
        )
    return np.asarray(pictures[0])


def _has_to_do_without_keras(run: Path) -> bool:
    return find_spec("keras") is None and (run / "model.onnx").is_file()


def explain_by_occlusion(classifier: Classifier, image: NDArray[np.uint8], label: int | None) -> Explanation:
    """The part of an explanation that needs nothing but predictions."""
    probabilities = classifier.predict_proba(image[None])[0]
    chosen = int(probabilities.argmax()) if label is None else label
    return Explanation(image, probabilities, chosen, occlusion_map(classifier, image, chosen, patch=5, stride=1))


def write_explanation(path: Path, explanation: Explanation) -> None:
    """Write the picture, its maps and its neighbours side by side as a PNG. Raises `OutputError`."""
    write_bytes(path, encode_png(_panels_side_by_side(explanation)))


def _panels_side_by_side(explanation: Explanation) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    panels = _panels(explanation)
    font = ImageFont.load_default(14)
    canvas = Image.new("RGB", (_GAP + len(panels) * (_SIDE + _GAP), _TITLE + _SIDE + _GAP), "white")
    for place, (title, pixels) in enumerate(panels):
        left = _GAP + place * (_SIDE + _GAP)
        ImageDraw.Draw(canvas).multiline_text(
            (left + _SIDE / 2, _TITLE - 6), title, "black", font, anchor="md", align="center"
        )
        canvas.paste(
            Image.fromarray(pixels).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.NEAREST), (left, _TITLE)
        )
    return np.asarray(canvas)


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
