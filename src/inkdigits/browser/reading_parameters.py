"""The parameters of reading, read from the Python modules that hold them, for the reader in JavaScript."""

from __future__ import annotations

import ast
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np

from inkdigits import normalize
from inkdigits.modelfile.predictor import Predictor
from inkdigits.reading import (
    best_view,
    broken,
    components,
    decide,
    documents,
    finder,
    orientation,
    plain,
    pyramid,
    reader,
    rows,
    segmentation,
    separators,
    signs,
    slashes,
    touching,
    views,
    words,
)

__all__ = ["Number", "parameters_module", "reading_parameters"]

Number = int | float | list[float]
_MODULES = (
    normalize,
    best_view,
    broken,
    components,
    decide,
    finder,
    orientation,
    plain,
    pyramid,
    reader,
    rows,
    segmentation,
    separators,
    signs,
    slashes,
    documents,
    touching,
    views,
    words,
)


@cache
def reading_parameters() -> dict[str, dict[str, Number]]:
    """Every numeric constant of the modules that read, by module and by name without a leading underscore.

    `model` has what the classifier's file says. Raises `ModelFileError` when that file is damaged.
    """
    named = {module.__name__.rpartition(".")[2]: _constants(module) for module in _MODULES}
    metadata = Predictor.load().metadata
    return {**named, "model": {"ACCEPTANCE_THRESHOLD": decide.acceptance_threshold(metadata.acceptance_threshold)}}


def parameters_module() -> str:
    """The source of parameters.js: `reading_parameters` as the default export of a module."""
    written = f"// Written by inkdigits {version('inkdigits')} from the constants of its Python modules."
    return f"{written}\nexport default {json.dumps(reading_parameters(), indent=2)};\n"


def _constants(module: ModuleType) -> dict[str, Number]:
    values = {name: _number(vars(module)[name]) for name in _assigned(module) if name.isupper()}
    return {name.lstrip("_"): value for name, value in values.items() if value is not None}


def _number(value: object) -> Number | None:
    if isinstance(value, np.ndarray):
        numbers: list[float] = value.tolist()
        return numbers
    return value if isinstance(value, int | float) else None


def _assigned(module: ModuleType) -> list[str]:
    """The names that the module itself assigns at its top level, in order."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [node.id for node in names]
