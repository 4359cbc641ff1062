"""Recognizes what inkdigits ships: the weights of its networks, and the solution of the exercise."""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from inkdigits.exercise.master import load_master, solution_only
from inkdigits.exercise.model_description import matrix_checksums
from inkdigits.exercise.parsing import parsed
from inkdigits.exercise.submission import Submission

__all__ = ["has_shipped_weights", "is_shipped_solution", "misreads_as_shipped", "normalized"]

_BUNDLED = ("dense", "cnn")
# Of the pictures that a shipped network or another misreads, both misread so many as the same digit. Two networks of
# one recipe share up to 49 %, two of one seed 52 %, a copy with noise of 0.3 standard deviations of its weights 75 %
# (docs/records.md).
_SAME_MISREADINGS = 0.7  # set
_MIN_MISREADINGS = 50  # of the shipped network: fewer say nothing


def has_shipped_weights(matrices: tuple[str, ...]) -> bool:
    """Whether one of the weight matrices, by their `matrix_checksums`, is a bundled network's."""
    return bool(set(matrices) & _bundled_matrices())


@cache
def _bundled_matrices() -> frozenset[str]:
    import onnx
    import onnx.numpy_helper

    found: set[str] = set()
    for name in _BUNDLED:
        model = onnx.load(str(resources.files("inkdigits.modelfile") / "weights" / f"{name}.onnx"))
        found |= set(matrix_checksums(onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer))
    return frozenset(found)


def misreads_as_shipped(name: str, digits: Any, images: Any, labels: Any) -> bool:
    """Whether `digits` (n,) repeat what the bundled network `name` misreads of `images` (n, 28, 28).

    Weights that were changed slightly are recognized by this. Whether weights alone are alike says nothing: those of an
    honest network that starts from the same seed as the bundled one are.
    """
    others = _read_by(name, images.tobytes(), images.shape)
    wrong, others_wrong = np.asarray(digits) != labels, others != labels
    same = wrong & (digits == others)
    enough = others_wrong.sum() >= _MIN_MISREADINGS
    return bool(enough and same.sum() > _SAME_MISREADINGS * (wrong | others_wrong).sum())


@cache
def _read_by(name: str, content: bytes, shape: tuple[int, ...]) -> Any:
    from inkdigits.modelfile.predictor import Predictor

    return Predictor.load(name).predict_proba(np.frombuffer(content, np.uint8).reshape(shape)).argmax(axis=1)


def is_shipped_solution(submission: Submission) -> bool:
    """Whether every task that takes more than a line is answered as the shipped solution answers it.

    The abstract syntax is compared, with the student's own names numbered in the order of their first use: neither
    renaming nor reformatting nor comments matter.
    """
    written = {step.id: step.source for step in submission.steps if not step.check}
    return all(cell in written and normalized(written[cell]) == answer for cell, answer in _answers().items())


@cache
def _answers() -> dict[str, str]:
    """The longer answers of the solution: short ones are the same for everybody."""
    cells = {cell.id: solution_only(cell) for cell in load_master() if cell.kind == "code" and cell.written_by_student}
    return {name: normalized(source) for name, source in cells.items() if source.count("\n") >= 6}


class _Renamed(ast.NodeTransformer):
    """Numbers the names that a cell assigns or takes as parameters; docstrings and what is printed are left out."""

    def __init__(self, own: set[str]) -> None:
        self._numbers: dict[str, str] = {}
        self._own = own

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"n{len(self._numbers)}") if name in self._own else name

    def visit_Name(self, node: ast.Name) -> ast.Name:  # ast calls it by this name
        return ast.Name(self._number(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._number(node.arg), None)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:  # ast calls it by this name
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(node.body) > 1
        return ast.FunctionDef(self._number(node.name), node.args, node.body[documented:], [])

    def visit_Expr(self, node: ast.Expr) -> Any:  # ast calls it by this name
        printed = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "print"
        return None if printed or isinstance(node.value, ast.Constant) else self.generic_visit(node)


def normalized(source: str) -> str:
    """A cell's abstract syntax as text, without what renaming, reformatting and comments change."""
    tree = parsed(source)
    if tree is None:
        return source
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    try:
        return ast.dump(_Renamed(own).visit(tree))
    except RecursionError:
        return source
