"""What makes a score worth less than it looks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["about_labels", "about_training"]


def about_labels(data: str, labels: NDArray[np.integer[Any]]) -> list[str]:
    """A line when all labels, int (n,), are one digit."""
    found = np.unique(labels)
    if len(found) > 1:
        return []
    return [f"{data} holds nothing but the digit {found[0]}: whoever always answers {found[0]} is right on all of it"]


def about_training(name: str, trained_on: str | None, data: str, sha256: str) -> list[str]:
    """A line when a network was trained on the very digits it is judged on; both are known by their SHA-256."""
    if trained_on != sha256:
        return []
    return [
        f"{name} WAS TRAINED on {data}, the digits it is judged on: its scores here say nothing about digits that it "
        "has not seen"
    ]
