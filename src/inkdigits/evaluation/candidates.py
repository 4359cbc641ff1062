"""What is compared: networks' answers on one data set, kept ones where there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.datasets.labelled import CLASSES, LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import DataError, ModelFileError, RunError
from inkdigits.evaluation.evaluate import Predictions, evaluate, load_predictions
from inkdigits.evaluation.held_out import open_test_split
from inkdigits.evaluation.leakage_warnings import about_labels, about_training, learned_from
from inkdigits.modelfile.load import load_classifier
from inkdigits.modelfile.predictor import Predictor, shipped_models
from inkdigits.modelfile.remote import is_url
from inkdigits.stats import scores
from inkdigits.training.run import Run, find_runs, open_run

__all__ = ["Compared", "Side", "load_sides"]


@dataclass(frozen=True)
class Side:
    """One or several networks' answers; several are seeds of one recipe."""

    name: str
    files: tuple[str, ...]
    answers: tuple[Predictions, ...]
    recipe: dict[str, Any] | None  # everything of a training but its seed; None for a model file


@dataclass(frozen=True)
class Compared:
    """The sides, and the one data set that all were judged on. `source` is what `--data` calls it."""

    sides: tuple[Side, ...]
    data: str
    sha256: str
    source: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Network:
    """One network, and its run where it has one."""

    name: str
    run: Run | None

    @property
    def kept_on(self) -> list[str]:
        """The SHA-256 of each data set that its answers are kept for."""
        return [] if self.run is None else sorted(path.stem for path in self.run.path.glob("predictions/*.npz"))

    @property
    def judged(self) -> dict[str, Any]:
        """Its last evaluation's scores; empty before the first."""
        return (self.run.evaluation if self.run else None) or {}


def load_sides(
    sources: Sequence[str], data: str | None = None, start_keras: Callable[[], object] | None = None
) -> Compared:
    """The answers of each of `sources`: a run, a folder of runs that differ in nothing but their seed, a model file
    or a remote model's URL.

    Kept answers are used where there are any: those on `data`, or without it those of the last evaluations, or those
    on MNIST where the last ones differ. What has none is judged on `data`, by default on what the others were, else on
    MNIST. Only then a network is loaded, and Keras only for a network that is no model file, after `start_keras`.
    Raises `RunError` when there is no data set that all were judged on, `DataError` for answers that are no
    probabilities, `ModelFileError` for other classes.
    """
    networks = [_networks(source) for source in sources]
    everyone = [network for side in networks for network in side]
    judge = _Judge(*_common_data(everyone, data), start_keras)
    sides = [
        Side(source, tuple(n.name for n in side), tuple(judge.answers(n) for n in side), _recipe(source, side))
        for source, side in zip(sources, networks, strict=True)
    ]
    labels = sides[0].answers[0].labels
    if any(not np.array_equal(answers.labels, labels) for side in sides for answers in side.answers):
        raise RunError("kept answers with the same checksum have different labels: judge the runs again")
    warnings = [*_about_names(sources), *about_labels(judge.name, labels)]
    for network in everyone:
        warnings += about_training(network.name, _learned_from(network), judge.name, judge.sha256)
    return Compared(tuple(sides), judge.name, judge.sha256, judge.source, tuple(warnings))


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


def _recipe(source: str, side: Sequence[_Network]) -> dict[str, Any] | None:
    """What the runs of a side share. Raises `RunError` unless they differ in their seeds, and in nothing else."""
    configs = [network.run.config for network in side if network.run]
    shared = [
        {"network": c["network"], "data_sha256": c["data"]["sha256"], **c["recipe"], "own": c.get("network_sha256")}
        for c in configs
    ]
    for config in shared:
        different = [name for name in config if config[name] != shared[0].get(name)]
        if different:
            values = f"{shared[0].get(different[0])} and {config[different[0]]}"
            raise RunError(f"{source}: its runs differ in {different[0]} ({values}), expected seeds of one recipe")
    seeds = [config["seed"] for config in configs]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise RunError(f"{source}: two runs of seed {twice} in it: one network twice is no evidence, leave one out")
    return shared[0] if shared else None


def _common_data(networks: Sequence[_Network], data: str | None) -> tuple[str, str, str, LabelledDigits | None]:
    """Source, name and SHA-256 of the data set to compare on; the digits too where they had to be read."""
    judged = [network for network in networks if network.kept_on and network.judged]
    if data is not None or not judged:
        return _opened(data or MNIST)
    last = {network.judged["data_sha256"]: network for network in judged}
    if len(last) == 1:
        (sha256, network), source = next(iter(last.items())), judged[0].judged.get("source", MNIST)
        if all(sha256 in one.kept_on for one in networks):
            return source, network.judged["data"], sha256, None
        if found := _opened_again(source, sha256):
            return found
    mnist = _opened(MNIST)
    if all(mnist[2] in network.kept_on for network in judged):
        return mnist
    raise RunError(_not_comparable(list(last.values())))


def _opened(data: str) -> tuple[str, str, str, LabelledDigits]:
    digits = open_test_split(None, data)
    return data, digits.name, digits.sha256, digits


def _opened_again(source: str, sha256: str) -> tuple[str, str, str, LabelledDigits] | None:
    """The digits of `source`; None where they are gone or not those with that SHA-256 any more."""
    try:
        found = _opened(source)
    except DataError:
        return None
    return found if found[2] == sha256 else None


def _not_comparable(judged: Sequence[_Network]) -> str:
    one, *others = judged
    if not others:
        return (
            f"{one.name} was last judged on {one.judged['data']}, and {one.judged.get('source', MNIST)} does not hold "
            f"those digits any more: add --data mnist, or judge it again with inkdigits evaluate {one.name}"
        )
    return (
        f"not comparable: {one.name} was last judged on {one.judged['data']}, {others[0].name} on "
        f"{others[0].judged['data']}: judge them on the same digits with --data, for example --data mnist"
    )


@dataclass
class _Judge:
    """Gives each network's answers on one data set; the digits are read only when a network has to run."""

    source: str
    name: str
    sha256: str
    digits: LabelledDigits | None
    start_keras: Callable[[], object] | None

    def answers(self, network: _Network) -> Predictions:
        """Kept answers, or new ones."""
        if network.run is None:
            answers = self._asked(network)
        else:
            if self.sha256 not in network.kept_on:
                evaluate(network.run, data=self.source)
                self._check(network, network.judged["data_sha256"])
            answers = load_predictions(network.run, self.sha256)
        _check_answers(answers, network.name)
        return answers

    def _asked(self, network: _Network) -> Predictions:
        classifier = load_classifier(network.name, start_keras=self.start_keras)
        classes = classifier.metadata.classes if isinstance(classifier, Predictor) else range(CLASSES)
        if [str(name) for name in classes] != [str(label) for label in range(CLASSES)]:
            raise ModelFileError(f"not comparable: {network.name} has the classes {', '.join(map(str, classes))}")
        if self.digits is None:
            self.digits = open_test_split(None, self.source)
            self._check(network, self.digits.sha256)
        return Predictions(np.asarray(classifier.predict_proba(self.digits.images), np.float32), self.digits.labels)

    def _check(self, network: _Network, sha256: str) -> None:
        if sha256 != self.sha256:
            raise RunError(
                f"not comparable: {self.source} is not the {self.name} that the others were judged on, so "
                f"{network.name} cannot be: name the same digits for all with --data"
            )


def _check_answers(answers: Predictions, name: str) -> None:
    if answers.probabilities.ndim != 2 or answers.probabilities.shape[1] != CLASSES:
        shape = answers.probabilities.shape
        raise RunError(f"not comparable: {name} answered with shape {shape}, expected one of (n, {CLASSES})")
    try:
        scores.check_probabilities(answers.probabilities, len(answers.labels))
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _about_names(sources: Iterable[str]) -> list[str]:
    carried = set(sources) & set(shipped_models())
    return [
        f"{name} is the model file that inkdigits carries; the folder of that name here is ./{name}"
        for name in sorted(carried)
        if Path(name).exists()
    ]


def _learned_from(network: _Network) -> frozenset[str]:
    """The SHA-256 of what it was trained on, where that is known."""
    if network.run is not None:
        return learned_from(network.run.config)
    classifier = None if network.name.endswith(".keras") else load_classifier(network.name)
    return frozenset([classifier.metadata.data_sha256] if isinstance(classifier, Predictor) else [])
