"""The finder: a small U-Net (Ronneberger, Fischer, Brox 2015) from a picture to maps of its size."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

__all__ = ["CHANNELS", "MAPS", "Finder", "convolution_block"]

# A level each; every level has half the resolution of the one before.
CHANNELS = (8, 16, 32, 48, 64)
# Ink of digits and other ink, as logits, and the way to the middle of the digit (x, y), in units of 32 pixels.
MAPS = 4


class Finder(nn.Module):
    """Standardised pictures (n, 3, h, w), h and w multiples of 16, to maps (n, 4, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *CHANNELS[:-1])
        self.down = nn.ModuleList(
            convolution_block(before, after) for before, after in zip(inputs, CHANNELS, strict=True)
        )
        self.up = nn.ModuleList(convolution_block(fine + coarse, fine) for fine, coarse in itertools.pairwise(CHANNELS))
        self.maps = nn.Conv2d(CHANNELS[0], MAPS, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The maps of `pictures`."""
        values, kept = pictures, []
        for level, block in enumerate(self.down):
            values = block(functional.max_pool2d(values, 2) if level else values)
            kept.append(values)
        for level in reversed(range(len(self.up))):
            enlarged = functional.interpolate(values, scale_factor=2.0, mode="nearest")
            values = self.up[level](torch.cat([enlarged, kept[level]], dim=1))
        return self.maps(values)


def convolution_block(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with batch normalization and ReLU."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)
