"""One recipe, many seeds: how much of an accuracy is luck?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from inkdigits.datasets.source import MNIST
from inkdigits.errors import OutputError, RunError, TrainingDivergedError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.evaluation.leakage_warnings import about_training, learned_from
from inkdigits.evaluation.seeds_page import write_seeds_page
from inkdigits.experiments.difference import difference
from inkdigits.networks.registry import check_network_name, folder_name
from inkdigits.system.atomic_io import write_json
from inkdigits.system.processes import SupportsSubmit, process_pool
from inkdigits.training.backend import Backend, resolve_backend
from inkdigits.training.recipes import Recipe, named_recipe, with_hyperparameters
from inkdigits.training.run import Run
from inkdigits.training.train import resume, train

__all__ = ["SeedTask", "train_seed", "train_seeds"]


@dataclass(frozen=True)
class SeedTask:
    """One seed of a recipe, and the run's folder that it is trained into."""

    path: Path
    network: str
    recipe: Recipe
    seed: int
    data: str
    backend: Backend


def train_seeds(
    network: str,
    *,
    n: int = 20,
    recipe: str | Recipe = "standard",
    hyperparameters: Mapping[str, Any] | None = None,
    data: str = MNIST,
    backend: Backend | None = None,
    out: Path | str | None = None,
    jobs: int = 1,
    executor: SupportsSubmit | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train and evaluate `network` with the seeds 0 to `n` - 1, each a run in `out`, and return what `seeds.json` holds.

    Called again it goes on: finished seeds are skipped, killed ones resumed. `jobs` processes train at a time, or
    whatever `executor` has to offer. A seed whose loss diverges counts as such, and the others go on. Raises
    `OutputError` when `out` holds other files, `RunError` when it holds runs of another recipe or backend. Warns when
    the seeds are evaluated on the digits that they were trained on.
    """
    check_network_name(network)
    chosen = with_hyperparameters(
        named_recipe(recipe, network) if isinstance(recipe, str) else recipe, hyperparameters or {}
    )
    folder = Path(out) if out else Path("runs") / f"{folder_name(network)}-{chosen.name}-seeds"
    backend = resolve_backend(backend, chosen)
    tasks = [SeedTask(folder / f"seed-{seed:03d}", network, chosen, seed, data, backend) for seed in range(n)]
    _check_folder(folder)
    for task in tasks:
        _check_same_recipe(task)
    with nullcontext(executor) if executor else process_pool(min(jobs, n)) as workers:
        rows = _gathered([workers.submit(train_seed, task) for task in tasks], say)
    _check_here(tasks)
    summary = _summary(tasks[0], rows)
    write_json(folder / "seeds.json", summary)
    write_seeds_page(folder / "seeds.html", summary)
    for warning in summary["warnings"]:
        warnings.warn(warning, stacklevel=2)
    return summary


def _check_folder(folder: Path) -> None:
    known = {"seeds.json", "seeds.html"}
    if folder.is_dir() and any(p.name not in known and not p.name.startswith("seed-") for p in folder.iterdir()):
        raise OutputError(f"{folder}: holds files already that are no seeds' runs: choose another --out")


def _check_same_recipe(task: SeedTask) -> None:
    if not (task.path / "config.json").exists():
        return
    config = Run(task.path).config
    asked = {"network": task.network, "recipe": asdict(task.recipe), "data": task.data, "seed": task.seed}
    found: dict[str, Any] = {
        "network": config.network,
        "recipe": asdict(config.recipe),
        "data": config.data.source,
        "seed": config.seed,
        "backend": config.backend.name,
    }
    if task.recipe.engine != "numpy":  # which computes by itself: what Keras runs on decides nothing
        asked["backend"] = task.backend.name
    different = difference({name: found[name] for name in asked}, asked)
    if different:
        raise RunError(f"{task.path}: trained with other hyperparameters ({different}): choose another --out")


def _check_here(tasks: Sequence[SeedTask]) -> None:
    """Raise `RunError` for a run that another machine wrote to a disk of its own."""
    for task in tasks:
        if not (task.path / "config.json").exists():
            raise RunError(f"{task.path}: trained, but not here: choose an --out that every machine sees")


def _gathered(futures: Sequence[Future[dict[str, Any]]], say: Callable[[str], None]) -> list[dict[str, Any]]:
    rows = []
    try:
        for done in as_completed(futures):
            rows.append(done.result())
            told = "diverged" if rows[-1]["accuracy"] is None else f"accuracy {100 * rows[-1]['accuracy']:.2f} %"
            say(f"seed {rows[-1]['seed']}: {told} ({len(rows)} of {len(futures)})")
    except BrokenProcessPool as error:
        raise RunError(
            "a training process was killed, perhaps for want of memory: run the same command again to go on, with "
            "fewer --jobs where memory is short"
        ) from error
    return sorted(rows, key=lambda row: int(row["seed"]))


def train_seed(task: SeedTask) -> dict[str, Any]:
    """Train and evaluate one seed, or go on with it, or take it as it is when it is finished; returns its row."""
    try:
        run = _trained(task)
    except TrainingDivergedError:
        return _row(Run(task.path), task.seed)
    if run.evaluation is None or run.evaluation.source != task.data:
        evaluate(run, data=task.data)
    return _row(run, task.seed)


def _trained(task: SeedTask) -> Run:
    if not (task.path / "config.json").exists():
        return train(
            task.network, recipe=task.recipe, seed=task.seed, data=task.data, backend=task.backend, out=task.path
        )
    run = Run(task.path)
    state = run.status.state
    if state == "diverged":
        raise TrainingDivergedError(f"{task.path}: diverged before, and would again")
    return run if state == "finished" else resume(run.path)


def _row(run: Run, seed: int) -> dict[str, Any]:
    status = run.status
    scores = run.evaluation if status.state == "finished" else None
    return {
        "seed": seed,
        "run": run.path.name,
        "state": status.state,
        "epochs": status.epochs,
        "accuracy": scores and scores.accuracy,
        "log_loss": scores and scores.log_loss,
        "train_seconds": status.seconds.get("train"),
        "data": scores and scores.data,
    }


def _summary(task: SeedTask, rows: list[dict[str, Any]]) -> dict[str, Any]:
    evaluated = [row for row in rows if row["accuracy"] is not None]
    return {
        "network": task.network,
        "recipe": asdict(task.recipe),
        "backend": task.backend.name,
        "data": evaluated[0]["data"] if evaluated else task.data,
        "seeds": len(rows),
        "diverged": len(rows) - len(evaluated),
        "accuracy": _distribution([row["accuracy"] for row in evaluated]),
        "log_loss": _distribution([row["log_loss"] for row in evaluated]),
        "warnings": _cautions(task.path.parent, evaluated),
        "runs": [{name: value for name, value in row.items() if name != "data"} for row in rows],
    }


def _cautions(folder: Path, evaluated: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the scores are worth less for: said of the first seed, since all learn from the same digits."""
    if not evaluated:
        return []
    run = Run(folder / evaluated[0]["run"])
    scores = run.evaluation
    return about_training("every seed", learned_from(run.config), scores.data, scores.data_sha256) if scores else []


def _distribution(values: Sequence[float]) -> dict[str, float | None] | None:
    """Mean, standard deviation (None for one value), lowest, median and highest; None for no values."""
    if not values:
        return None
    return {
        "mean": fmean(values),
        "spread": stdev(values) if len(values) > 1 else None,
        "lowest": min(values),
        "median": median(values),
        "highest": max(values),
    }
