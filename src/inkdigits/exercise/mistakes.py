"""The catalogue of classic mistakes: each rule looks at what was seen in one part and names what went wrong."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inkdigits.exercise.old_calls import find_old_calls
from inkdigits.exercise.parsing import parsed
from inkdigits.exercise.verdict import Finding

__all__ = ["PartFacts", "code_mistakes", "part_mistakes"]

_UNITS = {"dense": [512, 512, 10], "cnn": [32, 64, 1024, 10]}
_PARAMETERS = {"dense": 669_706, "cnn": 1_111_946}
# Some pictures of another set look like one of the test set by chance; a misuse takes hundreds.
_FEW_ROWS = 20
# Far beyond what trains these networks; a rate is only blamed when the bar was missed.
_HIGH_RATES = {"SGD": 2.0}
_HIGH_RATE = 0.02


@dataclass
class PartFacts:
    """What was seen while one part ran."""

    part: str
    events: list[dict[str, Any]] = field(default_factory=list)  # calls of fit and its kin, as watch.py tells them
    arrays: list[dict[str, Any]] = field(default_factory=list)  # after each cell: cell, arrays, format
    measured: dict[str, Any] | None = None  # of `model` at the part's target
    bar: float | None = None

    @property
    def missed(self) -> bool:
        """Whether the part has a bar and the measured accuracy does not exceed it."""
        return self.bar is not None and (self.measured or {}).get("accuracy", 0.0) <= self.bar

    @property
    def fits(self) -> list[dict[str, Any]]:
        """The calls that train."""
        return [event for event in self.events if event["call"] in ("fit", "train_on_batch")]

    @property
    def models(self) -> list[Mapping[str, Any]]:
        """The models that were trained or measured, as descriptions with layers."""
        return [known for known in [*self.fits, self.measured or {}] if known.get("layers")]


def part_mistakes(facts: PartFacts) -> list[Finding]:
    """Every mistake of the catalogue that shows in a part's facts, each named once."""
    return [finding for rule in _RULES for finding in _first(rule(facts))]


def _first(findings: Iterator[Finding]) -> list[Finding]:
    first = next(findings, None)
    return [first] if first else []


def _note(facts: PartFacts, key: str, message: str, event: Mapping[str, Any] | None = None) -> Finding:
    return Finding(key, message, (event or {}).get("cell", ""), facts.part)


def _misuse(facts: PartFacts, key: str, message: str, event: Mapping[str, Any]) -> Finding:
    return Finding(key, message, event.get("cell", ""), facts.part, fails=True)


def _trained_on_test(facts: PartFacts) -> Iterator[Finding]:
    rows = sum(event["test_rows"] for event in facts.fits)
    if rows > _FEW_ROWS:
        yield _misuse(
            facts, "trained_on_test", f"trained on the test set: {rows} of its pictures were seen by fit", facts.fits[0]
        )


def _validated_on_test(facts: PartFacts) -> Iterator[Finding]:
    for event in facts.fits:
        rows = event.get("validation", {}).get("test_rows", 0)
        if rows > _FEW_ROWS:
            yield _misuse(
                facts,
                "validated_on_test",
                f"validation_data is the test set ({rows} of its pictures): hold back a part of the training set, "
                "for example with validation_split=0.1",
                event,
            )


def _chosen_on_test(facts: PartFacts) -> Iterator[Finding]:
    judged: set[int] = set()
    for event in facts.events:
        if event["call"] in ("evaluate", "test_on_batch") and event["test_rows"] > _FEW_ROWS:
            judged.add(event["model"])
        elif event["call"] == "fit" and event["model"] in judged:
            yield _misuse(
                facts,
                "chosen_on_test",
                "trained on after a look at the test set: evaluate on it once, at the end",
                event,
            )


def _labels_changed(facts: PartFacts) -> Iterator[Finding]:
    for event in facts.events:
        if event["call"] in ("evaluate", "test_on_batch") and event["wrong_labels"] > 0:
            yield _misuse(
                facts,
                "test_labels_changed",
                f"the test labels were changed: {event['wrong_labels']} of those given to {event['call']} are not "
                "MNIST's",
                event,
            )
    for seen in facts.arrays:
        for name in ("y_test", "onehot_test"):
            wrong = seen["arrays"].get(name, {}).get("wrong", 0)
            if wrong:
                yield _misuse(
                    facts, "test_labels_changed", f"the test labels were changed: {wrong} of {name} are not MNIST's",
                    seen,
                )  # fmt: skip


def _not_onehot(facts: PartFacts) -> Iterator[Finding]:
    for event in facts.fits:
        shape = event.get("y_shape", [0, 10])
        if event.get("loss") == "categorical_crossentropy" and (len(shape) == 1 or shape[-1] == 1):
            yield _note(
                facts,
                "labels_not_onehot",
                f"the labels are not one-hot: categorical cross-entropy wants ten numbers a label, it got shape "
                f"{tuple(shape)}; fit on onehot_train, or use sparse_categorical_crossentropy",
                event,
            )


def _not_scaled(facts: PartFacts) -> Iterator[Finding]:
    for event in facts.fits:
        kinds = {layer["kind"] for layer in event.get("layers", [])}
        if event.get("x_high", 1.0) > 16 and not kinds & {"Rescaling", "Normalization", "BatchNormalization"}:
            yield _note(
                facts,
                "not_scaled",
                f"the pictures are not scaled: they go in with values up to {event['x_high']:g}; divide by 255",
                event,
            )


def _weighted(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The layers that have an activation, a Softmax layer counting as one."""
    softmax = [dict(layer, activation="softmax") if layer["kind"] == "Softmax" else layer for layer in model["layers"]]
    return [layer for layer in softmax if layer["activation"] is not None]


def _softmax_missing(facts: PartFacts) -> Iterator[Finding]:
    for model in facts.models:
        layers = _weighted(model)
        if layers and layers[-1]["activation"] == "linear" and not model.get("from_logits"):
            yield _note(
                facts,
                "softmax_missing",
                "softmax is missing: the last layer gives any numbers, where the loss expects probabilities",
                model,
            )


def _sigmoid(facts: PartFacts) -> Iterator[Finding]:
    for model in facts.models:
        layers = _weighted(model)
        if layers and layers[-1]["activation"] == "sigmoid":
            yield _note(
                facts,
                "sigmoid_for_classes",
                "sigmoid for ten classes: a picture shows exactly one digit, so the ten outputs belong together; use "
                "softmax",
                model,
            )


def _hidden_softmax(facts: PartFacts) -> Iterator[Finding]:
    for model in facts.models:
        if any(layer["activation"] == "softmax" for layer in _weighted(model)[:-1]):
            yield _note(
                facts,
                "softmax_between",
                "softmax between hidden layers: it squeezes a layer's outputs to a sum of 1; use ReLU there",
                model,
            )


def _flatten_forgotten(facts: PartFacts) -> Iterator[Finding]:
    for model in facts.models:
        output = model["layers"][-1].get("output") or []
        if len(output) > 2:
            yield _note(
                facts,
                "flatten_forgotten",
                f"flatten was forgotten: the network answers with shape {tuple(output)}, not with ten numbers a "
                "picture",
                model,
            )


def _wrong_units(facts: PartFacts) -> Iterator[Finding]:
    for model in facts.models:
        units = [layer["units"] for layer in model["layers"] if layer.get("units")]
        wanted = _UNITS.get(facts.part, units)
        if units != wanted and model.get("parameters") != _PARAMETERS.get(facts.part):
            yield _note(
                facts,
                "wrong_units",
                f"wrong number of units: the layers have {_listed(units)}, the exercise asks for {_listed(wanted)}",
                model,
            )


def _listed(units: list[int]) -> str:
    return ", ".join(map(str, units))


def _one_epoch(facts: PartFacts) -> Iterator[Finding]:
    fits = [event for event in facts.fits if event["call"] == "fit"]
    if facts.missed and fits and sum(event["epochs"] for event in fits) == 1:
        yield _note(facts, "one_epoch", "only 1 epoch was trained (that is what fit does unless told): train longer",
                    fits[0])  # fmt: skip


def _high_rate(facts: PartFacts) -> Iterator[Finding]:
    for event in facts.fits:
        rate = event.get("learning_rate") or 0.0
        high = rate >= _HIGH_RATES.get(event.get("optimizer", ""), _HIGH_RATE)
        diverged = any(not math.isfinite(float(loss)) for loss in event.get("losses", []))
        if facts.missed and (high or diverged):
            yield _note(
                facts,
                "learning_rate_too_high",
                f"the learning rate is far too high: {rate:g} for {event.get('optimizer')}; try 0.001",
                event,
            )


def _format_mixed_up(facts: PartFacts) -> Iterator[Finding]:
    wrong = {"channels_last": [1, 28, 28], "channels_first": [28, 28, 1]}
    for seen in facts.arrays:
        shape = seen["arrays"].get("x_train", {}).get("shape", [])[1:]
        if seen["format"] and shape == wrong.get(seen["format"]):
            yield _note(
                facts,
                "data_format",
                f"the data format is mixed up: Keras is set to {seen['format']}, but a picture is {tuple(shape)}",
                seen,
            )


_RULES: tuple[Callable[[PartFacts], Iterator[Finding]], ...] = (
    _trained_on_test,
    _validated_on_test,
    _chosen_on_test,
    _labels_changed,
    _not_onehot,
    _not_scaled,
    _softmax_missing,
    _sigmoid,
    _hidden_softmax,
    _flatten_forgotten,
    _wrong_units,
    _one_epoch,
    _high_rate,
    _format_mixed_up,
)


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
    compared = [
        side
        for node in ast.walk(tree)
        for side in _equality_sides(node)
        if _is_prediction(side) or (isinstance(side, ast.Name) and side.id in names)
    ]
    return bool(compared)


def _equality_sides(node: ast.AST) -> list[ast.expr]:
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
