"""Pictures for benchmarks of batches: as many as are wanted, in few files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from inkdigits.datasets.mnist import load_train

__all__ = ["write_tars"]

_DIFFERENT, _IN_A_TAR = 10_000, 100_000


def write_tars(folder: Path, count: int) -> Path:
    """`folder`, made, with `count` 28x28 PNGs in tar archives: the first 10,000 of MNIST's training part, repeated."""
    folder.mkdir(parents=True)
    contents = [_png(image) for image in load_train().images[:_DIFFERENT]]
    for start in range(0, count, _IN_A_TAR):
        with tarfile.open(folder / f"{start:09d}.tar", "w") as archive:
            for number in range(start, min(start + _IN_A_TAR, count)):
                content = contents[number % len(contents)]
                member = tarfile.TarInfo(f"{number:09d}.png")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
                # It would keep every member that it has written.
                archive.members = []  # type: ignore[attr-defined]
    return folder


def _png(image: object) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()
