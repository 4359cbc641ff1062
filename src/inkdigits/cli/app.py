"""The program with all its commands; a user's mistake is one line on stderr and exit code 2."""

from __future__ import annotations

import errno
import io
import os
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
    doctor_command,
    evaluate_command,
    exercise_commands,
    experiment_commands,
    explain_command,
    export_command,
    page_command,
    read_command,
    robustness_command,
    serve_command,
    train_command,
)
from inkdigits.cli.option_naming import name_options_as_given
from inkdigits.cli.output import on_one_line
from inkdigits.cli.plain_help import plain_typer
from inkdigits.errors import InkdigitsError, OutputError, output_error
from inkdigits.option_names import AdviceWarning
from inkdigits.system.interrupts import raise_on_stop_signals

__all__ = ["app", "main"]

app = plain_typer(
    name="inkdigits",
    help="Handwritten digits: read them in pictures; train, evaluate and compare networks on MNIST.",
    # Every option is also read from INKDIGITS_COMMAND_OPTION, as in INKDIGITS_SERVE_PORT.
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "INKDIGITS"},
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
app.command()(page_command.page)
app.command()(deploy_command.deploy)
app.command()(doctor_command.doctor)
app.add_typer(data_commands.app, name="data")
app.add_typer(exercise_commands.app, name="exercise")
name_options_as_given(app)


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
    _print_every_character()
    try:
        _run_to_the_last_byte()
    except InkdigitsError as error:
        print(on_one_line(f"inkdigits: {error.message}"), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        # Before a command runs, or in one that has nothing to report when stopped.
        sys.exit(130)
    except Exception:
        # An import that is interrupted in C code raises an error of its own.
        if stop.requested:
            sys.exit(130)
        raise


def _print_every_character() -> None:
    """A terminal that knows ASCII only gets \\u2026 and the like in place of what it does not know."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run_to_the_last_byte() -> None:
    """Run the program, and write out what it printed. Raises `OutputError` where that cannot be written."""
    try:
        app()
    except SystemExit:
        _flush()
        raise
    except OSError as error:
        # A full disk behind a redirection is found when a command prints.
        if error.errno in (errno.ENOSPC, errno.EIO, errno.EDQUOT) and error.filename is None:
            raise _cannot_print(error) from error
        raise
    _flush()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _cannot_print(error) from error


def _cannot_print(error: OSError) -> OutputError:
    # Python would try again to write what is left when it ends, and fail again.
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  # stays open until the process ends
    return output_error(error, "standard output")


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    if issubclass(category, UserWarning):
        text = message.message if isinstance(message, AdviceWarning) else message
        print(on_one_line(f"inkdigits: warning: {text}"), file=sys.stderr)
