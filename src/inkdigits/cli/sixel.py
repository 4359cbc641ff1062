"""Pictures as sixels, the format of DEC's terminals: bands of six rows, one colour after the other.

A character from ? on has a bit for each of the six pixels below one another; `!` repeats it, `$` returns to the start
of the band, `-` begins the next. Source: VT330/VT340 Programmer Reference Manual, volume 2, chapter 14.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["sixel_picture"]

_ROWS = 6  # of a band
_FIRST = 63  # the character of no pixel
_MIN_REPEATED = 4  # shorter runs are shorter as they are


def sixel_picture(pixels: NDArray[np.uint8], colours: int = 256) -> str:
    """What shows `pixels`, uint8 RGB, in at most `colours` colours (2 to 256) of their own."""
    import numpy as np
    from PIL import Image

    chosen = Image.fromarray(pixels).quantize(colours, dither=Image.Dither.NONE)
    numbers = np.asarray(chosen)
    height, width = numbers.shape
    palette = np.reshape(chosen.getpalette() or [], (-1, 3))
    # Colours are in percent; the raster attributes say that pixels are square, and the size.
    defined = "".join(
        f"#{number};2;{';'.join(str(round(value * 100 / 255)) for value in palette[number])}"
        for number in np.unique(numbers).tolist()
    )
    bands = (numbers[top : top + _ROWS] for top in range(0, height, _ROWS))
    return f'\033Pq"1;1;{width};{height}{defined}{"-".join("$".join(_band(band)) for band in bands)}\033\\'


def _band(band: NDArray[np.uint8]) -> Iterator[str]:
    """The pixels of each colour in up to six rows."""
    import numpy as np

    weights = (1 << np.arange(len(band)))[:, None]
    for number in np.unique(band).tolist():
        characters = ((band == number) * weights).sum(axis=0) + _FIRST
        runs = ((chr(character), len(list(run))) for character, run in groupby(characters.tolist()))
        yield f"#{number}" + "".join(f"!{n}{one}" if n >= _MIN_REPEATED else one * n for one, n in runs)
