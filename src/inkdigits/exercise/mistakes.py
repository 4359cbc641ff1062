"""The catalogue of a network's classic mistakes: each rule looks at what was observed in one part and names it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from inkdigits.exercise.measuring import Measurement
from inkdigits.exercise.observations import Call, LayerDescription, ModelDescription, Observations
from inkdigits.exercise.verdict import Finding

__all__ = ["PartFacts", "has_the_architecture", "part_mistakes"]

_UNITS = {"dense": [512, 512, 10], "cnn": [32, 64, 1024, 10]}
_PARAMETERS = {"dense": 669_706, "cnn": 1_111_946}
# Far beyond what trains these networks; a rate is only blamed when the bar was missed.
_HIGH_RATES = {"SGD": 2.0}
_HIGH_RATE = 0.02
_LOW_RATES = {"SGD": 1e-3}
_LOW_RATE = 5e-6
_PREPARING = {"Rescaling", "Normalization", "BatchNormalization", "LayerNormalization"}
_HIDDEN = {"Dense", "Conv2D"}


@dataclass
class PartFacts:
    """What was observed while one part ran."""

    part: str
    observations: list[Observations] = field(default_factory=list)  # one a cell
    measured: Measurement | None = None  # of `model` at the part's target
    bar: float | None = None

    @property
    def accuracy(self) -> float | None:
        """Of the measurement, in [0, 1]."""
        return self.measured.accuracy if self.measured else None

    @property
    def missed(self) -> bool:
        """Whether the part has a bar and the measured accuracy does not exceed it."""
        return self.bar is not None and (self.accuracy or 0.0) <= self.bar

    @property
    def calls(self) -> list[Call]:
        """The recorded calls, in order."""
        return [call for observed in self.observations for call in observed.calls]

    @property
    def fits(self) -> list[Call]:
        """The calls that train."""
        return [call for call in self.calls if call.trains]

    @property
    def models(self) -> list[tuple[ModelDescription, str]]:
        """The models that were trained or measured, each with the cell that trained it."""
        trained = [(call.model, call.cell) for call in self.fits]
        measured = [(self.measured.model, "")] if self.measured else []
        return [(model, cell) for model, cell in [*trained, *measured] if model.layers]


_Found = Iterator[tuple[str, str]]  # messages, each with the cell that it is about
_Rules = Mapping[str, Callable[[PartFacts], _Found]]


def part_mistakes(facts: PartFacts) -> list[Finding]:
    """Every mistake of the catalogue that shows in a part's facts, each named once."""
    if facts.part not in _UNITS:
        return []
    rules = {**_ALWAYS, **(_WHEN_MISSED if facts.missed else {})}
    found = []
    for key, rule in rules.items():
        for message, cell in rule(facts):
            found.append(Finding(key, message, cell, facts.part))
            break
    return found


def has_the_architecture(part: str, model: ModelDescription) -> bool:
    """Whether a network is the one that the part asks for, by its units or its weights."""
    units = [layer.units for layer in model.layers if layer.units]
    return units == _UNITS[part] or _PARAMETERS[part] in (model.parameters, model.trainable)


def _labels_not_onehot(facts: PartFacts) -> _Found:
    for call in facts.fits:
        shape = call.pictures.label_shape or (0, 10)
        if call.model.loss == "categorical_crossentropy" and (len(shape) == 1 or shape[-1] == 1):
            yield (
                f"the labels are not one-hot: categorical cross-entropy expects ten numbers a label, it got shape "
                f"{shape}; fit on onehot_train, or use sparse_categorical_crossentropy",
                call.cell,
            )


def _onehot_for_sparse(facts: PartFacts) -> _Found:
    for call in facts.fits:
        shape = call.pictures.label_shape or (0,)
        if call.model.loss == "sparse_categorical_crossentropy" and len(shape) == 2 and shape[-1] == 10:
            yield (
                "one-hot labels with sparse categorical cross-entropy: it expects the digits, so fit on y_train, or "
                "use categorical_crossentropy",
                call.cell,
            )


def _not_scaled(facts: PartFacts) -> _Found:
    for call in facts.fits:
        kinds = {layer.kind for layer in call.model.layers}
        highest = call.pictures.highest or 0.0
        if highest > 16 and not kinds & _PREPARING and not call.model.subclassed:
            yield f"the pictures are not scaled: their values reach {highest:g}; divide by 255", call.cell


def _activations(model: ModelDescription) -> list[str]:
    """The activations of the layers with weights in order; an Activation, ReLU or Softmax layer replaces the last."""
    found: list[str] = []
    for layer in model.layers:
        kind = {"Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu"}.get(layer.kind)
        activation = kind or layer.activation
        if layer.kind in _HIDDEN:
            found.append(activation or "linear")
        elif activation and found:
            found[-1] = activation if found[-1] == "linear" else f"{found[-1]} and {activation}"
    return found


def _known_activations(facts: PartFacts) -> Iterator[tuple[list[str], ModelDescription, str]]:
    """Of networks whose layers tell what is between them; the `call` of a class of the student's own does not."""
    for model, cell in facts.models:
        activations = _activations(model)
        if activations and not model.subclassed:
            yield activations, model, cell


def _softmax_missing(facts: PartFacts) -> _Found:
    for activations, model, cell in _known_activations(facts):
        own_loss = not model.loss or "crossentropy" not in model.loss
        if activations[-1] == "linear" and not model.from_logits and not own_loss:
            yield "softmax is missing: the last layer gives any numbers, where the loss expects probabilities", cell


def _logits_with_softmax(facts: PartFacts) -> _Found:
    for activations, model, cell in _known_activations(facts):
        if "softmax" in activations[-1] and model.from_logits:
            yield (
                "softmax and from_logits=True: the loss takes the softmax of a softmax; leave one of them out",
                cell,
            )


def _sigmoid_for_classes(facts: PartFacts) -> _Found:
    for activations, _, cell in _known_activations(facts):
        if activations[-1] == "sigmoid":
            yield (
                "sigmoid for ten classes: a picture shows exactly one digit, so the ten outputs belong together; use "
                "softmax",
                cell,
            )


def _softmax_twice(facts: PartFacts) -> _Found:
    for activations, _, cell in _known_activations(facts):
        if activations[-1] == "softmax and softmax":
            yield "softmax twice: the second one flattens the probabilities of the first; leave one out", cell


def _softmax_between(facts: PartFacts) -> _Found:
    for activations, _, cell in _known_activations(facts):
        if any("softmax" in activation for activation in activations[:-1]):
            yield "softmax between hidden layers: it scales a layer's outputs to a sum of 1; use ReLU there", cell


def _wrong_output_activation(facts: PartFacts) -> _Found:
    for activations, _, cell in _known_activations(facts):
        last = activations[-1]
        if "softmax" not in last and last not in ("linear", "sigmoid", "log_softmax"):
            yield f"{last} on the output: its values are no probabilities; the last layer needs softmax", cell


def _no_hidden_activation(facts: PartFacts) -> _Found:
    for activations, _, cell in _known_activations(facts):
        if len(activations) > 1 and "linear" in activations[:-1]:
            yield (
                "no activation in a hidden layer: layers without one are together no more than one layer; use ReLU",
                cell,
            )


def _softmax_over_pictures(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        for layer in model.layers:
            if layer.kind == "Softmax" and (layer.settings or {}).get("axis") == "0":
                yield "softmax was taken over the pictures of a batch: use the last axis", cell


def _flatten_forgotten(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        output = model.output_shape or model.layers[-1].output or ()
        if len(output) > 2:
            yield (
                f"flatten was forgotten: the network answers with shape {output}, not with ten numbers a picture",
                cell,
            )


def _wrong_units(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        units = [layer.units for layer in model.layers if layer.units]
        if units and units[-1] != 10:
            yield f"{units[-1]} outputs: there are ten digits, so the last layer has ten units", cell
        elif units != _UNITS[facts.part] and not has_the_architecture(facts.part, model):
            yield (
                f"wrong number of units: the layers have {', '.join(map(str, units))}, the exercise asks for "
                f"{', '.join(map(str, _UNITS[facts.part]))}",
                cell,
            )


def _wrong_convolution(facts: PartFacts) -> _Found:
    if facts.part != "cnn":
        return
    for model, cell in facts.models:
        convolutions = [layer for layer in model.layers if layer.kind == "Conv2D"]
        for layer in convolutions:
            if (what := _difference_of(layer)) is not None:
                yield what, cell
        pools = [layer.kind for layer in model.layers if "Pooling" in layer.kind]
        if convolutions and not model.subclassed and len(pools) < len(convolutions):
            yield "a pooling is missing: one follows each convolution", cell
        elif any(kind != "MaxPooling2D" for kind in pools):
            yield f"{next(kind for kind in pools if kind != 'MaxPooling2D')}: the pooling should take the maximum", cell


def _difference_of(layer: LayerDescription) -> str | None:
    settings = layer.settings or {}
    if settings.get("kernel_size") not in ("(5, 5)", None):
        return f"a convolution has the size {settings['kernel_size']}: the figure shows 5 by 5"
    if settings.get("padding") == "same":
        return 'a convolution has padding="same": without padding ("valid") 28 by 28 becomes 24 by 24, as in the figure'
    if settings.get("strides") not in ("(1, 1)", None):
        return f"a convolution has strides of {settings['strides']}: the figure's have none"
    return None


def _loss_for_classes(facts: PartFacts) -> _Found:
    for call in facts.fits:
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
    for call in facts.fits:
        if call.began_zero >= 2:
            yield (
                "the initial weights are zero: all units of a layer then learn the same; keep the default initializer",
                call.cell,
            )


def _learning_rate_zero(facts: PartFacts) -> _Found:
    for call in facts.fits:
        if call.model.learning_rate == 0:
            yield "the learning rate is 0: nothing is learned; try 0.001", call.cell


def _frozen(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        if model.parameters and model.trainable is not None and model.trainable < model.parameters / 2:
            yield "layers are frozen (trainable=False): their weights stay as they were drawn", cell


def _dropout_at_inference(facts: PartFacts) -> _Found:
    if facts.measured and facts.measured.random:
        yield "dropout (or noise) is used when pictures are read: the same picture is read differently each time", ""


def _validated_on_training(facts: PartFacts) -> _Found:
    for call in facts.fits:
        held = call.validation
        if (
            held
            and held.rows
            and held.train_rows == held.rows
            and call.pictures.train_rows + held.rows > 1.02 * _train(facts)
        ):
            yield (
                "validation_data holds pictures that are trained on: overfitting cannot be noticed with them",
                call.cell,
            )


def _train(facts: PartFacts) -> int:
    return max((call.pictures.train_rows for call in facts.fits), default=0) + 1


def _labels_apart(facts: PartFacts) -> _Found:
    for call in facts.fits:
        wrong, rows = call.pictures.wrong_train_labels, call.pictures.train_rows
        if rows > 100 and wrong > 0.3 * rows:
            yield (
                f"pictures and labels do not belong together: {wrong:,} of {rows:,} training pictures have another "
                "label; was one of them shuffled, or shifted by one?",
                call.cell,
            )


def _one_epoch(facts: PartFacts) -> _Found:
    fits = [call for call in facts.fits if call.name == "fit"]
    if fits and sum(call.epochs for call in fits) == 1:
        yield "only 1 epoch was trained (the default of fit): train longer", fits[0].cell


def _rate_of(call: Call, rates: dict[str, float], default: float) -> tuple[float, str, float]:
    optimizer = call.model.optimizer or ""
    return call.model.learning_rate or 0.0, optimizer, rates.get(optimizer, default)


def _learning_rate_too_high(facts: PartFacts) -> _Found:
    for call in facts.fits:
        rate, optimizer, limit = _rate_of(call, _HIGH_RATES, _HIGH_RATE)
        if rate >= limit:
            yield f"the learning rate is far too high: {rate:g} for {optimizer}; try 0.001", call.cell


def _learning_rate_too_low(facts: PartFacts) -> _Found:
    for call in facts.fits:
        rate, optimizer, limit = _rate_of(call, _LOW_RATES, _LOW_RATE)
        if 0 < rate <= limit:
            yield f"the learning rate is far too low: {rate:g} for {optimizer}; try 0.001", call.cell


def _diverged(facts: PartFacts) -> _Found:
    for call in facts.fits:
        if not all(map(math.isfinite, call.losses)):
            yield (
                "the loss became infinite or not a number: look at the output's activation and the scale of the input",
                call.cell,
            )


def _few_pictures(facts: PartFacts) -> _Found:
    rows = [call.pictures.rows for call in facts.fits if call.name == "fit"]
    available = max(
        (seen.arrays["x_train"].shape[0] or 0 for seen in facts.observations if "x_train" in seen.arrays), default=0
    )
    if rows and available and max(rows) < available / 2:
        yield f"trained on {max(rows):,} of {available:,} pictures: train on all of them", facts.fits[0].cell


def _large_batches(facts: PartFacts) -> _Found:
    for call in facts.fits:
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


def _heavy_dropout(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        for layer in model.layers:
            rate = (layer.settings or {}).get("rate", "")
            if layer.kind == "Dropout" and rate.replace(".", "", 1).isdigit() and float(rate) > 0.75:
                yield f"dropout of {rate}: most of what a layer computes is thrown away; try 0.2 to 0.5", cell


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
    "labels_not_onehot": _labels_not_onehot,
    "onehot_for_sparse": _onehot_for_sparse,
    "not_scaled": _not_scaled,
    "softmax_missing": _softmax_missing,
    "logits_with_softmax": _logits_with_softmax,
    "sigmoid_for_classes": _sigmoid_for_classes,
    "softmax_twice": _softmax_twice,
    "softmax_between": _softmax_between,
    "softmax_over_pictures": _softmax_over_pictures,
    "wrong_output_activation": _wrong_output_activation,
    "no_hidden_activation": _no_hidden_activation,
    "flatten_forgotten": _flatten_forgotten,
    "wrong_units": _wrong_units,
    "wrong_convolution": _wrong_convolution,
    "loss_for_classes": _loss_for_classes,
    "zero_weights": _zero_weights,
    "learning_rate_zero": _learning_rate_zero,
    "frozen_layers": _frozen,
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
    "heavy_dropout": _heavy_dropout,
}
