"""The exercise, end to end: train both networks, evaluate them, compare them, check the targets."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import OutputError
from inkdigits.evaluation.evaluate import Evaluation, Predictions, evaluate, load_predictions
from inkdigits.evaluation.held_out import open_again
from inkdigits.evaluation.leakage_warnings import about_training, learned_from
from inkdigits.evaluation.reproduction_report import EvaluatedNetwork, write_report
from inkdigits.stats.scores import PairedComparison, compare_paired
from inkdigits.system.atomic_io import write_json
from inkdigits.training.backend import Backend, resolve_backend
from inkdigits.training.checkpoint import latest_checkpoint
from inkdigits.training.recipes import named_recipe
from inkdigits.training.run import Run
from inkdigits.training.train import train

__all__ = ["TARGETS", "Reproduction", "Target", "reproduce"]


@dataclass(frozen=True)
class Target:
    """What the exercise asks of one network."""

    parameters: int
    accuracy: float  # on the test set, to be exceeded


TARGETS: Mapping[str, Target] = {"dense": Target(669_706, 0.975), "cnn": Target(1_111_946, 0.985)}
_LEVEL = 0.05  # of the paired test that says whether the cnn is better than dense


@dataclass(frozen=True)
class Reproduction:
    """The finished exercise: where it is, what was found, and whether every target is met."""

    path: Path
    summary: dict[str, Any]
    targets_met: bool


def reproduce(
    *,
    recipe: str = "sprint",
    seed: int = 0,
    data: str = MNIST,
    backend: Backend | None = None,
    out: Path | str | None = None,
    quiet: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Reproduction:
    """Train and evaluate `dense` and `cnn` on `data`; write `reproduce.json` and `report.html` into a new folder.

    `say` is called with a line before each step. Warns when both are evaluated on the digits that they were trained on.
    Raises `OutputError` when the folder holds something already.
    """
    path = Path(out) if out else Path("runs") / f"reproduce-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"
    if path.is_dir() and any(path.iterdir()):
        raise OutputError(f"{path}: holds files already: choose another --out")
    runs = []
    for network in TARGETS:
        backend = resolve_backend(backend, named_recipe(recipe, network))
        say(f"training {network} (recipe {recipe}, seed {seed}, {backend.name})")
        runs.append(
            train(network, recipe=recipe, seed=seed, data=data, backend=backend, out=path / network, quiet=quiet)
        )
    say("evaluating both on the test pictures")
    evaluations = [evaluate(run, data=data) for run in runs]
    result = _finished(path, runs, evaluations, open_again(data, evaluations[0].data_sha256))
    for warning in result.summary["warnings"]:
        warnings.warn(warning, stacklevel=2)
    return result


def _finished(path: Path, runs: list[Run], evaluations: list[Evaluation], digits: LabelledDigits) -> Reproduction:
    """Compare and report. `digits` are for the pictures of the mistakes: their openings are recorded already."""
    predictions = [load_predictions(run, e.data_sha256) for run, e in zip(runs, evaluations, strict=True)]
    dense, cnn = predictions
    comparison = compare_paired(dense.labels, cnn.predicted, dense.predicted)
    summary = _summary(runs, evaluations, comparison)
    write_json(path / "reproduce.json", summary)
    networks = [_judged(run, e, p) for run, e, p in zip(runs, evaluations, predictions, strict=True)]
    write_report(path / "report.html", summary, networks, digits)
    return Reproduction(path, summary, all(check["met"] for check in summary["checks"]))


def _judged(run: Run, evaluation: Evaluation, predictions: Predictions) -> EvaluatedNetwork:
    checkpoint = latest_checkpoint(run.checkpoints)
    history = checkpoint.progress.history if checkpoint else ()
    return EvaluatedNetwork(run.config.network, history, evaluation, predictions)


def _summary(runs: list[Run], evaluations: list[Evaluation], comparison: PairedComparison) -> dict[str, Any]:
    rows = [_row(run, evaluation) for run, evaluation in zip(runs, evaluations, strict=True)]
    config = runs[0].config
    return {
        "recipe": config.recipe.name,
        "seed": config.seed,
        "backend": f"{config.backend.name} {config.versions[config.backend.name]}",
        "cores": config.cores,
        "n": comparison.n,
        "warnings": [line for run, e in zip(runs, evaluations, strict=True) for line in _cautions(run, e)],
        "networks": rows,
        "comparison": {
            "test": "exact McNemar",
            "only_cnn_right": comparison.only_first_right,
            "only_dense_right": comparison.only_second_right,
            "difference": comparison.difference,
            "interval": asdict(comparison.interval),
            "p_value": comparison.p_value,
        },
        "checks": [*(check for row in rows for check in _network_checks(row)), _comparison_check(comparison)],
    }


def _cautions(run: Run, evaluation: Evaluation) -> list[str]:
    learned = learned_from(run.config)
    return about_training(run.config.network, learned, evaluation.data, evaluation.data_sha256)


def _row(run: Run, evaluation: Evaluation) -> dict[str, Any]:
    scores = run.evaluation
    return {
        "network": run.config.network,
        "run": str(run.path),
        "parameters": run.config.parameters,
        "accuracy": evaluation.accuracy,
        "accuracy_interval": asdict(evaluation.accuracy_interval),
        "log_loss": evaluation.log_loss,
        "epochs": run.status.epochs,
        "seconds": {**run.status.seconds, "evaluate": scores.seconds if scores else None},
    }


def _network_checks(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    target = TARGETS[row["network"]]
    return [
        {
            "target": f"{row['network']} has {target.parameters:,} parameters",
            "found": f"{row['parameters']:,}",
            "met": row["parameters"] == target.parameters,
        },
        {
            "target": f"{row['network']} is right on more than {100 * target.accuracy:.1f} % of the test pictures",
            "found": f"{100 * row['accuracy']:.2f} %",
            "met": row["accuracy"] > target.accuracy,
        },
    ]


def _comparison_check(comparison: PairedComparison) -> dict[str, Any]:
    return {
        "target": f"cnn is better than dense by a paired test (p < {_LEVEL})",
        "found": f"{100 * comparison.difference:+.2f} points, p = {comparison.p_value:.2g}",
        "met": comparison.difference > 0 and comparison.p_value < _LEVEL,
    }
