"""`Recipe`: every hyperparameter of a training in one place, range-checked; unknown names are refused."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from inkdigits.errors import RecipeError

__all__ = ["RECIPES", "Recipe", "named_recipe", "with_hyperparameters"]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. Raises `RecipeError` for a value out of its range."""

    name: str = "standard"
    # What runs the steps: keras; numpy for dense and cnn (training/engines/numpy); jax, for a GPU or TPU, all of them in
    # one compiled program (training/engines/jax.py).
    engine: str = "keras"
    optimizer: str = "rmsprop"  # rmsprop, adam, sgd (keras, jax), or muon (numpy)
    learning_rate: float = 1e-3  # the highest, where a schedule changes it; try 3e-4 to 3e-3
    schedule: str = "constant"  # constant, or triangular: up for `warmup` of all steps, then down to zero
    warmup: float = 0.2  # share of all steps
    muon_learning_rate: float = 1e-2  # of the cnn's second convolution; muon only, the others take Adam's steps
    weight_decay: float = 0.0  # taken off each weight per step and unit of learning rate; not with engine numpy
    batch_size: int = 128  # pictures
    epochs: int = 30  # at most
    keep: str = "best"  # the weights of which epoch: best (the lowest validation loss) or last
    patience: int = 3  # epochs without a lower validation loss before stopping early; 0 = never
    validation_fraction: float = 0.1  # share of each class held out to choose by
    label_smoothing: float = 0.0  # what of a target of 1 is spread over all classes
    # Fraction of the digits trained on, at least 5,000, drawn by their losses (training/loss_sampling.py).
    loss_sampling_fraction: float = 1.0
    augmentation: float = 0.0  # how far digits are bent and worn; 1 is made for reading pictures (synthesis/augment.py)
    glyphs: float = 0.0  # digits of handwriting fonts mixed in, as a share of the digits
    nondigits: float = 0.0  # pictures of no digit mixed in, as a share of the digits

    def __post_init__(self) -> None:
        for hyperparameter in fields(self):
            _check(hyperparameter.name, getattr(self, hyperparameter.name))
        if self.schedule == "triangular" and self.patience:
            raise RecipeError("patience must be 0 with schedule triangular: it ends where its epochs end")
        known = _OPTIMIZERS_OF[self.engine]
        if self.optimizer not in known:
            raise RecipeError(
                f"optimizer must be one of {', '.join(known)} with engine {self.engine}, got {self.optimizer!r}"
            )
        if self.engine == "numpy" and self.weight_decay:
            raise RecipeError(f"weight_decay must be 0 with engine numpy, got {self.weight_decay:g}")
        if self.engine == "jax":
            self._check_one_program()

    def _check_one_program(self) -> None:
        """One program cannot stop early, and its pictures are made on the device."""
        for hyperparameter in ("patience", "glyphs", "nondigits"):
            if getattr(self, hyperparameter):
                raise RecipeError(f"{hyperparameter} must be 0 with engine jax, got {getattr(self, hyperparameter):g}")


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    whole: bool = False

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"


_OF_KERAS = ("rmsprop", "adam", "sgd")
_OPTIMIZERS_OF = {"keras": _OF_KERAS, "numpy": ("adam", "muon"), "jax": _OF_KERAS}
_CHOICES = {
    "engine": tuple(_OPTIMIZERS_OF),
    "optimizer": ("rmsprop", "adam", "sgd", "muon"),
    "schedule": ("constant", "triangular"),
    "keep": ("best", "last"),
}
_RANGES = {
    "learning_rate": _Range(1e-7, 10),
    "warmup": _Range(0, 0.9),
    "batch_size": _Range(1, 65536, whole=True),
    "epochs": _Range(1, 10000, whole=True),
    "patience": _Range(0, 10000, whole=True),
    "validation_fraction": _Range(0.001, 0.9),
    "weight_decay": _Range(0, 1),
    "muon_learning_rate": _Range(1e-7, 10),
    "label_smoothing": _Range(0, 0.9),
    "loss_sampling_fraction": _Range(1e-4, 1),
    "augmentation": _Range(0, 2),
    "glyphs": _Range(0, 1),
    "nondigits": _Range(0, 1),
}


def _check(hyperparameter: str, value: Any) -> None:
    if hyperparameter in _CHOICES:
        if value not in _CHOICES[hyperparameter]:
            raise RecipeError(f"{hyperparameter} must be one of {', '.join(_CHOICES[hyperparameter])}, got {value!r}")
    elif hyperparameter in _RANGES:
        _check_number(hyperparameter, value, _RANGES[hyperparameter])


def _check_number(hyperparameter: str, value: Any, allowed: _Range) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not allowed.low <= value <= allowed.high or (allowed.whole and value != int(value)):
        raise RecipeError(f"{hyperparameter} must be {allowed}, got {value!r}")


# Few epochs of everything: more accurate than `sprint`, and what the shipped `dense` and `cnn` were trained with.
_BRISK = Recipe("brisk", optimizer="adam", learning_rate=2e-3, schedule="triangular", epochs=6, patience=0)

# What `inkdigits reproduce` trains with: the exercise's targets in seconds, by the digits worth most (docs/log.md says
# why), safe for any seed (docs/records.md).
_SPRINT = Recipe(
    "sprint",
    engine="numpy",
    optimizer="adam",
    learning_rate=2e-3,
    schedule="triangular",
    epochs=2,
    patience=0,
    label_smoothing=0.1,
    loss_sampling_fraction=0.4,
)

# What the reader is trained with (docs/log.md says why): pictures as people take them, digits of fonts, and no digits.
_READER = Recipe(
    optimizer="adam",
    learning_rate=3e-3,
    schedule="triangular",
    warmup=0.1,
    weight_decay=0.02,
    epochs=50,
    # It is trained on worn digits and judged on clean ones, which any epoch of a high rate may happen to suit.
    keep="last",
    patience=0,
    augmentation=1.0,
    validation_fraction=0.05,
    glyphs=0.1,
    nondigits=0.25,
)

# By recipe name, then by network; "" is for every other network.
RECIPES: Mapping[str, Mapping[str, Recipe]] = {
    "standard": {"": Recipe(), "reader": _READER},
    "quick": {"reader": replace(_READER, name="quick", epochs=10)},
    # For a network that is good already (`--start-from`): short and gentle.
    "adapt": {"reader": replace(_READER, name="adapt", learning_rate=5e-4, epochs=2)},
    "sprint": {
        "dense": _SPRINT,
        "cnn": replace(_SPRINT, optimizer="muon", batch_size=32, epochs=1, loss_sampling_fraction=0.12),
    },
    "brisk": {"": _BRISK, "cnn": replace(_BRISK, learning_rate=1.5e-3, epochs=2)},
}


def named_recipe(name: str, network: str) -> Recipe:
    """The recipe called `name` as it is for `network`. Raises `RecipeError` when there is none."""
    fitting = {known: recipes for known, recipes in RECIPES.items() if network in recipes or "" in recipes}
    if name not in RECIPES:
        raise RecipeError(f"unknown recipe {name!r}{_nearest(name, fitting)}: expected one of {', '.join(fitting)}")
    by_network = RECIPES[name]
    if name not in fitting:
        raise RecipeError(f"recipe {name!r} is for {', '.join(by_network)}, not for {network}: leave --recipe out")
    return by_network.get(network, by_network.get("", Recipe()))


def with_hyperparameters(recipe: Recipe, hyperparameters: Mapping[str, Any]) -> Recipe:
    """`recipe` with some hyperparameters turned; text is read as the hyperparameter's type. Raises `RecipeError` for an unknown hyperparameter."""
    known = {
        hyperparameter.name: getattr(recipe, hyperparameter.name)
        for hyperparameter in fields(recipe)
        if hyperparameter.name != "name"
    }
    for hyperparameter in hyperparameters:
        if hyperparameter not in known:
            raise RecipeError(
                f"unknown hyperparameter {hyperparameter!r}{_nearest(hyperparameter, known)}: expected one of {', '.join(known)}"
            )
    return replace(
        recipe,
        **{
            hyperparameter: _typed(hyperparameter, value, type(known[hyperparameter]))
            for hyperparameter, value in hyperparameters.items()
        },
    )


def _typed(hyperparameter: str, value: Any, kind: type) -> Any:
    if not isinstance(value, str) or kind is str:
        return value
    try:
        return kind(value)
    except ValueError as error:
        raise RecipeError(f"{hyperparameter} must be {_RANGES[hyperparameter]}, got {value!r}") from error


# What other libraries call hyperparameters of ours.
_ALIASES = {"lr": "learning_rate", "bs": "batch_size", "batch": "batch_size", "wd": "weight_decay"}


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    alias = _ALIASES.get(name.lower(), "")
    near = [alias] if alias in known else difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
