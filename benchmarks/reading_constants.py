"""How much each constant of reading matters: what is read rightly with 0.8 and 1.25 times its value.

Four sets of seeded pictures: held-out handwritten digits with two or three changes at once (`invariance.py`), rows of
them, printed numbers beside signs, and pictures of no digit (`rejection.py`), which are right when nothing is accepted.
A row for every constant of the modules between picture and answer, those that matter most first; a constant in which
both directions lose is held on both sides, one in which nothing changes may not be needed for these pictures.

    python benchmarks/reading_constants.py [--modules signs slashes ...] [--pictures 60] [--kinds 4]

About 5 seconds a constant on one core: the finder's maps of a view that was seen before are kept (1 GB).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from drawing import LoopClosedError, draw
from invariance import mixed, read_rightly
from numpy.typing import NDArray
from rejection import kinds

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.reading.printed_signs import SIGNS, printed

from inkdigits.browser.reading_parameters import reading_parameters
from inkdigits.reading.reader import Reader

_MODULES = (
    "best_view", "broken", "components", "decide", "documents", "orientation", "plain", "pyramid", "rows",
    "segmentation", "signs", "slashes", "touching", "words",
)  # fmt: skip
_FACTORS = (0.8, 1.25)
_PRINTED = (
    *SIGNS,
    *((text, text.translate({ord(one): None for one in "/,."})) for text in ("12/03/2024", "3/4", "3,14")),
)
Pixels = NDArray[np.uint8]
Pictures = list[tuple[Pixels, str]]


@dataclass
class Remembered:
    """A session that keeps what it answered."""

    session: Any
    answers: dict[bytes, Any] = field(default_factory=dict)

    def run(self, outputs: list[str], inputs: dict[str, Pixels]) -> Any:
        """The session's answer."""
        (picture,) = inputs.values()
        key = hashlib.sha256(picture.tobytes() + str(picture.shape).encode()).digest()
        if key not in self.answers:
            self.answers[key] = self.session.run(outputs, inputs)
        return self.answers[key]


def main() -> None:
    """Change every constant, and print what it changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", default=_MODULES, choices=_MODULES, metavar="MODULE")
    parser.add_argument("--pictures", type=int, default=60, help="digits, and as many rows")
    parser.add_argument("--kinds", type=int, default=4, help="pictures of each kind of no digit")
    options = parser.parse_args()
    reader = Reader.load(threads=1)
    reader = replace(reader, finder=replace(reader.finder, session=Remembered(reader.finder.session)))
    sets = _sets(reader, options.pictures, options.kinds)
    before = _right(reader, sets)
    print(
        ", ".join(f"{name}: {before[name]} of {len(sets[name])}" for name in sets) + " are right as it is", flush=True
    )
    rows = [
        (name, value, [_changes(reader, sets, before, name, factor) for factor in _FACTORS])
        for name, value in _constants(options.modules)
    ]
    print("| constant | value | " + " | ".join(f"times {factor:g}" for factor in _FACTORS) + " |")
    print("| --- | --- |" + " --- |" * len(_FACTORS))
    for name, value, changes in sorted(rows, key=lambda row: min(sum((one or {}).values()) for one in row[2])):
        print(f"| {name} | {value:g} | " + " | ".join(_described(one) for one in changes) + " |")


def _sets(reader: Reader, n: int, of_each_kind: int) -> dict[str, Pictures]:
    digits = list(read_rightly(reader, 4 * n))
    nothing = [
        (draw_one(np.random.default_rng([number, place, 3])), "")
        for number, draw_one in enumerate(kinds().values())
        for place in range(of_each_kind)
    ]
    return {
        "digits": list(_changed_digits(digits, n)),
        "rows": [_row(digits, np.random.default_rng([place, 5])) for place in range(n)],
        "signs": [(printed(text, height), digits) for text, digits in _PRINTED for height in (32, 64)],
        "no digits": nothing,
    }


def _changed_digits(digits: list[tuple[Pixels, int]], n: int) -> Iterator[tuple[Pixels, str]]:
    rng = np.random.default_rng(1)
    for image, label in digits[:n]:
        try:
            yield draw(image, mixed(rng), rng), str(label)
        except LoopClosedError:
            continue


def _row(digits: list[tuple[Pixels, int]], rng: np.random.Generator) -> tuple[Pixels, str]:
    """Three to seven digits of unequal height and place on paper."""
    import cv2

    height, parts, text = int(rng.choice([24, 40, 60])), [], ""
    for _ in range(int(rng.integers(3, 8))):
        image, label = digits[int(rng.integers(len(digits)))]
        x, y, w, h = cv2.boundingRect((image > 60).astype(np.uint8))
        own = round(height * rng.uniform(0.85, 1.2))
        ink = cv2.resize(image[y : y + h, x : x + w], (max(2, round(own * w / h)), own), interpolation=cv2.INTER_CUBIC)
        part = np.zeros((round(height * 1.6), ink.shape[1] + round(height * rng.uniform(0.2, 0.6))), np.uint8)
        top = int(np.clip(round(height * (0.8 + rng.normal(0, 0.06)) - own / 2), 0, len(part) - own))
        part[top : top + own, : ink.shape[1]] = ink
        parts, text = [*parts, part], text + str(label)
    page = cv2.copyMakeBorder(np.hstack(parts), *[height // 2] * 4, cv2.BORDER_CONSTANT).astype(np.float32)
    return np.clip(235 - 0.8 * page + rng.normal(0, 3, page.shape), 0, 255).astype(np.uint8), text


def _right(reader: Reader, sets: Mapping[str, Pictures]) -> dict[str, int]:
    return {
        name: sum(reader.read(picture).string == expected for picture, expected in pictures)
        for name, pictures in sets.items()
    }


def _constants(modules: Sequence[str]) -> list[tuple[str, float]]:
    """`module.NAME` and value of every constant that is a number."""
    found = reading_parameters()
    return [
        (f"{module}.{name}", value)
        for module in modules
        for name, value in found[module].items()
        if isinstance(value, int | float) and value
    ]


def _changes(
    reader: Reader, sets: Mapping[str, Pictures], before: Mapping[str, int], name: str, factor: float
) -> dict[str, int] | None:
    """By how much the number of right ones changes in each set; None where the constant cannot have that value."""
    import cv2

    module, _, constant = name.partition(".")
    with _changed(importlib.import_module(f"inkdigits.reading.{module}"), constant, factor):
        try:
            after = _right(reader, sets)
        except (cv2.error, ValueError):
            return None
    return {one: after[one] - before[one] for one in sets}


@contextmanager
def _changed(module: ModuleType, constant: str, factor: float) -> Iterator[None]:
    """With a constant of another value, wherever it was imported."""
    name = constant if hasattr(module, constant) else f"_{constant}"
    value = getattr(module, name)
    other = type(value)(round(value * factor)) if isinstance(value, int) else value * factor
    users = [module]
    if not name.startswith("_"):
        others = (importlib.import_module(f"inkdigits.reading.{one}") for one in _MODULES)
        users += [one for one in others if one is not module and hasattr(one, name)]
    for user in users:
        setattr(user, name, other)
    try:
        yield
    finally:
        for user in users:
            setattr(user, name, value)


def _described(changes: Mapping[str, int] | None) -> str:
    if changes is None:
        return "not possible"
    return ", ".join(f"{name} {change:+d}" for name, change in changes.items() if change) or "the same"


if __name__ == "__main__":
    main()
