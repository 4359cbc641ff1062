"""Warnings about scores that overstate how good a network is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.training.run_records import RunConfig

__all__ = ["about_labels", "about_training", "learned_from"]


def about_labels(data: str, labels: NDArray[np.integer[Any]]) -> list[str]:
    """A line when all labels, int (n,), are one digit."""
    found = np.unique(labels)
    if len(found) > 1:
        return []
    return [
        f"{data} holds nothing but the digit {found[0]}: a network that always answers {found[0]} is right on all of it"
    ]


def learned_from(config: RunConfig) -> frozenset[str]:
    """The SHA-256 of everything that a run with this `config` was trained on, what was mixed in included."""
    return frozenset(part.sha256 for part in (config.data, config.added) if part)


def about_training(name: str, learned: Collection[str], data: str, sha256: str) -> list[str]:
    """A line when the digits a network is evaluated on are among those it `learned` from; all are known by SHA-256."""
    if sha256 not in learned:
        return []
    return [
        f"{name} WAS TRAINED on {data}, the digits it is evaluated on: its scores here say nothing about other digits"
    ]
