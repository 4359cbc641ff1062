"""`seeds` and `tune`: many trainings that answer one question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.options import (
    AsJson,
    BackendOption,
    ClusterAddress,
    Data,
    Device,
    DeviceName,
    EngineOption,
    Hyperparameters,
    Network,
    Quiet,
    RecipeName,
    Seed,
    WorkerEngine,
    backend_of,
    check_address,
    parsed_hyperparameters,
)
from inkdigits.cli.output import counted, percent, print_json, print_table, status_printer, stoppable

if TYPE_CHECKING:
    from inkdigits.system.processes import SupportsSubmit

__all__ = ["seeds", "tune"]


Jobs = Annotated[
    int,
    typer.Option(min=1, help="Processes that train at a time and share the cores; Ray: as there is room.", metavar="N"),
]
TuneJobs = Annotated[
    int, typer.Option(min=1, help="Trials at a time; on this machine they share the cores.", metavar="N")
]
Cores = Annotated[
    float, typer.Option(min=0.1, help="With --engine ray: cores that each training reserves.", metavar="N")
]
Gpus = Annotated[
    float, typer.Option(min=0, help="With --engine ray: GPUs that each training reserves; 0.5: two share one.")
]


@contextmanager
def _executor(engine: WorkerEngine, address: str | None, cores: float, gpus: float) -> Iterator[SupportsSubmit | None]:
    """The executor of `engine`; None for the processes that an experiment starts by itself."""
    check_address(engine, address)
    if engine is WorkerEngine.local:
        yield None
        return
    from inkdigits.cluster.ray_executor import ray_executor

    with ray_executor(address, cores=cores, gpus=gpus) as executor:
        yield executor


def seeds(
    network: Network,
    n: Annotated[int, typer.Option("-n", min=1, help="How many seeds: 0 to N - 1.", metavar="N")] = 20,
    recipe: RecipeName = "standard",
    hyperparameters: Hyperparameters = None,
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    jobs: Jobs = 1,
    engine: EngineOption = WorkerEngine.local,
    address: ClusterAddress = None,
    cores: Cores = 1,
    gpus: Gpus = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder of the runs. Default: runs/NETWORK-RECIPE-seeds. Called again, it goes on."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train and evaluate one recipe with many seeds: how much of an accuracy is luck?"""
    from inkdigits.experiments.seeds import train_seeds

    told = "stopped; the finished seeds are kept: the same command goes on"
    with stoppable(lambda: told), _executor(engine, address, cores, gpus) as executor:
        summary = train_seeds(
            network,
            n=n,
            recipe=recipe,
            hyperparameters=parsed_hyperparameters(hyperparameters or []),
            data=data,
            backend=backend_of(backend, device),
            out=out,
            jobs=jobs,
            executor=executor,
            say=status_printer(quiet),
        )
    if as_json:
        print_json(summary)
    else:
        _print_seeds(summary)
    if summary["diverged"]:
        raise typer.Exit(1)


def _print_seeds(summary: dict[str, Any]) -> None:
    print(f"{summary['network']}, recipe {summary['recipe']['name']}, evaluated on {summary['data']}")
    rows = [
        [row["seed"], row["state"], row["epochs"], percent(row["accuracy"]), _loss(row["log_loss"])]
        for row in summary["runs"]
    ]
    if summary["accuracy"]:
        for name in ("mean", "lowest", "median", "highest"):
            accuracy, loss = summary["accuracy"][name], summary["log_loss"][name]
            rows.append([name, "", "", percent(accuracy, 3 if name in {"mean", "median"} else 2), _loss(loss)])
        spread = summary["accuracy"]["spread"]
        rows.append(
            ["spread", "", "", "-" if spread is None else f"{100 * spread:.3f}", _loss(summary["log_loss"]["spread"])]
        )
    print_table(["seed", "state", "epochs", "accuracy", "log loss"], rows)
    print("spread: the standard deviation over the seeds, of the accuracy in points")


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def tune(
    network: Network,
    trials: Annotated[int, typer.Option(min=1, help="Finished trials in all; pruned ones count.", metavar="N")] = 30,
    recipe: RecipeName = "brisk",
    hyperparameters: Hyperparameters = None,
    seed: Seed = 0,
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    jobs: TuneJobs = 1,
    engine: EngineOption = WorkerEngine.local,
    address: ClusterAddress = None,
    cores: Cores = 1,
    gpus: Gpus = 0,
    out: Annotated[
        Path | None, typer.Option(help="A folder for the result. Default: runs/tune-NETWORK. Called again, it goes on.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="A database for the trials, for many machines at once. Default: SQLite in OUT.", metavar="URL"
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="The search's name in the database. Default: NETWORK-RECIPE.", metavar="NAME")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search for a better recipe by validation loss, with Optuna; hyperparameters given with --set stay as they are."""
    from inkdigits.experiments.tune import tune as search

    told = "stopped; the finished trials are kept: the same command goes on"
    with stoppable(lambda: told), _executor(engine, address, cores, gpus) as executor:
        summary = search(
            network,
            trials=trials,
            recipe=recipe,
            hyperparameters=parsed_hyperparameters(hyperparameters or []),
            seed=seed,
            data=data,
            backend=backend_of(backend, device),
            out=out,
            storage=storage,
            study=study,
            jobs=jobs,
            executor=executor,
        )
    if as_json:
        print_json(summary)
        return
    print(
        f"{summary['study']}: {counted(summary['finished'], 'trial')} finished, {summary['pruned']} pruned; the best "
        f"has validation loss {summary['val_loss']:.4f}, accuracy {percent(summary['val_accuracy'])}"
    )
    print(f"inkdigits train {network} {' '.join(summary['options'])}")
