"""Recipes in TOML files."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkdigits.errors import RecipeError
from inkdigits.training.recipe_file import find_recipe, recipe_text
from inkdigits.training.recipes import RECIPES, Recipe, described_hyperparameters


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    values = {"engine": "numpy", "optimizer": "adam", "learning_rate": 2.5e-5, "epochs": 7, "weight_decay": 0}
    path = tmp_path / "mine.toml"
    path.write_text(recipe_text(values))
    recipe = find_recipe(str(path), "dense")
    assert recipe == Recipe("mine", engine="numpy", optimizer="adam", learning_rate=2.5e-5, epochs=7, weight_decay=0)
    assert find_recipe(path, "reader").augmentation == 1.0  # the rest is that of the network's own standard


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("learning_rate = 50", r"bad\.toml: learning_rate must be a number from 1e-07 to 10, got 50"),
        ("learningrate = 1", r"bad\.toml: unknown hyperparameter 'learningrate' \(did you mean learning_rate\?\)"),
        ("epochs = [1]", r"bad\.toml: epochs must be a number or a name"),
        ("epochs 3", r"bad\.toml: cannot be read as TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(content)
    with pytest.raises(RecipeError, match=message):
        find_recipe(tmp_path / "bad.toml", "dense")


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such file"):
        find_recipe(tmp_path / "gone.toml", "dense")


def test_every_hyperparameter_has_a_meaning() -> None:
    for row in described_hyperparameters():
        assert len(row.meaning) > 5
        assert row.values.startswith(("a number", "a whole number", "one of"))
        assert row.default == getattr(Recipe(), row.name)


def test_the_documentation_lists_every_hyperparameter_and_recipe() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "recipes.md").read_text()
    for row in described_hyperparameters():
        assert f"| `{row.name}` | {row.meaning} | {row.values} | {row.default} |\n" in page
    for name, by_network in RECIPES.items():
        assert page.count(f"| `{name}` | ") == len(by_network)
