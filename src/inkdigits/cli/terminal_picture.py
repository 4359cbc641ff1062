"""A picture in the terminal: as such in kitty, iTerm2, WezTerm and those with sixel, elsewhere in block characters."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

from inkdigits.cli.sixel import sixel_picture
from inkdigits.cli.terminal_kind import TerminalKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["picture_for_terminal"]

_COLUMNS = 72
_CHUNK = 4096  # bytes, the most that kitty takes at a time


def picture_for_terminal(pixels: NDArray[np.uint8], terminal: TerminalKind) -> str:
    """What shows `pixels`, uint8 RGB, when it is printed there."""
    from inkdigits.images.png import encode_png
    from inkdigits.reading.preview import small_copy

    if terminal.shows == "kitty":
        return _kitty(base64.b64encode(encode_png(pixels)).decode())
    if terminal.shows == "iterm":
        return f"\033]1337;File=inline=1:{base64.b64encode(encode_png(pixels)).decode()}\a"
    if terminal.shows == "sixel":
        return sixel_picture(small_copy(pixels), terminal.colours)
    encoding = (sys.stderr.encoding or "ascii").lower()
    return _blocks(pixels) if "utf" in encoding else _letters(pixels)


def _kitty(content: str) -> str:
    """The kitty graphics protocol: f=100 is a PNG, a=T shows it at once, m says whether more comes."""
    chunks = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
    first = "f=100,a=T,"
    return "".join(
        f"\033_G{'' if place else first}m={int(place < len(chunks) - 1)};{chunk}\033\\"
        for place, chunk in enumerate(chunks)
    )


def _small(pixels: NDArray[np.uint8], rows_per_column: float) -> NDArray[np.uint8]:
    """`pixels` at most 72 columns wide; a character is about twice as high as it is wide."""
    import cv2
    import numpy as np

    width = min(_COLUMNS, pixels.shape[1])
    height = max(2, round(pixels.shape[0] / pixels.shape[1] * width * rows_per_column))
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _blocks(pixels: NDArray[np.uint8]) -> str:
    """Two pixels in each character: the upper half in the foreground's colour, the lower in the background's."""
    small = _small(pixels, 1.0)
    small = small[: len(small) // 2 * 2].tolist()
    lines = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        cells = (
            f"\033[38;2;{';'.join(map(str, above))};48;2;{';'.join(map(str, below))}m\u2580"
            for above, below in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\033[0m")
    return "\n".join(lines)


def _letters(pixels: NDArray[np.uint8]) -> str:
    """Darkness as letters, for terminals without Unicode."""
    grey = _small(pixels, 0.5).mean(axis=2)
    return "\n".join("".join("@%#*+=-:. "[int(value) * 10 // 256] for value in row) for row in grey.tolist())
