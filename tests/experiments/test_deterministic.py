"""What TensorFlow cannot do is told before a training begins; this stands in for a machine that has it."""

from __future__ import annotations

import keras
import pytest

from inkdigits.errors import RecipeError
from inkdigits.training import train as module
from inkdigits.training.backend import Backend


@pytest.mark.parametrize(
    ("name", "deterministic", "data_format", "refused"),
    [
        ("tensorflow", True, "channels_first", True),
        ("tensorflow", True, "channels_last", False),
        ("tensorflow", False, "channels_first", False),
        ("jax", True, "channels_first", False),
    ],
)
def test_deterministic_training_that_needs_xla_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, deterministic: bool, data_format: str, refused: bool
) -> None:
    monkeypatch.setattr(keras.config, "image_data_format", lambda: data_format)
    backend = Backend(name, deterministic=deterministic)
    if not refused:
        module._check_deterministic(backend)
        return
    with pytest.raises(RecipeError, match=r"^TensorFlow trains channels_first only with XLA.*backend jax$"):
        module._check_deterministic(backend)
