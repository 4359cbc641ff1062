"""`train` and `reproduce`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.completion import known_networks, runs_here
from inkdigits.cli.options import (
    AsJson,
    BackendOption,
    Data,
    Deterministic,
    Device,
    DeviceName,
    Devices,
    Hyperparameters,
    Out,
    Quiet,
    RecipeName,
    Seed,
    backend_of,
    parsed_hyperparameters,
)
from inkdigits.cli.output import counted, percent, print_json, print_table, status_printer, stoppable
from inkdigits.errors import NetworkError, RecipeError

if TYPE_CHECKING:
    from inkdigits.experiments.reproduce import ReproductionSummary
    from inkdigits.training.run import Run
    from inkdigits.training.run_records import AccuracyChange

__all__ = ["reproduce", "train"]


class Tracker(StrEnum):
    """Where learning curves go besides the run's folder."""

    tensorboard = "tensorboard"
    mlflow = "mlflow"


OptionalNetwork = Annotated[
    str | None,
    typer.Argument(
        help="dense, cnn, convnet, reader, or your own as path.py:function.",
        metavar="NETWORK",
        autocompletion=known_networks,
    ),
]
NetworkOption = Annotated[str | None, typer.Option("--network", help="The same as NETWORK.", metavar="NETWORK")]
Epochs = Annotated[int | None, typer.Option(help="The largest number of epochs.")]
BatchSize = Annotated[int | None, typer.Option(help="Pictures per step.")]
LearningRate = Annotated[float | None, typer.Option(help="The highest learning rate.")]
Resume = Annotated[
    Path | None,
    typer.Option(help="Resume this run, which was stopped or killed.", metavar="RUN", autocompletion=runs_here),
]
StartFrom = Annotated[
    str | None,
    typer.Option(
        help="Start from these weights: reader, a run's folder or a .keras file. Default: reader with --recipe adapt.",
        metavar="MODEL",
    ),
]
AddData = Annotated[
    str | None, typer.Option(help="Mix these digits with the data, such as your own corrections.", metavar="DATA")
]
HelpRecipe = Annotated[
    bool, typer.Option("--help-recipe", help="Print every hyperparameter of the recipe with its meaning, and end.")
]
Log = Annotated[
    Tracker | None, typer.Option(help="Also write the learning curves there (extra tensorboard or mlflow).")
]


def train(
    context: typer.Context,
    network: OptionalNetwork = None,
    own_network: NetworkOption = None,
    recipe: RecipeName = "standard",
    hyperparameters: Hyperparameters = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = 0,
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    devices: Devices = "1",
    deterministic: Deterministic = False,
    out: Out = None,
    resume: Resume = None,
    start_from: StartFrom = None,
    add_data: AddData = None,
    log: Log = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    help_recipe: HelpRecipe = False,
) -> None:
    """Train a network; every epoch is kept, so a killed training can be resumed with --resume."""
    if help_recipe:
        _print_recipe(recipe, network or own_network)
        return
    path = resume or out

    def message() -> str:
        kept = path is not None and (path / "config.json").exists()
        return f"stopped; resume it with inkdigits train --resume {path}" if kept else "stopped"

    with stoppable(message):
        from inkdigits.training import train as training

        if resume:
            _check_alone(context)
            run = training.resume(resume, quiet=quiet)
        else:
            named = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
            chosen = _the_network(network, own_network)
            path = out or training.new_run_path(chosen)
            run = training.train(
                chosen,
                recipe=recipe,
                hyperparameters=_all_hyperparameters(parsed_hyperparameters(hyperparameters or []), named),
                seed=seed,
                data=data,
                backend=backend_of(backend, device, deterministic, devices),
                out=path,
                options=training.TrainOptions(start_from, add_data, log and log.value, quiet=quiet),
            )
    _print_run(run, as_json)


def _print_recipe(recipe: str, network: str | None) -> None:
    from inkdigits.training.recipe_file import find_recipe
    from inkdigits.training.recipes import described_hyperparameters

    shown = find_recipe(recipe, network or "")
    print(f"recipe {shown.name}{f' of {network}' if network else ''}; other values: --set NAME=VALUE, or a .toml file")
    print_table(
        ["hyperparameter", "value", "values", "meaning"],
        [(row.name, row.default, row.values, row.meaning) for row in described_hyperparameters(shown)],
        texts=("values", "meaning"),
    )


def _check_alone(context: typer.Context) -> None:
    """Refuse options that --resume would ignore, since the run has its network, recipe, seed and data."""
    allowed = {"resume", "quiet", "as_json"}
    given = [p for p in context.params if p not in allowed and _is_given(context, p)]
    if given:
        names = ", ".join(_as_typed(context, name) for name in given)
        raise RecipeError(
            f"--resume takes everything from the run: leave out {names}, or start a new run without --resume"
        )


def _as_typed(context: typer.Context, parameter: str) -> str:
    """The parameter as a user types it: `--set` for the hyperparameters, `NETWORK` for an argument."""
    found = next(one for one in context.command.params if one.name == parameter)
    return found.opts[0] if found.param_type_name == "option" else parameter.upper()


def _is_given(context: typer.Context, parameter: str) -> bool:
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def _all_hyperparameters(settings: dict[str, str], named: dict[str, Any]) -> dict[str, Any]:
    options = {hyperparameter: value for hyperparameter, value in named.items() if value is not None}
    twice = sorted(settings.keys() & options.keys())
    if twice:
        raise RecipeError(f"{twice[0]} is given twice, by --set and by --{twice[0].replace('_', '-')}: choose one")
    return {**settings, **options}


def _the_network(argument: str | None, option: str | None) -> str:
    network = argument or option
    if network is None or (argument and option):
        raise NetworkError("name one network: inkdigits train dense (or cnn, convnet, reader, path.py:function)")
    return network


def _print_run(run: Run, as_json: bool) -> None:
    status, config = run.status, run.config
    if as_json:
        adapted = {"adaptation": asdict(run.adaptation)} if run.adaptation else {}
        named = {"run": str(run.path), "network": config.network, "parameters": config.parameters}
        print_json({**named, **asdict(status), **adapted})
        return
    print(
        f"{run.path}: {config.network} ({config.parameters:,} parameters) trained for "
        f"{counted(status.epochs, 'epoch')} in {status.seconds['train']:.1f} s; the best is epoch {status.best_epoch}"
    )
    if run.adaptation and config.added:
        print(_adaptation_line(config.data.source, run.adaptation.data))
        print(_adaptation_line(config.added.source, run.adaptation.added))
    print(f"evaluate it: inkdigits evaluate {run.path}")


def _adaptation_line(source: str, change: AccuracyChange) -> str:
    """One part's accuracies before and after, marked where it got worse."""
    worse = " WORSE than before" if change.after < change.before else ""
    return (
        f"held-out digits of {source} (n = {change.n:,}): {percent(change.before)} before, "
        f"{percent(change.after)} after{worse}"
    )


def reproduce(
    recipe: RecipeName = "sprint",
    seed: Seed = 0,
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    deterministic: Deterministic = False,
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The whole exercise: train dense and cnn on MNIST, evaluate and compare them, check the targets."""
    from inkdigits.experiments import reproduce as experiment

    def message() -> str:
        started = out is not None and out.is_dir() and any(out.iterdir())
        next_step = f"remove {out} or choose another --out" if started else "run the same command again"
        return f"stopped; to start over, {next_step}"

    with stoppable(message):
        result = experiment.reproduce(
            recipe=recipe,
            seed=seed,
            data=data,
            backend=backend_of(backend, device, deterministic),
            out=out,
            quiet=quiet,
            progress=status_printer(quiet),
        )
    if as_json:
        print_json({**asdict(result.summary), "report": str(result.path / "report.html")})
    else:
        _print_reproduction(result.summary, result.path)
    if not result.targets_met:
        raise typer.Exit(1)


_SECONDS = ("import", "data", "compile", "train", "evaluate")


def _print_reproduction(summary: ReproductionSummary, path: Path) -> None:
    columns = ["network", "parameters", "accuracy", "95 % interval", "log loss", *(f"{name} s" for name in _SECONDS)]
    rows = [
        [
            result.network,
            f"{result.parameters:,}",
            percent(result.accuracy),
            f"{percent(result.accuracy_interval.low)} to {percent(result.accuracy_interval.high)}",
            f"{result.log_loss:.4f}",
            *(f"{result.seconds[name]:.1f}" for name in _SECONDS),
        ]
        for result in summary.networks
    ]
    print_table(columns, rows)
    for check in summary.checks:
        print(f"{'met   ' if check.met else 'MISSED'}  {check.target}: {check.found}")
    print(f"report: {path / 'report.html'}")
