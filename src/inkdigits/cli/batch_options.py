"""The options of `read` that are for many pictures."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "Column",
    "Jobs",
    "KeepSeen",
    "Out",
    "PartSize",
    "RetryErrors",
    "Review",
    "SingleFile",
]

_MANY = "Many pictures, with --out"


Out = Annotated[
    str | None,
    typer.Option(
        help="Read as many pictures as there are into this folder of Parquet parts, a path or a URL. Killed and "
        "called again, it goes on.",
        metavar="RESULTS",
        rich_help_panel=_MANY,
    ),
]
SingleFile = Annotated[
    str | None,
    typer.Option(help="At the end, all rows in one .parquet, .csv or .jsonl too.", rich_help_panel=_MANY),
]
Review = Annotated[
    str | None,
    typer.Option(
        help="At the end, the unsure digits as pictures with a CSV to fill in, for --data of evaluate and train.",
        metavar="DIR",
        rich_help_panel=_MANY,
    ),
]
RetryErrors = Annotated[
    bool,
    typer.Option(
        "--retry-errors",
        help="Read the parts again in which pictures are in error, such as after a server was away.",
        rich_help_panel=_MANY,
    ),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Processes. Default: one a core.", metavar="N", rich_help_panel=_MANY)
]
PartSize = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Pictures a part.", metavar="N", rich_help_panel=_MANY)
]
Column = Annotated[
    str | None,
    typer.Option(
        help="The Parquet column of pictures. Default: the only one of bytes.",
        metavar="NAME",
        rich_help_panel=_MANY,
    ),
]
KeepSeen = Annotated[
    bool,
    typer.Option(
        "--network-inputs",
        help="Keep what the network saw of every digit, not of unsure ones alone.",
        rich_help_panel=_MANY,
    ),
]
