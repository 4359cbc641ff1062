"""The instrumentation, in this process instead of a kernel: it counts every form of call and breaks none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise import instrumentation
from inkdigits.exercise.observations import Call, Observations, decode_report
from tests.exercise.conftest import QUIET, prepared_arrays

pytestmark = pytest.mark.usefixtures("recording")


def _recorded() -> Call:
    observed = decode_report(Observations, repr(instrumentation.drain()))
    assert observed is not None
    (call,) = observed.calls
    return call


_FORMS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "arrays": lambda x, y: (x, y),
    "lists of one": lambda x, y: ([x], [y]),
    "tuples of one": lambda x, y: ((x,), (y,)),
    "a dict by the name of the input": lambda x, y: ({"images": x}, y),
}


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_call_is_counted(small: Splits, form: str) -> None:
    _, _, x_test, onehot_test = prepared_arrays(small)
    pictures = keras.Input((784,), name="images")
    inputs, _ = _FORMS[form](pictures, None)
    network = keras.Model(inputs, keras.layers.Dense(10)(pictures))
    network.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    x, y = _FORMS[form](x_test, onehot_test)
    network.fit(x, y, batch_size=500, verbose=0, validation_data=_FORMS[form](x_test[:100], onehot_test[:100]))
    call = _recorded()
    assert (call.pictures.rows, call.pictures.test_rows, call.pictures.wrong_labels) == (500, 500, 0)
    assert call.validation is not None
    assert (call.validation.rows, call.validation.test_rows) == (100, 100)


def test_a_generator_that_ends_is_left_to_keras(small: Splits, mean_model: keras.Model) -> None:
    x_train, onehot_train, x_test, onehot_test = prepared_arrays(small)

    def batches(x: Any, y: Any) -> Iterator[Any]:
        yield from zip(np.split(x, 5), np.split(y, 5), strict=True)

    held_back = batches(x_test, onehot_test)
    history = mean_model.fit(
        batches(x_train, onehot_train), steps_per_epoch=5, validation_data=held_back, validation_steps=5, **QUIET
    )
    assert "val_loss" in history.history
    call = _recorded()
    assert call.validation is not None
    assert (call.pictures.rows, call.pictures.test_rows, call.validation.test_rows) == (1000, 0, 500)


def test_a_call_that_cannot_be_counted_is_made_all_the_same(
    small: Splits, mean_model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    x_train, onehot_train, _, _ = prepared_arrays(small)
    for name in ("_match", "_record_model", "_record_result"):
        monkeypatch.setattr(instrumentation, name, lambda *_: {}["a mistake of the instrumentation"])
    history = mean_model.fit(x_train, onehot_train, epochs=np.int64(1), verbose=0)  # type: ignore[arg-type]
    assert len(history.history["loss"]) == 1
    assert _recorded().epochs == 1
