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
from inkdigits.exercise.picture_counts import Counts
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
    for name in ("_keep_first_rows", "_record_model", "_record_result"):
        monkeypatch.setattr(instrumentation, name, lambda *_: {}["a mistake of the instrumentation"])
    history = mean_model.fit(x_train, onehot_train, epochs=np.int64(1), verbose=0)  # type: ignore[arg-type]
    assert len(history.history["loss"]) == 1
    assert _recorded().epochs == 1


def _calls() -> list[Call]:
    observed = decode_report(Observations, repr(instrumentation.drain()))
    assert observed is not None
    return list(observed.calls)


class _Watch(keras.callbacks.Callback):
    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self.read = read

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.read(self.model)


@pytest.mark.parametrize("method", ["predict", "evaluate", "test_on_batch", "__call__"])
def test_what_a_callback_reads_of_the_test_set_is_recorded(small: Splits, mean_model: keras.Model, method: str) -> None:
    x_train, onehot_train, x_test, onehot_test = prepared_arrays(small)
    reads: dict[str, Callable[[Any], Any]] = {
        "predict": lambda model: model.predict(x_test, verbose=0),
        "evaluate": lambda model: model.evaluate(x_test, onehot_test, verbose=0),
        "test_on_batch": lambda model: model.test_on_batch(x_test, onehot_test),
        "__call__": lambda model: model(x_test),
    }
    held = (x_train[:50], onehot_train[:50])
    mean_model.fit(x_train, onehot_train, validation_data=held, callbacks=[_Watch(reads[method])], verbose=0)
    fit, read = _calls()
    assert (fit.name, fit.inside, fit.pictures.of_test) == ("fit", False, 0)
    assert (read.name, read.inside, read.pictures.test_rows) == (method, True, 500)


@pytest.mark.parametrize("alteration", ["noise", "moved", "mirrored", "inverted"])
def test_altered_copies_of_test_pictures_are_recognized_and_augmented_training_pictures_are_not(
    small: Splits, mean_model: keras.Model, alteration: str
) -> None:
    x_train, onehot_train, x_test, onehot_test = prepared_arrays(small)
    rng = np.random.default_rng(0)
    alter: dict[str, Callable[[Any], Any]] = {
        "noise": lambda x: np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1),
        "moved": lambda x: np.roll(x.reshape(-1, 28, 28), (1, 2), (1, 2)).reshape(x.shape),
        "mirrored": lambda x: x.reshape(-1, 28, 28)[:, :, ::-1].reshape(x.shape),
        "inverted": lambda x: 1 - x,
    }
    mean_model.fit(alter[alteration](x_train), onehot_train, verbose=0)
    mean_model.fit(alter[alteration](x_test), onehot_test, verbose=0)
    honest, dishonest = _calls()
    assert honest.pictures.of_test <= 20
    assert dishonest.pictures.of_test > 150


def test_a_data_set_that_switches_after_a_pass_is_counted_as_keras_reads_it(
    small: Splits, mean_model: keras.Model
) -> None:
    x_train, onehot_train, x_test, onehot_test = prepared_arrays(small)

    class Switching(keras.utils.PyDataset):
        passes = 0

        def __len__(self) -> int:
            return 5

        def on_epoch_end(self) -> None:
            self.passes += 1

        def __getitem__(self, index: int) -> Any:
            x, y = (x_test, onehot_test) if self.passes else (x_train, onehot_train)
            return x[100 * index : 100 * index + 100], y[100 * index : 100 * index + 100]

    batches = Switching()
    mean_model.fit(batches, epochs=2, verbose=0)
    (call,) = _calls()
    assert isinstance(batches, Switching)
    assert call.pictures.test_rows >= 500


@pytest.mark.parametrize(("copies", "reported"), [(1, 0), (6, 0), (60, 12_800)])
def test_a_few_pictures_that_resemble_a_test_picture_are_no_copies(copies: int, reported: int) -> None:
    # Of 1,500 moved, turned or blurred training pictures up to 3 are nearest to a test picture.
    counts = Counts(rows=64_000, unknown=64_000, sampled=300, copies=copies)
    assert counts.summary().copies == reported


def test_there_is_no_way_past_the_record(small: Splits, mean_model: keras.Model) -> None:
    _, _, x_test, onehot_test = prepared_arrays(small)
    assert not hasattr(keras.Model.fit, "__wrapped__")
    super(keras.Model, mean_model).fit(x_test, onehot_test, verbose=0)
    assert _recorded().pictures.test_rows == len(x_test)
