"""A search over a recipe's hyperparameters with Optuna, by validation loss: no test set is ever opened for it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.kept_data import named_source
from inkdigits.datasets.source import MNIST, load_for_training
from inkdigits.errors import RecipeError, RunError, TrainingDivergedError, require_extra
from inkdigits.experiments.difference import difference
from inkdigits.networks.registry import Network, check_network_name, folder_name, network_name
from inkdigits.system.atomic_io import make_folder, write_json, write_text
from inkdigits.system.processes import SupportsSubmit, process_pool
from inkdigits.system.whole_numbers import check_whole_number
from inkdigits.training.backend import Backend
from inkdigits.training.checkpoint import EpochRecord
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.recipe_file import find_recipe, recipe_text
from inkdigits.training.recipes import Hyperparameters, Recipe, with_hyperparameters
from inkdigits.training.train import TrainOptions, train

if TYPE_CHECKING:
    import optuna

__all__ = ["Search", "SearchTask", "TuneResult", "default_folder", "run_search", "work"]


@dataclass(frozen=True)
class Search:
    """What is searched for, and where its trials are kept.

    `hyperparameters` are fixed, and so is what the recipe says of every hyperparameter that is not searched. `storage`
    is a database's URL, by default of an SQLite file in the folder of the result; `study` is the search's name in it,
    by default NETWORK-RECIPE. `trials` counts finished ones, pruned ones included, over every machine.
    """

    network: Network
    recipe: str = "brisk"
    hyperparameters: Hyperparameters = field(default_factory=dict)
    seed: int = 0
    data: DataSource = MNIST
    backend: Backend | None = None
    trials: int = 30
    storage: str | None = None
    study: str | None = None


@dataclass(frozen=True)
class SearchTask:
    """A search as its workers take it: everything resolved."""

    network: Network
    fixed: Mapping[str, Any]  # every hyperparameter that is not searched
    seed: int
    data: str
    backend: Backend
    storage: str
    shared: bool  # whether `storage` was named, so that other searches may be in it
    study: str
    trials: int
    command: str  # which of the commands that share the database this is


@dataclass(frozen=True)
class TuneResult:
    """tune.json: the best recipe of a search. The validation loss is in nats, the accuracy in [0, 1]."""

    network: str
    study: str
    storage: str
    finished: int
    pruned: int
    val_loss: float
    val_accuracy: float
    recipe: Mapping[str, str | float]  # every hyperparameter by name
    options: tuple[str, ...]  # of `inkdigits train`


# What is searched, unless it is fixed; `warmup` too where the schedule has one. Choices that the fixed hyperparameters
# rule out, such as an optimizer that the engine does not have, are left out.
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "optimizer": ("adam", "rmsprop", "sgd", "muon"),
    "schedule": ("constant", "triangular"),
    "batch_size": (32, 64, 128, 256),
}
_RATES = (1e-4, 3e-2)
_SEARCHED = {*_CHOICES, "learning_rate"}
# These go with every engine, while a recipe's own may not go with the fixed hyperparameters. Pruning replaces patience.
_NEUTRAL: Mapping[str, str | int] = {"optimizer": "adam", "schedule": "constant", "patience": 0}


def run_search(
    search: Search, *, out: Path | str | None = None, jobs: int = 1, executor: SupportsSubmit | None = None
) -> TuneResult:
    """Search until `search.trials` trials are finished, with `jobs` trials at a time, and write `tune.json` and
    `recipe.toml` into `out`.

    Rerunning resumes it from the database, and several machines with one `storage` share a search. Trials run in
    processes of this machine or on `executor`. A trial's value is its lowest validation loss in nats. Raises
    `MissingExtraError` without Optuna, `RecipeError` where nothing is left to search or the hyperparameters do not go
    together, `DataError` for bad data, each before anything is written, `RunError` when no trial finished.
    """
    require_extra("optuna", "tune", "tune")
    check_whole_number("trials", search.trials, RunError)
    folder = Path(out) if out else default_folder(search.network)
    task = _resolve(search, folder)
    study = _open_first(task, folder)
    with nullcontext(executor) if executor else process_pool(jobs) as workers:
        for done in [workers.submit(work, task, number) for number in range(jobs)]:
            done.result()
    result = _result(task, study)
    write_json(folder / "tune.json", asdict(result))
    write_text(folder / "recipe.toml", recipe_text(result.recipe))
    return result


def default_folder(network: Network) -> Path:
    """The folder of a search's result where none is named."""
    return Path("runs") / f"tune-{folder_name(network)}"


def _resolve(search: Search, folder: Path) -> SearchTask:
    """`search` with all its defaults filled in. Raises as `run_search` does for what cannot be trained."""
    check_network_name(search.network)
    recipe = _base_recipe(find_recipe(search.recipe, network_name(search.network)), search.hyperparameters)
    backend = engine_of(recipe).resolve_backend(search.backend)
    engine_of(recipe).check(network_name(search.network), backend)
    load_for_training(search.data)  # bad data raise before anything is written
    return SearchTask(
        network=search.network,
        fixed=_fixed(recipe, search.hyperparameters),
        seed=search.seed,
        data=named_source(search.data, folder / "data.npz"),
        backend=backend,
        storage=search.storage or f"sqlite:///{folder / 'tune.db'}",
        shared=search.storage is not None,
        study=search.study or f"{network_name(search.network)}-{Path(search.recipe).stem}",
        trials=search.trials,
        command=uuid.uuid4().hex,
    )


def _base_recipe(recipe: Recipe, hyperparameters: Mapping[str, Any]) -> Recipe:
    """`recipe` with what is fixed. Raises `RecipeError` for a bad hyperparameter, or where none is left to search."""
    if set(hyperparameters) >= _SEARCHED:
        raise RecipeError(f"nothing left to search: --set fixes {', '.join(sorted(_SEARCHED))}")
    return with_hyperparameters(recipe, {**_NEUTRAL, **hyperparameters})


def _fixed(chosen: Recipe, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Every hyperparameter that is not searched."""
    searched = (_SEARCHED | {"warmup"}) - set(hyperparameters)
    return {name: value for name, value in asdict(chosen).items() if name not in searched and name != "name"}


def _possible(hyperparameter: str, fixed: Mapping[str, Any]) -> list[Any]:
    """The choices for `hyperparameter` that go with what is fixed."""
    possible = []
    for choice in _CHOICES[hyperparameter]:
        with suppress(RecipeError):
            with_hyperparameters(Recipe(), {**_NEUTRAL, **fixed, hyperparameter: choice})
            possible.append(choice)
    return possible


def _open_first(task: SearchTask, folder: Path) -> optuna.Study:
    """The study, and the folder for what comes of it; a folder that was made for nothing is removed."""
    there = folder.exists()
    make_folder(folder)
    try:
        return _open_study(task)
    except RunError:
        if not there:
            with suppress(OSError):
                folder.rmdir()
        raise


def _open_study(task: SearchTask) -> optuna.Study:
    """The study in its database, made if missing. Raises `RunError` for no database, or one of another search."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    asked = {"network": network_name(task.network), "data": task.data, "seed": task.seed, "fixed": dict(task.fixed)}
    try:
        study = optuna.create_study(
            storage=task.storage,
            study_name=task.study,
            load_if_exists=True,
            direction="minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
        )
        found = study.user_attrs.get("search")
        if found is None:
            study.set_user_attr("search", asked)
    except Exception as error:  # Optuna, SQLAlchemy and a database's driver each raise their own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RunError(f"{task.storage}: cannot be used as a database of trials: {reason}") from error
    if found not in (None, asked):
        different = difference(found, asked)
        other = "--study" if task.shared else "--out"
        raise RunError(f"study {task.study} is another search ({different}): choose another {other}")
    return study


def work(task: SearchTask, number: int) -> None:
    """Run trials until `task.trials` are finished, here and elsewhere together; `number` is this worker's.

    Rerun because its process was lost, it begins with the trial that was lost with it.
    """
    import optuna
    from optuna.trial import TrialState

    study = _open_study(task)
    worker = f"{task.command}-{number}"
    _requeue_lost(study, worker)
    done = (TrialState.COMPLETE, TrialState.PRUNED)
    finished = len(study.get_trials(deepcopy=False, states=done))
    study.sampler = optuna.samplers.TPESampler(seed=task.seed + 1000 * number + finished)
    if finished < task.trials:
        stop = optuna.study.MaxTrialsCallback(task.trials, states=done)
        study.optimize(lambda trial: _one_trial(trial, task, worker), callbacks=[stop], catch=())


def _requeue_lost(study: optuna.Study, worker: str) -> None:
    """Queue the hyperparameters of this worker's unfinished trial, left by a lost process, before all others."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if trial.user_attrs.get("worker") == worker:
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _one_trial(trial: optuna.Trial, task: SearchTask, worker: str) -> float:
    """The lowest validation loss of one training. Raises `TrialPruned` when it was pruned."""
    import optuna

    def keep_training(record: EpochRecord) -> bool:
        trial.report(record.val_loss, record.epoch)
        return not trial.should_prune()

    trial.set_user_attr("worker", worker)
    recipe = _suggested(trial, task)
    # A trial leaves its numbers in the database and nothing else: its network can be trained again with the recipe.
    with tempfile.TemporaryDirectory(prefix="inkdigits-trial-") as folder:
        try:
            run = train(
                task.network,
                recipe=recipe,
                seed=task.seed,
                data=task.data,
                backend=task.backend,
                out=Path(folder) / "run",
                options=TrainOptions(on_epoch=keep_training),
            )
        except TrainingDivergedError as error:
            raise optuna.TrialPruned(str(error)) from error
        history = run.history
    trial.set_user_attr("val_accuracy", max(record.val_accuracy for record in history))
    if len(history) < recipe.epochs:
        raise optuna.TrialPruned
    return min(record.val_loss for record in history)


def _suggested(trial: optuna.Trial, task: SearchTask) -> Recipe:
    hyperparameters = {
        name: trial.suggest_categorical(name, _possible(name, task.fixed))
        for name in _CHOICES
        if name not in task.fixed
    }
    if "learning_rate" not in task.fixed:
        hyperparameters["learning_rate"] = trial.suggest_float("learning_rate", *_RATES, log=True)
    schedule = hyperparameters.get("schedule", task.fixed.get("schedule"))
    if schedule == "triangular" and "warmup" not in task.fixed:
        hyperparameters["warmup"] = trial.suggest_float("warmup", 0.05, 0.5)
    return with_hyperparameters(Recipe(patience=0), {**task.fixed, **hyperparameters})


def _result(task: SearchTask, study: optuna.Study) -> TuneResult:
    from optuna.trial import TrialState

    complete = [trial for trial in study.get_trials() if trial.state is TrialState.COMPLETE]
    pruned = len(study.get_trials(states=(TrialState.PRUNED,)))
    if not complete:
        raise RunError(f"none of {pruned} trials was finished: try more --trials, or fewer epochs with --set epochs=2")
    best = study.best_trial
    hyperparameters = {**task.fixed, **best.params}
    return TuneResult(
        network=network_name(task.network),
        study=task.study,
        storage=task.storage,
        finished=len(complete),
        pruned=pruned,
        val_loss=study.best_value,
        val_accuracy=best.user_attrs["val_accuracy"],
        recipe=hyperparameters,
        options=tuple(f"--set {name}={value}" for name, value in hyperparameters.items()),
    )
