"""Synthesized pages in batches: drawn by a process of their own, and shown several times in other colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.synthesis.pages.canvas import DrawnDigit
from inkdigits.synthesis.pages.shapes import load_shapes
from inkdigits.synthesis.pages.synthesized_page import draw_page

__all__ = ["Batch", "batches"]

_CHUNK = 32  # pages that are drawn at a time
Digits = tuple[DrawnDigit, ...]


@dataclass(frozen=True)
class Batch:
    """`pixels` uint8 (n, 128, 128, 3), `ink` uint8 (n, 2, 128, 128), `offset` float16 (n, 2, 128, 128).

    `digits` are those of each page, and `whole` those of them that nothing cuts.
    """

    pixels: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    offset: NDArray[np.float16]
    digits: tuple[Digits, ...]
    whole: tuple[Digits, ...]


def draw_batch(rng: np.random.Generator, n: int) -> Batch:
    """`n` pages."""
    library = load_shapes()
    pages = [draw_page(library, rng) for _ in range(n)]
    return Batch(
        np.stack([page.pixels for page in pages]),
        np.stack([np.round(255 * np.stack([page.digit, page.other])).astype(np.uint8) for page in pages]),
        np.stack([page.offset.astype(np.float16) for page in pages]),
        tuple(page.digits for page in pages),
        tuple(page.whole_digits for page in pages),
    )


def _draw_forever(queue: Queue[Any], seed: int, worker: int) -> None:
    rng = np.random.default_rng([seed, worker])
    while True:
        queue.put(draw_batch(rng, _CHUNK))


def batches(seed: int, size: int, pages: int, showings: int, workers: int = 1) -> Iterator[Batch]:
    """Batches of `size` pages without end; the last `pages` drawn are shown `showings` times each, on average."""
    context = get_context("spawn")
    queue: Queue[Any] = context.Queue(maxsize=8)
    for worker in range(workers):
        context.Process(target=_draw_forever, args=(queue, seed, worker), daemon=True).start()
    rng = np.random.default_rng([seed, 1000])
    kept: list[Batch] = []
    shown = 0.0
    while True:
        while len(kept) < 4 or shown >= showings * _CHUNK:
            kept.append(queue.get())
            shown = max(0.0, shown - showings * _CHUNK)
            del kept[: -(pages // _CHUNK)]
        shown += size
        yield _mixed(kept, rng, size)


def _mixed(kept: list[Batch], rng: np.random.Generator, size: int) -> Batch:
    chosen = [(kept[int(rng.integers(len(kept)))], int(rng.integers(_CHUNK))) for _ in range(size)]
    pixels = np.stack([_recoloured(batch.pixels[row], rng) for batch, row in chosen])
    ink, offset = (np.stack([getattr(batch, name)[row] for batch, row in chosen]) for name in ("ink", "offset"))
    digits, whole = (tuple(getattr(batch, name)[row] for batch, row in chosen) for name in ("digits", "whole"))
    return Batch(pixels, ink, offset, digits, whole)


def _recoloured(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The channels in another order, and in one of two cases as a negative."""
    other = pixels[..., rng.permutation(3)]
    return 255 - other if rng.random() < 0.5 else other
