"""Claim: other people's digits are read; error rates on pictures from outside MNIST, by medium and kind.

The pictures are in ../shared/real-digits (or --data FOLDER): photos and drawings by strangers, with their labels in
labels.csv. They are a development set: the reader's limits were set on them, and the network was not trained on them.

    python benchmarks/real_digits.py [--model MODEL] [--data FOLDER] [--contact-sheet OUT.png]

Exit code 1 when a target is missed, 2 when the pictures are not there.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inkdigits.images.decode import open_pages
from inkdigits.reading.annotation import draw_annotation, write_png
from inkdigits.reading.reader import Reader, ReadingSteps
from inkdigits.stats.scores import wilson_interval

_DATA = Path("../shared/real-digits")
_MAX_WRONG_SINGLES, _MAX_WRONG_MULTI, _MAX_ACCEPTED, _MAX_REFUSED = 2, 2, 2, 0.02


@dataclass(frozen=True)
class Case:
    """One labelled picture and what was read in it; rows are separated by / in both."""

    file: str
    kind: str
    medium: str
    label: str
    read: str
    edits: int
    refused: int
    steps: ReadingSteps

    @property
    def wrong(self) -> bool:
        """Whether the string differs from the label; for a non-digit, whether any digit was accepted."""
        return self.read != self.label


def main() -> None:
    """Read every picture, print the rates, write the contact sheet of failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a shipped model's name or a model file; default: the best that is shipped")
    parser.add_argument("--data", type=Path, default=_DATA)
    parser.add_argument("--contact-sheet", type=Path, help="a PNG of every failure")
    options = parser.parse_args()
    if not (options.data / "labels.csv").is_file():
        print(
            f"{options.data}: no labels.csv, nothing was measured: name a folder of labelled pictures with --data",
            file=sys.stderr,
        )
        sys.exit(2)
    reader = Reader.load(options.model)
    cases = [_case(reader, options.data, row) for row in _labels(options.data)]
    metadata = reader.predictor.metadata
    print(
        f"network {metadata.network}, recipe {metadata.recipe.get('name')}, acceptance threshold "
        f"{metadata.acceptance_threshold}; n = {len(cases)} pictures"
    )
    met = _report(cases)
    failures = [case for case in cases if case.wrong]
    for case in failures:
        print(f"  {case.file}: {case.label or 'no digit'} read as {case.read or 'nothing'}")
    if options.contact_sheet:
        write_png(options.contact_sheet, _contact_sheet(failures))
    sys.exit(0 if met else 1)


def _labels(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _case(reader: Reader, folder: Path, row: dict[str, str]) -> Case:
    steps = reader.read_page(next(open_pages(folder / row["file"], row["file"])))
    read = steps.reading.string.replace("\n", "/")
    label, bare = row["label"].replace("/", ""), read.replace("/", "")
    return Case(
        row["file"], row["kind"], row["medium"], row["label"], read, _edits(bare, label), _refused(steps, label), steps
    )


def _refused(steps: ReadingSteps, label: str) -> int:
    """The number of the label's digits that were found but refused."""
    accepted = sum(digit.outcome != "not_a_digit" for digit in steps.reading.digits)
    return min(max(0, len(label) - accepted), len(steps.reading.digits) - accepted)


def _edits(read: str, label: str) -> int:
    """The Levenshtein distance: digits to insert, remove or change."""
    row = list(range(len(label) + 1))
    for i, digit in enumerate(read):
        before, row = row, [i + 1]
        for j, wanted in enumerate(label):
            row.append(min(before[j + 1] + 1, row[j] + 1, before[j] + (digit != wanted)))
    return row[-1]


def _report(cases: list[Case]) -> bool:
    met = []
    groups = [("photo", ("photo",)), ("drawn", ("drawn",)), ("all", ("photo", "drawn"))]
    targets = {"single": _MAX_WRONG_SINGLES, "multi": _MAX_WRONG_MULTI, "nondigit": _MAX_ACCEPTED}
    names = {"single": "singles wrong", "multi": "multi not exact", "nondigit": "non-digits accepted"}
    for kind, maximum in targets.items():
        for name, media in groups:
            some = [case for case in cases if case.kind == kind and case.medium in media]
            wrong = sum(case.wrong for case in some)
            target = maximum if name == "all" else None
            _print_rate(f"{names[kind]}, {name}", wrong, len(some), target)
            met.append(target is None or wrong <= target)
    multi = [case for case in cases if case.kind == "multi"]
    labels = [len(case.label.replace("/", "")) for case in multi]
    _print_rate("digit errors in multi, pooled", sum(case.edits for case in multi), sum(labels), None)
    rates = [case.edits / n for case, n in zip(multi, labels, strict=True)]
    print(f"{'digit errors in multi, mean over pictures':<44} {100 * float(np.mean(rates or [0])):6.2f} %")
    written = [case for case in cases if case.kind != "nondigit"]
    digits = sum(len(case.label.replace("/", "")) for case in written)
    refused = sum(case.refused for case in written)
    _print_rate("digits refused", refused, digits, int(_MAX_REFUSED * digits))
    return all(met) and refused <= _MAX_REFUSED * digits


def _print_rate(name: str, count: int, n: int, target: int | None) -> None:
    interval = wilson_interval(count, n)
    rate = f"{100 * count / n:6.2f} %" if n else "     - "
    verdict = "" if target is None else f"  target: at most {target}, {'met' if count <= target else 'MISSED'}"
    spread = f"95 % interval {100 * interval.low:.2f} to {100 * interval.high:.2f}"
    print(f"{name:<44} {rate} ({count} of {n}; {spread}){verdict}")


def _contact_sheet(failures: list[Case], side: int = 240, columns: int = 6) -> np.ndarray:
    """Every failure with its boxes, its label and what was read, as one RGB picture."""
    import cv2

    rows = max(1, -(-len(failures) // columns))
    sheet = np.full((rows * (side + 24), columns * side, 3), 255, np.uint8)
    for number, case in enumerate(failures):
        top, left = number // columns * (side + 24), number % columns * side
        picture = draw_annotation(case.steps)
        scale = (side - 4) / max(picture.shape[:2])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        sheet[top + 20 : top + 20 + size[1], left : left + size[0]] = small
        text = f"{Path(case.file).name}: {case.label[:12] or 'no digit'} -> {case.read[:12] or '-'}"
        cv2.putText(sheet, text, (left + 2, top + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet


if __name__ == "__main__":
    main()
