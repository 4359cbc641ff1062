"""`DigitClassifier`: training and classifying as scikit-learn's estimators do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import DataError
from inkdigits.modelfile.predictor import Predictor
from inkdigits.networks.registry import Network
from inkdigits.training.recipes import Hyperparameters, Recipe
from inkdigits.training.train import train

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["DigitClassifier"]

_PIXELS = 784


if TYPE_CHECKING:

    class _Estimator:
        """What scikit-learn's base classes give, which have no types."""

        def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
            """The accuracy in [0, 1]."""

        def get_params(self, deep: bool = True) -> dict[str, object]:
            """The parameters of the constructor by name."""

        def set_params(self, **parameters: object) -> Self:
            """Change parameters of the constructor, and return this estimator."""

        def __sklearn_tags__(self) -> Tags: ...

else:
    _Estimator = type("_Estimator", (ClassifierMixin, BaseEstimator), {"__module__": __name__})


class DigitClassifier(_Estimator):
    """A network of inkdigits as a classifier of scikit-learn.

    Pictures are (n, 784), (n, 28, 28), (n, 28, 28, 1) or (n, 1, 28, 28), white ink on black, whole numbers 0 to 255 or
    floats from 0 to 1 or from 0 to 255. Labels are digits 0 to 9, as numbers or as text. Needs the extras `train` and
    `sklearn`.

    `network`, `recipe` and `hyperparameters` are those of `train`; `random_state` is its seed. After `fit`, `classes_`
    holds the labels that were seen, sorted, `predictor_` the trained `Predictor`, and `n_features_in_` is 784. An
    estimator pickles, and works in `Pipeline`, `cross_val_score` and `GridSearchCV`.
    """

    def __init__(
        self,
        network: Network = "dense",
        *,
        recipe: str | Recipe = "standard",
        hyperparameters: Hyperparameters | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.network = network
        self.recipe = recipe
        self.hyperparameters = hyperparameters
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803  # scikit-learn's name
        """Train the network on pictures and their labels, and return this estimator.

        A tenth of each class is held out to validate on, as the recipe says. Raises `ValueError` for pictures or labels
        of another kind, `RecipeError` and `NetworkError`.
        """
        labels = self._labels(y)
        images = self._pictures(X)
        check_consistent_length(images, labels)
        digits = _with_value_error(lambda: LabelledDigits(images, labels_of(labels, "y"), "X"))
        # Where labels are text, or floats, so are predictions.
        self.classes_ = np.unique(labels)
        self.n_features_in_ = _PIXELS
        with tempfile.TemporaryDirectory() as folder:
            self.predictor_ = _with_value_error(lambda: self._trained(digits, Path(folder) / "run"))
        return self

    def _trained(self, digits: LabelledDigits, out: Path) -> Predictor:
        state = self.random_state
        run = train(
            self.network,
            recipe=self.recipe,
            hyperparameters=self.hyperparameters,
            seed=state if isinstance(state, int) else int(check_random_state(state).randint(2**31 - 1)),
            data=digits,
            out=out,
        )
        return Predictor.load(run.model_file_path)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """The probability of each of `classes_`, float64 (n, classes), in [0, 1]; rows sum to 1."""
        check_is_fitted(self)
        digits = np.array(labels_of(self.classes_, "classes"))
        probabilities = self.predictor_.predict_proba(self._pictures(X)).astype(np.float64)[:, digits]
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """The most probable of `classes_` for each picture, (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _pictures(self, X: ArrayLike) -> NDArray[np.uint8]:  # noqa: N803
        return _with_value_error(lambda: pictures_of(X, "X"))

    def _labels(self, y: ArrayLike) -> NDArray[Any]:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None: expected the label of each picture")
        check_classification_targets(y)
        return np.asarray(column_or_1d(y, warn=True))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        tags.classifier_tags.poor_score = True  # on scikit-learn's random data, which are no pictures
        return tags


_Made = TypeVar("_Made")


def _with_value_error(make: Callable[[], _Made]) -> _Made:
    """What `make` returns; scikit-learn expects a `ValueError` where there is a `DataError`."""
    try:
        return make()
    except DataError as error:
        raise ValueError(str(error)) from error
