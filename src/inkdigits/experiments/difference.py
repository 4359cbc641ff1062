"""How the experiment that is asked for differs from the one on disk, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["difference"]


def difference(found: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What of `asked` is otherwise in `found`, as `epochs: 1 there, 2 asked for`; empty where all is the same.

    Mappings inside are compared entry by entry.
    """
    there, wanted = _flat(found), _flat(asked)
    names = [name for name in {**wanted, **there} if there.get(name) != wanted.get(name)]
    return "; ".join(f"{name}: {_text(there, name)} there, {_text(wanted, name)} asked for" for name in names)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values[name]) if name in values else "none"
