"""What an option that a message speaks of is called where the message is read: `--out` is `out` in Python.

Messages are written with the command line's names. What they name besides, such as options of other programs, stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["AdviceWarning", "python_names", "with_options_named"]

# Options that the functions of `inkdigits` have as arguments, and what those are called.
_ARGUMENTS = {
    **{name: name for name in ("out", "data", "recipe", "backend", "device", "devices", "deterministic", "seed")},
    **{name: name for name in ("jobs", "trials", "neighbours")},
    "start-from": "start_from",
    "add-data": "add_data",
    "set": "hyperparameters",
    "log": "tracker",
    "format": "to",
}
# An option, but for that of a command which is written out, as in `inkdigits page --out site`.
_OPTION = re.compile(
    r"inkdigits [a-z]+(?: [^\s:,;-][^\s:,;]*)? --[a-z-]+|(?<![\w-])--(?P<name>[a-z]+(?:-[a-z]+)*)(?![\w-])"
)
_SETTING = re.compile(r"--set (\w+)=([\w.+-]*\w)")
_RESUME = re.compile(r"(?:inkdigits train )?--resume (.+)$")
_EVALUATE = re.compile(r"inkdigits evaluate (.+)$")


def python_names(message: str) -> str:
    """`message` as a Python program's user would act on it: arguments in place of options, calls of commands."""
    message = _RESUME.sub(lambda match: f"inkdigits.resume({match[1]!r})", message)
    message = _EVALUATE.sub(lambda match: f"inkdigits.evaluate({match[1]!r})", message)
    message = _SETTING.sub(lambda match: f"hyperparameters={{{match[1]!r}: {_value(match[2])}}}", message)
    return with_options_named(message, {f"--{option}": argument for option, argument in _ARGUMENTS.items()})


def with_options_named(message: str, names: Mapping[str, str]) -> str:
    """`message` with the names of those options that have one; commands that it quotes stay as they are."""
    return _OPTION.sub(lambda match: names.get(match[0], match[0]) if match["name"] else match[0], message)


class AdviceWarning(UserWarning):
    """A warning that advises an option: `str` has Python's name for it, `message` the command line's."""

    @property
    def message(self) -> str:
        """The text with the command line's names of options."""
        return super().__str__()

    def __str__(self) -> str:
        return python_names(self.message)


def _value(text: str) -> str:
    """A hyperparameter's value as Python writes it."""
    try:
        float(text)
    except ValueError:
        return repr(text)
    return text
