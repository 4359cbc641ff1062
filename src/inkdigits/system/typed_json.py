"""JSON that was read from disk, as frozen dataclasses: every field is there and of its type, or an error names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_json"]

T = TypeVar("T")


def from_json(kind: type[T], value: object) -> T:
    """The dataclass `kind` with the fields of the JSON object `value`; fields that it does not have are left out.

    Fields may be numbers, text, None, unions, literals, tuples, dicts with text as keys, and dataclasses. Raises
    `ValueError`, whose message names the field, what was expected and what came.
    """
    converted: T = _converted(kind, value, "")
    return converted


def _converted(kind: Any, value: Any, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _dataclass(kind, value, f"{name}." if name else "")
    if origin in (Union, UnionType):
        # A value of none of the types is checked against the first one, whose error is raised.
        exact = next((one for one in arguments if type(value) is one), arguments[0])
        return _converted(exact, value, name)
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is ... else arguments
        if len(kinds) == len(value):
            return tuple(_converted(one, item, f"{name}[]") for one, item in zip(kinds, value, strict=True))
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        return {key: _converted(arguments[1], item, f"{name}.{key}") for key, item in value.items()}
    if (origin is Literal and value in arguments) or type(value) is kind or (kind is float and type(value) is int):
        return value
    expected = getattr(kind, "__name__", None) if origin is None else str(kind)
    raise ValueError(f"{f'field {name}' if name else 'the content'} is {value!r:.100}, expected {expected}")


def _dataclass(kind: Any, values: Mapping[str, Any], prefix: str) -> Any:
    hints = get_type_hints(kind)
    if missing := next((name for name in hints if name not in values), None):
        raise ValueError(f"field {prefix}{missing} is missing")
    return kind(**{name: _converted(hint, values[name], f"{prefix}{name}") for name, hint in hints.items()})
