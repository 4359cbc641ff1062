"""`DigitClassifier` as scikit-learn's users use it, and scikit-learn's own checks."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from inkdigits import DigitClassifier, Evaluation, evaluate
from inkdigits.datasets.labelled import LabelledDigits, Splits

QUICK = {"epochs": 3, "batch_size": 32, "optimizer": "adam", "learning_rate": 2e-3}


@pytest.fixture(scope="module")
def train(small: Splits) -> LabelledDigits:
    assert small.train is not None
    return small.train


@pytest.fixture(scope="module")
def test(small: Splits) -> LabelledDigits:
    assert small.test is not None
    return small.test


@pytest.fixture(scope="module")
def fitted(train: LabelledDigits) -> DigitClassifier:
    return DigitClassifier(hyperparameters=QUICK).fit(train.images, train.labels)


def test_it_learns_and_scores(fitted: DigitClassifier, test: LabelledDigits) -> None:
    probabilities = fitted.predict_proba(test.images)
    assert (probabilities.shape, probabilities.dtype) == ((len(test), 10), np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert fitted.score(test.images, test.labels) > 0.8
    assert fitted.classes_.tolist() == list(range(10))


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.reshape(len(x), 784),
        lambda x: x[..., None],
        lambda x: x[:, None],
        lambda x: x / 255,
        lambda x: (x / 255).astype(np.float32).reshape(len(x), -1),
        lambda x: x.astype(np.float64),
        lambda x: x.tolist(),
    ],
)
def test_every_form_of_pictures_gives_the_same(fitted: DigitClassifier, test: LabelledDigits, form: Any) -> None:
    images = test.images[:50]
    np.testing.assert_array_equal(fitted.predict_proba(form(images)), fitted.predict_proba(images))


def test_it_pickles_and_clones(fitted: DigitClassifier, test: LabelledDigits) -> None:
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(test.images), fitted.predict_proba(test.images))
    assert clone(fitted).get_params() == fitted.get_params()


def test_it_works_in_a_pipeline_and_in_cross_validation(train: LabelledDigits) -> None:
    pipeline = make_pipeline(MinMaxScaler(clip=True), DigitClassifier(hyperparameters={**QUICK, "epochs": 2}))
    scores = cross_val_score(pipeline, train.images.reshape(-1, 784), train.labels.astype(str), cv=2)
    assert scores.min() > 0.6


def test_labels_that_are_not_all_ten(train: LabelledDigits) -> None:
    some = np.isin(train.labels, (3, 7))
    model = DigitClassifier(hyperparameters=QUICK).fit(train.images[some], train.labels[some].astype(str))
    assert model.classes_.tolist() == ["3", "7"]
    assert model.predict_proba(train.images[:5]).shape == (5, 2)
    assert set(model.predict(train.images[:50])) <= {"3", "7"}


def test_it_is_evaluated_as_any_network(fitted: DigitClassifier, test: LabelledDigits) -> None:
    evaluation = evaluate(fitted, data=test)
    assert isinstance(evaluation, Evaluation)
    assert evaluation.accuracy == fitted.score(test.images, test.labels)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((4, 64)), [1, 2, 3, 4], r"X: expected pictures \(n, 28, 28\)"),
        (np.full((4, 784), np.nan), [1, 2, 3, 4], "NaN"),
        (np.zeros((4, 784)), ["one", "two", "one", "two"], "y: expected labels 0 to 9"),
        (np.zeros((4, 784)), [1, 2, 3, 12], "label 12 at index 3"),
        (np.zeros((4, 784)), [1, 2, 3], "inconsistent numbers of samples"),
        (np.zeros((4, 784)), None, "y is None"),
    ],
)
def test_wrong_data_are_a_value_error(images: NDArray[Any], labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DigitClassifier().fit(images, labels)


class AnyFeatures(DigitClassifier):
    """Few features in the first pixels: scikit-learn's checks have no pictures."""

    def _pictures(self, X: Any) -> NDArray[np.uint8]:
        if hasattr(X, "toarray") or getattr(np.asarray(X), "ndim", 2) != 2:
            return super()._pictures(X)
        array = np.asarray(X)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
        pictures = np.zeros((len(array), 784), np.float64 if array.dtype.kind in "iuf" else array.dtype)
        pictures[:, : array.shape[1]] = array
        if pictures.dtype == np.float64 and np.isfinite(pictures).all():
            pictures = 1 / (1 + np.exp(-pictures))
        return super()._pictures(pictures)


# What these checks want of every classifier, and why it does not hold of one of digits.
EXPECTED = {
    "check_classifiers_classes": "labels are digits, not words",
    "check_classifiers_train": "two features in the first pixels are learnt too slowly",
    "check_n_features_in": "there are 784, always",
    "check_n_features_in_after_fitting": "there are 784, always",
    "check_estimators_empty_data_messages": "its words for no features differ",
    "check_fit2d_predict1d": "its words for one dimension differ",
    "check_fit2d_1sample": "its words for one sample differ",
    "check_positive_only_tag_during_fit": "its words for negative values differ",
}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_scikit_learns_own_checks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(
            AnyFeatures(network="dense", recipe="sprint", hyperparameters={"epochs": 1, "batch_size": 8}),
            expected_failed_checks=EXPECTED,
            on_fail=None,
            on_skip=None,
        )
    failed = {row["check_name"]: repr(row["exception"])[:300] for row in results if row["status"] == "failed"}
    assert failed == {}
    assert {row["check_name"] for row in results if row["status"] == "xfail"} == set(EXPECTED)
    assert sum(row["status"] == "passed" for row in results) > 30
