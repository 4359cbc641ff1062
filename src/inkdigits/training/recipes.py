"""`Recipe`: every hyperparameter of a training with its default, its range and its meaning; and the named recipes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, TypeAlias

from inkdigits.errors import RecipeError
from inkdigits.training.engines.engine_registry import ENGINES

__all__ = [
    "RECIPES",
    "STARTS",
    "Hyperparameter",
    "Hyperparameters",
    "Recipe",
    "described_hyperparameters",
    "named_recipe",
    "with_hyperparameters",
]


# Values by name; text is converted to a number where one is expected.
Hyperparameters: TypeAlias = Mapping[str, str | float]


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    whole: bool

    def check(self, name: str, value: Any) -> None:
        number = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        if not number or not self.low <= value <= self.high:
            raise RecipeError(f"{name} must be {self}, got {value!r}")

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class _Choice:
    names: tuple[str, ...]

    def check(self, name: str, value: Any) -> None:
        if value not in self.names:
            raise RecipeError(f"{name} must be {self}, got {value!r}")

    def __str__(self) -> str:
        return f"one of {', '.join(self.names)}"


def _number(default: float, low: float, high: float, meaning: str) -> Any:
    """A hyperparameter from `low` to `high`, whole where its default is."""
    values = _Range(low, high, isinstance(default, int))
    return field(default=default, metadata={"values": values, "meaning": meaning})


def _choice(names: Iterable[str], meaning: str) -> Any:
    """A hyperparameter that is one of `names`, by default the first."""
    values = _Choice(tuple(names))
    return field(default=values.names[0], metadata={"values": values, "meaning": meaning})


_OPTIMIZERS = dict.fromkeys(name for engine in ENGINES.values() for name in engine.optimizers)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. Raises `RecipeError` for a value out of its range."""

    name: str = "standard"
    engine: str = _choice(ENGINES, "what runs the steps")
    optimizer: str = _choice(_OPTIMIZERS, "how a step follows from a gradient; not every engine has every one")
    learning_rate: float = _number(1e-3, 1e-7, 10, "the highest, where a schedule changes it; try 3e-4 to 3e-3")
    schedule: str = _choice(("constant", "triangular"), "triangular: up for `warmup` of all steps, then down to zero")
    warmup: float = _number(0.2, 0, 0.9, "fraction of all steps")
    muon_learning_rate: float = _number(
        1e-2, 1e-7, 10, "of the cnn's second kernel with muon; Adam takes the other steps"
    )
    weight_decay: float = _number(0.0, 0, 1, "fraction of each weight, per step and unit of learning rate")
    batch_size: int = _number(128, 1, 65536, "pictures in a step")
    epochs: int = _number(30, 1, 10000, "at most")
    keep: str = _choice(("best", "last"), "the weights of which epoch; best: of the lowest validation loss")
    patience: int = _number(
        3, 0, 10000, "epochs without a lower validation loss before stopping early; 0: never stopped early"
    )
    validation_fraction: float = _number(0.1, 0.001, 0.9, "of each class, held out for validation")
    label_smoothing: float = _number(0.0, 0, 0.9, "fraction of a target that is spread over all classes")
    loss_sampling_fraction: float = _number(
        1.0, 1e-4, 1, "of the digits, drawn by their losses, that are trained on; at least 5,000"
    )
    augmentation: float = _number(0.0, 0, 2, "strength of changes to each digit; 1 is for reading pictures")
    glyphs: float = _number(0.0, 0, 1, "digits of handwriting fonts mixed in, as a fraction of the digits")
    nondigits: float = _number(0.0, 0, 1, "pictures without a digit mixed in, as a fraction of the digits")

    def __post_init__(self) -> None:
        for name, values in _VALUES.items():
            values.check(name, getattr(self, name))
        if self.schedule == "triangular" and self.patience:
            raise RecipeError("patience must be 0 with schedule triangular: it ends where its epochs end")
        ENGINES[self.engine].check_recipe(self)


_VALUES: Mapping[str, _Range | _Choice] = {
    hyperparameter.name: hyperparameter.metadata["values"]
    for hyperparameter in fields(Recipe)
    if hyperparameter.name != "name"
}


class Hyperparameter(NamedTuple):
    """One hyperparameter for people: its meaning, its values and its default."""

    name: str
    meaning: str
    values: str
    default: str | float


def described_hyperparameters(recipe: Recipe | None = None) -> list[Hyperparameter]:
    """Every hyperparameter with its value in `recipe`, by default in `standard`."""
    chosen = recipe or Recipe()
    return [
        Hyperparameter(one.name, one.metadata["meaning"], str(one.metadata["values"]), getattr(chosen, one.name))
        for one in fields(Recipe)
        if one.name != "name"
    ]


# Few epochs of all digits: more accurate than `sprint`. The shipped `dense` and `cnn` were trained with it.
_BRISK = Recipe("brisk", optimizer="adam", learning_rate=2e-3, schedule="triangular", epochs=6, patience=0)

# The exercise's targets in seconds, by training on the digits of the highest losses (docs/log.md), for every seed that
# was tried (docs/records.md). `inkdigits reproduce` trains with it.
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

# The reader's: augmented digits, digits of fonts, and pictures without a digit (docs/log.md).
_READER = Recipe(
    optimizer="adam",
    learning_rate=3e-3,
    schedule="triangular",
    warmup=0.1,
    weight_decay=0.02,
    epochs=50,
    # Validation digits are not augmented, so the lowest validation loss may be that of any epoch of a high rate.
    keep="last",
    patience=0,
    augmentation=1.0,
    validation_fraction=0.05,
    glyphs=0.1,
    nondigits=0.4,
)

# By recipe name, then by network; "" is for every other network.
RECIPES: Mapping[str, Mapping[str, Recipe]] = {
    "standard": {"": Recipe(), "reader": _READER},
    "quick": {"reader": replace(_READER, name="quick", epochs=10)},
    # For a trained network (STARTS): few epochs at a low rate.
    "adapt": {"reader": replace(_READER, name="adapt", learning_rate=5e-4, epochs=2)},
    "sprint": {
        "dense": _SPRINT,
        "cnn": replace(_SPRINT, optimizer="muon", batch_size=32, epochs=1, loss_sampling_fraction=0.12),
    },
    "brisk": {"": _BRISK, "cnn": replace(_BRISK, learning_rate=1.5e-3, epochs=2)},
}

# The weights that a recipe starts from unless others are named: a shipped model.
STARTS: Mapping[str, str] = {"adapt": "reader"}


def named_recipe(name: str, network: str) -> Recipe:
    """The recipe called `name` as it is for `network`. Raises `RecipeError` when there is none."""
    fitting = {known: recipes for known, recipes in RECIPES.items() if network in recipes or "" in recipes}
    if name not in RECIPES:
        raise RecipeError(f"unknown recipe {name!r}{_nearest(name, fitting)}: expected one of {', '.join(fitting)}")
    by_network = RECIPES[name]
    if name not in fitting:
        raise RecipeError(f"recipe {name!r} is for {', '.join(by_network)}, not for {network}: leave --recipe out")
    return by_network.get(network, by_network.get("", Recipe()))


def with_hyperparameters(recipe: Recipe, hyperparameters: Hyperparameters) -> Recipe:
    """`recipe` with other values of some `hyperparameters`; text is converted to a number where one is expected.

    Raises `RecipeError` for an unknown hyperparameter or a value out of its range.
    """
    for name in hyperparameters:
        if name not in _VALUES:
            raise RecipeError(
                f"unknown hyperparameter {name!r}{_nearest(name, _VALUES)}: expected one of {', '.join(_VALUES)}"
            )
    return replace(recipe, **{name: _converted(name, value) for name, value in hyperparameters.items()})


def _converted(name: str, value: Any) -> Any:
    values = _VALUES[name]
    if not isinstance(value, str) or not isinstance(values, _Range):
        return value
    try:
        return int(value) if values.whole else float(value)
    except ValueError as error:
        raise RecipeError(f"{name} must be {values}, got {value!r}") from error


# What other libraries call hyperparameters of ours.
_ALIASES = {"lr": "learning_rate", "bs": "batch_size", "batch": "batch_size", "wd": "weight_decay"}


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    alias = _ALIASES.get(name.lower(), "")
    near = [alias] if alias in known else difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
