"""Claim: the reader in JavaScript reads as the one in Python does; every difference between them, on many pictures.

Pictures of a folder (--pictures FOLDER, recursively) and drawn ones (MNIST's training part, `drawing.py`) are decoded
by Python, and read from the same pixels by both: Python with one thread, JavaScript in Node. A reading is the same
where the strings are, the boxes differ by 2 pixels at most, the probabilities by 0.02, and the outcomes do not.

    make test-page                                    # puts the package into build/npm
    python benchmarks/javascript_reader.py [--package build/npm] [--pictures FOLDER] [--drawn 276]

Exit code 1 when under 99.5 % of the strings are the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from drawing import Drawing, LoopClosedError, draw
from numpy.typing import NDArray

from inkdigits.datasets.mnist import load_train
from inkdigits.errors import PictureError
from inkdigits.images.decode import Page, open_pages, pictures_below
from inkdigits.reading.reader import Reader

__all__ = ["Case", "differences", "drawn_cases", "read_in_node", "read_in_python"]

_SCRIPT = Path(__file__).parent / "read_in_node.mjs"
_MIN_SAME, _MAX_SHIFT, _MAX_DIFFERENCE = 0.995, 2, 0.02


@dataclass(frozen=True)
class Case:
    """A picture, uint8 (h, w), (h, w, 3) or (h, w, 4), and the options of `Reader.read`."""

    name: str
    pixels: NDArray[np.uint8]
    options: Mapping[str, Any] = field(default_factory=dict)


def read_in_python(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """The readings as JSON holds them."""
    reader = Reader.load(threads=1)
    pages = [(next(open_pages(case.pixels, case.name)), case.options) for case in cases]
    return [dict(reader.read_page(page, **options).reading.to_dict()) for page, options in pages]


def read_in_node(package: Path, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The readings by the package for npm in the folder `package`."""
    with tempfile.TemporaryDirectory() as folder:
        listed = [_written(Path(folder), number, case) for number, case in enumerate(cases)]
        (Path(folder) / "pictures.json").write_text(json.dumps(listed))
        command = ["node", str(_SCRIPT), str(package), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _written(folder: Path, number: int, case: Case) -> dict[str, object]:
    pixels = case.pixels if case.pixels.ndim == 3 else np.repeat(case.pixels[:, :, None], 3, axis=2)
    height, width = pixels.shape[:2]
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full((height, width), 255, np.uint8)])
    (folder / f"{number}.rgba").write_bytes(pixels.tobytes())
    return {"file": f"{number}.rgba", "width": width, "height": height, "options": dict(case.options)}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """In what two readings differ, by more than the bounds; nothing where they are the same."""
    found = [
        f"{name} {ours[name]!r} and {theirs[name]!r}"
        for name in ("string", "outcome", "size", "rotation", "notes")
        if ours[name] != theirs[name]
    ]
    if len(ours["digits"]) != len(theirs["digits"]):
        return [*found, f"{len(ours['digits'])} and {len(theirs['digits'])} components"]
    for one, other in zip(ours["digits"], theirs["digits"], strict=True):
        off = max(_most(one[name], other[name]) / most for name, most in _BOUNDS.items())
        if off > 1 or one["outcome"] != other["outcome"]:
            found.append(f"{_described(one)} and {_described(other)}")
    if len(ours["separators"]) != len(theirs["separators"]):
        found.append(f"separators {ours['separators']} and {theirs['separators']}")
    return found


_BOUNDS = {"box": _MAX_SHIFT, "probabilities": _MAX_DIFFERENCE}


def _most(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.abs(np.subtract(one, other)).max())


def _described(digit: Mapping[str, Any]) -> str:
    return f"{digit['outcome']} {digit['value']} {digit['probability']:.3f} {digit['box']}"


def drawn_cases(count: int, seed: int = 0) -> list[Case]:
    """Digits of MNIST drawn again with any pen, on any paper, at any size."""
    digits, rng = load_train().images, np.random.default_rng(seed)
    found: list[Case] = []
    while len(found) < count:
        how = Drawing(
            side=int(rng.integers(16, 600)),
            margin=float(rng.uniform(0.05, 1.5)),
            pen=float(rng.uniform(0.04, 0.2)),
            turn=float(rng.uniform(-15, 15)),
            slant=float(rng.uniform(-0.2, 0.3)),
            lines=[None, None, "ruled", "squared"][int(rng.integers(4))],
            frame=bool(rng.random() < 0.1),
            dirt=int(rng.integers(0, 4)),
            light_fall=float(rng.uniform(0, 0.4)),
            shadow=float(rng.choice([0, 0.3])),
            blur=float(rng.choice([0, 0.01])),
            grain=float(rng.uniform(0, 8)),
        )
        try:
            found.append(Case(f"drawn {len(found)}", draw(digits[int(rng.integers(len(digits)))], how, rng)))
        except LoopClosedError:
            continue
    return found


def _cases_below(folder: Path) -> list[Case]:
    found = []
    for file in pictures_below(folder):
        try:
            page: Page = next(open_pages(file))
        except PictureError as error:
            print(f"left out: {error}")
            continue
        found.append(Case(str(file.relative_to(folder)), page.pixels))
    return found


def main() -> None:
    """Read all pictures twice; print every difference, and how many readings are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, default=Path("build/npm"))
    parser.add_argument("--pictures", type=Path, help="a folder of pictures")
    parser.add_argument("--drawn", type=int, default=276)
    options = parser.parse_args()
    cases = [*(_cases_below(options.pictures) if options.pictures else []), *drawn_cases(options.drawn)]
    ours, theirs = read_in_python(cases), read_in_node(options.package, cases)
    found = [differences(one, other) for one, other in zip(ours, theirs, strict=True)]
    for case, listed in zip(cases, found, strict=True):
        for difference in listed:
            print(f"{case.name}: {difference}")
    strings = sum(one["string"] == other["string"] for one, other in zip(ours, theirs, strict=True))
    pairs = [
        (digit, twin)
        for one, other in zip(ours, theirs, strict=True)
        if len(one["digits"]) == len(other["digits"])
        for digit, twin in zip(one["digits"], other["digits"], strict=True)
    ]
    largest = {name: max(_most(one[name], other[name]) for one, other in pairs) for name in _BOUNDS}
    print(f"the same string: {strings} of {len(cases)}; the same reading: {sum(not one for one in found)}")
    print(f"components compared: {len(pairs)}; boxes by at most {largest['box']:.0f} pixels, ", end="")
    print(f"probabilities by at most {largest['probabilities']:.4f}")
    sys.exit(0 if strings >= _MIN_SAME * len(cases) else 1)


if __name__ == "__main__":
    main()
