"""One recipe, many seeds: how much of an accuracy is chance?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median, stdev

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.kept_data import named_source
from inkdigits.datasets.source import MNIST
from inkdigits.errors import OutputError, RunError, TrainingDivergedError
from inkdigits.evaluation.evaluate import evaluate
from inkdigits.evaluation.leakage_warnings import about_training, learned_from
from inkdigits.experiments.difference import difference
from inkdigits.experiments.seeds_page import write_seeds_page
from inkdigits.networks.registry import Network, check_network_name, folder_name, network_name
from inkdigits.system.atomic_io import write_json
from inkdigits.system.html_table import html_table, html_text, percent
from inkdigits.system.processes import SupportsSubmit, process_pool
from inkdigits.system.whole_numbers import check_whole_number
from inkdigits.training.backend import Backend, as_backend
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.recipe_file import find_recipe
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run
from inkdigits.training.run_records import RunState
from inkdigits.training.train import resume, train

__all__ = ["Distribution", "SeedResult", "SeedTask", "SeedsSummary", "train_seed", "train_seeds"]


@dataclass(frozen=True)
class SeedTask:
    """One seed of a recipe, and the run's folder that it is trained into."""

    path: Path
    network: Network
    recipe: Recipe
    seed: int
    data: str
    backend: Backend


@dataclass(frozen=True)
class SeedResult:
    """How one seed ended. A seed that diverged has no scores."""

    seed: int
    run: str  # the name of its folder
    state: RunState
    epochs: int
    accuracy: float | None  # in [0, 1]
    log_loss: float | None  # nats
    train_seconds: float | None


@dataclass(frozen=True)
class Distribution:
    """One score over the seeds."""

    mean: float
    spread: float | None  # standard deviation; None for a single seed
    lowest: float
    median: float
    highest: float


@dataclass(frozen=True)
class SeedsSummary:
    """seeds.json. The distributions are None when every seed diverged."""

    network: str
    recipe: Recipe
    backend: str
    data: str
    seeds: int
    diverged: int
    accuracy: Distribution | None
    log_loss: Distribution | None
    warnings: tuple[str, ...]
    runs: tuple[SeedResult, ...]

    def __repr__(self) -> str:
        scores = self.accuracy
        found = (
            "all diverged" if scores is None else f"accuracy {percent(scores.mean)}, lowest {percent(scores.lowest)}"
        )
        return (
            f"SeedsSummary({self.network!r}, recipe {self.recipe.name!r}, {self.seeds} seeds on {self.data!r}: {found})"
        )

    def _repr_html_(self) -> str:
        """Every seed as a row, in a notebook."""
        rows = [[row.seed, row.state, row.epochs, percent(row.accuracy)] for row in self.runs]
        return html_text(repr(self)) + html_table(["seed", "state", "epochs", "accuracy"], rows)


def train_seeds(
    network: Network,
    *,
    n: int = 20,
    recipe: str | Path | Recipe = "standard",
    data: DataSource = MNIST,
    backend: Backend | str | None = None,
    out: Path | str | None = None,
    executor: SupportsSubmit | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> SeedsSummary:
    """Train and evaluate `network` with the seeds 0 to `n` - 1, each a run in `out`, and return their summary.

    Rerunning resumes it: finished seeds are skipped, killed ones resumed. They are trained one after another in a
    process of their own, or by `executor`. `progress` is called with a line for each seed. A seed whose loss diverges
    counts as such, and the others are trained all the same. Writes `seeds.json` and `seeds.html`. Raises `OutputError`
    when `out` holds other files, `RunError` when it holds runs of another recipe or backend. Warns when the seeds are
    evaluated on the digits that they were trained on.
    """
    check_network_name(network)
    check_whole_number("n", n, RunError)
    chosen = find_recipe(recipe, network_name(network))
    folder = Path(out) if out else Path("runs") / f"{folder_name(network)}-{chosen.name}-seeds"
    backend = engine_of(chosen).resolve_backend(as_backend(backend))
    _check_folder(folder)
    source = named_source(data, folder / "data.npz")
    tasks = [SeedTask(folder / f"seed-{seed:03d}", network, chosen, seed, source, backend) for seed in range(n)]
    for task in tasks:
        _check_same_recipe(task)
    with nullcontext(executor) if executor else process_pool(1) as workers:
        results = _collect([workers.submit(train_seed, task) for task in tasks], progress)
    _check_here(tasks)
    summary = _summary(tasks[0], results)
    write_json(folder / "seeds.json", asdict(summary))
    write_seeds_page(folder / "seeds.html", summary)
    for warning in summary.warnings:
        warnings.warn(warning, stacklevel=2)
    return summary


def _check_folder(folder: Path) -> None:
    known = {"seeds.json", "seeds.html", "data.npz"}
    if folder.is_dir() and any(p.name not in known and not p.name.startswith("seed-") for p in folder.iterdir()):
        raise OutputError(f"{folder}: holds files already that are not runs of seeds: choose another --out")


def _check_same_recipe(task: SeedTask) -> None:
    if not (task.path / "config.json").exists():
        return
    config = Run(task.path).config
    asked: dict[str, object] = {
        "network": network_name(task.network),
        "recipe": asdict(task.recipe),
        "data": task.data,
        "seed": task.seed,
    }
    found: dict[str, object] = {
        "network": config.network,
        "recipe": asdict(config.recipe),
        "data": config.data.source,
        "seed": config.seed,
        "backend": config.backend.name,
    }
    if engine_of(task.recipe).initial_network is None:  # else Keras takes no steps
        asked["backend"] = task.backend.name
    different = difference({name: found[name] for name in asked}, asked)
    if different:
        raise RunError(f"{task.path}: trained with other hyperparameters ({different}): choose another --out")


def _check_here(tasks: Sequence[SeedTask]) -> None:
    """Raise `RunError` for a run that another machine wrote to a disk of its own."""
    for task in tasks:
        if not (task.path / "config.json").exists():
            raise RunError(
                f"{task.path}: not on this machine, where it should be after its training: "
                "choose an --out that every machine sees"
            )


def _collect(futures: Sequence[Future[SeedResult]], progress: Callable[[str], None]) -> tuple[SeedResult, ...]:
    """The results in the order of their seeds."""
    results: list[SeedResult] = []
    for done in as_completed(futures):
        result = done.result()
        results.append(result)
        score = "diverged" if result.accuracy is None else f"accuracy {100 * result.accuracy:.2f} %"
        progress(f"seed {result.seed}: {score} ({len(results)} of {len(futures)})")
    return tuple(sorted(results, key=lambda result: result.seed))


def train_seed(task: SeedTask) -> SeedResult:
    """Train and evaluate one seed, resume it, or take it as it is when it is finished."""
    try:
        run = _trained(task)
    except TrainingDivergedError:
        return _result(Run(task.path), task.seed)
    if run.evaluation is None or run.evaluation.source != task.data:
        evaluate(run, data=task.data)
    return _result(run, task.seed)


def _trained(task: SeedTask) -> Run:
    if not (task.path / "config.json").exists():
        return train(
            task.network, recipe=task.recipe, seed=task.seed, data=task.data, backend=task.backend, out=task.path
        )
    run = Run(task.path)
    state = run.status.state
    if state == "diverged":
        raise TrainingDivergedError(f"{task.path}: diverged before, and would again")
    return (
        run
        if state == "finished"
        else resume(run.path, network=None if isinstance(task.network, str) else task.network)
    )


def _result(run: Run, seed: int) -> SeedResult:
    status = run.status
    scores = run.evaluation if status.state == "finished" else None
    return SeedResult(
        seed=seed,
        run=run.path.name,
        state=status.state,
        epochs=status.epochs,
        accuracy=scores.accuracy if scores else None,
        log_loss=scores.log_loss if scores else None,
        train_seconds=status.seconds.get("train"),
    )


def _summary(task: SeedTask, results: tuple[SeedResult, ...]) -> SeedsSummary:
    evaluated = [result for result in results if result.accuracy is not None]
    data, leaks = _data_and_leaks(Run(task.path.parent / evaluated[0].run)) if evaluated else (task.data, [])
    return SeedsSummary(
        network=network_name(task.network),
        recipe=task.recipe,
        backend=task.backend.name,
        data=data,
        seeds=len(results),
        diverged=len(results) - len(evaluated),
        accuracy=_distribution([result.accuracy for result in results]),
        log_loss=_distribution([result.log_loss for result in results]),
        warnings=tuple(leaks),
        runs=results,
    )


def _data_and_leaks(first: Run) -> tuple[str, list[str]]:
    """What the first seed was evaluated on, and the leakage warnings, which hold for every seed."""
    scores = first.evaluation
    if scores is None:
        raise RunError(f"{first.path}: it holds no evaluation.json: run the same command again")
    leaks = about_training("every seed", learned_from(first.config), scores.data, scores.data_sha256)
    return scores.data, leaks


def _distribution(scores: Sequence[float | None]) -> Distribution | None:
    """The distribution of the scores that are there; None when there are none."""
    values = [score for score in scores if score is not None]
    if not values:
        return None
    return Distribution(
        mean=fmean(values),
        spread=stdev(values) if len(values) > 1 else None,
        lowest=min(values),
        median=median(values),
        highest=max(values),
    )
