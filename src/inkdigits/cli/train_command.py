"""`train` and `reproduce`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    from inkdigits.training.run import Run
    from inkdigits.training.run_records import AccuracyChange

__all__ = ["reproduce", "train"]


class Tracker(StrEnum):
    """Where learning curves go besides the run's folder."""

    tensorboard = "tensorboard"
    mlflow = "mlflow"


def train(
    context: typer.Context,
    network: Annotated[
        str | None,
        typer.Argument(help="dense, cnn, convnet, reader, or your own as path.py:function.", metavar="NETWORK"),
    ] = None,
    own_network: Annotated[
        str | None, typer.Option("--network", help="The same as NETWORK.", metavar="NETWORK")
    ] = None,
    recipe: RecipeName = "standard",
    hyperparameters: Hyperparameters = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    seed: Seed = 0,
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    devices: Devices = "1",
    deterministic: Deterministic = False,
    out: Out = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run, which was stopped or killed.", metavar="RUN")
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(help="Begin with these weights: reader, a run's folder or a .keras file.", metavar="MODEL"),
    ] = None,
    add_data: Annotated[
        str | None, typer.Option(help="Mix these digits with the data: your own corrections.", metavar="DATA")
    ] = None,
    log: Annotated[
        Tracker | None,
        typer.Option(help="Write the learning curves there too (extra tensorboard or mlflow)."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a network; every epoch is kept, so a killed training goes on with --resume."""
    path = resume or out

    def told() -> str:
        kept = path is not None and (path / "config.json").exists()
        return f"stopped; go on with inkdigits train --resume {path}" if kept else "stopped"

    with stoppable(told):
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
                quiet=quiet,
                log=log and log.value,
                start_from=start_from,
                add_data=add_data,
            )
    _print_run(run, as_json)


def _check_alone(context: typer.Context) -> None:
    """Refuse what --resume would not heed: the run knows its network, recipe, seed and data."""
    allowed = {"resume", "quiet", "as_json"}
    given = [p for p in context.params if p not in allowed and _is_given(context, p)]
    if given:
        names = ", ".join(_as_typed(context, name) for name in given)
        raise RecipeError(
            f"--resume takes everything from the run: leave out {names}, or start a new run without --resume"
        )


def _as_typed(context: typer.Context, parameter: str) -> str:
    """What a user types for it: `--set` of the hyperparameters, `NETWORK` of an argument."""
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
    print(f"judge it: inkdigits evaluate {run.path}")


def _adaptation_line(source: str, change: AccuracyChange) -> str:
    """One part's accuracies before and after, with a plain word when it got worse."""
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
    """The whole exercise: train dense and cnn on MNIST, judge and compare them, check the targets."""
    from inkdigits.experiments import reproduce as experiment

    def told() -> str:
        begun = out is not None and out.is_dir() and any(out.iterdir())
        anew = f"to begin anew, remove {out} or choose another --out" if begun else "reproduce begins anew next time"
        return f"stopped; {anew}"

    with stoppable(told):
        result = experiment.reproduce(
            recipe=recipe,
            seed=seed,
            data=data,
            backend=backend_of(backend, device, deterministic),
            out=out,
            quiet=quiet,
            say=status_printer(quiet),
        )
    if as_json:
        print_json({**result.summary, "report": str(result.path / "report.html")})
    else:
        _print_reproduction(result.summary, result.path)
    if not result.targets_met:
        raise typer.Exit(1)


_SECONDS = ("import", "data", "compile", "train", "evaluate")


def _print_reproduction(summary: dict[str, Any], path: Path) -> None:
    columns = ["network", "parameters", "accuracy", "95 % interval", "log loss", *(f"{name} s" for name in _SECONDS)]
    rows = [
        [
            row["network"],
            f"{row['parameters']:,}",
            percent(row["accuracy"]),
            f"{percent(row['accuracy_interval']['low'])} to {percent(row['accuracy_interval']['high'])}",
            f"{row['log_loss']:.4f}",
            *(f"{row['seconds'][name]:.1f}" for name in _SECONDS),
        ]
        for row in summary["networks"]
    ]
    print_table(columns, rows)
    for check in summary["checks"]:
        print(f"{'met   ' if check['met'] else 'MISSED'}  {check['target']}: {check['found']}")
    print(f"report: {path / 'report.html'}")
