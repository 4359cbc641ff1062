"""Counts the pictures that a call is given, and recognizes those of the test set. Runs inside a submission's kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inkdigits.exercise.model_description import as_array
from inkdigits.exercise.near_copies import NearCopies
from inkdigits.exercise.observations import PictureCounts
from inkdigits.exercise.recognition import digits_of, fingerprints, leaves, rows_of_784

__all__ = ["Counts", "KnownPictures", "count_source", "guarded"]

_MAX_ROWS = 200_000  # that are read in advance of a data set that Keras reads by itself
_SAMPLE = 300  # pictures of a call that are compared with all others, where they are no pictures of MNIST
# Of altered training pictures up to 2 in 1,000 are nearest to a test picture, which is no copying (docs/records.md).
_CHANCE_COPIES = 3
_CHANCE_RATE = 0.01  # set


class KnownPictures:
    """MNIST's pictures by their fingerprints, with their labels; what is rarely asked for is computed when it is."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.test = dict(zip(fingerprints(data["x_test"]), data["y_test"].tolist(), strict=True))
        self._data = data
        self._train: dict[bytes, int] | None = None
        self.copies = NearCopies(data["x_train"], data["x_test"])

    @property
    def train(self) -> dict[bytes, int]:
        """The training pictures."""
        if self._train is None:
            self._train = dict(zip(fingerprints(self._data["x_train"]), self._data["y_train"].tolist(), strict=True))
        return self._train


@dataclass
class Counts:
    """The pictures of one call, counted so far."""

    rows: int = 0
    test_rows: int = 0
    train_rows: int = 0
    unknown: int = 0  # neither a test nor a training picture
    sampled: int = 0  # of these
    copies: int = 0  # of the sampled: altered copies of test pictures
    wrong_labels: int = 0
    wrong_train_labels: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    picture_shape: tuple[int, ...] | None = None
    label_shape: tuple[int, ...] | None = None
    train_marks: set[int] = field(default_factory=set)  # hashes of the training pictures' fingerprints

    def summary(self) -> PictureCounts:
        """The counts as plain values, the copies scaled from the sample to all unknown pictures."""
        by_chance = self.copies <= _CHANCE_COPIES + _CHANCE_RATE * self.sampled
        copies = 0 if by_chance else round(self.copies * self.unknown / self.sampled)
        finite = self.rows and np.isfinite([self.lowest, self.highest]).all()
        return PictureCounts(
            self.rows, self.test_rows, copies, self.train_rows, self.wrong_labels, self.wrong_train_labels,
            self.lowest if finite else None, self.highest if finite else None, self.label_shape, self.picture_shape,
        )  # fmt: skip

    def add(self, known: KnownPictures, x: Any, y: Any) -> None:
        """Count one batch: `x` holds arrays or tensors of pictures, `y` labels or None."""
        given = list(leaves(y))
        labels = as_array(given[0]) if y is not None and len(given) == 1 else None
        for pictures in map(as_array, leaves(x)):
            if not len(pictures) or pictures.dtype.kind not in "biufV":
                continue
            self.rows += len(pictures)
            self.picture_shape = pictures.shape
            self.lowest = min(float(pictures.min()), self.lowest)
            self.highest = max(float(pictures.max()), self.highest)
            if labels is not None:
                self.label_shape = labels.shape
            self._match(known, pictures, labels)

    def _match(self, known: KnownPictures, pictures: Any, labels: Any) -> None:
        rows = rows_of_784(pictures)
        if rows is None:
            return
        marks = fingerprints(rows)
        truth = [known.test.get(mark) for mark in marks]
        unknown = [row for row, label in enumerate(truth) if label is None]
        self.test_rows += len(rows) - len(unknown)
        train = [None if label is not None else known.train.get(mark) for label, mark in zip(truth, marks, strict=True)]
        self.train_rows += sum(label is not None for label in train)
        self.train_marks |= {hash(mark) for label, mark in zip(train, marks, strict=True) if label is not None}
        digits = None if labels is None else digits_of(labels)
        if digits is not None and len(digits) == len(truth):
            self.wrong_labels += _wrong(truth, digits)
            self.wrong_train_labels += _wrong(train, digits)
        self._compare_unknown(known, rows, [row for row in unknown if train[row] is None])

    def _compare_unknown(self, known: KnownPictures, rows: Any, unknown: list[int]) -> None:
        self.unknown += len(unknown)
        # In a generator every batch contributes a little, so that one that switches its data later is noticed.
        wanted = min(len(unknown), max(_SAMPLE - self.sampled, 2 if self.sampled < 20 * _SAMPLE else 0))
        if wanted and len(rows[0]):
            chosen = rows[unknown][np.linspace(0, len(unknown) - 1, wanted).astype(int)]
            # What has no contrast, such as a blank picture, resembles nothing.
            self.sampled += wanted
            self.copies += known.copies.of_test(chosen[np.ptp(chosen, axis=1) > 0]) if np.ptp(chosen) else 0


def _wrong(truth: list[int | None], digits: Any) -> int:
    return sum(label is not None and label != int(given) for label, given in zip(truth, digits, strict=True))


def guarded(record: Callable[..., None], *arguments: Any) -> None:
    """Record what can be recorded: an honest call must not fail for being observed."""
    try:
        record(*arguments)
    except Exception:
        return


def count_source(known: KnownPictures, counts: Counts, x: Any, y: Any) -> Any:
    """`x`, counted: arrays at once, and what Keras reads by itself while Keras reads it.

    A generator is replaced by one that counts; an object keeps its identity and counts what it gives. TensorFlow's
    data sets are read in advance.
    """
    if inspect.isgenerator(x):
        return _counted_while_read(known, counts, x)
    if x is None or hasattr(x, "shape") or isinstance(x, dict | list | tuple):
        guarded(counts.add, known, x, y)
    elif type(x).__module__.startswith("tensorflow"):
        guarded(_read_in_advance, known, counts, x)
    else:
        guarded(_count_while_given, known, counts, x)
    return x


def _counted_while_read(known: KnownPictures, counts: Counts, batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        guarded(counts.add, known, *_halves(batch))
        yield batch


def _halves(batch: Any) -> tuple[Any, Any]:
    if isinstance(batch, tuple | list):
        return (batch[0] if batch else None), (batch[1] if len(batch) > 1 else None)
    return batch, None


def _read_in_advance(known: KnownPictures, counts: Counts, dataset: Any) -> None:
    for batch in dataset:
        guarded(counts.add, known, *_halves(batch))
        if counts.rows > _MAX_ROWS:
            return


def _count_while_given(known: KnownPictures, counts: Counts, source: Any) -> None:
    """Make `source` an object of a subclass of its class that counts what it gives."""
    kind = type(source)
    base = getattr(kind, "counted_by_checker", kind)
    methods: dict[str, Any] = {"counted_by_checker": base, "__module__": base.__module__, "__doc__": base.__doc__}
    if hasattr(base, "__getitem__") and hasattr(base, "__len__") and not hasattr(source, "batch_sampler"):
        methods["__getitem__"] = _counting_item(known, counts, base)
    else:
        methods["__iter__"] = _counting_iter(known, counts, base)
    object.__setattr__(source, "__class__", type(base.__name__, (base,), methods))


def _counting_item(known: KnownPictures, counts: Counts, base: Any) -> Callable[[Any, Any], Any]:
    def item(source: Any, index: Any) -> Any:
        batch = base.__getitem__(source, index)
        guarded(counts.add, known, *_halves(batch))
        return batch

    return item


def _counting_iter(known: KnownPictures, counts: Counts, base: Any) -> Callable[[Any], Iterator[Any]]:
    def iterate(source: Any) -> Iterator[Any]:
        return _counted_while_read(known, counts, base.__iter__(source))

    return iterate
