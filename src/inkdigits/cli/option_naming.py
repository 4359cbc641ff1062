"""Commands whose messages name an option as it was given: `--port`, or `INKDIGITS_SERVE_PORT` of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand

from inkdigits.errors import InkdigitsError
from inkdigits.option_names import with_options_named

__all__ = ["OptionNamingCommand", "name_options_as_given"]

_SETTING = re.compile(r"--set (\w+)=(?=\w)")


class OptionNamingCommand(TyperCommand):
    """A command that names options in its errors as the user gave them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does; a bad value of a variable is said of the variable."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if error.param is not None and _source(ctx, error.param) == "ENVIRONMENT":
                error.param_hint = _variable(ctx, error.param)
            raise

    def invoke(self, ctx: Any) -> Any:
        """As Typer does; an error's message is changed before it is printed."""
        try:
            return super().invoke(ctx)
        except InkdigitsError as error:
            error.args = (_as_given(error.message, ctx), *error.args[1:])
            raise


def name_options_as_given(app: typer.Typer) -> None:
    """Make every command of `app`, and of the groups in it, an `OptionNamingCommand`."""
    for command in app.registered_commands:
        command.cls = OptionNamingCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            name_options_as_given(group.typer_instance)


def _as_given(message: str, context: Any) -> str:
    names = dict(_given_names(context))

    def hyperparameter(match: re.Match[str]) -> str:
        option = f"--{match[1].replace('_', '-')}"
        return f"{option} " if option in names else match[0]

    return with_options_named(_SETTING.sub(hyperparameter, message), names)


def _given_names(context: Any) -> Iterator[tuple[str, str]]:
    """The name for each option of the command that was given.

    Where all that is given stands in the environment, so should what is advised: then the others have names too.
    """
    options = [one for one in context.command.params if one.param_type_name == "option"]
    sources = {one.name: _source(context, one) for one in options}
    by_environment = "ENVIRONMENT" in sources.values() and "COMMANDLINE" not in sources.values()
    for one in options:
        given_by = sources[one.name]
        if given_by == "ENVIRONMENT" or (by_environment and given_by != "COMMANDLINE"):
            yield from ((spelling, _variable(context, one)) for spelling in one.opts)
        elif given_by == "COMMANDLINE":
            yield from ((spelling, spelling) for spelling in one.opts)


def _source(context: Any, parameter: Any) -> str:
    source = context.get_parameter_source(parameter.name)
    return source.name if source is not None else ""


def _variable(context: Any, parameter: Any) -> str:
    return f"{context.auto_envvar_prefix}_{parameter.name.upper()}"
