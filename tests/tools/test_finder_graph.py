"""The finder's file, which computes with pairs of pixels, gives what its U-Net gives pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tools.finder.graph import Convolution, finder_file

from inkdigits.reading.finder import MIN_DEVIATION, Finder

CHANNELS = (8, 16, 32, 48, 64)


def convolution(rng: np.random.Generator, inputs: int, outputs: int, side: int = 3) -> Convolution:
    kernel = rng.normal(0, (2 / (inputs * side**2)) ** 0.5, (outputs, inputs, side, side))
    return kernel.astype(np.float32), rng.normal(0, 0.1, outputs).astype(np.float32)


def convolved(values: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Values (channels, h, w) with zeros beyond their border."""
    reach = kernel.shape[2] // 2
    padded = np.pad(values, ((0, 0), (reach, reach), (reach, reach)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
    return np.einsum("chwyx,ocyx->ohw", windows, kernel) + bias[:, None, None]


def block(values: np.ndarray, convolutions: list[Convolution]) -> np.ndarray:
    for kernel, bias in convolutions:
        assert bias is not None
        values = np.maximum(convolved(values, kernel, bias), 0)
    return values


def unet(
    picture: np.ndarray, down: list[list[Convolution]], up: list[list[Convolution]], maps: Convolution
) -> np.ndarray:
    """The maps (4, h, w) of a picture uint8 (h, w, 3) in double precision, ink as logits."""
    centred = picture.astype(np.float64).transpose(2, 0, 1)
    centred -= centred.mean(axis=(1, 2), keepdims=True)
    values, kept = centred / (np.sqrt(np.square(centred).mean()) + MIN_DEVIATION), []
    for level, convolutions in enumerate(down):
        if level:
            channels, height, width = values.shape
            values = values.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
        values = block(values, convolutions)
        kept.append(values)
    for level in reversed(range(len(up))):
        enlarged = values.repeat(2, axis=1).repeat(2, axis=2)
        values = block(np.concatenate([enlarged, kept[level]]), up[level])
    kernel, bias = maps
    assert bias is not None
    return convolved(values, kernel, bias)


@pytest.mark.parametrize("shape", [(16, 16), (32, 80), (144, 48)])
def test_the_file_gives_what_the_network_gives(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    down = [
        [convolution(rng, before, after), convolution(rng, after, after)] for before, after in pairwise((3, *CHANNELS))
    ]
    up = [[convolution(rng, fine + coarse, fine), convolution(rng, fine, fine)] for fine, coarse in pairwise(CHANNELS)]
    maps = convolution(rng, CHANNELS[0], 4, side=1)
    picture = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)

    found = Finder.from_bytes(finder_file(down, up, maps, {}), threads=1).maps(picture)

    expected = unet(picture, down, up, maps)
    for logits, ink in zip(expected[:2], (found.digit, found.other), strict=True):
        np.testing.assert_allclose(ink, 1 / (1 + np.exp(-logits)), atol=1e-5)
    for offset, pixels in zip(expected[2:], (found.right, found.down), strict=True):
        np.testing.assert_allclose(pixels, 32 * offset, atol=1e-3)
