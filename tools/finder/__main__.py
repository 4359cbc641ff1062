"""Train the finder on synthesized pages and write its ONNX file. Needs torch beside the development set.

    python -m tools.finder OUT.onnx [--minutes 60] [--seed 0]

Nothing but what is in the package is used: MNIST's training part, the digits and letters of the fonts, drawings.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from tools.finder.export import to_onnx
from tools.finder.network import Finder
from tools.finder.pages import Batch, batches
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from inkdigits.reading.finder import MIN_DEVIATION

_BATCH = 32
_PEAK_RATE, _WEIGHT_DECAY = 2e-3, 1e-4
_AVERAGING = 0.998  # of the weights, from step to step
_PAGES, _SHOWINGS = 20_000, 3
_OFFSET_WEIGHT = 0.3  # of the loss of the offsets
# How a window of a larger page differs from a page that is standardised alone: the fraction shown so, the factor that
# its contrast may have, and the deviation of its mean. Set by hand, not measured.
_IN_LARGER_PAGES, _MAX_FACTOR, _MEAN_DEVIATION = 0.5, 2.5, 0.6


def main() -> None:
    """Train for the given time, print the loss, write the file every few minutes and at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start-from", type=Path, help="weights that an earlier call left beside its file (.pt)")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    finder = Finder().to(memory_format=torch.channels_last)
    if options.start_from:
        finder.load_state_dict(torch.load(options.start_from, weights_only=True))
    train(finder, options)


def train(finder: Finder, options: argparse.Namespace) -> None:
    """Train until the time is over; the rate rises over the first 5 % of it and falls to nothing as a cosine."""
    optimizer = torch.optim.AdamW(finder.parameters(), weight_decay=_WEIGHT_DECAY)
    averaged = AveragedModel(finder, multi_avg_fn=get_ema_multi_avg_fn(_AVERAGING), use_buffers=True)
    started, written, losses = time.monotonic(), time.monotonic(), []
    for step, batch in enumerate(batches(options.seed, _BATCH, _PAGES, _SHOWINGS)):
        done = (time.monotonic() - started) / (60 * options.minutes)
        set_learning_rate(optimizer, done)
        losses.append(take_step(finder, optimizer, batch))
        averaged.update_parameters(finder)
        if step % 100 == 99:
            print(
                f"{60 * options.minutes * done:6.0f} s, step {step + 1}: loss {np.mean(losses[-100:]):.4f}", flush=True
            )
        if done >= 1 or time.monotonic() - written > 240:
            written = time.monotonic()
            write(averaged.module, options, step + 1)
        if done >= 1:
            return


def set_learning_rate(optimizer: torch.optim.Optimizer, done: float) -> None:
    """The rate when the fraction `done` of the time is over."""
    for group in optimizer.param_groups:
        group["lr"] = _PEAK_RATE * min(done / 0.05 + 0.01, 0.5 * (1 + np.cos(np.pi * min(done, 1.0))) + 1e-3)


def take_step(finder: Finder, optimizer: torch.optim.Optimizer, batch: Batch) -> float:
    """One step of the optimizer; the loss."""
    pictures = in_larger_pages(standardised(torch.from_numpy(batch.pixels)))
    ink = torch.from_numpy(batch.ink).float() / 255
    with torch.autocast("cpu", torch.bfloat16):
        maps = finder(pictures)
    maps = maps.float()
    loss = functional.binary_cross_entropy_with_logits(maps[:, :2], ink)
    inked = (ink[:, :1] > 0.5).float()
    offset = torch.from_numpy(batch.offset).float()
    away = functional.smooth_l1_loss(maps[:, 2:] * inked, offset * inked, reduction="sum", beta=0.1)
    total = loss + _OFFSET_WEIGHT * 0.1 * away / (2 * inked.sum() + 1)
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    return float(total.detach())


def standardised(pixels: torch.Tensor) -> torch.Tensor:
    """Pictures uint8 (n, h, w, 3) as the network takes them, float32 (n, 3, h, w), as `export.py` does it."""
    pictures = pixels.permute(0, 3, 1, 2).float()  # channels last in memory
    centred = pictures - pictures.mean(dim=(2, 3), keepdim=True)
    deviation = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + MIN_DEVIATION
    return centred / deviation


def in_larger_pages(pictures: torch.Tensor) -> torch.Tensor:
    """Standardised pictures, half of them with the contrast and brightness that a part of a larger page may have.

    A page is standardised as a whole: sparse writing has more contrast in it than in a window, and unevenly lit parts
    another mean.
    """
    n = len(pictures)
    chosen = (torch.rand(n, 1, 1, 1) < _IN_LARGER_PAGES).float()
    factor = torch.exp(math.log(_MAX_FACTOR) * (2 * torch.rand(n, 1, 1, 1) - 1))
    mean = _MEAN_DEVIATION * (torch.randn(n, 1, 1, 1) + 0.3 * torch.randn(n, 3, 1, 1))
    return pictures * (1 + chosen * (factor - 1)) + chosen * mean


def write(finder: Finder, options: argparse.Namespace, steps: int) -> None:
    """Write the ONNX file and, beside it, the weights to train on from."""
    finder.eval()
    properties = {"seed": str(options.seed), "steps": str(steps), "minutes": str(options.minutes)}
    options.out.write_bytes(to_onnx(finder, properties))
    torch.save(finder.state_dict(), options.out.with_suffix(".pt"))
    finder.train()


if __name__ == "__main__":
    main()
