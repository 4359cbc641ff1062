"""Options that several commands share, written once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.completion import known_models, known_networks, known_recipes
from inkdigits.errors import ClusterError, DataError, RecipeError

if TYPE_CHECKING:
    from inkdigits.reading.reader import Region
    from inkdigits.training.backend import Backend

__all__ = [
    "AsJson",
    "BackendName",
    "BackendOption",
    "ClusterAddress",
    "Data",
    "Deterministic",
    "Device",
    "DeviceName",
    "Devices",
    "EngineOption",
    "Hyperparameters",
    "Length",
    "Network",
    "Out",
    "Quiet",
    "ReadingModel",
    "RecipeName",
    "RegionOption",
    "Seed",
    "WorkerEngine",
    "backend_of",
    "check_address",
    "parsed_hyperparameters",
    "parsed_region",
    "start_default_backend",
]


class BackendName(StrEnum):
    """A Keras backend."""

    jax = "jax"
    tensorflow = "tensorflow"
    torch = "torch"


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"


class WorkerEngine(StrEnum):
    """Where the workers of a long command run."""

    local = "local"
    ray = "ray"


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same weights.", metavar="N")]
Out = Annotated[Path | None, typer.Option(help="A new folder for the results. Default: one in runs/.")]
Data = Annotated[
    str,
    typer.Option(
        help="mnist, IMAGES,LABELS (IDX, .npy), an .npz, .csv or .parquet, or a folder (docs/guides/data.md).",
        metavar="DATA",
    ),
]
RecipeName = Annotated[
    str,
    typer.Option(
        "--recipe",
        help="standard, brisk, sprint (dense and cnn); for the reader standard, quick or adapt; or a .toml file.",
        metavar="RECIPE",
        autocompletion=known_recipes,
    ),
]
Network = Annotated[
    str,
    typer.Argument(
        help="dense, cnn, convnet, reader, or your own as path.py:function.",
        metavar="NETWORK",
        autocompletion=known_networks,
    ),
]
Hyperparameters = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set one hyperparameter of the recipe, e.g. learning_rate=0.002.", metavar="NAME=VALUE"),
]
BackendOption = Annotated[
    BackendName | None,
    typer.Option("--backend", help="Keras backend. Default: KERAS_BACKEND, else the first installed."),
]
DeviceName = Annotated[Device, typer.Option("--device", help="auto: a GPU where there is one; cpu: never a GPU.")]
Deterministic = Annotated[bool, typer.Option(help="Bit-identical results also on a GPU and on TensorFlow.")]

Devices = Annotated[
    str,
    typer.Option(help="How many devices share every batch, or all; on JAX (docs/guides/scale.md).", metavar="N|all"),
]
EngineOption = Annotated[
    WorkerEngine,
    typer.Option("--engine", help="local: processes on this machine; ray: a Ray cluster (extra cluster)."),
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="With --engine ray, the cluster: HOST:PORT, auto or local. Default: RAY_ADDRESS, else one on this "
        "machine, else a new one for this command.",
        metavar="ADDRESS",
    ),
]
ReadingModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A shipped model's name or a model file. Default: the best shipped one.",
        metavar="MODEL",
        autocompletion=known_models,
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", help="Look only here, in pixels of the upright picture.", metavar="X,Y,W,H"),
]
Length = Annotated[int | None, typer.Option(min=1, help="How many digits there are, if known.", metavar="N")]


def check_address(engine: WorkerEngine, address: str | None) -> None:
    """Raise `ClusterError` for an address of a cluster without `--engine ray`."""
    if engine is WorkerEngine.local and address is not None:
        raise ClusterError(f"--address {address} is the address of a Ray cluster: add --engine ray")


def backend_of(name: BackendName | None, device: Device, deterministic: bool = False, devices: str = "1") -> Backend:
    """The `Backend` that those options ask for."""
    from inkdigits.training.backend import AUTO, Backend

    count = int(devices) if devices.isdecimal() else devices
    return Backend(name.value if name else AUTO, device.value, deterministic, devices=count)


def start_default_backend() -> None:
    """Start Keras on the backend that KERAS_BACKEND names, else the first installed, for a model that needs Keras."""
    from inkdigits.training.backend import Backend, choose_backend, start_keras

    start_keras(Backend(choose_backend()))


def parsed_hyperparameters(settings: list[str]) -> dict[str, Any]:
    """The values of `--set` by hyperparameter. Raises `RecipeError` for a setting that is not NAME=VALUE."""
    for setting in settings:
        if "=" not in setting:
            raise RecipeError(f"--set {setting}: expected NAME=VALUE, for example learning_rate=0.002")
    return dict(setting.split("=", 1) for setting in settings)


def parsed_region(text: str | None) -> Region | None:
    """The region that `--region X,Y,W,H` names. Raises `DataError` unless it is four whole numbers."""
    if text is None:
        return None
    try:
        x, y, w, h = (int(number) for number in text.split(","))
    except ValueError as error:
        raise DataError(f"--region {text}: expected X,Y,W,H, four whole numbers, for example 10,20,300,80") from error
    return x, y, w, h
