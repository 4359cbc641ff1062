"""One training from start to end: data, network, loop, and the run's folder."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.source import MNIST
from inkdigits.errors import ExportError, MissingExtraError, RecipeError, RunError, TrainingDivergedError, output_error
from inkdigits.networks.registry import build_network, check_network_name, folder_name, is_own_network
from inkdigits.system.atomic_io import temporary_sibling
from inkdigits.system.cores import usable_cores
from inkdigits.system.interrupts import interruptible
from inkdigits.training.adapt import Adaptation
from inkdigits.training.adapt import start_from as start_from_weights
from inkdigits.training.backend import Backend, resolve_backend, start_keras
from inkdigits.training.checkpoint import OnEpoch, Progress, latest_checkpoint
from inkdigits.training.devices import Devices, devices_of
from inkdigits.training.recipes import Recipe, named_recipe, with_hyperparameters
from inkdigits.training.run import Run, create_run, locked_folder, open_run
from inkdigits.training.run_export import write_model_file
from inkdigits.training.run_records import AccuracyChange, AdaptationResult, DataRecord, RunConfig, RunState
from inkdigits.training.task import Task
from inkdigits.training.trackers import check_tracker, tracker
from inkdigits.training.training_data import Parts, load_parts

if TYPE_CHECKING:
    import keras

__all__ = ["check_engine", "new_run_path", "resume", "train"]


def train(
    network: str,
    *,
    recipe: str | Recipe = "standard",
    hyperparameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    data: str = MNIST,
    backend: Backend | None = None,
    out: Path | str | None = None,
    quiet: bool = True,
    log: str | None = None,
    start_from: str | None = None,
    add_data: str | None = None,
    on_epoch: OnEpoch = lambda record: True,
) -> Run:
    """Train `network` and return its run.

    `network` is `dense`, `cnn`, `convnet` or `path.py:function`; `hyperparameters` override single values of the recipe; `out`
    is a new folder (default `runs/<network>-<time>`). `log`, `tensorboard` or `mlflow`, writes the learning curves
    there too. `start_from` names the network whose weights it begins with (`reader`, a run's folder, a `.keras` file);
    `add_data` a source of digits that are mixed with the data. `on_epoch` is called with every epoch's record; when it
    returns False the training ends there, with its best weights. The same seed on the same machine and backend gives
    the same weights, bit by bit. Raises an `InkdigitsError` that says what is wrong before anything is written.
    """
    check_network_name(network)
    check_tracker(log)
    chosen = with_hyperparameters(
        named_recipe(recipe, network) if isinstance(recipe, str) else recipe, hyperparameters or {}
    )
    backend = resolve_backend(backend, chosen)
    check_engine(network, chosen, backend)
    _check_seed(seed)
    path = Path(out) if out else new_run_path(network)
    load = partial(load_parts, data, chosen, seed, add_data)
    begun = _begin(load, backend, chosen, partial(_first_network, network, seed, start_from))
    _check_fills_a_batch(chosen, begun.parts.chosen)
    with locked_folder(path):
        config = RunConfig(
            network=network,
            network_sha256=_own_network_sha256(network),
            parameters=begun.model.count_params(),
            recipe=chosen,
            seed=seed,
            data=_record(data, begun.parts.digits),
            added=_record(add_data, begun.parts.added) if add_data and begun.parts.added else None,
            backend=replace(backend, devices=begun.devices.n),
            cores=usable_cores(),
            machine=f"{platform.system()} {platform.machine()}",
            versions=_versions(backend),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            start_from=start_from,
            tracker=log,
        )
        run = create_run(path, config)
        if is_own_network(network):
            shutil.copyfile(network.rpartition(":")[0], run.path / "network.py")
        return _train_into(run, begun, chosen, quiet, on_epoch)


@dataclass(frozen=True)
class _Begun:
    """What a training has before its first step."""

    parts: Parts
    model: keras.Model  # with its first weights
    devices: Devices
    seconds: dict[str, float]


def _begin(load: Callable[[], Parts], backend: Backend, recipe: Recipe, build: Callable[[Devices], Any]) -> _Begun:
    """Read the digits and build the network side by side, since both wait much."""
    with interruptible() as interrupt, ThreadPoolExecutor(1) as beside:
        parts = beside.submit(load)
        importing = start_keras(backend)
        _check_deterministic(backend)
        devices = devices_of(backend)
        devices.check_batches(recipe)
        if parts.done():
            parts.result()  # bad data are told before a network is built
        model = build(devices)
        interrupt.check()
        return _Begun(parts.result(), model, devices, {"import": importing, "data": parts.result().seconds})


def resume(path: Path | str, *, quiet: bool = True) -> Run:
    """Go on with a training that was stopped or killed, and return its run.

    It ends with the weights of an uninterrupted training, bit by bit, on the same machine, backend and number of usable
    cores (on TensorFlow with `deterministic`); another number of cores warns. Raises `RunError` when it is finished
    already or its data changed.
    """
    run = open_run(Path(path))
    config = run.config
    if run.status.state == "finished":
        raise RunError(f"{run.path}: this training is finished, there is nothing to resume: start a new one with --out")
    recipe = config.recipe
    added = config.added.source if config.added else None
    load = partial(load_parts, config.data.source, recipe, config.seed, added)
    build = partial(_first_network, _kept_network(run), config.seed, config.start_from)
    begun = _begin(load, config.backend, recipe, build)
    _check_unchanged(run, config.data, begun.parts.digits)
    if config.added and begun.parts.added:
        _check_unchanged(run, config.added, begun.parts.added)
    if config.cores != usable_cores():
        warnings.warn(
            f"{run.path} began on {config.cores} cores and goes on with {usable_cores()}: "
            "its weights may differ in the last bits from an uninterrupted training",
            stacklevel=2,
        )
    with locked_folder(run.path):
        return _train_into(run, begun, recipe, quiet, lambda record: True)


def _check_unchanged(run: Run, record: DataRecord, digits: LabelledDigits) -> None:
    if digits.sha256 != record.sha256:
        raise RunError(f"{run.path}: its data {record.source} changed since it began: start a new training")


def _record(source: str, digits: LabelledDigits) -> DataRecord:
    return DataRecord(source, digits.name, digits.sha256, len(digits))


def _own_network_sha256(network: str) -> str | None:
    if not is_own_network(network):
        return None
    return hashlib.sha256(Path(network.rpartition(":")[0]).read_bytes()).hexdigest()


def _versions(backend: Backend) -> dict[str, str]:
    libraries = {name: version(name) for name in ("inkdigits", "keras", backend.name, "numpy")}
    return {"python": platform.python_version(), **libraries}


def check_engine(network: str, recipe: Recipe, backend: Backend) -> None:
    """Raise `RecipeError` when the recipe's engine cannot train `network` on `backend`, which has its name already."""
    if recipe.engine == "numpy" and network not in ("dense", "cnn"):
        raise RecipeError(f"engine numpy trains dense and cnn, got {network}: choose engine keras")
    if recipe.engine == "jax" and backend.name != "jax":
        raise RecipeError(f"engine jax runs on the jax backend, got {backend.name}: choose --backend jax")
    if recipe.engine == "keras" and backend.name == "numpy":
        raise RecipeError("Keras's numpy backend computes no gradients: choose --backend jax, or --recipe sprint")
    if recipe.engine != "keras" and backend.devices != 1:
        where = "this machine's cores" if recipe.engine == "numpy" else "one device"
        raise RecipeError(
            f"engine {recipe.engine} trains on {where}, got --devices {backend.devices}: choose another recipe, or "
            "--set engine=keras"
        )


def _check_fills_a_batch(recipe: Recipe, digits: LabelledDigits) -> None:
    """The compiled program of engine jax takes whole batches only."""
    if recipe.engine == "jax" and len(digits) < recipe.batch_size:
        raise RecipeError(
            f"batch_size {recipe.batch_size} is more than the {len(digits)} digits to train on: take a smaller one"
        )


def _check_deterministic(backend: Backend) -> None:
    """Raise `RecipeError` where TensorFlow needs XLA (see `fit.jit_compile`), which is not had deterministically."""
    import keras

    if (backend.name, keras.config.image_data_format()) == ("tensorflow", "channels_first") and backend.deterministic:
        raise RecipeError(
            "TensorFlow trains channels_first only with XLA, and Keras refuses XLA with --deterministic: set "
            "image_data_format to channels_last, leave out --deterministic, or choose --backend jax"
        )


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise RecipeError(f"seed must be a whole number from 0 to {2**32 - 1}, got {seed}")


def new_run_path(network: str) -> Path:
    """A folder for a run of `network` that nobody has taken, below runs/."""
    return Path("runs") / f"{folder_name(network)}-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"


def _train_into(
    run: Run,
    begun: _Begun,
    recipe: Recipe,
    quiet: bool,
    on_epoch: OnEpoch,
) -> Run:
    fit, parts, model, seconds = _engine(recipe), begun.parts, begun.model, begun.seconds
    adaptation, validation = parts.adaptation, parts.validation
    before = _judged(adaptation, model, validation)
    task = Task(
        parts.chosen,
        validation,
        recipe,
        run.config.seed,
        run.checkpoints,
        run.config.start_from is not None,
        begun.devices,
    )
    try:
        with tracker(run) as log:
            progress = fit(begun.model, task, quiet, lambda record: log(record) and on_epoch(record))
    except (KeyboardInterrupt, TrainingDivergedError) as error:
        _leave_usable(run, model, "interrupted" if isinstance(error, KeyboardInterrupt) else "diverged", seconds)
        if run.has_model:
            _save_model_file(run, model, parts)
        raise
    _save_model(run, model)
    _save_model_file(run, model, parts)
    _write_status(run, "finished", progress, seconds)
    if adaptation:
        after = _judged(adaptation, model, validation)
        data = AccuracyChange(len(validation), before["data"], after["data"])
        added = AccuracyChange(len(adaptation.validation), before["added"], after["added"])
        run.write_adaptation(AdaptationResult(data, added))
    return run


def _engine(recipe: Recipe) -> Callable[..., Progress]:
    """What runs the recipe's steps."""
    if recipe.engine == "numpy":
        from inkdigits.training.engines.numpy.engine import fit

        return fit
    if recipe.engine == "jax":
        from inkdigits.training.engines.jax import fit as fit_in_one_program

        return fit_in_one_program
    from inkdigits.training.engines.keras import fit as fit_with_keras

    return fit_with_keras


def _judged(adaptation: Adaptation | None, model: keras.Model, validation: LabelledDigits) -> dict[str, float]:
    from inkdigits.modelfile.keras_classifier import KerasClassifier

    return adaptation.accuracies(KerasClassifier(model), validation) if adaptation else {}


def _first_network(network: str, seed: int, source: str | None, devices: Devices) -> keras.Model:
    """The network with its first weights: those of `source`, else those that the seed decides."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build_network(network, devices.scope)
    if source:
        start_from_weights(model, source)
    return model


def _kept_network(run: Run) -> str:
    """The run's network by name; a user's own is taken from the copy that the run keeps."""
    network = run.config.network
    return f"{run.path / 'network.py'}:{network.rpartition(':')[2]}" if is_own_network(network) else network


def _leave_usable(run: Run, model: keras.Model, state: RunState, seconds: dict[str, float]) -> None:
    """After Ctrl-C or a diverged loss: keep the best network so far, and say how far it came."""
    checkpoint = latest_checkpoint(run.checkpoints)
    if checkpoint is not None:
        model.set_weights(checkpoint.best)
        _save_model(run, model)
    _write_status(run, state, checkpoint.progress if checkpoint else Progress(), seconds)


def _save_model(run: Run, model: keras.Model) -> None:
    _forget_judgements(run)
    with temporary_sibling(run.path / "model.keras") as temporary:
        # Keras wants the name to end in .keras, which a temporary sibling's does.
        model.save(temporary)


def _forget_judgements(run: Run) -> None:
    """Remove what was found out about the network that is replaced, as after a stop: it says nothing of the next."""
    found = ("evaluation.json", "report.html", "report.md")
    try:
        for path in [*(run.path / name for name in found), *(run.path / "predictions").glob("*")]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, run.path) from error


def _save_model_file(run: Run, model: keras.Model, parts: Parts) -> None:
    """Write model.onnx; a network that cannot be written as one is trained all the same."""
    run.model_file_path.unlink(missing_ok=True)
    try:
        write_model_file(run, model, parts.train, parts.validation)
    except (ExportError, MissingExtraError) as error:
        warnings.warn(f"{run.path}: no model.onnx in it: {error}", stacklevel=2)


def _write_status(run: Run, state: RunState, progress: Progress, seconds: Mapping[str, float]) -> None:
    run.write_status(state, progress, {**seconds, "compile": progress.compile_seconds, "train": progress.train_seconds})
