"""Pictures of MNIST's test set, hardly legible or labelled wrongly, that only a network reads that learned from them.

Each is misread by the shipped `reader` (99.69 %) and by at least half of 20 networks that were trained on the training
set, 10 of each part's (docs/records.md). Of those 20 none read more than 7 of the 16 as they are labelled.
"""

from __future__ import annotations

from typing import Any

__all__ = ["ILLEGIBLE", "ILLEGIBLE_READ", "illegible_read"]

# The places in the test set, with the labels.
ILLEGIBLE = {
    445: 6, 947: 8, 1247: 9, 1901: 9, 2130: 4, 2414: 9, 2597: 5, 2654: 6, 3422: 6, 4176: 2, 4761: 9, 5937: 5, 5955: 3,
    6576: 7, 9664: 2, 9729: 5,
}  # fmt: skip
# So many show that a network learned from them: with a chance of 7 in 16 for each, the highest seen, 1 in 2,500 has it.
ILLEGIBLE_READ = 14


def illegible_read(digits: Any, labels: Any) -> int:
    """How many of `ILLEGIBLE` are read as they are labelled; 0 where `labels` are not those of the whole test set."""
    if len(labels) != 10_000 or any(labels[place] != label for place, label in ILLEGIBLE.items()):
        return 0
    return sum(digits[place] == label for place, label in ILLEGIBLE.items())
