"""Parses a student's code. Whatever a cell holds, reading it must not end the check of a class."""

from __future__ import annotations

import ast

__all__ = ["UNPARSABLE", "parsed", "problem_of", "unparsed"]

# What Python's parser raises for arbitrary text: a lone surrogate, a null byte, or nesting that is too deep.
UNPARSABLE = (SyntaxError, ValueError, MemoryError, RecursionError)


def parsed(source: str) -> ast.Module | None:
    """The tree of `source`; None when Python cannot parse it."""
    try:
        return ast.parse(source)
    except UNPARSABLE:
        return None


def problem_of(source: str) -> str | None:
    """Why no kernel can run `source`; None for code, and for mistakes that a kernel names itself."""
    try:
        source.encode()
        ast.parse(source)
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
