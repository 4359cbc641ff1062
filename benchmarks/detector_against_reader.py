"""The one-shot detector against the reader, which is a finder and a classifier, on the same pictures.

The detector's threshold is the one with the most digits right less digits wrong on 300 synthesized pages; then both
read other such pages (digits and fonts that were trained on by neither), digits with two or three changes at once
(`invariance.py`), pictures of no digit (`rejection.py`) and, where they are, the development pictures
(`real_digits.py`).

    python -m benchmarks.detector_against_reader WEIGHTS.pt [--pages 1000] [--mixed 500] [--pictures 20] [--data FOLDER]

Needs torch beside the development set; run it from the root of the project.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tools.finder.__main__ import standardised
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))

from drawing import LoopClosedError, draw
from invariance import mixed, read_rightly
from rejection import kinds
from synthesized_pages import Box, Count, Found, count_digits, held_out_pages, read_digits
from tools.one_shot_detector import CELL, Detector

from inkdigits.images.decode import open_pages
from inkdigits.reading.pyramid import Pyramid, view_sides
from inkdigits.reading.reader import Reader
from inkdigits.reading.rows import reading_order

_MULTIPLE = 16  # pixels, of the sides of a picture that the network takes
_MARGIN = 8  # pixels of paper around a view, as the reader adds
_MIN_HEIGHT, _MAX_HEIGHT = 12, 125  # pixels of a view, of the digits that the detector was trained on
_MAX_OVERLAP = 0.5  # of the smaller box; of two digits that share more, the less probable one goes
_THRESHOLDS = np.arange(0.1, 0.96, 0.05)
_VALIDATION_PAGES = 300

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class DetectorReader:
    """Reads a picture with the detector, in the views that the reader has too."""

    detector: Detector
    threshold: float

    def digits(self, pixels: Pixels) -> list[Found]:
        """The digits of the view in which they are clearest."""
        return self.clearest(self.views(pixels))

    def views(self, pixels: Pixels) -> list[list[Found]]:
        """The digits of every view, those of low probability too."""
        picture = Pyramid.of(pixels)
        return [self._view(picture, side) for side in view_sides(pixels)]

    def clearest(self, views: Sequence[Sequence[Found]]) -> list[Found]:
        """The digits above the threshold in the view in which they are clearest."""
        above = [[one for one in found if one.probability >= self.threshold] for found in views]
        return max(above, key=lambda found: sum(one.probability - self.threshold for one in found))

    def _view(self, picture: Pyramid, side: int) -> list[Found]:
        import cv2

        shown = picture.copy(side)
        scale = max(shown.shape[:2]) / max(picture.pixels.shape[:2])
        shown = shown if shown.ndim == 3 else np.repeat(shown[:, :, None], 3, axis=2)
        border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
        below, right = ((-(length + 2 * _MARGIN)) % _MULTIPLE + _MARGIN for length in shown.shape[:2])
        colour = [float(value) for value in np.median(border, axis=0)]
        framed = cv2.copyMakeBorder(shown, _MARGIN, below, _MARGIN, right, cv2.BORDER_CONSTANT, value=colour)
        with torch.no_grad():
            maps = self.detector(standardised(torch.from_numpy(np.ascontiguousarray(framed)[None])))[0]
        return [_in_picture(one, scale) for one in self._decoded(maps)]

    def _decoded(self, maps: torch.Tensor) -> list[Found]:
        heat, values = torch.sigmoid(maps[:10]).max(dim=0)
        peaks = (functional.max_pool2d(heat[None], 3, 1, 1)[0] == heat) & (heat >= _THRESHOLDS[0])
        found = []
        for row, column in torch.nonzero(peaks).tolist():
            w, h = (CELL * maps[10:12, row, column].clamp(max=5).exp()).tolist()
            x, y = CELL * (column + float(maps[12, row, column])), CELL * (row + float(maps[13, row, column]))
            if _MIN_HEIGHT <= max(h, 0.6 * w) <= _MAX_HEIGHT:
                box = (round(x - w / 2), round(y - h / 2), max(1, round(w)), max(1, round(h)))
                found.append(Found(int(values[row, column]), box, float(heat[row, column])))
        return _without_overlaps(found)

    def string(self, pixels: Pixels) -> str:
        """What is read, a line for each row."""
        found = self.digits(pixels)
        rows = reading_order([one.box for one in found])
        return "\n".join("".join(str(found[place].value) for place in row) for row in rows)


def _in_picture(one: Found, scale: float) -> Found:
    """A digit of a view as one of the picture."""
    x, y, w, h = one.box
    box = (round((x - _MARGIN) / scale), round((y - _MARGIN) / scale), round(w / scale), round(h / scale))
    return one._replace(box=box)


def _without_overlaps(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.probability):
        if all(_overlap(one.box, other.box) <= _MAX_OVERLAP for other in kept):
            kept.append(one)
    return kept


def _overlap(one: Box, other: Box) -> float:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, across) * max(0, down) / min(one[2] * one[3], other[2] * other[3])


def main() -> None:
    """Choose the detector's threshold, read everything with both, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--mixed", type=int, default=500)
    parser.add_argument("--pictures", type=int, default=20, help="of each kind of no digit")
    parser.add_argument("--data", type=Path, default=Path("../shared/real-digits"))
    options = parser.parse_args()
    detector = Detector()
    detector.load_state_dict(torch.load(options.weights, weights_only=True))
    one_shot = _with_best_threshold(detector.eval())
    reader = Reader.load()
    systems: dict[str, tuple[Callable[[Pixels], list[Found]], Callable[[Pixels], str]]] = {
        "detector": (one_shot.digits, one_shot.string),
        "reader": (lambda pixels: read_digits(reader, pixels), lambda pixels: reader.read(pixels).string),
    }
    pages = held_out_pages(2, options.pages)
    pictures = _pictures(reader, options)
    for name, (digits, string) in systems.items():
        print(f"{name}, synthesized pages: {count_digits(pages, digits)}", flush=True)
        for kind, cases in pictures.items():
            right = sum(string(pixels) == label for pixels, label in cases)
            print(f"{name}, {kind}: {right} of {len(cases)} right ({100 * right / len(cases):.1f} %)", flush=True)


def _with_best_threshold(detector: Detector) -> DetectorReader:
    pages = held_out_pages(1, _VALIDATION_PAGES)
    readers = [DetectorReader(detector, threshold) for threshold in _THRESHOLDS.tolist()]
    counts = [Count() for _ in readers]
    for page in pages:
        views = readers[0].views(page.pixels)
        for count, one in zip(counts, readers, strict=True):
            count.add(page, one.clearest(views))
    gains = [count.right - count.wrong - count.others for count in counts]
    best = readers[int(np.argmax(gains))]
    print(f"the detector's threshold is {best.threshold:.2f}", flush=True)
    return best


def _pictures(reader: Reader, options: argparse.Namespace) -> dict[str, list[tuple[Pixels, str]]]:
    """Pictures and what is to be read in them."""
    rng, changed = np.random.default_rng(5), []
    digits = list(read_rightly(reader, 200))
    for place in range(options.mixed):
        image, label = digits[place % len(digits)]
        try:
            changed.append((draw(image, mixed(rng), rng), str(label)))
        except LoopClosedError:
            continue
    found = {"two or three changes at once": changed}
    found["no digit"] = [
        (picture(np.random.default_rng([number, place, 7])), "")
        for number, picture in enumerate(kinds().values())
        for place in range(options.pictures)
    ]
    return found | _development(options.data)


def _development(folder: Path) -> dict[str, list[tuple[Pixels, str]]]:
    if not (folder / "labels.csv").is_file():
        print(f"{folder}: no labels.csv, the development pictures are left out", file=sys.stderr)
        return {}
    found: dict[str, list[tuple[Pixels, str]]] = {}
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            page: Any = next(open_pages(folder / row["file"], row["file"]))
            label = row["label"].replace("/", "\n")
            found.setdefault(f"development pictures, {row['kind']}", []).append((page.pixels, label))
    return found


if __name__ == "__main__":
    main()
