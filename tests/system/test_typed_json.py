"""JSON that fits a dataclass becomes one; what does not fit is named by its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from inkdigits.system.typed_json import from_json


@dataclass(frozen=True)
class Part:
    n: int
    fraction: float


@dataclass(frozen=True)
class Whole:
    name: str
    state: Literal["running", "finished"]
    devices: int | str
    added: Part | None
    parts: tuple[Part, ...]
    seconds: Mapping[str, float]


GOOD: dict[str, Any] = {
    "name": "a", "state": "running", "devices": "all", "added": {"n": 1, "fraction": 1},
    "parts": [{"n": 2, "fraction": 0.5}], "seconds": {"train": 1.5},
}  # fmt: skip


def test_json_becomes_the_dataclass() -> None:
    assert from_json(Whole, GOOD) == Whole("a", "running", "all", Part(1, 1), (Part(2, 0.5),), {"train": 1.5})
    assert from_json(Whole, {**GOOD, "added": None, "more": 1}).added is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 7}, "field name is 7, expected str"),
        ({"added": {"n": True, "fraction": 1}}, r"field added\.n is True, expected int"),
        ({"added": {"n": 1}}, r"field added\.fraction is missing"),
        ({"state": "lost"}, "field state is 'lost', expected .*running"),
        ({"devices": 1.5}, r"field devices is 1\.5, expected int"),
        ({"parts": [{"n": None, "fraction": 1}]}, r"field parts\[\]\.n is None, expected int"),
        ({"seconds": {"train": "long"}}, r"field seconds\.train is 'long', expected float"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_json(Whole, {**GOOD, **change})
