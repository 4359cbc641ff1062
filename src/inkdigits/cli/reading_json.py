"""Readings as JSON that a person can read too: one document, with one line for each digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inkdigits.reading.reading import Reading

__all__ = ["reading_lines"]

# Of a reading, with one line for each of their items.
_LISTS = ("digits", "separators")


def reading_lines(readings: Iterator[Reading], done: list[Reading]) -> Iterator[str]:
    """The lines of one JSON array with an object for each reading; each reading is appended to `done`."""
    yield "["
    last: list[str] = []
    for reading in readings:
        done.append(reading)
        if last:
            yield from (*last[:-1], f"{last[-1]},")
        last = list(_lines(reading))
    yield from (*last, "]")


def _lines(reading: Reading) -> Iterator[str]:
    fields: dict[str, Any] = {**reading.to_dict()}
    plain = [f"{json.dumps(name)}: {_compact(value)}" for name, value in fields.items() if name not in _LISTS]
    yield "  {"
    yield from (f"    {line}," for line in plain)
    for place, name in enumerate(_LISTS):
        comma = "," if place < len(_LISTS) - 1 else ""
        items = [_compact(item) for item in fields[name]]
        if not items:
            yield f"    {json.dumps(name)}: []{comma}"
            continue
        yield f"    {json.dumps(name)}: ["
        yield from (f"      {item}," for item in items[:-1])
        yield f"      {items[-1]}"
        yield f"    ]{comma}"
    yield "  }"


def _compact(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
