"""Help and mistakes as plain text: in 80 columns Typer's tables cut names of variables and examples short."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["plain_typer"]


class _WholeSentences(TyperGroup):
    """A group that lists its commands with their whole first sentences."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the section of commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(1000)) for name, one in commands if one is not None])


def plain_typer(**settings: Any) -> typer.Typer:
    """A `typer.Typer` with these settings that shows help when it is called without arguments."""
    return typer.Typer(
        cls=_WholeSentences,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        **settings,
    )
