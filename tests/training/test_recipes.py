"""Every hyperparameter is checked, and an unknown one is refused."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkdigits.errors import RecipeError
from inkdigits.networks.registry import NETWORKS
from inkdigits.system.typed_json import from_json
from inkdigits.training.recipes import RECIPES, Recipe, named_recipe, with_hyperparameters


@pytest.mark.parametrize(
    ("hyperparameter", "value", "message"),
    [
        ("learning_rate", -1, "learning_rate must be a number from 1e-07 to 10, got -1"),
        ("learning_rate", float("nan"), "got nan"),
        ("learning_rate", "fast", "learning_rate must be a number from 1e-07 to 10, got 'fast'"),
        ("batch_size", 0, "batch_size must be a whole number from 1 to 65536, got 0"),
        ("batch_size", "12.5", "got '12.5'"),
        ("epochs", True, "got True"),
        ("optimizer", "adamw", "optimizer must be one of rmsprop, adam, sgd, muon, got 'adamw'"),
        ("validation_fraction", 1.5, "validation_fraction must be a number from 0.001 to 0.9"),
        ("learnin_rate", 0.1, r"unknown hyperparameter 'learnin_rate' \(did you mean learning_rate\?\)"),
        ("name", "x", "unknown hyperparameter 'name'"),
    ],
)
def test_a_bad_hyperparameter(hyperparameter: str, value: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        with_hyperparameters(Recipe(), {hyperparameter: value})


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"optimizer": "muon"}, "optimizer must be one of rmsprop, adam, sgd with engine keras, got 'muon'"),
        ({"engine": "numpy"}, "optimizer must be one of adam, muon with engine numpy, got 'rmsprop'"),
        ({"engine": "numpy", "optimizer": "adam", "weight_decay": 0.1}, "weight_decay must be 0 with engine numpy"),
    ],
)
def test_hyperparameters_that_do_not_fit_each_other(hyperparameters: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        with_hyperparameters(Recipe(), hyperparameters)


def test_text_is_read_as_the_hyperparameters_type() -> None:
    recipe = with_hyperparameters(Recipe(), {"learning_rate": "0.01", "epochs": "3", "optimizer": "adam"})
    assert (recipe.learning_rate, recipe.epochs, recipe.optimizer) == (0.01, 3, "adam")


@pytest.mark.parametrize(
    ("name", "network"),
    [
        (name, network)
        for name, by_network in RECIPES.items()
        for network in NETWORKS
        if {network, ""} & set(by_network)
    ],
)
def test_every_recipe_survives_json(name: str, network: str) -> None:
    recipe = named_recipe(name, network)
    assert recipe.name == name
    assert from_json(Recipe, asdict(recipe)) == recipe


def test_a_recipe_of_another_network() -> None:
    with pytest.raises(RecipeError, match="recipe 'quick' is for reader, not for cnn: leave recipe out"):
        named_recipe("quick", "cnn")


def test_an_unknown_recipe() -> None:
    with pytest.raises(RecipeError, match=r"unknown recipe 'standrad' \(did you mean standard\?\)"):
        named_recipe("standrad", "dense")


def test_a_schedule_that_would_be_cut_short() -> None:
    with pytest.raises(RecipeError, match="patience must be 0 with schedule triangular"):
        with_hyperparameters(Recipe(), {"schedule": "triangular"})


@given(st.dictionaries(st.text(max_size=20), st.none() | st.integers() | st.floats() | st.text(max_size=5)))
def test_no_dictionary_crashes(hyperparameters: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError, RecipeError):
        assert isinstance(from_json(Recipe, hyperparameters), Recipe)
