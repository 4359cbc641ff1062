"""Parses a student's code. Whatever a cell holds, reading it must not end the check of a class."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from threading import Lock
from typing import Any

__all__ = ["UNPARSABLE", "parse", "parse_literal", "parsed", "problem_of", "unparsed", "without_installing"]

# What Python's parser raises for arbitrary text: a lone surrogate, a null byte, or nesting that is too deep.
UNPARSABLE = (SyntaxError, ValueError, MemoryError, RecursionError)

# CPython 3.11 counts the depth of the trees that it builds for all threads together, and raises a SystemError for code
# that nothing is wrong with when two threads build one at a time: https://github.com/python/cpython/issues/106905
_one_tree_at_a_time = Lock()

_MAGIC = re.compile(r"^([ \t]*)[%!][^\n]*", re.MULTILINE)
# They install or fetch something, or choose a version of it: under the checker all that is needed is there.
_INSTALLING = re.compile(
    r"^([ \t]*)(?:[!%]\s*)(?:pip3?|conda|mamba|apt(?:-get)?|python3? -m pip|tensorflow_version|wget|curl)\b"
    r"(?:[^\n]*\\\n)*[^\n]*",
    re.MULTILINE,
)
# A whole cell of the shell's that installs something.
_INSTALLING_CELL = re.compile(
    r"%%(?:bash|sh)[^\n]*\n(?:[ \t]*(?:(?:pip3?|conda|mamba|apt(?:-get)?|python3? -m pip)\b[^\n]*|#[^\n]*)?\n)*"
)


def without_installing(source: str) -> str:
    """`source` without commands such as `!pip install`, line for line."""
    if _INSTALLING_CELL.fullmatch(source.strip() + "\n"):
        return "pass"
    return _INSTALLING.sub(lambda found: f"{found[1]}pass" + "\n" * found[0].count("\n"), source)


def parse(source: str) -> ast.Module:
    """The tree of `source`. Raises one of `UNPARSABLE` for what is no Python; safe to call from several threads."""
    with _one_tree_at_a_time:
        return ast.parse(source)


def parse_literal(text: str) -> Any:
    """The value of the literal `text`. Raises what `ast.literal_eval` does; safe to call from several threads."""
    with _one_tree_at_a_time:
        return ast.literal_eval(text)


def parsed(source: str) -> ast.Module | None:
    """The tree of `source`, lines of IPython's own (`%` and `!`) left out; None when Python cannot parse it."""
    for text in (source, _MAGIC.sub(r"\1pass", source)):
        with suppress(*UNPARSABLE):
            return parse(text)
    return None


def problem_of(source: str) -> str | None:
    """Why no kernel can run `source`; None for code, and for mistakes that a kernel names itself."""
    try:
        source.encode()
        parse(source)
    except UnicodeEncodeError as error:
        return f"a cell holds a lone surrogate ({error.object[error.start]!a}), no valid text: write it again"
    except (MemoryError, RecursionError):
        return "a cell is nested too deep for Python's parser: split it into simpler statements"
    except (SyntaxError, ValueError):
        return None
    return None


def unparsed(node: ast.expr) -> str:
    """The code of `node`; an ellipsis for one that is nested too deep."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"
