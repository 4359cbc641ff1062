"""A search over a recipe's hyperparameters with Optuna, by validation loss: no test set is ever opened for it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.datasets.source import MNIST, load_for_training
from inkdigits.errors import RecipeError, RunError, TrainingDivergedError, require_extra
from inkdigits.experiments.difference import difference
from inkdigits.networks.registry import check_network_name, folder_name
from inkdigits.system.atomic_io import make_folder, write_json
from inkdigits.system.processes import SupportsSubmit, process_pool
from inkdigits.training.backend import Backend, resolve_backend
from inkdigits.training.checkpoint import EpochRecord
from inkdigits.training.recipes import Recipe, named_recipe, with_hyperparameters
from inkdigits.training.train import check_engine, train

if TYPE_CHECKING:
    import optuna

__all__ = ["Search", "tune", "work"]


@dataclass(frozen=True)
class Search:
    """What is searched for, and where its trials are kept. Hyperparameters in `fixed` are not searched."""

    network: str
    fixed: Mapping[str, Any]
    seed: int
    data: str
    backend: Backend
    storage: str  # a database's URL
    study: str
    trials: int  # finished ones in all, over every machine
    command: str = ""  # which of the commands that share the database this is


# What is searched, unless it is fixed; `warmup` too where the schedule has one. What the fixed hyperparameters rule out, such as
# an optimizer that the engine does not have, is left out.
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "optimizer": ("adam", "rmsprop", "sgd", "muon"),
    "schedule": ("constant", "triangular"),
    "batch_size": (32, 64, 128, 256),
}
_RATES = (1e-4, 3e-2)
_SEARCHED = {*_CHOICES, "learning_rate"}
# These go with every engine, while a recipe's own may not go with the hyperparameters that are fixed. Pruning takes the place of
# patience.
_NEUTRAL = {"optimizer": "adam", "schedule": "constant", "patience": 0}


def tune(
    network: str,
    *,
    trials: int = 30,
    recipe: str = "brisk",
    hyperparameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    data: str = MNIST,
    backend: Backend | None = None,
    out: Path | str | None = None,
    storage: str | None = None,
    study: str | None = None,
    jobs: int = 1,
    executor: SupportsSubmit | None = None,
) -> dict[str, Any]:
    """Search until `trials` trials are finished (pruned ones count), and return what `tune.json` in `out` holds.

    `hyperparameters` are fixed, and so is what `recipe` says of every hyperparameter that is not searched. The trials are kept in the
    database `storage`, by default an SQLite file in `out`: called again the search goes on, and called on several
    machines with one `storage` they share it. A trial's value is its lowest validation loss in nats. Raises
    `MissingExtraError` without Optuna, `RecipeError` where nothing is left to search or the hyperparameters do not go together,
    `DataError` for bad data, each before anything is written, `RunError` when no trial finished.
    """
    require_extra("optuna", "tune", "tune")
    check_network_name(network)
    chosen = _settled_recipe(named_recipe(recipe, network), hyperparameters or {})
    backend = resolve_backend(backend, chosen)
    check_engine(network, chosen, backend)
    load_for_training(data)  # bad data are told before anything is written
    folder = Path(out) if out else Path("runs") / f"tune-{folder_name(network)}"
    search = Search(
        network=network,
        fixed=_fixed(chosen, hyperparameters or {}),
        seed=seed,
        data=data,
        backend=backend,
        storage=storage or f"sqlite:///{folder / 'tune.db'}",
        study=study or f"{network}-{recipe}",
        trials=trials,
        command=uuid.uuid4().hex,
    )
    opened = _open_first(search, folder)
    with nullcontext(executor) if executor else process_pool(jobs) as workers:
        for done in [workers.submit(work, search, number) for number in range(jobs)]:
            done.result()
    summary = _summary(search, opened)
    write_json(folder / "tune.json", summary)
    return summary


def _settled_recipe(recipe: Recipe, hyperparameters: Mapping[str, Any]) -> Recipe:
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


def _open_first(search: Search, folder: Path) -> optuna.Study:
    """The study, and the folder for what comes of it; a folder that is made in vain is taken away again."""
    there = folder.exists()
    make_folder(folder)
    try:
        return _open_study(search)
    except RunError:
        if not there:
            with suppress(OSError):
                folder.rmdir()
        raise


def _open_study(search: Search) -> optuna.Study:
    """The study in its database, made if missing. Raises `RunError` for a database that is none, or another search."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    asked = {"network": search.network, "data": search.data, "seed": search.seed, "fixed": dict(search.fixed)}
    try:
        study = optuna.create_study(
            storage=search.storage,
            study_name=search.study,
            load_if_exists=True,
            direction="minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
        )
        found = study.user_attrs.get("search")
        if found is None:
            study.set_user_attr("search", asked)
    except Exception as error:  # Optuna, SQLAlchemy and a database's driver each raise their own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RunError(f"{search.storage}: cannot be used as a database of trials: {reason}") from error
    if found not in (None, asked):
        different = difference(found, asked)
        raise RunError(f"study {search.study} is another search ({different}): choose another --study or --out")
    return study


def work(search: Search, number: int) -> None:
    """Run trials until `search.trials` are finished, here and elsewhere together; `number` is this worker's.

    Called again because its process was lost, it begins with the trial that was lost with it.
    """
    import optuna
    from optuna.trial import TrialState

    study = _open_study(search)
    worker = f"{search.command}-{number}"
    _take_up_lost(study, worker)
    done = (TrialState.COMPLETE, TrialState.PRUNED)
    finished = len(study.get_trials(deepcopy=False, states=done))
    study.sampler = optuna.samplers.TPESampler(seed=search.seed + 1000 * number + finished)
    if finished < search.trials:
        stop = optuna.study.MaxTrialsCallback(search.trials, states=done)
        study.optimize(lambda trial: _one_trial(trial, search, worker), callbacks=[stop], catch=())


def _take_up_lost(study: optuna.Study, worker: str) -> None:
    """Put the hyperparameters of this worker's unfinished trial, which only a lost process leaves, before all others."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if trial.user_attrs.get("worker") == worker:
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _one_trial(trial: optuna.Trial, search: Search, worker: str) -> float:
    """The lowest validation loss of one training. Raises `TrialPruned` when it was not worth finishing."""
    import optuna

    def worth_going_on(record: EpochRecord) -> bool:
        trial.report(record.val_loss, record.epoch)
        return not trial.should_prune()

    trial.set_user_attr("worker", worker)
    recipe = _suggested(trial, search)
    # A trial leaves its numbers in the database and nothing else: its network is trained again with the recipe kept.
    with tempfile.TemporaryDirectory(prefix="inkdigits-trial-") as folder:
        try:
            run = train(
                search.network,
                recipe=recipe,
                seed=search.seed,
                data=search.data,
                backend=search.backend,
                out=Path(folder) / "run",
                on_epoch=worth_going_on,
            )
        except TrainingDivergedError as error:
            raise optuna.TrialPruned(str(error)) from error
        history = run.history
    trial.set_user_attr("val_accuracy", max(record.val_accuracy for record in history))
    if len(history) < recipe.epochs:
        raise optuna.TrialPruned
    return min(record.val_loss for record in history)


def _suggested(trial: optuna.Trial, search: Search) -> Recipe:
    hyperparameters = {
        name: trial.suggest_categorical(name, _possible(name, search.fixed))
        for name in _CHOICES
        if name not in search.fixed
    }
    if "learning_rate" not in search.fixed:
        hyperparameters["learning_rate"] = trial.suggest_float("learning_rate", *_RATES, log=True)
    schedule = hyperparameters.get("schedule", search.fixed.get("schedule"))
    if schedule == "triangular" and "warmup" not in search.fixed:
        hyperparameters["warmup"] = trial.suggest_float("warmup", 0.05, 0.5)
    return with_hyperparameters(Recipe(patience=0), {**search.fixed, **hyperparameters})


def _summary(search: Search, study: optuna.Study) -> dict[str, Any]:
    from optuna.trial import TrialState

    complete = [trial for trial in study.get_trials() if trial.state is TrialState.COMPLETE]
    pruned = len(study.get_trials(states=(TrialState.PRUNED,)))
    if not complete:
        raise RunError(f"none of {pruned} trials was finished: try more --trials, or fewer epochs with --set epochs=2")
    best = min(complete, key=lambda trial: trial.value if trial.value is not None else float("inf"))
    hyperparameters = {**search.fixed, **best.params}
    return {
        "network": search.network,
        "study": search.study,
        "storage": search.storage,
        "finished": len(complete),
        "pruned": pruned,
        "val_loss": best.value,
        "val_accuracy": best.user_attrs["val_accuracy"],
        "recipe": hyperparameters,
        "options": [f"--set {name}={value}" for name, value in hyperparameters.items()],
    }
