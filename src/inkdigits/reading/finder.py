"""The finder: a network that says of every pixel of a picture whether it is ink of a digit, and of which.

`python -m tools.finder` trains it on synthesized pages; `finder.md` beside its weights says how well it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelFileError
from inkdigits.modelfile.metadata import check_content
from inkdigits.modelfile.predictor import bundled_file, open_session

__all__ = ["DEFAULT_FINDER", "FORMAT_VERSION", "MIN_DEVIATION", "MULTIPLE", "Finder", "InkMaps"]

DEFAULT_FINDER = "finder"
FORMAT_VERSION = 1
# Added to a picture's standard deviation, in grey levels, before it is divided by it: empty paper stays near 0.
MIN_DEVIATION = 2.0
# The sides of the pictures that the network takes are multiples of it, in pixels.
MULTIPLE = 16
_OFFSET_UNIT = 32.0  # pixels

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class InkMaps:
    """What the finder says of a picture, float32 (h, w) each.

    `digit` and `other` are the fractions of each pixel that ink of a digit and other ink covers, in [0, 1]; `right` and
    `down` lead from a digit's ink to the middle of its box, in pixels.
    """

    digit: Floats
    other: Floats
    right: Floats
    down: Floats

    @cached_property
    def ink(self) -> Floats:
        """The fraction of each pixel that any ink covers."""
        return np.asarray(np.minimum(self.digit + self.other, 1), np.float32)


@dataclass(frozen=True)
class Finder:
    """A loaded finder. Several threads may use it at the same time."""

    session: Any = field(repr=False)
    content: bytes = field(repr=False)

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int | None = None) -> Finder:
        """The bundled finder, or that of a file.

        Raises `ModelFileError` when the file is missing, damaged, or not a finder of this format.
        """
        path = path or bundled_file(DEFAULT_FINDER)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"{path}: the finder cannot be read: {error.strerror}") from error
        return cls.from_bytes(content, str(path), threads=threads)

    @classmethod
    def from_bytes(cls, content: bytes, name: str = DEFAULT_FINDER, *, threads: int | None = None) -> Finder:
        """The finder of a file's bytes; `name` stands in error messages. Raises as `load` does."""
        check_content(content, name)
        # Views differ in size, and an arena would keep what the largest took.
        session = open_session(content, name, threads, keep_memory=False)
        found = session.get_modelmeta().custom_metadata_map.get("finder_format")
        if found != str(FORMAT_VERSION):
            raise ModelFileError(
                f"{name}: {'not a finder' if found is None else f'a finder of format {found}'}, expected a finder of "
                f"format {FORMAT_VERSION}: train one with python -m tools.finder"
            )
        return cls(session, content)

    def __reduce__(self) -> tuple[Callable[..., Finder], tuple[bytes]]:
        # An ONNX Runtime session cannot be pickled; another process may have other cores.
        return Finder.from_bytes, (self.content,)

    def maps(self, picture: NDArray[np.uint8]) -> InkMaps:
        """The maps of a picture uint8 (h, w, 3), both sides multiples of 16."""
        ink, offset = self.session.run(["ink", "offset"], {"pictures": picture[None]})
        right, down = offset[0] * _OFFSET_UNIT
        return InkMaps(ink[0, 0], ink[0, 1], right, down)
