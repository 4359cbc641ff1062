"""Which blanks of the handed-out notebook are left in a student's cell."""

from __future__ import annotations

import ast

from inkdigits.exercise.parsing import parsed

__all__ = ["has_blank", "is_blank"]

_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def is_blank(source: str) -> bool:
    """Whether a blank is left at the top level of a cell, so that whatever ran, it was not written there."""
    tree = parsed(source)
    return tree is not None and any(_is_blank_line(node) for node in _reachable(tree.body))


def has_blank(source: str) -> bool:
    """Whether a blank is left anywhere in a cell, functions included; one behind a `return` is no blank."""
    tree = parsed(source)
    if tree is None:
        return "raise NotImplementedError(" in source
    found = [getattr(node, "body", None) for node in ast.walk(tree)]
    bodies = [body for body in found if isinstance(body, list)]
    return any(_is_blank_line(node) for body in bodies for node in _reachable(body))


def _reachable(body: list[ast.stmt]) -> list[ast.stmt]:
    for place, node in enumerate(body):
        if isinstance(node, _JUMPS):
            return body[: place + 1]
    return body


def _is_blank_line(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
