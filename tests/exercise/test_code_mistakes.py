"""What a cell's code alone tells, and what looks like a mistake and is none."""

from __future__ import annotations

import pytest

from inkdigits.exercise.code_mistakes import code_mistakes, multiplies_in_a_loop

MISTAKEN = {
    "dense_accuracy = np.mean(model.predict(x_test) == y_test)": "no_argmax",
    "found = model.predict(x_test)\ndense_accuracy = accuracy(y_test, found)": "no_argmax",
    "found = self.model.predict(x_test).round()\nprint((found == y_test).mean())": "no_argmax",
    "dense_digits = model.predict(x_test).argmax(axis=0)": "argmax_axis",
    "dense_digits = np.argmax(my_model.predict(x_test))": "argmax_axis",
    "dense_digits = model.predict(x_train).argmax(1)": "evaluated_on_training",
    "np.random.shuffle(x_train)": "shuffled_apart",
    "from inkdigits.exercise.master import load_master": "exercise_imported",
    "from inkdigits import exercise": "exercise_imported",
    "reader = inkdigits.load('cnn')": "shipped_network",
}
HONEST = [
    "from sklearn.svm import SVC\nfound = SVC().fit(x, y).predict(x_test)\nprint(accuracy(y_test, found))",
    "forest_digits = forest.predict(x_test)\nprint((forest_digits == y_test).mean())",
    "dense_digits = np.argmax(model.predict(x_test), axis=-1)\ndense_accuracy = np.mean(dense_digits == y_test)",
    "held = np.mean(model.predict(x_train[:500]).argmax(1) == y_train[:500])",
    "order = np.arange(9)\nnp.random.shuffle(order)\nx_train, y_train = x_train[order], y_train[order]",
    "from inkdigits.datasets import mnist\nfrom inkdigits.stats.scores import compare_paired",
]


@pytest.mark.parametrize("code", MISTAKEN)
def test_a_mistake_in_the_code_is_named(code: str) -> None:
    assert MISTAKEN[code] in {found.key for found in code_mistakes("dense-test", "dense", code)}


@pytest.mark.parametrize("code", HONEST)
def test_code_that_only_looks_like_one_is_not(code: str) -> None:
    assert code_mistakes("dense-test", "dense", code) == []


BY_HAND = """
def step(weights, x, y):
    hidden = np.maximum(x @ weights[0], 0)
    return [w - 0.1 * g for w, g in zip(weights, gradients(hidden, x, y))]

for epoch in range(9):
    weights = step(weights, x_train, y_train)
model.set_weights(weights)
"""


def test_a_training_that_is_written_out_multiplies_in_a_loop() -> None:
    assert multiplies_in_a_loop(BY_HAND)
    assert multiplies_in_a_loop("while True:\n    error = np.dot(x, w) - y")
    assert not multiplies_in_a_loop("w = np.linalg.lstsq(x, y)[0]\nmodel.set_weights([x.T @ w])")
    assert not multiplies_in_a_loop("for layer in model.layers:\n    print(layer.name)")
    assert not multiplies_in_a_loop("no python (")
