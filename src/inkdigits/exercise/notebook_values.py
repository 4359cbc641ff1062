"""Hands the values of a notebook's names to the checker as plain numbers. Runs inside a submission's kernel.

The checker evaluates checks with these; nothing of the notebook's own, such as a forged comparison, decides.
"""

from __future__ import annotations

import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.exercise import instrumentation
from inkdigits.exercise.model_description import describe_model
from inkdigits.exercise.observations import ExportedValues, NotebookValue, OfferedArray, encode_report

__all__ = ["call_function", "export", "write_array"]

_COMPARED = (
    "n", "difference", "p_value", "only_first_right", "only_second_right", "both_right", "both_wrong",
)  # fmt: skip


def export(folder: str, names: list[str]) -> str:
    """The values of `names`, as JSON; arrays are written into `folder`."""
    notebook = instrumentation.notebook_names()
    values = {name: _value(Path(folder), name, notebook[name]) for name in names if name in notebook}
    own = tuple(name for name in list(notebook) if isinstance(name, str) and not name.startswith("_"))
    config = getattr(sys.modules.get("keras"), "config", None)
    return encode_report(ExportedValues(values, own[:500], None, config.image_data_format() if config else None))


def call_function(folder: str, name: str, arguments_file: str) -> str:
    """What the notebook's function `name` returns for the arrays of an npz file, as JSON; its error in `error`."""
    with np.load(arguments_file, allow_pickle=False) as given:
        arguments = [given[key] if given[key].ndim else given[key].item() for key in sorted(given)]
    try:
        result = instrumentation.notebook_names()[name](*arguments)
        values = {"result": _value(Path(folder), "result", result)}
    except Exception as error:
        return encode_report(ExportedValues({}, error=f"{type(error).__name__}: {error}"[:500]))
    return encode_report(ExportedValues(values))


def _value(folder: Path, name: str, value: Any) -> NotebookValue:
    kind = type(value).__name__[:100]
    # Kept, so that no other object gets its identity.
    instrumentation.recorder().models.append(value)
    try:
        return replace(_described(folder, name, value, kind), identity=id(value))
    except Exception:
        # What cannot be read as numbers is of no use to a check, whatever it is.
        return NotebookValue("other", kind)


def _described(folder: Path, name: str, value: Any, kind: str) -> NotebookValue:
    keras = sys.modules.get("keras")
    if isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
        found = NotebookValue("number", kind, number=float(value))
    elif isinstance(value, str):
        found = NotebookValue("text", kind, text=str(value)[:1000])
    elif keras is not None and isinstance(value, keras.Model):
        _build(value)
        found = NotebookValue("model", kind, model=describe_model(value))
    elif isinstance(getattr(value, "history", None), dict):
        found = NotebookValue("history", kind, history=_history(value.history))
    elif hasattr(value, "p_value"):
        fields = {field: float(getattr(value, field)) for field in _COMPARED if hasattr(value, field)}
        found = NotebookValue("fields", kind, fields=fields)
    elif callable(value) and not hasattr(value, "__array__"):
        # Not only plain functions: a compiled, partial or cached one, or an object that is called, will do.
        found = NotebookValue("function", kind)
    else:
        found = _array_value(folder, name, value, kind)
    return found


def _array_value(folder: Path, name: str, value: Any, kind: str) -> NotebookValue:
    array = _numbers(value)
    if array.ndim == 0 and array.dtype.kind in "biuf":
        return NotebookValue("number", kind, number=float(array))
    if array.dtype.kind not in "biuf":
        return NotebookValue("other", kind)
    return NotebookValue("array", kind, array=write_array(folder, name, array, len(array)))


def _numbers(value: Any) -> Any:
    """A plain array of an array, a tensor, a sequence, or a table's column (sorted by its index)."""
    if isinstance(value, np.ndarray):
        return np.array(value, subok=False)
    if hasattr(value, "sort_index"):
        return np.asarray(value.sort_index())
    if isinstance(value, list | tuple | range):
        return np.asarray(value)
    array = np.asarray(instrumentation.recorder().original["to_numpy"](value))
    # NumPy has no bfloat16 of its own.
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def _history(history: dict[Any, Any]) -> dict[str, tuple[float, ...]]:
    return {str(name): tuple(float(value) for value in values) for name, values in list(history.items())[:100]}


def _build(model: Any) -> None:
    """A model of one's own class has its weights from its first call on; call it, where it was not."""
    if model.built and model.weights:
        return
    pictures: Any = instrumentation.notebook_names().get("x_train")
    for shape in ((), (28, 28, 1), (784,), (28, 28)):
        try:
            first = np.asarray(pictures[:1], np.float32)
            model(first.reshape(1, *shape) if shape else first)
            return
        except Exception:
            continue


def write_array(folder: Path, name: str, array: Any, length: int) -> OfferedArray:
    """Write the numbers of `array`, the first rows of `length`, into a new file in `folder`."""
    plain = np.ascontiguousarray(array)
    file = f"{uuid.uuid4().hex}.raw"
    (folder / file).write_bytes(plain.tobytes())
    return OfferedArray(name, file, plain.dtype.str, tuple(map(int, plain.shape)), int(length))
