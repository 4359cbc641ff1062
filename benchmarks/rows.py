"""Are rows of digits read exactly? Rows as people write them, and under what does not change them for a person.

Digits of MNIST's training part that the reader was not trained on and that it reads rightly as they are are written
side by side (`written_rows.py`), some with other marks (`written_numbers.py`), and drawn (`drawing.py`). "exact" is the
fraction of rows read as they are, "shorter" that in which digits are missing and no other is read, "wrong" the rest;
"known" is the fraction read exactly where the length is given.

    python benchmarks/rows.py [--rows 100] [--only NAME ...] [--model MODEL]

Exit code 1 when a kind of row is read exactly in fewer than 95 % of the cases.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from typing import Protocol

import numpy as np
from drawing import Drawing, draw
from invariance import read_rightly
from numpy.typing import NDArray
from written_numbers import MARKS, written_column, written_number
from written_rows import Spacing, written_row

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.reading.reader import Reader

_MIN_EXACT = 0.95
_DIGITS = 1000
_APART = Spacing(0.1, 0.45)
_TURNED = Spacing(0.1, 0.45, margin=1.0)
# The picture's longer side is about 90 pixels for each digit where nothing else is said.
_SPACED: Mapping[str, tuple[Spacing, Drawing]] = {
    "apart": (_APART, Drawing()),
    "close": (Spacing(0.02, 0.08), Drawing()),
    "one pair touches": (Spacing(0.1, 0.45, touching="one"), Drawing()),
    "all touch": (Spacing(0.0, 0.0, touching="all"), Drawing()),
    "uneven heights and base line": (Spacing(0.1, 0.45, uneven=0.12), Drawing()),
    "far apart": (Spacing(0.8, 1.5), Drawing()),
    "ten digits": (Spacing(0.08, 0.3, least=10, most=10), Drawing()),
    "boxes of a form": (Spacing(0.5, 0.7, boxes=True), Drawing()),
    "a row that climbs": (_TURNED, Drawing(turn=-10)),
    "a row that falls": (_TURNED, Drawing(turn=10)),
    "slanted": (_TURNED, Drawing(slant=0.25)),
    "seen askew": (_TURNED, Drawing(tilt=0.08)),
    "light on dark": (_APART, Drawing(ink=(240, 240, 235), paper=(25, 45, 35))),
    "blue on yellow": (_APART, Drawing(ink=(20, 60, 200), paper=(245, 220, 60))),
    "ruled paper": (_APART, Drawing(lines="ruled")),
    "squared paper": (_APART, Drawing(lines="squared")),
    "grain": (_APART, Drawing(grain=12)),
    "out of focus": (_APART, Drawing(blur=0.004)),
    "JPEG": (_APART, Drawing(jpeg=30)),
    "uneven light": (_APART, Drawing(light_fall=0.6)),
    "hard shadow": (_APART, Drawing(shadow=0.4)),
    "dirt": (_APART, Drawing(dirt=12)),
    "paper on a table": (_APART, Drawing(table=(90, 60, 40), table_turn=6)),
    "digits of 20 pixels": (_APART, Drawing(side=-20)),
    "digits of 300 pixels": (_APART, Drawing(side=-300)),
}


class Write(Protocol):
    """Writes rows."""

    def __call__(self, digits: LabelledDigits, *, rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
        """A row of some of `digits`: its ink, uint8 (h, w), white on black, and its label."""
        ...


def kinds() -> Mapping[str, tuple[Write, Drawing]]:
    """How a row of each kind is written and drawn."""
    written: dict[str, tuple[Write, Drawing]] = {
        name: (partial(written_row, spacing=spacing), how) for name, (spacing, how) in _SPACED.items()
    }
    marks = [*(f"with a {mark}" for mark in MARKS), "with brackets", "with a digit crossed out"]
    marked = zip(marks, (*MARKS, "brackets", "crossed out"), strict=True)
    for name, mark in marked:
        written[name] = partial(written_number, mark=mark), Drawing()
    return {**written, "a column": (written_column, Drawing())}


def main() -> None:
    """Read rows of every kind, print the table, worst first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100, help="of each kind")
    parser.add_argument("--only", nargs="*", help="only kinds whose name holds one of these words")
    parser.add_argument("--model", help="a bundled model's name or a model file; default: the best that is bundled")
    options = parser.parse_args()
    reader = Reader.load(options.model)
    images, labels = zip(*read_rightly(reader, _DIGITS), strict=True)
    digits, lines = LabelledDigits(np.stack(images), np.array(labels, np.int64), "digits to write"), []
    for number, (name, (write, how)) in enumerate(kinds().items()):
        if options.only and not any(word in name for word in options.only):
            continue
        rng = np.random.default_rng([number, 5])
        counts = np.zeros(4, int)
        for _ in range(options.rows):
            ink, label = write(digits, rng=rng)
            picture = draw(ink, _sized(how, ink.shape), rng)
            read = reader.read(picture).string
            length = len(label.replace("\n", ""))
            known = read == label or reader.read(picture, length=length).string == label
            counts += (read == label, read != label and _is_part(read, label), not _is_part(read, label), known)
        lines.append((counts / options.rows, name))
        print(f"{name}: {counts[0]} of {options.rows}", file=sys.stderr, flush=True)
    print(f"| {options.rows} rows of each kind | exact | shorter | wrong | known |\n| --- | --- | --- | --- | --- |")
    for fractions, name in sorted(lines, key=lambda line: line[0][0]):
        print(f"| {name} | " + " | ".join(f"{100 * one:.0f} %" for one in fractions) + " |")
    sys.exit(0 if all(fractions[0] >= _MIN_EXACT for fractions, _ in lines) else 1)


def _sized(how: Drawing, shape: tuple[int, ...]) -> Drawing:
    """The drawing with a side by the digits' height: 56 pixels, or as many as a negative side says."""
    height = -how.side if how.side < 0 else 56
    return Drawing(**{**vars(how), "side": round(max(shape) * height / 56)})


def _is_part(read: str, label: str) -> bool:
    """Whether what is read are digits of the label in their order."""
    rest = iter(label)
    return all(one in rest for one in read)


if __name__ == "__main__":
    main()
