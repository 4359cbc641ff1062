"""What is compared: predictions of several networks on one data set, stored ones where there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.source import MNIST, source_name
from inkdigits.errors import DataError, RunError
from inkdigits.evaluation.evaluate import Predictions, check_digit_classes, evaluate, load_predictions
from inkdigits.evaluation.held_out import open_held_out
from inkdigits.evaluation.leakage_warnings import about_labels, about_training, learned_from
from inkdigits.modelfile.load import Classifier, as_classifier, load_classifier
from inkdigits.modelfile.predictor import Predictor, shipped_models
from inkdigits.modelfile.remote import is_url
from inkdigits.stats import scores
from inkdigits.training.run import Run, find_runs, open_run
from inkdigits.training.run_records import EvaluationRecord

__all__ = ["CandidateModel", "Compared", "Model", "load_candidates"]

# A run or its folder, a folder of runs, a shipped model's name, a model file, a remote model's URL, or a classifier.
Model: TypeAlias = str | Path | Run | Classifier


@dataclass(frozen=True)
class CandidateModel:
    """The predictions of one network, or of several that are seeds of one recipe."""

    name: str
    predictions: tuple[Predictions, ...]


@dataclass(frozen=True)
class Compared:
    """The candidates, and the one data set that all were evaluated on. `source` is how `--data` names it."""

    candidates: tuple[CandidateModel, ...]
    data: str
    sha256: str
    source: DataSource
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Network:
    """One network, and its run where it has one; `classifier` where a caller passed it."""

    name: str
    run: Run | None
    classifier: Classifier | None = None

    @property
    def stored(self) -> list[str]:
        """The SHA-256 of each data set that its predictions are stored for."""
        return [] if self.run is None else sorted(path.stem for path in self.run.path.glob("predictions/*.npz"))

    @property
    def last(self) -> EvaluationRecord | None:
        """Its last evaluation where the predictions of one are stored."""
        return self.run.evaluation if self.run and self.stored else None


@dataclass(frozen=True)
class _DataSet:
    """What all networks are evaluated on. `digits` are None until they have to be read."""

    source: DataSource
    name: str
    sha256: str
    digits: LabelledDigits | None = None


def load_candidates(
    models: Sequence[Model], data: DataSource | None = None, start_keras: Callable[[], object] | None = None
) -> Compared:
    """The predictions of each of `models`; of a folder of runs, these differ in nothing but their seed.

    Stored predictions are used where there are any: those on `data`, or without it those of the last evaluations, or
    those on MNIST where the last ones differ. Every other network is evaluated on `data`, by default on what the others
    were, else on MNIST. Only then a network is loaded, and Keras only for a network that is not a model file, after
    `start_keras`. Raises `RunError` when there is no data set that all were evaluated on, `DataError` for predictions
    that are not probabilities, `ModelFileError` for other classes.
    """
    if len(models) < 2:
        raise RunError(f"compare needs two or more models, got {len(models)}: as in inkdigits compare dense cnn")
    named = [_named(model, place) for place, model in enumerate(models)]
    sources = [name for name, _ in named]
    groups = [[_Network(name, None, own)] if own is not None else _networks(name) for name, own in named]
    networks = [network for group in groups for network in group]
    predict = _Predict(_common_data(networks, data), start_keras)
    for source, group in zip(sources, groups, strict=True):
        _check_one_recipe(source, group)
    candidates = tuple(
        CandidateModel(source, tuple(predict(network) for network in group))
        for source, group in zip(sources, groups, strict=True)
    )
    labels = candidates[0].predictions[0].labels
    if any(not np.array_equal(each.labels, labels) for candidate in candidates for each in candidate.predictions):
        raise RunError("stored predictions with the same checksum have different labels: evaluate the runs again")
    data_set = predict.data_set
    warnings = [*_about_names(sources), *about_labels(data_set.name, labels)]
    for network in networks:
        warnings += about_training(network.name, _learned_from(network), data_set.name, data_set.sha256)
    return Compared(candidates, data_set.name, data_set.sha256, data_set.source, tuple(warnings))


def _named(model: Model, place: int) -> tuple[str, Classifier | None]:
    """The name or path of `model`; of a classifier its type and place, and itself."""
    if isinstance(model, Run):
        return str(model.path), None
    if isinstance(model, str | Path):
        return str(model), None
    return f"{type(model).__name__} {place}", as_classifier(model)


def _networks(source: str) -> list[_Network]:
    path = Path(source)
    if source in shipped_models() or is_url(source) or path.is_file():
        return [_Network(source, None)]
    if (path / "config.json").is_file():
        return [_Network(source, open_run(path))]
    if not path.is_dir():
        names = ", ".join(shipped_models())
        raise RunError(f"{source}: no such run, folder of runs or model file; shipped models are {names}")
    runs = [run for run in find_runs(path) if run.has_model]
    if not runs:
        raise RunError(f"{source}: no trained runs in it, expected a run or a folder of runs")
    return [_Network(str(run.path), open_run(run.path)) for run in sorted(runs, key=lambda run: run.path)]


def _check_one_recipe(source: str, group: Sequence[_Network]) -> None:
    """Raise `RunError` unless the runs of a candidate differ in their seeds, and in nothing else."""
    configs = [network.run.config for network in group if network.run]
    recipes = [
        {"network": c.network, "data_sha256": c.data.sha256, **asdict(c.recipe), "own": c.network_sha256}
        for c in configs
    ]
    for recipe in recipes:
        different = [name for name in recipe if recipe[name] != recipes[0].get(name)]
        if different:
            values = f"{recipes[0].get(different[0])} and {recipe[different[0]]}"
            raise RunError(f"{source}: its runs differ in {different[0]} ({values}), expected seeds of one recipe")
    seeds = [config.seed for config in configs]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise RunError(f"{source}: two runs of seed {twice} in it, expected one run of each seed: remove one of them")


def _common_data(networks: Sequence[_Network], data: DataSource | None) -> _DataSet:
    """The data set to compare on."""
    evaluated = [(network, last) for network in networks if (last := network.last)]
    if data is not None or not evaluated:
        return _opened(MNIST if data is None else data)
    by_data = {last.data_sha256: (network, last) for network, last in evaluated}
    if len(by_data) == 1:
        last = evaluated[0][1]
        if all(last.data_sha256 in network.stored for network in networks):
            return _DataSet(last.source, last.data, last.data_sha256)
        if found := _opened_again(last.source, last.data_sha256):
            return found
    mnist = _opened(MNIST)
    if all(mnist.sha256 in network.stored for network, _ in evaluated):
        return mnist
    raise RunError(_not_comparable(list(by_data.values())))


def _opened(source: DataSource) -> _DataSet:
    digits = open_held_out(None, source)
    return _DataSet(source, digits.name, digits.sha256, digits)


def _opened_again(source: str, sha256: str) -> _DataSet | None:
    """The digits of `source`; None where they are gone or no longer those with that SHA-256."""
    try:
        found = _opened(source)
    except DataError:
        return None
    return found if found.sha256 == sha256 else None


def _not_comparable(evaluated: Sequence[tuple[_Network, EvaluationRecord]]) -> str:
    (network, last), *others = evaluated
    if not others:
        return (
            f"{network.name} was last evaluated on {last.data}, and {last.source} does not hold "
            f"those digits any more: add --data mnist, or evaluate it again with inkdigits evaluate {network.name}"
        )
    other, other_last = others[0]
    return (
        f"not comparable: {network.name} was last evaluated on {last.data}, {other.name} on "
        f"{other_last.data}: evaluate them on the same digits with --data, for example --data mnist"
    )


@dataclass
class _Predict:
    """Each network's predictions on one data set; the digits are read only when a network has to run."""

    data_set: _DataSet
    start_keras: Callable[[], object] | None

    def __call__(self, network: _Network) -> Predictions:
        """Stored predictions, or new ones."""
        if network.run is None:
            predictions = self._by_classifier(network)
        else:
            sha256 = self.data_set.sha256
            if sha256 not in network.stored:
                self._check(network, evaluate(network.run, data=self.data_set.source).data_sha256)
            predictions = load_predictions(network.run, sha256)
        _check_predictions(predictions, network.name)
        return predictions

    def _by_classifier(self, network: _Network) -> Predictions:
        classifier = network.classifier
        if classifier is None:
            classifier = load_classifier(network.name, start_keras=self.start_keras)
        if isinstance(classifier, Predictor):
            check_digit_classes(classifier, f"not comparable: {network.name}")
        digits = self.data_set.digits or open_held_out(None, self.data_set.source)
        self._check(network, digits.sha256)
        self.data_set = replace(self.data_set, digits=digits)
        return Predictions(np.asarray(classifier.predict_proba(digits.images), np.float32), digits.labels)

    def _check(self, network: _Network, sha256: str) -> None:
        if sha256 != self.data_set.sha256:
            raise RunError(
                f"not comparable: {source_name(self.data_set.source)} is not the {self.data_set.name} that the others "
                f"were evaluated on, so {network.name} cannot be: name the same digits for all with --data"
            )


def _check_predictions(predictions: Predictions, name: str) -> None:
    if predictions.probabilities.ndim != 2 or predictions.probabilities.shape[1] != CLASSES:
        shape = predictions.probabilities.shape
        raise RunError(f"not comparable: {name} predicted shape {shape}, expected one of (n, {CLASSES})")
    try:
        scores.check_probabilities(predictions.probabilities, len(predictions.labels))
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _about_names(sources: Iterable[str]) -> list[str]:
    bundled = set(sources) & set(shipped_models())
    return [
        f"{name} is the model file bundled with inkdigits; the folder of that name here is ./{name}"
        for name in sorted(bundled)
        if Path(name).exists()
    ]


def _learned_from(network: _Network) -> frozenset[str]:
    """The SHA-256 of what it was trained on, where that is known."""
    if network.run is not None:
        return learned_from(network.run.config)
    classifier = network.classifier
    if classifier is None and not network.name.endswith(".keras"):
        classifier = load_classifier(network.name)
    return frozenset([classifier.metadata.data_sha256] if isinstance(classifier, Predictor) else [])
