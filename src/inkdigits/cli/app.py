"""The program with all its commands; a user's mistake is one line on stderr and exit code 2."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from inkdigits.cli import (
    batch_command,
    classify_command,
    compare_command,
    data_commands,
    deploy_command,
    evaluate_command,
    exercise_commands,
    experiment_commands,
    explain_command,
    export_command,
    read_command,
    robustness_command,
    serve_command,
    train_command,
)
from inkdigits.errors import InkdigitsError
from inkdigits.system.interrupts import raise_on_stop_signals

__all__ = ["app", "main"]

app = typer.Typer(
    name="inkdigits",
    help="Handwritten digits: read them in pictures; train, evaluate and compare networks on MNIST.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train_command.train)
app.command()(evaluate_command.evaluate)
app.command()(train_command.reproduce)
app.command()(compare_command.compare)
app.command()(experiment_commands.seeds)
app.command()(experiment_commands.tune)
app.command()(robustness_command.robustness)
app.command()(explain_command.explain)
app.command()(evaluate_command.runs)
app.command()(export_command.export)
app.command()(classify_command.classify)
app.command()(read_command.read)
app.command()(batch_command.batch)
app.command()(serve_command.serve)
app.command()(deploy_command.deploy)
app.add_typer(data_commands.app, name="data")
app.add_typer(exercise_commands.app, name="exercise")


def _print_version(wanted: bool) -> None:
    if wanted:
        from inkdigits.cli.version import version_lines

        print("\n".join(version_lines()))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Versions, backends and devices.")
    ] = False,
) -> None:
    """Handwritten digits: read them in pictures; train, evaluate and compare networks on MNIST."""


def main() -> None:
    """Run the program. Exit code 0: done, 1: a target or check missed, 2: wrong use or bad input, 130: interrupted."""
    # A service manager's SIGTERM leaves a usable run, as Ctrl-C does.
    stop = raise_on_stop_signals()
    warnings.showwarning = _show_warning  # type: ignore[assignment]  # it takes the same arguments
    try:
        app()
    except InkdigitsError as error:
        print(f"inkdigits: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        # Before a command runs, or in one that has nothing to report when stopped.
        sys.exit(130)
    except Exception:
        # An import that is interrupted in C code raises an error of its own.
        if stop.requested:
            sys.exit(130)
        raise


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    if issubclass(category, UserWarning):
        print(f"inkdigits: warning: {message}", file=sys.stderr)
