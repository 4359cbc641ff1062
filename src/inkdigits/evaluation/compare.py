"""Which is better? Two questions apart: are these files different, and are their recipes?

Two seeds of one recipe are different networks, and a paired test on enough pictures says so: what it says of two files
holds for these files. Only several seeds of each can tell whether a recipe is better than another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.in_memory import DataSource
from inkdigits.evaluation.candidates import CandidateModel, Compared, Model, load_candidates
from inkdigits.evaluation.evaluate import Predictions
from inkdigits.stats import scores
from inkdigits.stats.resampling import PermutationTest, bootstrap_mean_interval, permutation_test
from inkdigits.stats.scores import Interval, PairedComparison
from inkdigits.stats.significance import SIGNIFICANCE_LEVEL, holm, pairs_needed
from inkdigits.system.html_table import html_table, html_text, percent

__all__ = [
    "CandidateScores",
    "Comparison",
    "FilePairs",
    "Pair",
    "RecipeTest",
    "TwoFiles",
    "compare",
    "compare_predictions",
]


@dataclass(frozen=True)
class CandidateScores:
    """The scores of one candidate. The spreads are standard deviations over its files, None for a single one."""

    name: str
    files: int
    accuracy: float
    accuracy_spread: float | None
    log_loss: float  # nats
    log_loss_spread: float | None


@dataclass(frozen=True)
class TwoFiles:
    """Whether the two files differ. Differences are first minus second; the intervals are of 95 %."""

    paired: PairedComparison  # exact McNemar and Newcombe's interval
    bootstrap: Interval  # of the same difference of accuracies
    log_loss_difference: float  # nats; negative: the first is better
    log_loss_bootstrap: Interval
    disagreements: tuple[int, ...]  # the pictures that they classify differently
    pictures_needed: int | None  # to show this difference, where McNemar cannot; None also where there is none
    p_adjusted: float  # Holm, over all pairs of candidates
    better: str | None


@dataclass(frozen=True)
class FilePairs:
    """How often McNemar's test finds a file of one candidate better than a file of the other."""

    pairs: int
    first_better: int
    second_better: int


@dataclass(frozen=True)
class RecipeTest:
    """Whether the recipes differ. Without `test`, `message` says why that cannot be known."""

    message: str
    test: PermutationTest | None = None
    p_adjusted: float | None = None  # Holm, over all pairs of candidates
    better: str | None = None


@dataclass(frozen=True)
class Pair:
    """One candidate against another; `files` when each has one file, `file_pairs` otherwise."""

    first: str
    second: str
    files: TwoFiles | None
    file_pairs: FilePairs | None
    recipes: RecipeTest


@dataclass(frozen=True)
class Comparison:
    """The result of comparing two or more candidates on one data set."""

    data: str
    data_sha256: str
    n: int
    candidates: tuple[CandidateScores, ...]
    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        found = ", ".join(f"{row.name} {percent(row.accuracy)}" for row in self.candidates)
        return f"Comparison({self.data!r}, n={self.n}: {found})"

    def _repr_html_(self) -> str:
        """Candidates and pairs as tables, in a notebook."""
        rows = [[row.name, row.files, percent(row.accuracy), f"{row.log_loss:.4f}"] for row in self.candidates]
        pairs = [
            [f"{pair.first} against {pair.second}", _conclusion(pair), pair.recipes.message] for pair in self.pairs
        ]
        return (
            html_text(f"{self.data}, n = {self.n}")
            + "".join(map(html_text, self.warnings))
            + html_table(["candidate", "files", "accuracy", "log loss"], rows)
            + html_table(["pair", "files", "recipes"], pairs)
        )


def _conclusion(pair: Pair) -> str:
    if pair.files is None:
        return "-"
    better = f"{pair.files.better} is better" if pair.files.better else "no significant difference"
    return f"{better} (exact McNemar, p = {pair.files.p_adjusted:.2g})"


def compare(
    *models: Model, data: DataSource | None = None, start_keras: Callable[[], object] | None = None
) -> Comparison:
    """Compare two or more runs, folders of runs (seeds of one recipe), shipped models' names, model files, URLs of
    remote models, Keras models, or anything with `predict_proba`, each with each.

    `data` is a source's name or path, or digits in memory; by default what the runs were last evaluated on, else MNIST.
    `start_keras` is called before Keras is imported. Raises `RunError` for fewer than two models, or where there is no
    data set that all were evaluated on, `DataError` for predictions that are not probabilities, `ModelFileError`.
    """
    compared = load_candidates(models, data, start_keras)
    return compare_predictions(compared)


def compare_predictions(compared: Compared) -> Comparison:
    """The comparison of predictions that are there."""
    pairs = [_pair(first, second) for first, second in itertools.combinations(compared.candidates, 2)]
    return Comparison(
        data=compared.data,
        data_sha256=compared.sha256,
        n=len(compared.candidates[0].predictions[0].labels),
        candidates=tuple(_scores(candidate) for candidate in compared.candidates),
        pairs=tuple(_decided(pairs)),
        warnings=compared.warnings,
    )


def _scores(candidate: CandidateModel) -> CandidateScores:
    losses = [scores.log_loss(each.labels, each.probabilities) for each in candidate.predictions]
    accuracies = _accuracies(candidate)
    several = len(losses) > 1
    return CandidateScores(
        name=candidate.name,
        files=len(losses),
        accuracy=fmean(accuracies),
        accuracy_spread=stdev(accuracies) if several else None,
        log_loss=fmean(losses),
        log_loss_spread=stdev(losses) if several else None,
    )


def _accuracies(candidate: CandidateModel) -> list[float]:
    return [scores.accuracy(each.labels, each.probabilities) for each in candidate.predictions]


def _pair(first: CandidateModel, second: CandidateModel) -> Pair:
    single = len(first.predictions) == len(second.predictions) == 1
    return Pair(
        first=first.name,
        second=second.name,
        files=_two_files(first.predictions[0], second.predictions[0]) if single else None,
        file_pairs=None if single else _file_pairs(first, second),
        recipes=_recipe_test(first, second),
    )


def _two_files(first: Predictions, second: Predictions) -> TwoFiles:
    labels = first.labels
    paired = scores.compare_paired(labels, first.predicted, second.predicted)
    right = (first.predicted == labels).astype(int) - (second.predicted == labels)
    losses = _losses(first) - _losses(second)
    return TwoFiles(
        paired=paired,
        bootstrap=bootstrap_mean_interval(right, draws=10_000),
        log_loss_difference=float(losses.mean()),
        log_loss_bootstrap=bootstrap_mean_interval(losses),
        disagreements=tuple(np.flatnonzero(first.predicted != second.predicted).tolist()),
        pictures_needed=pairs_needed(paired.only_first_right, paired.only_second_right, paired.n),
        p_adjusted=paired.p_value,
        better=None,
    )


def _losses(predictions: Predictions) -> NDArray[np.float64]:
    """What each picture adds to the log loss, in nats."""
    right = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels].astype(np.float64)
    losses: NDArray[np.float64] = -np.log(np.clip(right, np.finfo(np.float32).tiny, 1.0))
    return losses


def _file_pairs(first: CandidateModel, second: CandidateModel) -> FilePairs:
    right_1, right_2 = _right(first), _right(second)
    only_first = (right_1 @ (1 - right_2).T).astype(int).ravel().tolist()
    only_second = ((1 - right_1) @ right_2.T).astype(int).ravel().tolist()
    different = [
        b - c
        for b, c in zip(only_first, only_second, strict=True)
        if b != c and scores.mcnemar_exact(b, c) < SIGNIFICANCE_LEVEL
    ]
    return FilePairs(len(only_first), sum(gap > 0 for gap in different), sum(gap < 0 for gap in different))


def _right(candidate: CandidateModel) -> NDArray[np.float32]:
    """1 where a file is right, float32 (files, n): counts below 16 million are exact, and products are quick."""
    return np.array([each.predicted == each.labels for each in candidate.predictions], np.float32)


def _recipe_test(first: CandidateModel, second: CandidateModel) -> RecipeTest:
    if len(first.predictions) < 2 or len(second.predictions) < 2:
        return RecipeTest(
            "cannot tell whether the recipes differ: that takes several seeds of each (inkdigits seeds NETWORK -n 10)"
        )
    test = permutation_test(_accuracies(first), _accuracies(second))
    message = ""
    if test.min_p_value >= SIGNIFICANCE_LEVEL:
        message = f"cannot tell whether the recipes differ: so few seeds never give a p below {test.min_p_value:.2g}"
        message += "; train at least 4 of each"
    return RecipeTest(message, test)


def _decided(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs with p-values for being so many; files and recipes are two families of questions."""
    files = _adjusted([pair.files.paired.p_value if pair.files else None for pair in pairs])
    recipes = _adjusted([pair.recipes.test.p_value if pair.recipes.test else None for pair in pairs])
    return [
        replace(pair, files=_decided_files(pair, of_files), recipes=_decided_recipes(pair, of_recipes))
        for pair, of_files, of_recipes in zip(pairs, files, recipes, strict=True)
    ]


def _adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    adjusted = iter(holm([value for value in p_values if value is not None]))
    return [None if value is None else next(adjusted) for value in p_values]


def _decided_files(pair: Pair, p_value: float | None) -> TwoFiles | None:
    files = pair.files
    if files is None or p_value is None:
        return None
    if p_value >= SIGNIFICANCE_LEVEL:
        return replace(files, p_adjusted=p_value)
    better = pair.first if files.paired.difference > 0 else pair.second
    return replace(files, p_adjusted=p_value, better=better, pictures_needed=None)


def _decided_recipes(pair: Pair, p_value: float | None) -> RecipeTest:
    recipes = replace(pair.recipes, p_adjusted=p_value)
    if recipes.test is None or p_value is None or recipes.message:
        return recipes
    if p_value >= SIGNIFICANCE_LEVEL:
        return replace(recipes, message="no significant difference between the recipes")
    better = pair.first if recipes.test.difference > 0 else pair.second
    return replace(recipes, message=f"the recipe of {better} is better", better=better)
