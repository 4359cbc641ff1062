"""The measurement of a model, in this process instead of a kernel."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise import instrumentation
from inkdigits.exercise.measurement import measure
from inkdigits.exercise.observations import Measurement, decode_report
from tests.exercise.conftest import QUIET, prepared_arrays

pytestmark = pytest.mark.usefixtures("recording")


def _measured() -> Measurement:
    found = decode_report(Measurement, repr(measure()))
    assert found is not None
    return found


@pytest.mark.parametrize("preparation", ["scaled, then noise", "each pixel standardised", "standardised, then noise"])
def test_pictures_are_prepared_as_the_notebook_did(
    small: Splits, mean_model: keras.Model, monkeypatch: pytest.MonkeyPatch, preparation: str
) -> None:
    x_train, onehot_train, x_test, onehot_test = prepared_arrays(small)
    if "standardised" in preparation:
        mean, spread = x_train.mean(axis=0), x_train.std(axis=0) + 0.01
        x_train, x_test = (x_train - mean) / spread, (x_test - mean) / spread
    # The mean pictures, so that the network reads well what was prepared so, and only that.
    means = np.linalg.lstsq(np.c_[x_train, np.ones(len(x_train))], 10 * onehot_train, rcond=0.1)[0]
    mean_model.set_weights([means[:-1], means[-1]])
    noise = 3.0 if "noise" in preparation else 0.0
    noisy = x_train + np.random.default_rng(0).normal(0, noise, x_train.shape) if noise else x_train

    mean_model.fit(((batch, y) for batch, y in [(noisy, onehot_train)]), steps_per_epoch=1, **QUIET)
    names = {"model": mean_model, "x_test": x_test, "n": np.array(3)}
    monkeypatch.setattr(instrumentation, "notebook_names", lambda: names)
    labels = onehot_test.argmax(axis=1)
    measured = max(float(np.mean(np.array(digits) == labels)) for digits in _measured().digits)
    own = float(np.mean(mean_model.predict(x_test, verbose=0).argmax(axis=1) == labels))
    assert measured == pytest.approx(own, abs=0.003)
    assert own > 0.6


def test_a_model_that_cannot_answer_is_reported_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [keras.Input((784,)), keras.Input((3,))]
    network = keras.Model(two, keras.layers.Dense(10)(keras.layers.Concatenate()(two)))
    monkeypatch.setattr(instrumentation, "notebook_names", lambda: {"model": network})
    assert "does not answer" in (_measured().error or "")
