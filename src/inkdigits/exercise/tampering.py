"""What was done to a check: asserts removed, thresholds lowered, or something else changed."""

from __future__ import annotations

import ast

from inkdigits.exercise.parsing import parse, parsed

__all__ = ["describe_change"]


def describe_change(original: str, submitted: str) -> str | None:
    """What differs between a check and its submitted version; None when both do the same.

    Comments, spacing, messages of asserts and what only shows something do not matter.
    """
    tree = parsed(submitted)
    if tree is None:
        return "the check was changed: it is no valid Python"
    try:
        return _difference(original, tree)
    except RecursionError:
        return "the check was changed: it is nested too deep"


def _difference(original: str, tree: ast.Module) -> str | None:
    wanted, found = _asserts(parse(original)), _asserts(tree)
    missing = [test for test in wanted if ast.unparse(test) not in {ast.unparse(other) for other in found}]
    if missing:
        return "; ".join(_describe_missing(test, found) for test in missing)
    return None if _others(parse(original)) == _others(tree) else "the check's code was changed"


def _asserts(tree: ast.Module) -> list[ast.expr]:
    return [node.test for node in tree.body if isinstance(node, ast.Assert)]


def _others(tree: ast.Module) -> list[str]:
    return [ast.unparse(node) for node in tree.body if not isinstance(node, ast.Assert) and not _only_shows(node)]


def _only_shows(node: ast.stmt) -> bool:
    """Whether a statement does nothing, or prints or displays values, such as a name in the last line of a cell."""
    if isinstance(node, ast.Pass):
        return True
    shown = node.value if isinstance(node, ast.Expr) else None
    if isinstance(shown, ast.Call) and isinstance(shown.func, ast.Name) and shown.func.id in ("print", "display"):
        return True
    return isinstance(shown, ast.Name | ast.Attribute | ast.Constant)


def _describe_missing(test: ast.expr, found: list[ast.expr]) -> str:
    for other in found:
        if _without_numbers(test) == _without_numbers(other):
            before, after = _numbers(test), _numbers(other)
            changed = next((pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]), None)
            if changed:
                return f"the threshold was changed from {changed[0]} to {changed[1]} in `assert {ast.unparse(other)}`"
    return f"the assert was removed or rewritten: `assert {ast.unparse(test)}`"


def _numbers(test: ast.expr) -> list[object]:
    return [node.value for node in ast.walk(test) if _is_number(node) and isinstance(node, ast.Constant)]


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _without_numbers(test: ast.expr) -> str:
    class _Zeros(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:  # ast calls it by this name
            return ast.Constant(0) if _is_number(node) else node

    return ast.dump(_Zeros().visit(parse(ast.unparse(test))))
