"""`seeds` and `tune`: many trainings that answer one question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from inkdigits.experiments.seeds import SeedsSummary
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
def _executor(
    engine: WorkerEngine, address: str | None, cores: float, gpus: float, jobs: int
) -> Iterator[SupportsSubmit]:
    """`jobs` processes of this machine, or a Ray cluster."""
    check_address(engine, address)
    if engine is WorkerEngine.local:
        from inkdigits.system.processes import process_pool

        with process_pool(jobs) as executor:
            yield executor
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
        typer.Option(help="The folder of the runs. Default: runs/NETWORK-RECIPE-seeds. Rerunning resumes them."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train and evaluate one recipe with many seeds: how much of an accuracy is chance?"""
    from inkdigits.experiments.seeds import train_seeds
    from inkdigits.training.recipe_file import find_recipe
    from inkdigits.training.recipes import with_hyperparameters

    chosen = with_hyperparameters(find_recipe(recipe, network), parsed_hyperparameters(hyperparameters or []))
    message = "stopped; the finished seeds are kept: rerun the command to resume"
    with stoppable(lambda: message), _executor(engine, address, cores, gpus, min(jobs, n)) as executor:
        summary = train_seeds(
            network,
            n=n,
            recipe=chosen,
            data=data,
            backend=backend_of(backend, device),
            out=out,
            executor=executor,
            progress=status_printer(quiet),
        )
    if as_json:
        print_json(asdict(summary))
    else:
        _print_seeds(summary)
    if summary.diverged:
        raise typer.Exit(1)


def _print_seeds(summary: SeedsSummary) -> None:
    print(f"{summary.network}, recipe {summary.recipe.name}, evaluated on {summary.data}")
    rows: list[list[object]] = [
        [result.seed, result.state, result.epochs, percent(result.accuracy), _loss(result.log_loss)]
        for result in summary.runs
    ]
    accuracy, loss = summary.accuracy, summary.log_loss
    if accuracy and loss:
        rows += [
            ["mean", "", "", percent(accuracy.mean, 3), _loss(loss.mean)],
            ["lowest", "", "", percent(accuracy.lowest), _loss(loss.lowest)],
            ["median", "", "", percent(accuracy.median, 3), _loss(loss.median)],
            ["highest", "", "", percent(accuracy.highest), _loss(loss.highest)],
            ["spread", "", "", "-" if accuracy.spread is None else f"{100 * accuracy.spread:.3f}", _loss(loss.spread)],
        ]
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
        Path | None,
        typer.Option(help="A folder for the result. Default: runs/tune-NETWORK. Rerunning resumes the search."),
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
    from inkdigits.experiments import tune as tuning

    search = tuning.Search(
        network=network,
        recipe=recipe,
        hyperparameters=parsed_hyperparameters(hyperparameters or []),
        seed=seed,
        data=data,
        backend=backend_of(backend, device),
        trials=trials,
        storage=storage,
        study=study,
    )
    folder = out or tuning.default_folder(network)
    message = "stopped; the finished trials are kept: rerun the command to resume"
    with stoppable(lambda: message), _executor(engine, address, cores, gpus, jobs) as executor:
        result = tuning.run_search(search, out=folder, jobs=jobs, executor=executor)
    if as_json:
        print_json(asdict(result))
        return
    print(
        f"{result.study}: {counted(result.finished, 'trial')} finished, {result.pruned} pruned; the best "
        f"has validation loss {result.val_loss:.4f}, accuracy {percent(result.val_accuracy)}"
    )
    print(f"inkdigits train {network} --recipe {folder / 'recipe.toml'}")
