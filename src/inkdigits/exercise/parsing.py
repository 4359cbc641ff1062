"""A student's code as a tree. Whatever stands in a cell, reading it must not end the check of a class."""

from __future__ import annotations

import ast

__all__ = ["UNPARSABLE", "parsed", "problem_of", "unparsed"]

# What Python's parser raises for a stranger's text: half a character, a null byte, or nesting that is too deep for it.
UNPARSABLE = (SyntaxError, ValueError, MemoryError, RecursionError)


def parsed(source: str) -> ast.Module | None:
    """The tree of `source`; None when Python cannot parse it."""
    try:
        return ast.parse(source)
    except UNPARSABLE:
        return None


def problem_of(source: str) -> str | None:
    """Why `source` is no code for any kernel, in words; None for code, and for mistakes that a kernel names itself."""
    try:
        source.encode()
        ast.parse(source)
    except UnicodeEncodeError as error:
        return f"a cell holds half a character ({error.object[error.start]!a}), which is no text: write it again"
    except (MemoryError, RecursionError):
        return "a cell is nested too deep for Python's parser: write it in simpler steps"
    except (SyntaxError, ValueError):
        return None
    return None


def unparsed(node: ast.expr) -> str:
    """The code of `node`; dots for one that is nested too deep to be written."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"
