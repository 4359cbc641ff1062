"""What the watch tells from inside a submission's kernel, read as a stranger's words.

Code of the submission can put anything in the watch's place, so every answer is held against what the watch says.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["read_measured", "read_seen"]

_Check = Callable[[Any], bool]
_CALLS = ("fit", "train_on_batch", "evaluate", "test_on_batch")


def read_seen(answer: str) -> dict[str, Any] | None:
    """The events, arrays and data format of `drain`, from its answer as Python writes it; None when it tells no such.

    Every event holds what the rules of the catalogue ask for without a look.
    """
    told = _read(answer)
    return told if told is not None and _holds(told, _SEEN, needed=tuple(_SEEN)) else None


def read_measured(answer: str) -> dict[str, Any] | None:
    """What `measure` answers: an `error`, or an accuracy with the model's description; None when it tells no such."""
    told = _read(answer)
    if told is None or not _holds(told, _MEASURED):
        return None
    return told if "error" in told or "accuracy" in told else None


def _read(answer: str) -> dict[str, Any] | None:
    try:
        told = json.loads(ast.literal_eval(answer))
    except Exception:
        # A forged answer may raise anything, a MemoryError included, and is its author's fault alone.
        return None
    return told if isinstance(told, dict) else None


def _holds(told: Any, checks: Mapping[str, _Check], needed: tuple[str, ...] = ()) -> bool:
    """Whether `told` has the names `needed`, and what it tells of those in `checks` is of their kind."""
    if not isinstance(told, dict) or not told.keys() >= set(needed):
        return False
    return all(name not in told or check(told[name]) for name, check in checks.items())


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _word(value: Any) -> bool:
    return isinstance(value, str)


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _list_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _loss(value: Any) -> bool:
    """A loss is told in words, since JSON has no infinity."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _share(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def _layer(value: Any) -> bool:
    kinds = {"kind": _word, "units": _or_none(_number), "activation": _or_none(_word), "output": _or_none(_SHAPE)}
    return _holds(value, kinds, needed=tuple(kinds))


_SHAPE = _list_of(_or_none(_number))
_COUNTS: dict[str, _Check] = dict.fromkeys(("rows", "test_rows", "wrong_labels"), _number)
_MODEL: dict[str, _Check] = {
    "layers": _list_of(_layer),
    "parameters": _or_none(_number),
    "loss": _or_none(_word),
    "optimizer": _word,
    "learning_rate": _or_none(_number),
}
_EVENT: dict[str, _Check] = {
    **_COUNTS,
    **_MODEL,
    "call": lambda value: value in _CALLS,
    "model": _number,
    "epochs": _number,
    "x_high": _number,
    "y_shape": _SHAPE,
    "losses": _list_of(_loss),
    "validation": lambda value: _holds(value, _COUNTS, needed=tuple(_COUNTS)),
}
_ALWAYS = (*_COUNTS, "call", "model", "epochs")
_ARRAY: dict[str, _Check] = {"shape": _SHAPE, "wrong": _or_none(_number)}
_SEEN: dict[str, _Check] = {
    "events": _list_of(lambda event: _holds(event, _EVENT, needed=_ALWAYS)),
    "arrays": lambda value: isinstance(value, dict) and all(_holds(array, _ARRAY) for array in value.values()),
    "format": _or_none(_word),
}
_MEASURED: dict[str, _Check] = {**_MODEL, "error": _word, "accuracy": _share}
