"""Occlusion maps of classifiers that depend on a known part of the picture."""

from __future__ import annotations

import numpy as np

from inkdigits.evaluation.occlusion import occlusion_map


def test_occlusion_finds_the_ink_that_the_answer_rests_on() -> None:
    """A classifier that looks at nothing but the top left corner."""

    class Corner:
        def predict_proba(self, images: np.ndarray) -> np.ndarray:
            ink = images[:, :6, :6].mean(axis=(1, 2)) / 255
            rest = np.repeat((1 - ink)[:, None] / 9, 9, axis=1)
            return np.concatenate([ink[:, None], rest], axis=1)

    image = np.full((28, 28), 200, np.uint8)
    heat = occlusion_map(Corner(), image, 0)
    assert heat.shape == (28, 28)
    assert heat[:6, :6].min() > 0
    assert np.abs(heat[11:, :]).max() == 0
    assert np.abs(heat[:, 11:]).max() == 0
    assert occlusion_map(Corner(), image, 3)[:6, :6].max() < 0
    assert np.abs(occlusion_map(Corner(), np.zeros((28, 28), np.uint8), 3)).max() == 0
