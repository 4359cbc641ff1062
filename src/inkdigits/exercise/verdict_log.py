"""Verdicts on disk as they come, so that a check that is interrupted or killed is resumed by the same command."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from inkdigits.exercise.verdict import Verdict

__all__ = ["VerdictLog", "fingerprint_of"]


def fingerprint_of(path: Path, settings: Mapping[str, object]) -> str:
    """A checksum of a notebook, of how it is checked, and of the checker's version."""
    digest = hashlib.sha256(path.read_bytes())
    digest.update(json.dumps({**settings, "version": version("inkdigits")}, sort_keys=True, default=str).encode())
    return digest.hexdigest()


class VerdictLog:
    """A file of JSON lines, one a verdict; a line that a kill cut short is ignored."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found = dict(_read(path)) if path.exists() else {}

    def get(self, fingerprint: str) -> Verdict | None:
        """The verdict of a notebook that was checked before."""
        return self._found.get(fingerprint)

    def add(self, fingerprint: str, verdict: Verdict) -> None:
        """Append a verdict; when this returns it is on the disk."""
        line = json.dumps({"fingerprint": fingerprint, "verdict": asdict(verdict)}, ensure_ascii=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A line that was cut short must not swallow the next one.
        start = (
            "\n"
            if self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size
            else ""
        )
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{start}{line}\n")
            file.flush()
            os.fsync(file.fileno())


def _read(path: Path) -> list[tuple[str, Verdict]]:
    found = []
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            content = json.loads(line)
            found.append((str(content["fingerprint"]), _decoded(Verdict, content["verdict"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _decoded(kind: Any, value: Any) -> Any:
    """`value`, from JSON, as the annotated type `kind`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if hasattr(kind, "__dataclass_fields__"):
        types = get_type_hints(kind)
        return kind(**{name: _decoded(types[name], part) for name, part in value.items()})
    if origin is tuple:
        parts = (
            arguments if len(arguments) == len(value) and Ellipsis not in arguments else (arguments[0],) * len(value)
        )
        return tuple(_decoded(part, one) for part, one in zip(parts, value, strict=True))
    if origin is UnionType:
        return None if value is None else _decoded(arguments[0], value)
    if origin is dict:
        return {name: _decoded(arguments[1], part) for name, part in value.items()}
    return value
