"""The catalogue: each mistake is named by what was observed, and nothing is named where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.mistakes import part_mistakes
from inkdigits.exercise.observations import (
    ArraySummary,
    Call,
    LayerDescription,
    ModelDescription,
    Observations,
    PictureCounts,
)
from inkdigits.exercise.part_facts import PartFacts

D = LayerDescription
GOOD = (D("Flatten"), D("Dense", 512, "relu"), D("Dense", 512, "relu"), D("Dense", 10, "softmax"))
MODEL = ModelDescription(
    GOOD,
    669_706,
    669_706,
    "categorical_crossentropy",
    False,
    "Adam",
    0.001,
    "float32",
    (None, 28, 28, 1),
    (None, 10),
    "w",
)
PICTURES = PictureCounts(rows=2000, train_rows=2000, lowest=0.0, highest=1.0, label_shape=(2000, 10))
FIT = Call("fit", 1, 6, PICTURES, None, (0.5, 0.1), MODEL, batch_size=64, cell="dense-train")
CONVOLUTION = {"kernel_size": "(5, 5)", "padding": "valid", "strides": "(1, 1)"}
CNN = (
    D("Conv2D", 32, "relu", settings=CONVOLUTION), D("MaxPooling2D"), D("Conv2D", 64, "relu", settings=CONVOLUTION),
    D("MaxPooling2D"), D("Flatten"), D("Dense", 1024, "relu"), D("Dense", 10, "softmax"),
)  # fmt: skip


def facts(model: ModelDescription = MODEL, accuracy: float = 0.99, part: str = "dense", **changed: Any) -> PartFacts:
    call = replace(FIT, model=model, **changed)
    seen = Observations((call,), {"x_train": ArraySummary((2000, 28, 28, 1))}, "channels_last", cell="dense-train")
    measured = Measurement(accuracy=accuracy, model=model, model_id=1)
    return PartFacts(part, [seen], measured, 0.975)


def keys(found: PartFacts) -> set[str]:
    return {finding.key for finding in part_mistakes(found)}


def layers(*found: LayerDescription, **changed: Any) -> ModelDescription:
    return replace(MODEL, layers=found, **changed)


F, H, OUT = GOOD[0], GOOD[1], GOOD[3]
RIGHT = {
    "the network as asked": facts(),
    "logits": facts(layers(F, H, H, D("Dense", 10, "linear"), from_logits=True)),
    "activation layers": facts(
        layers(
            F,
            D("Dense", 512, "linear"),
            D("ReLU"),
            D("Dense", 512, "linear"),
            D("Activation", None, "relu"),
            D("Dense", 10, "linear"),
            D("Softmax"),
        )
    ),
    "dropout": facts(layers(F, H, D("Dropout", settings={"rate": "0.3"}), H, OUT)),
    "a class of one's own": facts(
        layers(F, D("Dense", 512, "linear"), D("Dense", 512, "linear"), OUT, subclassed=True)
    ),
    "one epoch that was enough": facts(epochs=1),
    "unusual rate that trains": facts(replace(MODEL, learning_rate=0.05)),
    "rescaled inside": facts(layers(D("Rescaling"), *GOOD), pictures=replace(PICTURES, highest=255.0)),
    "validated on a part": facts(
        validation=PictureCounts(rows=200, train_rows=200), pictures=replace(PICTURES, train_rows=1800)
    ),
    "digits as labels": facts(
        replace(MODEL, loss="sparse_categorical_crossentropy"), pictures=replace(PICTURES, label_shape=(2000,))
    ),
    "standardized pixel by pixel": facts(pictures=replace(PICTURES, lowest=-9.0, highest=120.0)),
    "the convolutional network": facts(layers(*CNN, parameters=1_111_946), part="cnn"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_named_where_nothing_is_wrong(name: str) -> None:
    assert keys(RIGHT[name]) == set()


def cnn(place: int, layer: LayerDescription) -> PartFacts:
    return facts(layers(*CNN[:place], layer, *CNN[place + 1 :], parameters=1), part="cnn")


WRONG: dict[str, tuple[PartFacts, str, str]] = {
    "labels not one-hot": (
        facts(pictures=replace(PICTURES, label_shape=(2000,))),
        "labels_not_onehot",
        "fit on onehot_train",
    ),
    "one-hot for sparse": (
        facts(replace(MODEL, loss="sparse_categorical_crossentropy")),
        "onehot_for_sparse",
        "fit on y_train",
    ),
    "not scaled": (facts(pictures=replace(PICTURES, highest=255.0)), "not_scaled", "divide by 255"),
    "softmax missing": (facts(layers(F, H, H, D("Dense", 10, "linear"))), "softmax_missing", "softmax is missing"),
    "logits and softmax": (facts(replace(MODEL, from_logits=True)), "logits_with_softmax", "leave one"),
    "sigmoid": (facts(layers(F, H, H, D("Dense", 10, "sigmoid"))), "sigmoid_for_classes", "use softmax"),
    "softmax twice": (facts(layers(*GOOD, D("Softmax"))), "softmax_twice", "softmax twice"),
    "softmax between": (facts(layers(F, D("Dense", 512, "softmax"), H, OUT)), "softmax_between", "between hidden"),
    "softmax over pictures": (
        facts(layers(F, H, H, D("Dense", 10, "linear"), D("Softmax", settings={"axis": "0"}))),
        "softmax_over_pictures",
        "last axis",
    ),
    "ReLU on the output": (
        facts(layers(F, H, H, D("Dense", 10, "relu"))),
        "wrong_output_activation",
        "relu on the output",
    ),
    "no hidden activation": (facts(layers(F, D("Dense", 512, "linear"), H, OUT)), "no_hidden_activation", "use ReLU"),
    "flatten forgotten": (facts(replace(MODEL, output_shape=(None, 28, 10))), "flatten_forgotten", "flatten"),
    "wrong units": (
        facts(layers(F, D("Dense", 500, "relu"), H, OUT, parameters=7, trainable=7)),
        "wrong_units",
        "500, 512, 10",
    ),
    "nine outputs": (
        facts(layers(F, H, H, D("Dense", 9, "softmax"), parameters=7, trainable=7)),
        "wrong_units",
        "ten digits",
    ),
    "small convolution": (
        cnn(0, D("Conv2D", 32, "relu", settings={**CONVOLUTION, "kernel_size": "(3, 3)"})),
        "wrong_convolution",
        "5 by 5",
    ),
    "padding": (
        cnn(0, D("Conv2D", 32, "relu", settings={**CONVOLUTION, "padding": "same"})),
        "wrong_convolution",
        "padding",
    ),
    "strides": (
        cnn(0, D("Conv2D", 32, "relu", settings={**CONVOLUTION, "strides": "(2, 2)"})),
        "wrong_convolution",
        "strides",
    ),
    "mean pooling": (cnn(1, D("AveragePooling2D")), "wrong_convolution", "maximum"),
    "pooling missing": (
        facts(layers(*CNN[:3], *CNN[4:], parameters=1), part="cnn"),
        "wrong_convolution",
        "pooling is missing",
    ),
    "mean squared error": (facts(replace(MODEL, loss="mse")), "loss_for_classes", "categorical cross-entropy"),
    "binary cross-entropy": (
        facts(replace(MODEL, loss="binary_crossentropy")),
        "loss_for_classes",
        "separate questions",
    ),
    "zero weights": (facts(began_zero=3), "zero_weights", "initial weights are zero"),
    "learning rate 0": (facts(replace(MODEL, learning_rate=0.0)), "learning_rate_zero", "rate is 0"),
    "frozen": (facts(replace(MODEL, trainable=5130)), "frozen_layers", "frozen"),
    "validated on training": (
        facts(validation=PictureCounts(rows=300, train_rows=300), trained_again=300),
        "validated_on_training",
        "trained on",
    ),
    "labels apart": (facts(pictures=replace(PICTURES, wrong_train_labels=1800)), "labels_apart", "belong together"),
    "one epoch": (facts(accuracy=0.9, epochs=1), "one_epoch", "1 epoch"),
    "rate too high": (facts(replace(MODEL, learning_rate=0.5), 0.1), "learning_rate_too_high", "far too high: 0.5"),
    "rate too low": (facts(replace(MODEL, learning_rate=1e-7), 0.1), "learning_rate_too_low", "far too low"),
    "diverged": (facts(accuracy=0.1, losses=(float("nan"),)), "loss_diverged", "not a number"),
    "few pictures": (facts(accuracy=0.9, pictures=replace(PICTURES, rows=300)), "few_pictures", "300 of 2,000"),
    "large batches": (facts(accuracy=0.9, batch_size=2000), "large_batches", "few steps"),
    "built anew": (facts(accuracy=0.1, model_id=2), "untrained_network", "built anew"),
    "heavy dropout": (
        facts(layers(F, H, D("Dropout", settings={"rate": "0.9"}), H, OUT), 0.5),
        "heavy_dropout",
        "dropout of 0.9",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named_and_no_other(name: str) -> None:
    found, key, words = WRONG[name]
    (finding,) = part_mistakes(found)
    assert (finding.key, finding.part) == (key, found.part)
    assert words in finding.message


def test_dropout_at_inference_is_named() -> None:
    found = facts()
    found.measured = replace(Measurement(accuracy=0.98, model=MODEL, model_id=1), random=True)
    assert keys(found) == {"dropout_at_inference"}


def test_relu_on_the_output_is_not_a_learning_rate_of_0_001() -> None:
    found = part_mistakes(facts(layers(F, H, H, D("Dense", 10, "relu")), 0.1, losses=(float("nan"),)))
    assert not any("try 0.001" in finding.message for finding in found)


def test_networks_beside_the_tested_one_are_not_measured_by_its_rules() -> None:
    own = facts()
    autoencoder = replace(FIT, model_id=2, model=layers(D("Dense", 32, "relu"), D("Dense", 784, "sigmoid"), loss="mse"))
    linear = replace(FIT, model_id=3, model=layers(D("Dense", 10, "linear"), loss="mse"))
    (seen,) = own.observations
    own.observations[0] = replace(seen, calls=(autoencoder, linear, *seen.calls))
    assert keys(own) == set()


@pytest.mark.parametrize("kind", ["ELU", "Relu", "ReLU", "Gelu", "Lambda", "Squash"])
def test_whatever_stands_between_two_layers_may_be_their_activation(kind: str) -> None:
    found = layers(
        D("Flatten"), D("Dense", 512, "linear"), D(kind), D("Dropout"), D("Dense", 512, "linear"), D(kind),
        D("Dense", 10, "linear"), D("Softmax"),
    )  # fmt: skip
    assert keys(facts(found)) == set()


def test_a_loss_of_ones_own_may_take_logits() -> None:
    logits = layers(*GOOD[:-1], D("Dense", 10, "linear"), loss="crossentropy_of_logits")
    assert keys(facts(logits)) == set()


def test_adagrad_takes_larger_steps() -> None:
    assert keys(facts(replace(MODEL, optimizer="Adagrad", learning_rate=0.05), 0.9)) == set()


def test_a_layer_of_ones_own_need_not_tell_its_units() -> None:
    own = layers(D("Flatten"), D("Linear"), D("Dense", 512, "linear"), D("ELU"), D("Linear"))
    assert keys(facts(own)) == set()
    assert keys(facts(replace(own, parameters=407_050, trainable=407_050))) == {"wrong_units"}


def test_pooling_may_be_a_plain_operation() -> None:
    operations = tuple(D("MaxPool") if layer.kind == "MaxPooling2D" else layer for layer in CNN)
    assert keys(facts(replace(MODEL, layers=operations), part="cnn")) == set()
    averages = tuple(D("AveragePool") if layer.kind == "MaxPooling2D" else layer for layer in CNN)
    assert keys(facts(replace(MODEL, layers=averages), part="cnn")) == {"wrong_convolution"}
