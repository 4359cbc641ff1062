"""Numbers that a notebook prints beside the word accuracy, to be compared with the measured one."""

from __future__ import annotations

import re

__all__ = ["claimed_accuracies", "overstated"]

_CLAIM = re.compile(r"accuracy[^0-9\n]{0,60}?(\d+(?:\.\d+)?)\s*(%?)", re.IGNORECASE)
# Keras's own progress, and accuracies of other pictures than the test set's.
_OTHERS = re.compile(r"loss:|val|train|step|epoch|━|held back|guess|baseline|\bbar\b|goal", re.IGNORECASE)


def claimed_accuracies(text: str) -> list[tuple[float, float]]:
    """What `text` claims: each accuracy as a fraction in [0, 1], and half a unit of its last digit."""
    claims = []
    for line in text.splitlines():
        found = None if _OTHERS.search(line) else _CLAIM.search(line)
        if found:
            unit = 100 if found[2] or float(found[1]) > 1 else 1
            decimals = len(found[1].partition(".")[2])
            claims.append((float(found[1]) / unit, 0.5 * 10.0**-decimals / unit))
    return claims


def overstated(text: str, measured: float) -> float | None:
    """The first claim in `text` that lies above `measured` by more than rounding, if there is one.

    A tenth of a point is left for pictures on which another batch size rounds another way.
    """
    for claim, rounding in claimed_accuracies(text):
        if measured + rounding + 0.001 < claim <= 1:
            return claim
    return None
