"""What the notebook's `model` reads in the checker's own test pictures. Runs inside a submission's kernel."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from inkdigits.exercise import instrumentation
from inkdigits.exercise.model_description import describe_model
from inkdigits.exercise.observations import Measurement, encode_report
from inkdigits.exercise.recognition import Preparation, preparation_of_range

__all__ = ["measure"]

_MAX_PREPARATIONS = 4  # tried on a model: each takes a whole prediction


def measure() -> str:
    """The readings of the notebook's `model`, as JSON."""
    return encode_report(_measure(instrumentation.notebook_names().get("model")))


def _measure(model: Any) -> Measurement:
    keras, measured = sys.modules.get("keras"), instrumentation.recorder().measured
    if keras is None or not isinstance(model, keras.Model):
        return Measurement(error=f"`model` is {type(model).__name__}, expected a Keras model")
    if any(model is other for other in measured):
        return Measurement(error="`model` is still that of the part before")
    measured.append(model)
    try:
        return _readings(model)
    except Exception as error:
        return Measurement(error=f"`model` does not answer: {type(error).__name__}: {error}"[:500])


def _readings(model: Any) -> Measurement:
    recorder = instrumentation.recorder()
    fit = recorder.last_fit.get(id(model))
    trained_on = fit.pictures.picture_shape if fit else None
    shape = trained_on[1:] if trained_on else tuple(getattr(model, "input_shape", (None,))[1:])
    if int(np.prod([size for size in shape if size])) != 784:
        return Measurement(error="`model` takes no pictures of 28 by 28")
    digits = []
    for preparation in _preparations(model):
        pictures = preparation.of(recorder.data["x_test"]).reshape(-1, *shape)
        answers = np.asarray(recorder.original["predict"](model, pictures, batch_size=256, verbose=0))
        if answers.ndim != 2 or answers.shape[1] != 10:
            return Measurement(error=f"`model` answers with shape {answers.shape}, expected ten numbers a picture")
        digits.append(tuple(answers.argmax(axis=1).tolist()))
    return Measurement(tuple(digits), describe_model(model))


def _preparations(model: Any) -> list[Preparation]:
    """How the pictures that `model` learned from may have been prepared.

    What `fit` was given shows it exactly, unless it was augmented, shuffled or came by batches; then the arrays of the
    notebook do. The range of what `fit` was given comes last: a batch with noise in it reaches further than its ink.
    """
    recorder = instrumentation.recorder()
    if id(model) in recorder.prepared:
        return [recorder.prepared[id(model)]]
    found: list[Preparation] = []
    for value in list(instrumentation.notebook_names().values()):
        preparation = recorder.preparation(value) if isinstance(value, np.ndarray) else None
        if preparation is not None and preparation.differs(found):
            found.append(preparation)
    fit = recorder.last_fit.get(id(model))
    lowest, highest = (fit.pictures.lowest, fit.pictures.highest) if fit and fit.pictures.rows else (0.0, 1.0)
    by_range = preparation_of_range(lowest, highest)
    return [*found[: _MAX_PREPARATIONS - 1], *([by_range] if by_range.differs(found) else [])]
