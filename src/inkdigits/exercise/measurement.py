"""Offers the notebook's `model` to be measured, and lets it read the checker's pictures. Runs inside a kernel."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.exercise import instrumentation
from inkdigits.exercise.model_description import as_array, describe_model, matrix_checksums
from inkdigits.exercise.notebook_values import write_array
from inkdigits.exercise.observations import Offer, OfferedArray, encode_report
from inkdigits.exercise.recognition import PIXELS

__all__ = ["offer", "read"]

_SHOWN_ROWS = 2000  # of an array, for recognizing how it was prepared
_MAX_ARRAYS = 8


def offer(folder: str, test_rows: int, measured: list[int]) -> str:
    """The notebook's `model` in its saved form, and its pictures' first rows, written into `folder`; as JSON.

    `measured` holds the ids of the models that were measured before.
    """
    return encode_report(_offer(Path(folder), instrumentation.notebook_names().get("model"), test_rows, measured))


def _offer(folder: Path, model: Any, test_rows: int, measured: list[int]) -> Offer:
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(model, keras.Model):
        return Offer(error=f"`model` is {type(model).__name__}, expected a Keras model")
    instrumentation.recorder().models.append(model)
    if id(model) in measured:
        return Offer(error="`model` is still that of the part before")
    fit = instrumentation.recorder().last_fit.get(id(model))
    try:
        shape = _picture_shape(model, fit)
        low, high = (fit.pictures.lowest, fit.pictures.highest) if fit and fit.pictures.rows else (0.0, 1.0)
        arrays = _pictures(folder, fit, test_rows)
        matrices = matrix_checksums(map(as_array, model.weights))
        return Offer(None, describe_model(model), id(model), _saved(folder, model), shape, low, high, arrays, matrices)
    except Exception as error:
        return Offer(error=f"`model` cannot be measured: {type(error).__name__}: {error}"[:500])


def _picture_shape(model: Any, fit: Any) -> tuple[int, ...]:
    given = fit.pictures.picture_shape if fit else None
    shape = given[1:] if given else tuple(getattr(model, "input_shape", (None,))[1:])
    known = tuple(int(size) for size in shape if size)
    if known and PIXELS <= int(np.prod(known)) <= 3 * 44 * 44:
        return known
    pictures = instrumentation.notebook_names().get("x_train")
    return tuple(int(size) for size in getattr(pictures, "shape", ())[1:])


def _saved(folder: Path, model: Any) -> str | None:
    """The file of the model's saved form; None where Keras cannot save it."""
    file = f"{uuid.uuid4().hex}.keras"
    try:
        instrumentation.recorder().original["save"](model, folder / file)
    except Exception:
        return None
    return file


def _pictures(folder: Path, fit: Any, test_rows: int) -> tuple[OfferedArray, ...]:
    """What fit was given, and the notebook's arrays of as many pictures as the test set has; then other pictures."""
    found = []
    if fit and fit.first_rows is not None:
        rows, length = fit.first_rows
        found.append(write_array(folder, "fit", rows, length))
    arrays = [
        (name, value)
        for name, value in list(instrumentation.notebook_names().items())
        if isinstance(value, np.ndarray) and value.ndim > 1 and value.size >= PIXELS * len(value) > 100 * PIXELS
        and value.dtype.kind in "buif" and not name.startswith("_")
    ]  # fmt: skip
    for name, value in sorted(arrays, key=lambda pair: len(pair[1]) != test_rows)[:_MAX_ARRAYS]:
        rows = value if len(value) == test_rows else value[:_SHOWN_ROWS]
        found.append(write_array(folder, name, np.array(rows, subok=False), len(value)))
    return tuple(found)


def read(model_id: int, pictures_file: str, answers_file: str) -> bool:
    """Let the offered model read pictures from one `.npy` file and write its outputs (n, 10) into another."""
    model = next(model for model in instrumentation.recorder().models if id(model) == model_id)
    pictures = np.load(pictures_file, allow_pickle=False)
    predict = instrumentation.recorder().original["predict"]
    instrumentation.recorder().running.append(None)
    try:
        answers = predict(model, pictures, batch_size=256, verbose=0)
    finally:
        instrumentation.recorder().running.pop()
    with Path(answers_file).open("wb") as file:
        np.save(file, np.asarray(answers, np.float32), allow_pickle=False)
    return True
