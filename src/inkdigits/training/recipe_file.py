"""Recipes in TOML files, as `tune` writes them: a line for each hyperparameter."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from inkdigits.errors import RecipeError
from inkdigits.training.recipes import Recipe, named_recipe, with_hyperparameters

__all__ = ["find_recipe", "recipe_text"]

SUFFIX = ".toml"


def recipe_text(hyperparameters: Mapping[str, str | float]) -> str:
    """The file's content. Text is quoted as JSON quotes it, which TOML reads too."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in hyperparameters.items())


def find_recipe(recipe: str | Path | Recipe, network: str) -> Recipe:
    """`recipe` itself, the recipe of that name as it is for `network`, or that of a `.toml` file.

    A file's recipe has the file's name; hyperparameters that it leaves out are those of `standard`. Raises
    `RecipeError` for an unknown name, a file that is missing or no TOML, and values out of range.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if not str(recipe).endswith(SUFFIX):
        return named_recipe(str(recipe), network)
    path = Path(recipe)
    values = _values(path)
    try:
        return replace(with_hyperparameters(named_recipe("standard", network), values), name=path.stem)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def _values(path: Path) -> dict[str, str | float]:
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise RecipeError(
            f"{path}: no such file, expected a recipe's, with lines such as learning_rate = 0.002"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as TOML: {error}") from error
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise RecipeError(f"{path}: {name} must be a number or a name, got {value!r}")
    return values
