"""The watch, here beside us instead of inside a kernel: it counts every form of call and breaks none."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise import instrumentation as source_of_watch
from inkdigits.exercise.observations import read_measured, read_seen

QUIET = {"shuffle": False, "verbose": 0}  # a generator that is to be shuffled warns


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Reads a digit by its nearest mean picture, so it need not be trained; `fit` leaves it as it is."""
    network = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    network.compile(keras.optimizers.SGD(0.0), "categorical_crossentropy")
    return network


@pytest.fixture
def watch(small_npz: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A watch of its own over this process's Keras, taken off again after the test."""
    module = ModuleType("watch_under_test")
    exec(compile(Path(source_of_watch.__file__).read_text(), "watch.py", "exec"), module.__dict__)
    with monkeypatch.context() as importing:
        importing.setattr(sys, "meta_path", [*sys.meta_path])
        module.start(str(small_npz), subset=True)
    for name in ("fit", "train_on_batch", "evaluate", "test_on_batch"):
        monkeypatch.setattr(keras.Model, name, getattr(keras.Model, name))
    monkeypatch.setattr(keras.src.datasets.mnist, "get_file", keras.src.datasets.mnist.get_file)
    module._wrap_keras(keras)
    monkeypatch.setattr(module, "_names", dict)
    return module


def _seen(watch: ModuleType) -> dict[str, Any]:
    seen = read_seen(repr(watch.drain()))
    assert seen is not None
    (event,) = seen["events"]
    assert isinstance(event, dict)
    return event


def _pictures(small: Splits) -> tuple[Any, Any, Any, Any]:
    assert small.train is not None
    assert small.test is not None
    x_train, x_test = (part.images.reshape(-1, 784).astype("float32") / 255 for part in (small.train, small.test))
    onehot_train, onehot_test = (np.eye(10)[part.labels] for part in (small.train, small.test))
    return x_train, onehot_train, x_test, onehot_test


_FORMS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "arrays": lambda x, y: (x, y),
    "lists of one": lambda x, y: ([x], [y]),
    "tuples of one": lambda x, y: ((x,), (y,)),
    "a dict by the name of the input": lambda x, y: ({"images": x}, y),
}


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_call_is_counted(watch: ModuleType, small: Splits, form: str) -> None:
    _, _, x_test, onehot_test = _pictures(small)
    pictures = keras.Input((784,), name="images")
    inputs, _ = _FORMS[form](pictures, None)
    network = keras.Model(inputs, keras.layers.Dense(10)(pictures))
    network.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    x, y = _FORMS[form](x_test, onehot_test)
    network.fit(x, y, batch_size=500, verbose=0, validation_data=_FORMS[form](x_test[:100], onehot_test[:100]))
    event = _seen(watch)
    assert (event["rows"], event["test_rows"], event["wrong_labels"]) == (500, 500, 0)
    assert event["validation"] == {**event["validation"], "rows": 100, "test_rows": 100}


def test_a_generator_that_ends_is_left_to_keras(watch: ModuleType, small: Splits, model: keras.Model) -> None:
    x_train, onehot_train, x_test, onehot_test = _pictures(small)

    def batches(x: Any, y: Any) -> Iterator[Any]:
        yield from zip(np.split(x, 5), np.split(y, 5), strict=True)

    held_back = batches(x_test, onehot_test)
    history = model.fit(
        batches(x_train, onehot_train), steps_per_epoch=5, validation_data=held_back, validation_steps=5, **QUIET
    )
    assert "val_loss" in history.history
    event = _seen(watch)
    assert (event["rows"], event["test_rows"], event["validation"]["test_rows"]) == (1000, 0, 500)


def test_a_call_that_cannot_be_counted_is_made_all_the_same(
    watch: ModuleType, small: Splits, model: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    x_train, onehot_train, _, _ = _pictures(small)
    for name in ("_match", "_describe", "_look_at_result"):
        monkeypatch.setattr(watch, name, lambda *_: {}["a mistake of the watch"])
    history = model.fit(x_train, onehot_train, epochs=np.int64(1), verbose=0)  # type: ignore[arg-type]
    assert len(history.history["loss"]) == 1
    assert _seen(watch)["epochs"] == 1


@pytest.mark.parametrize("preparation", ["scaled, then noise", "each pixel standardised", "standardised, then noise"])
def test_pictures_are_prepared_as_the_notebook_did(
    watch: ModuleType, small: Splits, model: keras.Model, monkeypatch: pytest.MonkeyPatch, preparation: str
) -> None:
    x_train, onehot_train, x_test, onehot_test = _pictures(small)
    if "standardised" in preparation:
        mean, spread = x_train.mean(axis=0), x_train.std(axis=0) + 0.01
        x_train, x_test = (x_train - mean) / spread, (x_test - mean) / spread
    # The mean pictures, so that the network reads well what was prepared so, and only that.
    means = np.linalg.lstsq(np.c_[x_train, np.ones(len(x_train))], 10 * onehot_train, rcond=0.1)[0]
    model.set_weights([means[:-1], means[-1]])
    noise = 3.0 if "noise" in preparation else 0.0
    noisy = x_train + np.random.default_rng(0).normal(0, noise, x_train.shape) if noise else x_train

    model.fit(((batch, y) for batch, y in [(noisy, onehot_train)]), steps_per_epoch=1, **QUIET)
    monkeypatch.setattr(watch, "_names", lambda: {"model": model, "x_test": x_test, "n": np.array(3)})
    measured = read_measured(repr(watch.measure()))
    assert measured is not None
    own = float(np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == onehot_test.argmax(axis=1)))
    assert measured["accuracy"] == pytest.approx(own, abs=0.003)
    assert own > 0.6


def test_what_was_done_to_a_picture_by_itself_is_not_taken_for_a_preparation(watch: ModuleType, small: Splits) -> None:
    _, _, x_test, onehot_test = _pictures(small)
    assert watch._preparation(x_test) is not None
    labels = onehot_test.argmax(axis=1)[:, None]
    for forged in (x_test + labels, x_test[::-1], x_test + labels * (np.arange(784) == 0), np.zeros_like(x_test)):
        assert watch._preparation(forged) is None


def test_a_model_that_cannot_answer_is_told_in_words(watch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    two = [keras.Input((784,)), keras.Input((3,))]
    network = keras.Model(two, keras.layers.Dense(10)(keras.layers.Concatenate()(two)))
    monkeypatch.setattr(watch, "_names", lambda: {"model": network})
    assert "error" in json.loads(watch.measure())


@pytest.mark.parametrize(
    "answer",
    [
        "", "junk", "1", "'junk'", "'{}'", "'[]'", "'[' * 9", repr("[" * 100_000), "-" * 20_000 + "1",
        repr('{"events": [{"call": "fit"}], "arrays": {}, "format": null}'),
        repr('{"events": 3, "arrays": {}, "format": null}'),
    ],
)  # fmt: skip
def test_a_forged_answer_is_no_answer(answer: str) -> None:
    assert read_seen(answer) is None
    assert read_measured(answer) is None
