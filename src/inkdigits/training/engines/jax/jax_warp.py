"""Random rotation, shear, scale and shift inside a compiled program, where OpenCV cannot be called.

The ranges are those of `synthesis.augment`, which also warps elastically and degrades pictures.
"""

from __future__ import annotations

from typing import Any

import jax
from jax import numpy as jnp

from inkdigits.normalize import SIZE
from inkdigits.synthesis.warp_ranges import LOG_SCALE, ROTATION, SHEAR, SINGLE_SHIFT

__all__ = ["warp"]


def warp(images: Any, key: Any, magnitude: float) -> Any:
    """`images` uint8 (n, 28, 28), each warped at random by `key`, as float32 (n, 28, 28) from 0 to 255.

    `magnitude` scales the ranges; 1 is what `augment` uses for the reader.
    """
    draws = jax.random.uniform(key, (len(images), 5), minval=-magnitude, maxval=magnitude)
    return jax.vmap(_warped)(images.astype(jnp.float32), draws)


def _warped(image: Any, draw: Any) -> Any:
    angle, shear, scale = jnp.deg2rad(ROTATION[0]) * draw[0], SHEAR[0] * draw[1], jnp.exp(LOG_SCALE * draw[2])
    middle = (SIZE - 1) / 2
    y, x = jnp.mgrid[:SIZE, :SIZE] - middle
    source_x = (jnp.cos(angle) * x + (shear - jnp.sin(angle)) * y) * scale
    source_y = (jnp.sin(angle) * x + jnp.cos(angle) * y) * scale
    places = [source_y + middle + SINGLE_SHIFT * draw[3], source_x + middle + SINGLE_SHIFT * draw[4]]
    return jax.scipy.ndimage.map_coordinates(image, places, order=1)
