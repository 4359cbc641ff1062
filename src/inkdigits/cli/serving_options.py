"""Options that `serve` and `deploy` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.completion import known_models

__all__ = ["AllowHost", "NoToken", "OpenMetrics", "Prefix", "ServedModels", "TokenFile"]

ServedModels = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="A shipped model, a model file, a run's folder, or NAME=PATH; repeat it for several: the first reads "
        "pictures. Default: all shipped models.",
        metavar="MODEL",
        autocompletion=known_models,
    ),
]
TokenFile = Annotated[Path | None, typer.Option(help="Require the token in this file.", metavar="FILE")]
NoToken = Annotated[bool, typer.Option("--no-token", help="Serve other machines without a token.")]
OpenMetrics = Annotated[bool, typer.Option("--open-metrics", help="/metrics needs no token.")]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="Accept requests for this host name too; repeat it for several; '*': any.", metavar="NAME"),
]
Prefix = Annotated[str, typer.Option(help="The path under which a proxy serves it.", metavar="/PATH")]
