"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SubmissionLimits"]


@dataclass(frozen=True)
class SubmissionLimits:
    """The limits of one submission, enforced from outside its kernel."""

    cell_seconds: float = 1800.0  # one cell
    total_seconds: float = 5400.0  # the whole notebook: many slow cells do not get around the first limit
    memory_bytes: int = 4 << 30  # all its processes together
    processes: int = 64  # at a time
    output_bytes: int = 2 << 20  # text that one cell prints
    start_seconds: float = 120.0  # until the kernel answers
