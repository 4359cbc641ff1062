"""Every command, gathered into one program; a user's mistake becomes one line and exit code 2."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from inkdigits.cli import (
    classify,
    compare,
    data,
    deploy,
    exercise,
    experiments,
    explain,
    export,
    judge,
    learn,
    read,
    serve,
    shift,
)
from inkdigits.errors import InkdigitsError
from inkdigits.training.interrupt import raise_when_stopped

__all__ = ["app", "main"]

app = typer.Typer(
    name="inkdigits",
    help="Handwritten digits: train, judge and compare networks on MNIST, which is on board.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(learn.train)
app.command()(judge.evaluate)
app.command()(learn.reproduce)
app.command()(compare.compare)
app.command()(experiments.seeds)
app.command()(experiments.tune)
app.command()(shift.shift)
app.command()(explain.explain)
app.command()(judge.runs)
app.command()(export.export)
app.command()(classify.classify)
app.command()(read.read)
app.command()(serve.serve)
app.command()(deploy.deploy)
app.add_typer(data.app, name="data")
app.add_typer(exercise.app, name="exercise")


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
    """Handwritten digits: train, judge and compare networks on MNIST, which is on board."""


def main() -> None:
    """Run the program. Exit code 0: done, 1: a target or check was missed, 2: wrong use or bad input, 130: stopped."""
    # A service manager's polite stop leaves a usable run, as Ctrl-C does.
    stop = raise_when_stopped()
    warnings.showwarning = _show_warning  # type: ignore[assignment]  # it takes the same arguments
    try:
        app()
    except InkdigitsError as error:
        print(f"inkdigits: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        # Before a command runs, or in one that has nothing to tell of a stop.
        sys.exit(130)
    except Exception:
        # An import that is stopped amid its C code fails in its own words.
        if stop.requested:
            sys.exit(130)
        raise


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    if issubclass(category, UserWarning):
        print(f"inkdigits: warning: {message}", file=sys.stderr)
