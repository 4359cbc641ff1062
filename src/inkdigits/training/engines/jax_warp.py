"""Digits turned, sheared, scaled and moved at random inside a compiled program, where OpenCV cannot be called.

The ranges are those of `synthesis.augment`, which bends them like rubber and wears them too.
"""

from __future__ import annotations

from typing import Any

import jax
from jax import numpy as jnp

__all__ = ["warp"]

_SIDE = 28
# Degrees, share of the height, natural logarithm of the scale, pixels.
_TURN, _SHEAR, _SCALE, _SHIFT = 10.0, 0.15, 0.12, 1.5


def warp(images: Any, key: Any, strength: float) -> Any:
    """`images` uint8 (n, 28, 28), each bent at random by `key`, as float32 (n, 28, 28) from 0 to 255."""
    draws = jax.random.uniform(key, (len(images), 5), minval=-strength, maxval=strength)
    return jax.vmap(_warped)(images.astype(jnp.float32), draws)


def _warped(image: Any, draw: Any) -> Any:
    angle, shear, scale = jnp.deg2rad(_TURN) * draw[0], _SHEAR * draw[1], jnp.exp(_SCALE * draw[2])
    middle = (_SIDE - 1) / 2
    y, x = jnp.mgrid[:_SIDE, :_SIDE] - middle
    turned_x = (jnp.cos(angle) * x + (shear - jnp.sin(angle)) * y) * scale
    turned_y = (jnp.sin(angle) * x + jnp.cos(angle) * y) * scale
    places = [turned_y + middle + _SHIFT * draw[3], turned_x + middle + _SHIFT * draw[4]]
    return jax.scipy.ndimage.map_coordinates(image, places, order=1)
