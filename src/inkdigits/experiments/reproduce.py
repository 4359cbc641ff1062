"""The exercise, end to end: train both networks, evaluate them, compare them, check the targets."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from inkdigits.datasets.source import MNIST
from inkdigits.errors import OutputError, require_extra
from inkdigits.evaluation.evaluate import Evaluation, evaluate, load_predictions
from inkdigits.evaluation.held_out import open_again
from inkdigits.evaluation.leakage_warnings import about_training, learned_from
from inkdigits.experiments.reproduction_page import write_reproduction_page
from inkdigits.stats.scores import Interval, PairedComparison, compare_paired
from inkdigits.stats.significance import SIGNIFICANCE_LEVEL
from inkdigits.system.atomic_io import write_json
from inkdigits.training.backend import Backend, as_backend
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.recipes import named_recipe
from inkdigits.training.run import Run
from inkdigits.training.train import TrainOptions, train

__all__ = ["TARGETS", "NetworkResult", "Reproduction", "ReproductionSummary", "Target", "TargetCheck", "reproduce"]


@dataclass(frozen=True)
class Target:
    """What the exercise asks of one network."""

    parameters: int
    accuracy: float  # on the test set, to be exceeded


TARGETS: Mapping[str, Target] = {"dense": Target(669_706, 0.975), "cnn": Target(1_111_946, 0.985)}


@dataclass(frozen=True)
class NetworkResult:
    """One trained and evaluated network."""

    network: str
    run: str
    parameters: int
    accuracy: float  # in [0, 1]
    accuracy_interval: Interval  # 95 %, Wilson
    log_loss: float  # nats
    epochs: int
    seconds: Mapping[str, float]  # of import, data, compile, train and evaluate


@dataclass(frozen=True)
class TargetCheck:
    """One target, what was measured, and whether that meets it."""

    target: str
    found: str
    met: bool


@dataclass(frozen=True)
class ReproductionSummary:
    """reproduce.json. In `comparison` the cnn is the first network and dense the second."""

    recipe: str
    seed: int
    backend: str
    cores: int
    n: int  # test pictures
    warnings: tuple[str, ...]
    networks: tuple[NetworkResult, ...]
    comparison: PairedComparison
    checks: tuple[TargetCheck, ...]


@dataclass(frozen=True)
class Reproduction:
    """The finished exercise in the folder `path`."""

    path: Path
    summary: ReproductionSummary

    @property
    def targets_met(self) -> bool:
        """Whether every target is met."""
        return all(check.met for check in self.summary.checks)


def reproduce(
    *,
    recipe: str = "sprint",
    seed: int = 0,
    data: str = MNIST,
    backend: Backend | str | None = None,
    out: Path | str | None = None,
    quiet: bool = True,
    progress: Callable[[str], None] = lambda line: None,
) -> Reproduction:
    """Train and evaluate `dense` and `cnn` on `data`; write `reproduce.json` and `report.html` into a new folder.

    `progress` is called with a line before each step. Warns when both are evaluated on the digits that they were
    trained on. Raises `OutputError` when the folder holds files already.
    """
    require_extra("keras", "train", "training")
    path = Path(out) if out else Path("runs") / f"reproduce-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"
    if path.is_dir() and any(path.iterdir()):
        raise OutputError(f"{path}: holds files already: choose another --out")
    runs, asked = [], as_backend(backend)
    for network in TARGETS:
        backend = engine_of(named_recipe(recipe, network)).resolve_backend(asked)
        progress(f"training {network} (recipe {recipe}, seed {seed}, {backend.name})")
        runs.append(
            train(
                network,
                recipe=recipe,
                seed=seed,
                data=data,
                backend=backend,
                out=path / network,
                options=TrainOptions(quiet=quiet),
            )
        )
    progress("evaluating both on the test pictures")
    networks = [(run, evaluate(run, data=data)) for run in runs]
    summary = _summary(networks)
    write_json(path / "reproduce.json", asdict(summary))
    # For the pictures of the mistakes; their openings are recorded already.
    digits = open_again(data, networks[0][1].data_sha256)
    write_reproduction_page(path / "report.html", summary, networks, digits)
    for warning in summary.warnings:
        warnings.warn(warning, stacklevel=2)
    return Reproduction(path, summary)


def _summary(networks: Sequence[tuple[Run, Evaluation]]) -> ReproductionSummary:
    dense, cnn = (load_predictions(run, evaluation.data_sha256) for run, evaluation in networks)
    comparison = compare_paired(dense.labels, cnn.predicted, dense.predicted)
    results = tuple(_result(run, evaluation) for run, evaluation in networks)
    config = networks[0][0].config
    return ReproductionSummary(
        recipe=config.recipe.name,
        seed=config.seed,
        backend=f"{config.backend.name} {config.versions[config.backend.keras_name]}",
        cores=config.cores,
        n=comparison.n,
        warnings=tuple(line for run, evaluation in networks for line in _leakage_warnings(run, evaluation)),
        networks=results,
        comparison=comparison,
        checks=(*(check for result in results for check in _network_checks(result)), _comparison_check(comparison)),
    )


def _leakage_warnings(run: Run, evaluation: Evaluation) -> list[str]:
    learned = learned_from(run.config)
    return about_training(run.config.network, learned, evaluation.data, evaluation.data_sha256)


def _result(run: Run, evaluation: Evaluation) -> NetworkResult:
    record, status = run.evaluation, run.status
    return NetworkResult(
        network=run.config.network,
        run=str(run.path),
        parameters=run.config.parameters,
        accuracy=evaluation.accuracy,
        accuracy_interval=evaluation.accuracy_interval,
        log_loss=evaluation.log_loss,
        epochs=status.epochs,
        seconds={**status.seconds, **({"evaluate": record.seconds} if record else {})},
    )


def _network_checks(result: NetworkResult) -> Iterator[TargetCheck]:
    target = TARGETS[result.network]
    yield TargetCheck(
        f"{result.network} has {target.parameters:,} parameters",
        f"{result.parameters:,}",
        result.parameters == target.parameters,
    )
    yield TargetCheck(
        f"{result.network} is right on more than {100 * target.accuracy:.1f} % of the test pictures",
        f"{100 * result.accuracy:.2f} %",
        result.accuracy > target.accuracy,
    )


def _comparison_check(comparison: PairedComparison) -> TargetCheck:
    return TargetCheck(
        f"cnn is better than dense by a paired test (p < {SIGNIFICANCE_LEVEL})",
        f"{100 * comparison.difference:+.2f} points, p = {comparison.p_value:.2g}",
        comparison.difference > 0 and comparison.p_value < SIGNIFICANCE_LEVEL,
    )
