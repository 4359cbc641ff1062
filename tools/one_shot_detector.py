"""A one-shot detector of digits, the alternative to the finder and the classifier: centres, boxes and classes at once.

A CenterNet (Zhou, Wang and Krahenbuhl 2019, "Objects as points"): for every fourth pixel the probabilities that a digit
of each class has its middle there, and its size. It is trained on the pages that the finder is trained on.
`benchmarks/detector_against_reader.py` compares it with the reader.

    python -m tools.one_shot_detector OUT.pt [--minutes 60] [--seed 0]

Needs torch beside the development set; run it from the root of the project.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tools.finder.__main__ import set_learning_rate, standardised
from tools.finder.network import convolution_block
from tools.finder.pages import Batch, batches
from torch import nn
from torch.nn import functional

__all__ = ["CELL", "Detector"]

CELL = 4  # pixels, between two places where a digit may have its middle
_CHANNELS = (8, 32, 64, 96, 128)  # a level each; the maps have the resolution of the third
_CLASSES = 10
_BATCH, _PAGES, _SHOWINGS = 32, 20_000, 3
_WEIGHT_DECAY = 1e-4
# The focal loss and the weight of the sizes as in the paper; middles are blurred over this fraction of a digit's side.
_FOCUS, _PENALTY, _SIZE_WEIGHT, _BLUR = 2.0, 4.0, 0.1, 0.1
_FIRST_PROBABILITY = 0.01  # of a class before training: most places have no digit


class Detector(nn.Module):
    """Standardised pictures (n, 3, h, w), h and w multiples of 16, to maps (n, 14, h / 4, w / 4).

    The maps are logits of the ten classes, the logarithms of width and height in cells, and where in its cell (x, y),
    from 0 to 1, the middle is.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *_CHANNELS[:-1])
        self.down = nn.ModuleList(
            convolution_block(before, after) for before, after in zip(inputs, _CHANNELS, strict=True)
        )
        self.up = nn.ModuleList(
            convolution_block(fine + coarse, fine) for fine, coarse in itertools.pairwise(_CHANNELS[2:])
        )
        self.head = nn.Sequential(
            nn.Conv2d(_CHANNELS[2], _CHANNELS[2], 3, padding=1), nn.ReLU(), nn.Conv2d(_CHANNELS[2], _CLASSES + 4, 1)
        )
        self.head[-1].bias.data[:_CLASSES] = math.log(_FIRST_PROBABILITY / (1 - _FIRST_PROBABILITY))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The maps of `pictures`."""
        values, kept = pictures, []
        for level, block in enumerate(self.down):
            values = block(functional.max_pool2d(values, 2) if level else values)
            kept.append(values)
        for level in reversed(range(len(self.up))):
            enlarged = functional.interpolate(values, scale_factor=2.0, mode="nearest")
            values = self.up[level](torch.cat([enlarged, kept[level + 2]], dim=1))
        return self.head(values)


def main() -> None:
    """Train for the given time, print the loss, write the weights every few minutes and at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    train(Detector().to(memory_format=torch.channels_last), options)


def train(detector: Detector, options: argparse.Namespace) -> None:
    """Train until the time is over; the rate rises over the first 5 % of it and falls to nothing as a cosine."""
    optimizer = torch.optim.AdamW(detector.parameters(), weight_decay=_WEIGHT_DECAY)
    started, written, losses = time.monotonic(), time.monotonic(), []
    for step, batch in enumerate(batches(options.seed, _BATCH, _PAGES, _SHOWINGS)):
        done = (time.monotonic() - started) / (60 * options.minutes)
        set_learning_rate(optimizer, done)
        losses.append(take_step(detector, optimizer, batch))
        if step % 100 == 99:
            took = 60 * options.minutes * done
            print(f"{took:6.0f} s, step {step + 1}: loss {np.mean(losses[-100:]):.4f}", flush=True)
        if done >= 1 or time.monotonic() - written > 240:
            written = time.monotonic()
            torch.save(detector.state_dict(), options.out)
        if done >= 1:
            return


def take_step(detector: Detector, optimizer: torch.optim.Optimizer, batch: Batch) -> float:
    """One step of the optimizer; the loss."""
    side = batch.pixels.shape[1] // CELL
    targets = [_targets(digits, whole, side) for digits, whole in zip(batch.digits, batch.whole, strict=True)]
    heat, counted, middles, sizes = (torch.from_numpy(np.stack(one)) for one in zip(*targets, strict=True))
    with torch.autocast("cpu", torch.bfloat16):
        maps = detector(standardised(torch.from_numpy(batch.pixels)))
    maps = maps.float()
    count = middles.sum().clamp(min=1)
    away = functional.l1_loss(maps[:, _CLASSES:] * middles, sizes * middles, reduction="sum")
    loss = (_focal_loss(maps[:, :_CLASSES], heat, counted) + _SIZE_WEIGHT * away) / count
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def _focal_loss(logits: torch.Tensor, heat: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Equation 1 of the paper, over the places that count."""
    probability = torch.sigmoid(logits)
    is_middle = heat == 1
    found = (1 - probability) ** _FOCUS * functional.logsigmoid(logits)
    empty = (1 - heat) ** _PENALTY * probability**_FOCUS * functional.logsigmoid(-logits)
    return -(torch.where(is_middle, found, empty) * counted).sum()


def _targets(digits: Sequence[tuple], whole: Sequence[tuple], side: int) -> tuple[NDArray[np.float32], ...]:
    """The heat of each class, which places count (not those of digits that are cut), which are middles, and sizes."""
    heat, counted = np.zeros((_CLASSES, side, side), np.float32), np.ones((1, side, side), np.float32)
    middles, sizes = np.zeros((1, side, side), np.float32), np.zeros((4, side, side), np.float32)
    down, across = np.mgrid[:side, :side]
    for digit in digits:
        value, (x, y, w, h) = digit
        column, row = (x + w / 2) / CELL, (y + h / 2) / CELL
        if digit not in whole:
            left, top = max(0, x // CELL), max(0, y // CELL)
            counted[0, top : (y + h) // CELL + 1, left : (x + w) // CELL + 1] = 0
            continue
        blur = max(0.7, _BLUR * max(w, h) / CELL)
        place = int(row), int(column)
        near = np.exp(-((down - place[0]) ** 2 + (across - place[1]) ** 2) / (2 * blur**2))
        np.maximum(heat[value], near, out=heat[value])
        middles[0][place] = 1
        sizes[:, *place] = (np.log(w / CELL), np.log(h / CELL), column - place[1], row - place[0])
    return heat, counted, middles, sizes


if __name__ == "__main__":
    main()
