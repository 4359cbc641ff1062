from __future__ import annotations

import numpy as np

from inkdigits.synthesis.textures import checker, full_frame, gradients, pepper, stripes


def test_a_full_frame_reaches_every_edge() -> None:
    pictures = full_frame(np.random.default_rng(0), 100)
    edges = np.stack([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]])
    assert ((edges > 0).any(axis=2).mean(axis=1) > 0.9).all()


def test_the_others_are_in_a_box_with_a_margin() -> None:
    for texture in (gradients, pepper, checker, stripes):
        assert texture(np.random.default_rng(0), 30)[:, :2].max() == 0


def test_a_box_is_not_so_narrow_that_it_looks_like_a_stroke() -> None:
    for picture in checker(np.random.default_rng(0), 50):
        rows, columns = (np.flatnonzero((picture > 20).any(axis=axis)) for axis in (1, 0))
        assert 2 * min(len(rows), len(columns)) >= 0.8 * max(len(rows), len(columns))
