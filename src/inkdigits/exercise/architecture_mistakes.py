"""Mistakes in a network's layers, by the description of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from inkdigits.exercise.observations import LayerDescription, ModelDescription
from inkdigits.exercise.part_facts import NETWORK_UNITS, PartFacts, has_the_architecture

__all__ = ["ARCHITECTURE_MISTAKES", "heavy_dropout"]

_Found = Iterator[tuple[str, str]]  # messages, each with the cell that it is about
_HIDDEN = {"Dense", "Conv2D"}
# Layers between two with weights that are no activation. Any other may be one, a layer of the student's own included.
_PASSIVE = {
    "Add", "AlphaDropout", "AveragePool", "AveragePooling2D", "BatchNormalization", "Divide", "Dropout", "Flatten",
    "GaussianDropout", "GaussianNoise", "GetItem", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
    "GroupNormalization", "Identity", "InputLayer", "LayerNormalization", "MaxPool", "MaxPooling2D", "Multiply",
    "Normalization", "Permute", "RandomRotation", "RandomTranslation", "RandomZoom", "Rescaling", "Reshape",
    "SpatialDropout2D", "TrueDivide", "UnitNormalization", "ZeroPadding2D",
}  # fmt: skip
_LOSSES = {"categoricalcrossentropy", "sparsecategoricalcrossentropy"}
_NO_OUTPUT = {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "tanh", "softplus", "exponential"}


def _activations(model: ModelDescription) -> list[str]:
    """The activations of the layers with weights in order; an Activation, ReLU or Softmax layer replaces the last."""
    found: list[str] = []
    for layer in model.layers:
        kind = {"LeakyReLU": "leaky_relu"}.get(layer.kind, layer.kind.lower())
        activation = layer.activation or (None if layer.kind in _PASSIVE else kind)
        if layer.kind in _HIDDEN:
            found.append(layer.activation or "linear")
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
        own_loss = (model.loss or "").replace("_", "").lower() not in _LOSSES
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
        if last in _NO_OUTPUT:
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
        # Layers of the student's own may not tell how many units they have; the number of weights does.
        if has_the_architecture(facts.part, model):
            continue
        last = model.layers[-1]
        outputs = last.units or next(iter(reversed(model.output_shape or last.output or ())), 10)
        if outputs != 10:
            yield f"{outputs} outputs: there are ten digits, so the last layer has ten units", cell
        elif units != NETWORK_UNITS[facts.part]:
            yield (
                f"wrong number of units: the layers have {', '.join(map(str, units))}, the exercise asks for "
                f"{', '.join(map(str, NETWORK_UNITS[facts.part]))}",
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
        pools = [layer.kind for layer in model.layers if "Pool" in layer.kind]
        if convolutions and not model.subclassed and len(pools) < len(convolutions):
            yield "a pooling is missing: one follows each convolution", cell
        elif any("Max" not in kind for kind in pools):
            yield f"{next(kind for kind in pools if 'Max' not in kind)}: the pooling should take the maximum", cell


def _difference_of(layer: LayerDescription) -> str | None:
    settings = layer.settings or {}
    if settings.get("kernel_size") not in ("(5, 5)", None):
        return f"a convolution has the size {settings['kernel_size']}: the figure shows 5 by 5"
    if settings.get("padding") == "same":
        return 'a convolution has padding="same": without padding ("valid") 28 by 28 becomes 24 by 24, as in the figure'
    if settings.get("strides") not in ("(1, 1)", None):
        return f"a convolution has strides of {settings['strides']}: the figure's have none"
    return None


def _frozen(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        if model.parameters and model.trainable is not None and model.trainable < model.parameters / 2:
            yield "layers are frozen (trainable=False): their weights stay as they were drawn", cell


def heavy_dropout(facts: PartFacts) -> _Found:
    """A network of which most is left out in each step."""
    for model, cell in facts.models:
        for layer in model.layers:
            rate = (layer.settings or {}).get("rate", "")
            if layer.kind == "Dropout" and rate.replace(".", "", 1).isdigit() and float(rate) > 0.75:
                yield f"dropout of {rate}: most of what a layer computes is thrown away; try 0.2 to 0.5", cell


ARCHITECTURE_MISTAKES: Mapping[str, Callable[[PartFacts], _Found]] = {
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
    "frozen_layers": _frozen,
}
