"""`seeds` and `tune` as a Python program calls them: everything by keyword, in processes of this machine."""

from __future__ import annotations

from pathlib import Path

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.source import MNIST
from inkdigits.experiments.seeds import SeedsSummary, train_seeds
from inkdigits.experiments.tune import Search, TuneResult, run_search
from inkdigits.networks.registry import Network, network_name
from inkdigits.system.processes import process_pool
from inkdigits.training.backend import Backend
from inkdigits.training.recipe_file import find_recipe
from inkdigits.training.recipes import Hyperparameters, Recipe, with_hyperparameters

__all__ = ["seeds", "tune"]


def seeds(
    network: Network,
    n: int = 20,
    *,
    recipe: str | Path | Recipe = "standard",
    hyperparameters: Hyperparameters | None = None,
    data: DataSource = MNIST,
    backend: Backend | str | None = None,
    jobs: int = 1,
    out: Path | str | None = None,
) -> SeedsSummary:
    """Train and evaluate a network with the seeds 0 to `n` - 1, `jobs` at a time, and return how the scores vary.

    Each seed is a run in the folder `out`, by default runs/NETWORK-RECIPE-seeds; calling it again resumes. They train
    in spawned processes, so a script calls it below `if __name__ == "__main__":`, and a function as `network` stands at
    the top level of its module. Raises as `train` does, and `OutputError` when `out` holds other files.
    """
    chosen = find_recipe(recipe, network_name(network))
    chosen = with_hyperparameters(chosen, hyperparameters or {})
    with process_pool(jobs) as executor:
        return train_seeds(network, n=n, recipe=chosen, data=data, backend=backend, out=out, executor=executor)


def tune(
    network: Network,
    trials: int = 30,
    *,
    recipe: str = "brisk",
    hyperparameters: Hyperparameters | None = None,
    seed: int = 0,
    data: DataSource = MNIST,
    jobs: int = 1,
    out: Path | str | None = None,
) -> TuneResult:
    """Search the hyperparameters of a recipe with Optuna until `trials` are finished, `jobs` at a time.

    Those in `hyperparameters` stay as they are. The result, by validation loss, is written into the folder `out`, by
    default runs/tune-NETWORK, as `tune.json` and as a recipe, `recipe.toml`; calling it again resumes. No test set is
    opened. Processes are those of `seeds`. Raises `MissingExtraError` without Optuna, `RecipeError`, `DataError`, and
    `RunError` when no trial finished.
    """
    search = Search(network, recipe, hyperparameters or {}, seed, data, trials=trials)
    return run_search(search, out=out, jobs=jobs)
