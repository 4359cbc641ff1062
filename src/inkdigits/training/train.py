"""One training from start to end: digits, network, epochs, and the run's folder."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.datasets.in_memory import DataSource
from inkdigits.datasets.kept_data import named_source
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST, source_name
from inkdigits.errors import RecipeError, RunError, TrainingDivergedError, require_extra
from inkdigits.networks.plain_network import PlainNetwork
from inkdigits.networks.registry import (
    Network,
    build_network,
    check_network_name,
    folder_name,
    is_function_network,
    is_own_network,
    network_name,
)
from inkdigits.option_names import AdviceWarning
from inkdigits.system.cores import usable_cores
from inkdigits.system.interrupts import interruptible
from inkdigits.system.whole_numbers import check_whole_number
from inkdigits.training.adapt import start_from
from inkdigits.training.backend import WITHOUT_KERAS, Backend, as_backend, start_keras
from inkdigits.training.checkpoint import OnEpoch, Progress, latest_checkpoint
from inkdigits.training.devices import ONE, Devices, find_devices
from inkdigits.training.engines.engine_registry import engine_of
from inkdigits.training.epoch_loop import fit
from inkdigits.training.recipe_file import find_recipe
from inkdigits.training.recipes import STARTS, Hyperparameters, Recipe, with_hyperparameters
from inkdigits.training.run import Run, create_run, locked_folder, open_run
from inkdigits.training.run_records import AccuracyChange, AdaptationResult, DataRecord, RunConfig, RunState
from inkdigits.training.task import Task
from inkdigits.training.trackers import check_tracker, tracker
from inkdigits.training.trained_model import save_trained_model
from inkdigits.training.training_data import TrainingData, load_training_data

if TYPE_CHECKING:
    import keras

__all__ = ["TrainOptions", "new_run_path", "resume", "train"]


@dataclass(frozen=True)
class TrainOptions:
    """What a training needs more rarely.

    `start_from` names the network whose weights it begins with (`reader`, a run's folder, a `.keras` file), by default
    what the recipe starts from: `adapt` from `reader`, every other from random weights. `add_data` names a source of
    digits that are mixed with the data. `tracker`, `tensorboard` or `mlflow`, records the learning curves too.
    `on_epoch` is called with every epoch's record; when it returns False the training ends there, with its best
    weights. Without `quiet` a terminal shows a progress line.
    """

    start_from: str | Path | None = None
    add_data: DataSource | None = None
    tracker: str | None = None
    on_epoch: OnEpoch = lambda record: True
    quiet: bool = True


def train(
    network: Network,
    *,
    recipe: str | Path | Recipe = "standard",
    hyperparameters: Hyperparameters | None = None,
    seed: int = 0,
    data: DataSource = MNIST,
    backend: Backend | str | None = None,
    out: Path | str | None = None,
    options: TrainOptions | None = None,
) -> Run:
    """Train `network` and return its run.

    `network` is `dense`, `cnn`, `convnet`, `reader`, `path.py:function` or a function from the input shape to a Keras
    model; `hyperparameters` override single values of the recipe; `data` is a source's name or path, or digits in
    memory: `LabelledDigits`, `(x, y)` or `((x_train, y_train), (x_test, y_test))`, which the run keeps a copy of; `out`
    is a new folder, by default `runs/<network>-<time>`. The same seed on the same machine and backend gives the same
    weights, bit by bit, as on the command line. Raises an `InkdigitsError` that says what is wrong before anything is
    written.
    """
    options = options or TrainOptions()
    check_network_name(network)
    check_tracker(options.tracker)
    name = network_name(network)
    chosen = find_recipe(recipe, name)
    chosen = with_hyperparameters(chosen, hyperparameters or {})
    engine = engine_of(chosen)
    if chosen.name in STARTS and options.add_data is None and source_name(data) == MNIST:
        raise RecipeError(f"recipe {chosen.name} adapts to digits of your own: name them with --add-data")
    start = options.start_from or STARTS.get(chosen.name)
    backend = engine.resolve_backend(as_backend(backend), starts_trained=start is not None)
    engine.check(name, backend)
    check_whole_number("seed", seed, RecipeError, least=0, most=2**32 - 1)
    path = Path(out) if out else new_run_path(network)
    plan = _Plan(network, chosen, seed, data, backend, None if start is None else str(start), options.add_data)
    prepared = _prepare(plan)
    engine.check_data(chosen, len(prepared.data.sample))
    with locked_folder(path):
        run = create_run(path, _config(_with_kept_data(plan, path), prepared, options.tracker))
        if is_own_network(name):
            shutil.copyfile(_file_of(name), run.path / "network.py")
        return _train_into(run, prepared, options)


def resume(path: Path | str, *, network: Network | None = None, quiet: bool = True) -> Run:
    """Resume a training that was stopped or killed, and return its run.

    `network` is needed only where the run's was passed as a function, and is that function.

    It ends with the weights of an uninterrupted training, bit by bit, on the same machine, backend and number of usable
    cores (on TensorFlow with `deterministic`); another number of cores warns. Raises `RunError` when it is finished
    already or its data changed.
    """
    run = open_run(Path(path))
    config = run.config
    if run.status.state == "finished":
        raise RunError(f"{run.path}: this training is finished, there is nothing to resume: start a new one with --out")
    added = config.added.source if config.added else None
    chosen = _network_of(run, network)
    prepared = _prepare(
        _Plan(chosen, config.recipe, config.seed, config.data.source, config.backend, config.start_from, added)
    )
    _check_unchanged(run, config.data, prepared.data.digits)
    _check_unchanged(run, config.added, prepared.data.added)
    if config.cores != usable_cores():
        warnings.warn(
            f"{run.path} began on {config.cores} cores and is resumed on {usable_cores()}: "
            "its weights may differ in the last bits from an uninterrupted training",
            stacklevel=2,
        )
    with locked_folder(run.path):
        return _train_into(run, prepared, TrainOptions(quiet=quiet))


def _network_of(run: Run, network: Network | None) -> Network:
    """The network that the training of `run` goes on with. Raises `RunError` for a `network` that is not the run's."""
    name = run.config.network
    if network is not None:
        if network_name(network) != name:
            raise RunError(f"{run.path}: trains {name}, got network={network_name(network)}: leave it out")
        return network
    if is_function_network(name):
        raise RunError(
            f"{run.path}: its network was passed as a function: inkdigits.resume({str(run.path)!r}, network=it)"
        )
    return f"{run.path / 'network.py'}:{_function_of(name)}" if run.config.network_sha256 else name


def _with_kept_data(plan: _Plan, folder: Path) -> _Plan:
    """`plan` with a name for data in memory: that of a copy in the run's `folder`."""
    added = plan.add_data
    return replace(
        plan,
        data=named_source(plan.data, folder / "data.npz"),
        add_data=None if added is None else named_source(added, folder / "added.npz"),
    )


def new_run_path(network: Network) -> Path:
    """A folder below runs/ for a run of `network`, named after the time and the process."""
    return Path("runs") / f"{folder_name(network)}-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"


@dataclass(frozen=True)
class _Plan:
    """What a training is made from, whether it begins or is resumed."""

    network: Network
    recipe: Recipe
    seed: int
    data: DataSource
    backend: Backend
    start_from: str | None
    add_data: DataSource | None


@dataclass(frozen=True)
class _Prepared:
    """What a training has before its first step."""

    data: TrainingData
    model: keras.Model | PlainNetwork  # with its initial weights
    devices: Devices
    seconds: Mapping[str, float]


def _prepare(plan: _Plan) -> _Prepared:
    """Read the digits in a thread while Keras is imported and the network built."""
    with interruptible() as interrupt, ThreadPoolExecutor(1) as thread:
        loading = thread.submit(load_training_data, plan.data, plan.recipe, plan.seed, plan.add_data)
        importing, devices = _start_backend(plan)
        if loading.done():
            loading.result()  # bad data raise before a network is built
        model = _initial_network(plan, devices)
        data = loading.result()
        interrupt.check()
        return _Prepared(data, model, devices, {"import": importing, "data": data.seconds})


def _start_backend(plan: _Plan) -> tuple[float, Devices]:
    """Import Keras, where it is needed: the seconds that took, and the devices."""
    if plan.backend.name == WITHOUT_KERAS:
        require_extra("keras", "train", "training")
        return 0.0, ONE
    importing = start_keras(plan.backend)
    _check_deterministic(plan.backend)
    devices = find_devices(plan.backend)
    devices.check_batches(plan.recipe)
    return importing, devices


def _initial_network(plan: _Plan, devices: Devices) -> keras.Model | PlainNetwork:
    """The network with its initial weights: those that it starts from, else those that the seed decides."""
    build_plain = engine_of(plan.recipe).initial_network
    plain = build_plain(network_name(plan.network), plan.seed) if build_plain else None
    if plain and plan.backend.name == WITHOUT_KERAS:
        return plain
    import keras

    keras.utils.set_random_seed(plan.seed)
    model = build_network(plan.network, devices.scope)
    if plain:
        model.set_weights(plain.get_weights())
    if plan.start_from:
        start_from(model, plan.start_from)
    return model


def _train_into(run: Run, prepared: _Prepared, options: TrainOptions) -> Run:
    """Train until the end or a stop, and write into `run` what came of it."""
    config, data, model, seconds = run.config, prepared.data, prepared.model, prepared.seconds
    task = Task(
        train=data.sample,
        validation=data.validation,
        recipe=config.recipe,
        seed=config.seed,
        checkpoints=run.checkpoints,
        starts_trained=config.start_from is not None,
        devices=prepared.devices,
    )
    before = _accuracies(config.recipe, data, model)
    try:
        with tracker(run) as log:
            progress = fit(model, task, options.quiet, lambda record: log(record) and options.on_epoch(record))
    except KeyboardInterrupt:
        _keep_best(run, prepared, "interrupted")
        raise
    except TrainingDivergedError:
        _keep_best(run, prepared, "diverged")
        raise
    save_trained_model(run, model, data)
    _write_status(run, "finished", progress, seconds)
    if data.adaptation:
        n = (len(data.validation), len(data.adaptation.validation))
        result = AdaptationResult(*map(AccuracyChange, n, before, _accuracies(config.recipe, data, model)))
        run.write_adaptation(result)
        _warn_if_worse(run, result)
    return run


def _warn_if_worse(run: Run, result: AdaptationResult) -> None:
    """Warn when a network that was adapted is right on fewer held-out digits than the one that it started from."""
    config = run.config
    if config.start_from is None or config.added is None:
        return
    parts = ((config.data.source, result.data), (config.added.source, result.added))
    worse = " and ".join(
        f"{100 * change.after:.2f} instead of {100 * change.before:.2f} % of {change.n:,} held-out digits of {source} "
        f"({round(change.n * (change.before - change.after)):,} fewer)"
        for source, change in parts
        if change.after < change.before
    )
    if worse:
        advice = f"keep {config.start_from}, or adapt with more digits or --set learning_rate=1e-4"
        warnings.warn(
            AdviceWarning(f"{run.path}: worse than {config.start_from}, from which it started: {worse}: {advice}"),
            stacklevel=3,
        )


def _accuracies(recipe: Recipe, data: TrainingData, model: keras.Model | PlainNetwork) -> tuple[float, ...]:
    """The accuracies on the validation digits of the data and of the added digits; none without added digits."""
    if data.adaptation is None:
        return ()
    return data.adaptation.accuracies(engine_of(recipe).classifier_of(model), data.validation)


def _keep_best(run: Run, prepared: _Prepared, state: RunState) -> None:
    """Write the best network so far into `run`, if there is one, and how far the training came."""
    checkpoint = latest_checkpoint(run.checkpoints)
    _write_status(run, state, checkpoint.progress if checkpoint else Progress(), prepared.seconds)
    if checkpoint is not None:
        prepared.model.set_weights(checkpoint.best)
        save_trained_model(run, prepared.model, prepared.data)


def _write_status(run: Run, state: RunState, progress: Progress, seconds: Mapping[str, float]) -> None:
    run.write_status(state, progress, {**seconds, "compile": progress.compile_seconds, "train": progress.train_seconds})


def _config(plan: _Plan, prepared: _Prepared, tracker: str | None) -> RunConfig:
    network, data = network_name(plan.network), prepared.data
    with_keras = () if plan.backend.name == WITHOUT_KERAS else ("keras", plan.backend.keras_name)
    libraries = ("inkdigits", *with_keras, "numpy")
    added = None if plan.add_data is None or not data.added else DataRecord.of(source_name(plan.add_data), data.added)
    own = hashlib.sha256(_file_of(network).read_bytes()).hexdigest() if is_own_network(network) else None
    return RunConfig(
        network=network,
        network_sha256=own,
        parameters=prepared.model.count_params(),
        recipe=plan.recipe,
        seed=plan.seed,
        data=DataRecord.of(source_name(plan.data), data.digits),
        added=added,
        backend=replace(plan.backend, devices=prepared.devices.n),
        start_from=plan.start_from,
        tracker=tracker,
        cores=usable_cores(),
        machine=f"{platform.system()} {platform.machine()}",
        versions={"python": platform.python_version(), **{name: version(name) for name in libraries}},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _file_of(own_network: str) -> Path:
    return Path(own_network.rpartition(":")[0])


def _function_of(own_network: str) -> str:
    return own_network.rpartition(":")[2]


def _check_unchanged(run: Run, record: DataRecord | None, digits: LabelledDigits | None) -> None:
    if record and digits and digits.sha256 != record.sha256:
        raise RunError(f"{run.path}: its data {record.source} changed since it began: start a new training")


def _check_deterministic(backend: Backend) -> None:
    """Raise `RecipeError` where TensorFlow needs XLA (see `jit_compile`), which is not deterministic."""
    import keras

    if (backend.name, keras.config.image_data_format()) == ("tensorflow", "channels_first") and backend.deterministic:
        raise RecipeError(
            "TensorFlow trains channels_first only with XLA, and Keras refuses XLA with --deterministic: set "
            "image_data_format to channels_last, leave out --deterministic, or choose --backend jax"
        )
