"""The catalogue of a network's classic mistakes: each rule looks at what was observed in one part and names it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from inkdigits.exercise.architecture_mistakes import ARCHITECTURE_MISTAKES, heavy_dropout
from inkdigits.exercise.observations import Call
from inkdigits.exercise.part_facts import NETWORK_UNITS, PartFacts
from inkdigits.exercise.verdict import Finding

__all__ = ["part_mistakes"]

# Far beyond what trains these networks; a rate is only blamed when the bar was missed.
_HIGH_RATES = {"SGD": 2.0, "Adagrad": 0.5, "Adadelta": 10.0, "Ftrl": 0.5}
_HIGH_RATE = 0.02
_LOW_RATES = {"SGD": 1e-3}
_LOW_RATE = 5e-6
_PREPARING = {"Rescaling", "Normalization", "BatchNormalization", "LayerNormalization"}


_Found = Iterator[tuple[str, str]]  # messages, each with the cell that it is about
_Rules = Mapping[str, Callable[[PartFacts], _Found]]


def part_mistakes(facts: PartFacts) -> list[Finding]:
    """Every mistake of the catalogue that shows in a part's facts, each named once."""
    if facts.part not in NETWORK_UNITS:
        return []
    rules = {**_ALWAYS, **(_WHEN_MISSED if facts.missed else {})}
    found = []
    for key, rule in rules.items():
        for message, cell in rule(facts):
            found.append(Finding(key, message, cell, facts.part))
            break
    return found


def _labels_not_onehot(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        shape = call.pictures.label_shape or (0, 10)
        if call.model.loss == "categorical_crossentropy" and (len(shape) == 1 or shape[-1] == 1):
            yield (
                f"the labels are not one-hot: categorical cross-entropy expects ten numbers a label, it got shape "
                f"{shape}; fit on onehot_train, or use sparse_categorical_crossentropy",
                call.cell,
            )


def _onehot_for_sparse(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        shape = call.pictures.label_shape or (0,)
        if call.model.loss == "sparse_categorical_crossentropy" and len(shape) == 2 and shape[-1] == 10:
            yield (
                "one-hot labels with sparse categorical cross-entropy: it expects the digits, so fit on y_train, or "
                "use categorical_crossentropy",
                call.cell,
            )


def _not_scaled(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        kinds = {layer.kind for layer in call.model.layers}
        highest = call.pictures.highest or 0.0
        raw = highest > 100 and (call.pictures.lowest or 0.0) >= 0
        if raw and not kinds & _PREPARING and not call.model.subclassed:
            yield f"the pictures are not scaled: their values reach {highest:g}; divide by 255", call.cell


def _loss_for_classes(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        loss = (call.model.loss or "").lower()
        if loss in ("mse", "mean_squared_error", "mae", "mean_absolute_error"):
            yield (
                f"{loss} for ten classes: that is a loss for quantities; use categorical cross-entropy, whose gradient "
                "stays large where the answer is wrong",
                call.cell,
            )
        elif "binary" in loss:
            yield (
                "binary cross-entropy for ten classes: it treats the outputs as ten separate questions; use "
                "categorical cross-entropy",
                call.cell,
            )


def _zero_weights(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        if call.began_zero >= 2:
            yield (
                "the initial weights are zero: all units of a layer then learn the same; keep the default initializer",
                call.cell,
            )


def _learning_rate_zero(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        if call.model.learning_rate == 0:
            yield "the learning rate is 0: nothing is learned; try 0.001", call.cell


def _dropout_at_inference(facts: PartFacts) -> _Found:
    if facts.measured and facts.measured.random:
        yield "dropout (or noise) is used when pictures are read: the same picture is read differently each time", ""


def _validated_on_training(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        if call.validation and call.trained_again > call.validation.rows / 2:
            yield (
                "validation_data holds pictures that are trained on: overfitting cannot be noticed with them",
                call.cell,
            )


def _labels_apart(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        wrong, rows = call.pictures.wrong_train_labels, call.pictures.train_rows
        if rows > 100 and wrong > 0.3 * rows:
            yield (
                f"pictures and labels do not belong together: {wrong:,} of {rows:,} training pictures have another "
                "label; was one of them shuffled, or shifted by one?",
                call.cell,
            )


def _one_epoch(facts: PartFacts) -> _Found:
    fits = [call for call in facts.own_fits if call.name == "fit"]
    if fits and sum(call.epochs for call in fits) == 1:
        yield "only 1 epoch was trained (the default of fit): train longer", fits[0].cell


def _rate_of(call: Call, rates: dict[str, float], default: float) -> tuple[float, str, float]:
    optimizer = call.model.optimizer or ""
    return call.model.learning_rate or 0.0, optimizer, rates.get(optimizer, default)


def _learning_rate_too_high(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        rate, optimizer, limit = _rate_of(call, _HIGH_RATES, _HIGH_RATE)
        if rate >= limit:
            yield f"the learning rate is far too high: {rate:g} for {optimizer}; try 0.001", call.cell


def _learning_rate_too_low(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        rate, optimizer, limit = _rate_of(call, _LOW_RATES, _LOW_RATE)
        if 0 < rate <= limit:
            yield f"the learning rate is far too low: {rate:g} for {optimizer}; try 0.001", call.cell


def _diverged(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        if not all(map(math.isfinite, call.losses)):
            yield (
                "the loss became infinite or not a number: look at the output's activation and the scale of the input",
                call.cell,
            )


def _few_pictures(facts: PartFacts) -> _Found:
    rows = [call.pictures.rows for call in facts.own_fits if call.name == "fit"]
    arrays = [cell.arrays["x_train"] for cell in facts.observations if "x_train" in cell.arrays]
    available = max((array.shape[0] or 0 for array in arrays), default=0)
    if rows and available and max(rows) < available / 2:
        yield f"trained on {max(rows):,} of {available:,} pictures: train on all of them", facts.own_fits[0].cell


def _large_batches(facts: PartFacts) -> _Found:
    for call in facts.own_fits:
        if call.batch_size and call.batch_size > 0.2 * max(call.pictures.rows, 1) and call.pictures.rows > 1000:
            yield (
                f"batches of {call.batch_size:,} pictures: there are only a few steps in an epoch; try 128",
                call.cell,
            )


def _untrained(facts: PartFacts) -> _Found:
    trained = any(observed.other_training for observed in facts.observations) or facts.fits
    if facts.measured and facts.measured.accuracy is not None and not trained:
        yield "the network was not trained: compile it and call fit", ""
        return
    fitted = {call.model_id for call in facts.fits}
    if facts.measured and fitted and facts.measured.model_id not in fitted and (facts.accuracy or 0) < 0.3:
        yield "the network was built anew after the training: `model` is another one than was trained", ""


def _data_format(facts: PartFacts) -> _Found:
    wrong = {"channels_last": (1, 28, 28), "channels_first": (28, 28, 1)}
    for observed in facts.observations:
        pictures, name = observed.arrays.get("x_train"), observed.data_format
        if pictures and name and pictures.shape[1:] == wrong.get(name):
            yield (
                f"the data format is mixed up: Keras is set to {name}, but a picture is {pictures.shape[1:]}",
                observed.cell,
            )


# What is wrong whatever it led to.
_ALWAYS: _Rules = {
    **ARCHITECTURE_MISTAKES,
    "labels_not_onehot": _labels_not_onehot,
    "onehot_for_sparse": _onehot_for_sparse,
    "not_scaled": _not_scaled,
    "loss_for_classes": _loss_for_classes,
    "zero_weights": _zero_weights,
    "learning_rate_zero": _learning_rate_zero,
    "dropout_at_inference": _dropout_at_inference,
    "validated_on_training": _validated_on_training,
    "labels_apart": _labels_apart,
    "data_format": _data_format,
}
# What explains that the bar was missed, and is a matter of choice where it was not.
_WHEN_MISSED: _Rules = {
    "one_epoch": _one_epoch,
    "learning_rate_too_high": _learning_rate_too_high,
    "learning_rate_too_low": _learning_rate_too_low,
    "loss_diverged": _diverged,
    "few_pictures": _few_pictures,
    "large_batches": _large_batches,
    "untrained_network": _untrained,
    "heavy_dropout": heavy_dropout,
}
