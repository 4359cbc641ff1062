"""Evaluates a check in the checker's own process: the master's code, run on the values of the notebook's names."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from inkdigits.exercise.observations import ExportedValues, ModelDescription, NotebookValue
from inkdigits.exercise.parsing import parse
from inkdigits.exercise.verdict import AssertResult

__all__ = ["ModelValue", "evaluate_check", "names_in_check", "values_of"]

# What a check calls besides the notebook's names.
_OWN = {"np", "keras"}


def names_in_check(source: str) -> list[str]:
    """The notebook's names that a check reads, in order."""
    nodes = list(ast.walk(parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    assigned = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = [node.id for node in names if isinstance(node.ctx, ast.Load)]
    return [name for name in dict.fromkeys(read) if not (name in assigned | _OWN or hasattr(builtins, name))]


@dataclass(frozen=True)
class ModelValue:
    """What a check may ask of a model, answered from its description."""

    description: ModelDescription

    def count_params(self) -> int:
        """The number of its weights; those of layers that only prepare pictures do not count."""
        if not self.description.parameters:
            raise ValueError("`model` has no weights yet: call it once on a batch of pictures, for example x_train[:1]")
        trainable = self.description.trainable or 0
        normalizes = any(layer.kind == "Normalization" for layer in self.description.layers)
        return trainable if normalizes else self.description.parameters

    @property
    def compiled(self) -> bool:
        """Whether it was compiled."""
        return self.description.compiled

    @property
    def optimizer(self) -> str | None:
        """The name of its optimizer."""
        return self.description.optimizer


def values_of(
    exported: ExportedValues,
    read_array: Callable[[Any], Any],
    call: Callable[[str, tuple[Any, ...]], Any],
) -> dict[str, Any]:
    """The names that a check runs with: the checker's NumPy, and the notebook's values as plain ones."""
    formats = SimpleNamespace(image_data_format=lambda: exported.data_format or "channels_last")
    names: dict[str, Any] = {"np": np, "keras": SimpleNamespace(config=formats)}
    for name, value in exported.values.items():
        plain = _plain(name, value, read_array, call)
        if plain is not None:
            names[name] = plain
    return names


def _plain(name: str, value: NotebookValue, read_array: Any, call: Any) -> Any:
    if value.kind == "function":
        return lambda *arguments: call(name, arguments)
    if value.kind == "array" and value.array:
        return read_array(value.array)
    if value.kind == "model" and value.model:
        return ModelValue(value.model)
    if value.kind == "history":
        return SimpleNamespace(history=value.history or {})
    if value.kind == "fields":
        return SimpleNamespace(**(value.fields or {}))
    return {"number": value.number, "text": value.text}.get(value.kind)


def evaluate_check(source: str, names: dict[str, Any], types: dict[str, str]) -> tuple[tuple[AssertResult, ...], str]:
    """The result of each assert of a check, and what went wrong outside of them.

    An assert that fails does not hide those after it. `types` names the types of values that are no numbers.
    """
    results: list[AssertResult] = []
    broken = ""
    for node in parse(source).body:
        test = ast.unparse(node.test) if isinstance(node, ast.Assert) else ""
        outcome, message = _run(node, names, types)
        if isinstance(node, ast.Assert):
            results.append(AssertResult(test, outcome, message))
        elif message:
            broken = broken or message
    return tuple(results), broken


def _run(node: ast.stmt, names: dict[str, Any], types: dict[str, str]) -> tuple[str, str]:
    code = compile(ast.Module([node], []), "check", "exec")
    try:
        with np.errstate(all="ignore"):
            exec(code, names)
    except AssertionError as error:
        return "failed", str(error) or f"not true: {ast.unparse(node)[:200]}"
    except NameError as error:
        return "not reached", _missing(error, types)
    except Exception as error:
        # The student's values may have any shape: what the check's code raises for them is the student's to read.
        return "not reached", f"{type(error).__name__}: {error}"[:500]
    return "passed", ""


def _missing(error: NameError, types: dict[str, str]) -> str:
    name = str(error.name)
    if name in types:
        return f"`{name}` is of type {types[name]}, which holds no plain numbers"
    return f"the name `{name}` is not defined"
