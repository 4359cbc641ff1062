"""The trained finder as an ONNX file: batch normalization is folded into the convolutions."""

from __future__ import annotations

from collections.abc import Mapping

from tools.finder.graph import Convolution, finder_file
from tools.finder.network import Finder
from torch import nn

__all__ = ["to_onnx"]


def to_onnx(finder: Finder, properties: Mapping[str, str]) -> bytes:
    """The file of a finder in evaluation mode; see `finder_file`."""
    down, up = ([_folded(block) for block in blocks] for blocks in (finder.down, finder.up))
    weight, bias = (parameter.detach().numpy() for parameter in (finder.maps.weight, finder.maps.bias))
    return finder_file(down, up, (weight, bias), properties)


def _folded(block: nn.Sequential) -> list[Convolution]:
    """The convolutions of a block, with its batch normalizations in them."""
    convolutions = []
    for convolution, normalization in zip(block[::3], block[1::3], strict=True):
        gain = normalization.weight / (normalization.running_var + normalization.eps).sqrt()
        kernel = (convolution.weight * gain[:, None, None, None]).detach().numpy()
        bias = (normalization.bias - normalization.running_mean * gain).detach().numpy()
        convolutions.append((kernel, bias))
    return convolutions
