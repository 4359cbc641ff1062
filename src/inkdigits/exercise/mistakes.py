"""The catalogue of classic mistakes: each rule looks at what was observed in one part and names what went wrong."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from inkdigits.exercise.observations import Call, Measurement, ModelDescription, Observations
from inkdigits.exercise.old_calls import find_old_calls
from inkdigits.exercise.parsing import parsed
from inkdigits.exercise.verdict import Finding

__all__ = ["PartFacts", "code_mistakes", "part_mistakes"]

_UNITS = {"dense": [512, 512, 10], "cnn": [32, 64, 1024, 10]}
_PARAMETERS = {"dense": 669_706, "cnn": 1_111_946}
# A few pictures of another set resemble one of the test set by chance; a misuse involves hundreds.
_CHANCE_ROWS = 20
# Far beyond what trains these networks; a rate is only blamed when the bar was missed.
_HIGH_RATES = {"SGD": 2.0}
_HIGH_RATE = 0.02


@dataclass
class PartFacts:
    """What was observed while one part ran."""

    part: str
    observations: list[Observations] = field(default_factory=list)  # one a cell
    measured: Measurement | None = None  # of `model` at the part's target
    accuracy: float | None = None  # of that measurement, in [0, 1]
    bar: float | None = None

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
    return [*_first_of_each(facts, _MISUSES, fails=True), *_first_of_each(facts, _MISTAKES, fails=False)]


def _first_of_each(facts: PartFacts, rules: _Rules, fails: bool) -> Iterator[Finding]:
    for key, rule in rules.items():
        for message, cell in rule(facts):
            yield Finding(key, message, cell, facts.part, fails)
            break


def _trained_on_test(facts: PartFacts) -> _Found:
    rows = sum(call.pictures.test_rows for call in facts.fits)
    if rows > _CHANCE_ROWS:
        yield f"trained on the test set: fit was given {rows} of its pictures", facts.fits[0].cell


def _validated_on_test(facts: PartFacts) -> _Found:
    for call in facts.fits:
        rows = call.validation.test_rows if call.validation else 0
        if rows > _CHANCE_ROWS:
            yield (
                f"validation_data is the test set ({rows} of its pictures): hold back a part of the training set, "
                "for example with validation_split=0.1",
                call.cell,
            )


def _chosen_on_test(facts: PartFacts) -> _Found:
    evaluated: set[int] = set()
    for call in facts.calls:
        if not call.trains and call.pictures.test_rows > _CHANCE_ROWS:
            evaluated.add(call.model_id)
        elif call.name == "fit" and call.model_id in evaluated:
            yield "trained again after an evaluation on the test set: evaluate on it once, at the end", call.cell


def _test_labels_changed(facts: PartFacts) -> _Found:
    for call in facts.calls:
        wrong = call.pictures.wrong_labels
        if not call.trains and wrong > 0:
            yield f"the test labels were changed: {wrong} of those given to {call.name} are not MNIST's", call.cell
    for observed in facts.observations:
        for name, array in observed.arrays.items():
            if array.wrong_labels:
                wrong = array.wrong_labels
                yield f"the test labels were changed: {wrong} of {name} are not MNIST's", observed.cell


def _labels_not_onehot(facts: PartFacts) -> _Found:
    for call in facts.fits:
        shape = call.pictures.label_shape or (0, 10)
        if call.model.loss == "categorical_crossentropy" and (len(shape) == 1 or shape[-1] == 1):
            yield (
                f"the labels are not one-hot: categorical cross-entropy expects ten numbers a label, it got shape "
                f"{shape}; fit on onehot_train, or use sparse_categorical_crossentropy",
                call.cell,
            )


def _not_scaled(facts: PartFacts) -> _Found:
    for call in facts.fits:
        kinds = {layer.kind for layer in call.model.layers}
        highest = call.pictures.highest or 0.0
        if highest > 16 and not kinds & {"Rescaling", "Normalization", "BatchNormalization"}:
            yield f"the pictures are not scaled: their values reach {highest:g}; divide by 255", call.cell


def _activations(model: ModelDescription) -> list[str]:
    """The activations in order, that of a Softmax layer included."""
    found = ["softmax" if layer.kind == "Softmax" else layer.activation for layer in model.layers]
    return [activation for activation in found if activation is not None]


def _softmax_missing(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        if _activations(model)[-1:] == ["linear"] and not model.from_logits:
            yield "softmax is missing: the last layer gives any numbers, where the loss expects probabilities", cell


def _sigmoid_for_classes(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        if _activations(model)[-1:] == ["sigmoid"]:
            yield (
                "sigmoid for ten classes: a picture shows exactly one digit, so the ten outputs belong together; use "
                "softmax",
                cell,
            )


def _softmax_between(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        if "softmax" in _activations(model)[:-1]:
            yield "softmax between hidden layers: it scales a layer's outputs to a sum of 1; use ReLU there", cell


def _flatten_forgotten(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        output = model.layers[-1].output or ()
        if len(output) > 2:
            yield (
                f"flatten was forgotten: the network answers with shape {output}, not with ten numbers a picture",
                cell,
            )


def _wrong_units(facts: PartFacts) -> _Found:
    for model, cell in facts.models:
        units = [layer.units for layer in model.layers if layer.units]
        expected = _UNITS.get(facts.part, units)
        if units != expected and model.parameters != _PARAMETERS.get(facts.part):
            yield (
                f"wrong number of units: the layers have {', '.join(map(str, units))}, the exercise asks for "
                f"{', '.join(map(str, expected))}",
                cell,
            )


def _one_epoch(facts: PartFacts) -> _Found:
    fits = [call for call in facts.fits if call.name == "fit"]
    if facts.missed and fits and sum(call.epochs for call in fits) == 1:
        yield "only 1 epoch was trained (the default of fit): train longer", fits[0].cell


def _learning_rate_too_high(facts: PartFacts) -> _Found:
    for call in facts.fits:
        rate, optimizer = call.model.learning_rate or 0.0, call.model.optimizer or ""
        diverged = not all(map(math.isfinite, call.losses))
        if facts.missed and (rate >= _HIGH_RATES.get(optimizer, _HIGH_RATE) or diverged):
            yield f"the learning rate is far too high: {rate:g} for {optimizer}; try 0.001", call.cell


def _data_format(facts: PartFacts) -> _Found:
    wrong = {"channels_last": (1, 28, 28), "channels_first": (28, 28, 1)}
    for observed in facts.observations:
        pictures, name = observed.arrays.get("x_train"), observed.data_format
        if pictures and name and pictures.shape[1:] == wrong.get(name):
            yield (
                f"the data format is mixed up: Keras is set to {name}, but a picture is {pictures.shape[1:]}",
                observed.cell,
            )


# Each of these alone makes the submission fail.
_MISUSES: _Rules = {
    "trained_on_test": _trained_on_test,
    "validated_on_test": _validated_on_test,
    "chosen_on_test": _chosen_on_test,
    "test_labels_changed": _test_labels_changed,
}
# These explain a failure.
_MISTAKES: _Rules = {
    "labels_not_onehot": _labels_not_onehot,
    "not_scaled": _not_scaled,
    "softmax_missing": _softmax_missing,
    "sigmoid_for_classes": _sigmoid_for_classes,
    "softmax_between": _softmax_between,
    "flatten_forgotten": _flatten_forgotten,
    "wrong_units": _wrong_units,
    "one_epoch": _one_epoch,
    "learning_rate_too_high": _learning_rate_too_high,
    "data_format": _data_format,
}


def code_mistakes(cell: str, part: str, source: str) -> list[Finding]:
    """Mistakes that show in a student's code itself: old calls, and probabilities that are compared with labels."""
    found = [Finding("old_call", line, cell, part) for line in find_old_calls(source)]
    if _compares_probabilities(source):
        message = (
            "model.predict is compared with labels without argmax: it gives ten probabilities a picture, the digit "
            "is model.predict(x).argmax(axis=1)"
        )
        found.append(Finding("no_argmax", message, cell, part))
    return found


def _compares_probabilities(source: str) -> bool:
    tree = parsed(source)
    if tree is None:
        return False
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_prediction(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    compared = (operand for node in ast.walk(tree) for operand in _operands_of_equality(node))
    return any(
        _is_prediction(operand) or (isinstance(operand, ast.Name) and operand.id in names) for operand in compared
    )


def _operands_of_equality(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Compare) and any(isinstance(operator, ast.Eq) for operator in node.ops):
        return [node.left, *node.comparators]
    # The student's own accuracy(labels, digits) compares too.
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("accuracy"):
        return list(node.args)
    return []


def _is_prediction(node: ast.expr) -> bool:
    """Whether this is `….predict(…)`, perhaps rounded or cast, but without an argmax around it."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "predict":
            return True
        if node.func.attr not in ("round", "astype"):
            return False
        node = node.func.value
    return False
