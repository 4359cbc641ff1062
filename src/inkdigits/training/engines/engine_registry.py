"""The engines by name. A new one is a line here and a module that holds its `Engine`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inkdigits.training.engines.engine import Engine
from inkdigits.training.engines.jax.jax_engine import JAX
from inkdigits.training.engines.keras.keras_engine import KERAS
from inkdigits.training.engines.numpy.numpy_engine import NUMPY

if TYPE_CHECKING:
    from inkdigits.training.recipes import Recipe

__all__ = ["ENGINES", "engine_of"]

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in (KERAS, NUMPY, JAX)}


def engine_of(recipe: Recipe) -> Engine:
    """The engine that `recipe` names."""
    return ENGINES[recipe.engine]
