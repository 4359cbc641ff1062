"""Measures a network: the checker's own test pictures, prepared as the notebook did, read by the notebook's `model`.

Besides the test pictures themselves it reads copies whose grey values were changed slightly and copies that were moved
by a pixel. A network reads them nearly as well; a table that looks pictures up does not. And it reads training
pictures: what learned from the test set reads these much worse.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.exercise.exchange import read_array, read_file
from inkdigits.exercise.near_copies import picture_features
from inkdigits.exercise.observations import ModelDescription, Offer
from inkdigits.exercise.preparations import Preparation, find_preparation, linear_preparation
from inkdigits.exercise.recognition import PIXELS

__all__ = ["Measurement", "PreparedPictures", "Probe", "candidates_of", "new_name", "read_answers", "reading_of"]

_CHANGED = 2000  # pictures that are also read with slightly changed grey values
_MOVED = 500  # pictures that are also read moved by a pixel, in each of four directions
_OF_TRAINING = 2000  # training pictures that are also read
_REPEATED = 100  # pictures that are read twice, to notice a network whose answers are random
_MAX_CANDIDATES = 4
# Labels that a plain linear classifier finds this well in an array were written into it: MNIST itself is not so easy.
_TOO_EASY = 0.975  # set
# Of the distances between pictures of the same digit, before and after: what is no copy at all is near 0.
_MIN_FOLLOWING = 0.5  # set


@dataclass(frozen=True)
class Probe:
    """The raw pictures that a network reads, and which of them is what; in an order drawn for each network."""

    pictures: Any  # uint8 (n, 28, 28)
    order: Any
    test: int
    changed: int
    moved: int
    train_labels: Any  # (m,), of the training pictures, which come last

    @classmethod
    def of(cls, data: dict[str, Any]) -> Probe:
        """The pictures for the data of a check."""
        test, train = data["x_test"], data["x_train"]
        rng = np.random.default_rng()
        changed, moved, repeated = test[:_CHANGED], test[:_MOVED], test[:_REPEATED]
        noise = rng.integers(-3, 4, changed.shape)
        changed = np.where((changed > 8) & (changed < 247), changed + noise, changed).astype(np.uint8)
        steps = ((1, 0), (-1, 0), (0, 1), (0, -1))
        chosen = rng.choice(len(train), min(_OF_TRAINING, len(train)), replace=False)
        altered = [changed, *[np.roll(moved, step, (1, 2)) for step in steps], repeated]
        pictures = np.concatenate([test, *altered, train[chosen]])
        order = rng.permutation(len(pictures))
        return cls(pictures, order, len(test), len(changed), len(moved), data["y_train"][chosen])


@dataclass(frozen=True)
class PreparedPictures:
    """One way in which the test pictures may have been prepared: `pictures` as a network is given them."""

    words: str
    pictures: Any
    probe: Probe | None  # None for the notebook's own array, which holds the test pictures alone


@dataclass(frozen=True)
class Measurement:
    """What a network reads. Accuracies in [0, 1]; `error` says why it reads nothing.

    `changed` and `moved` are accuracies on altered copies, `changed_from` and `moved_from` those on the same pictures
    unaltered, `of_training` that on `training_rows` pictures of the training set.
    """

    digits: tuple[int, ...] = ()
    accuracy: float | None = None
    changed: float | None = None
    changed_from: float | None = None
    moved: float | None = None
    moved_from: float | None = None
    of_training: float | None = None
    training_rows: int = 0
    random: bool = False
    words: str = ""
    own_pictures: bool = False  # measured on the notebook's own test array
    rebuilt: bool = False  # computed by the checker from the saved form
    in_kernel: float | None = None  # of a rebuilt network: its accuracy in its notebook's kernel
    error: str | None = None
    model: ModelDescription = field(default_factory=ModelDescription)
    model_id: int = 0
    saved: Path | None = None
    matrices: tuple[str, ...] = ()  # checksums of its weight matrices
    candidate: PreparedPictures | None = field(default=None, repr=False)
    probabilities: Any = field(default=None, repr=False)  # of the test pictures


def candidates_of(offer: Offer, folder: Path, data: dict[str, Any]) -> list[PreparedPictures]:
    """The ways in which the pictures that the offered model learned from may have been prepared.

    What fit was given shows it exactly, unless it was augmented, shuffled or came by batches; then the arrays of the
    notebook do. Where none is recognized, the notebook's own test pictures are taken as they are.
    """
    test = data["x_test"]
    found: list[Preparation] = []
    own: list[tuple[str, Any]] = []
    for offered in offer.arrays:
        array = read_array(folder, offered)
        if array is None or not len(array):
            continue
        raws = (data["x_test"], data["x_train"]) if offered.length == len(test) else (data["x_train"], data["x_test"])
        preparation = next((one for raw in raws if (one := find_preparation(array, raw)) is not None), None)
        if preparation is None:
            own += [(offered.name, array)] if len(array) == len(test) and offered.name != "fit" else []
        elif not any(_alike(preparation, other, test, offer.input_shape) for other in found):
            found.append(preparation)
            if offered.name == "fit":
                found = [replace(preparation, of_fit=True)]
                break
    probe = Probe.of(data)
    prepared = [_prepared(preparation, probe, offer.input_shape) for preparation in found[:_MAX_CANDIDATES]]
    usable = [candidate for candidate in prepared if candidate]
    usable += [] if _fit_known(offer, found) else _own_arrays(own, offer, data)
    linear = linear_preparation(offer.lowest, offer.highest)
    if not _fit_known(offer, found) and not any(_alike(linear, one, test, offer.input_shape) for one in found):
        last = _prepared(linear, probe, offer.input_shape)
        usable += [last] if last else []
    return usable


def _fit_known(offer: Offer, found: list[Preparation]) -> bool:
    """Whether what fit was given is recognized: it comes first, and nothing is looked for after it."""
    return bool(found) and bool(offer.arrays) and offer.arrays[0].name == "fit" and found[0].of_fit


def _alike(first: Preparation, second: Preparation, raw: Any, shape: tuple[int, ...]) -> bool:
    try:
        return bool(np.allclose(first.of(raw[:50], shape), second.of(raw[:50], shape), 1e-3, 1e-3))
    except ValueError:
        return first.words == second.words


def _prepared(preparation: Preparation, probe: Probe, shape: tuple[int, ...]) -> PreparedPictures | None:
    try:
        pictures = preparation.of(probe.pictures, shape)[probe.order]
    except ValueError:
        return None
    return PreparedPictures(preparation.words, pictures, probe)


def _own_arrays(own: list[tuple[str, Any]], offer: Offer, data: dict[str, Any]) -> list[PreparedPictures]:
    wanted = int(np.prod(offer.input_shape))
    fitting = [(name, array) for name, array in own if array.size == len(array) * wanted]
    return [
        PreparedPictures(f"the notebook's own {name}", array.reshape(-1, *offer.input_shape).astype(np.float32), None)
        for name, array in fitting[:3]
        if np.isfinite(array).all() and _is_of_the_pictures(array.reshape(len(array), -1), data)
    ]


def _is_of_the_pictures(rows: Any, data: dict[str, Any]) -> bool:
    """Whether an array can be the test pictures: the labels were not written into it, and it follows each picture."""
    return not _holds_labels(rows, data["y_test"]) and _follows(rows, data["x_test"], data["y_test"])


def _follows(rows: Any, raw: Any, labels: Any) -> bool:
    """Whether two pictures of a digit that are alike are alike in `rows`, too: else rows stand for other pictures."""
    first = slice(0, 600)
    same = np.triu(labels[first][:, None] == labels[first], 1)
    pictures = raw[first].reshape(-1, PIXELS)
    pairs = [(pictures / 255.0, rows[first])]
    if rows.shape[1] == PIXELS:
        pairs.append((picture_features(pictures), picture_features(rows[first])))
    return any(np.corrcoef(*(_distances(part)[same] for part in pair))[0, 1] > _MIN_FOLLOWING for pair in pairs)


def _distances(rows: Any) -> Any:
    rows = np.asarray(rows, np.float64)
    squares = (rows**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0))


def _holds_labels(rows: Any, labels: Any) -> bool:
    """Whether a linear classifier, fitted on half of the pictures, reads the other half too well to be true."""
    rows = np.asarray(rows, np.float64)
    rows = np.c_[(rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-3), np.ones(len(rows))]
    half = len(rows) // 2
    ridge = rows[:half].T @ rows[:half] + 10 * np.eye(rows.shape[1])
    weights = np.linalg.solve(ridge, rows[:half].T @ np.eye(10)[labels[:half]])
    return float(np.mean((rows[half:] @ weights).argmax(axis=1) == labels[half:])) > _TOO_EASY


def read_answers(folder: Path, name: str) -> Any:
    """The outputs (n, 10) that were written to a `.npy` file; None for anything else."""
    import io

    content = read_file(folder, name)
    try:
        answers = np.load(io.BytesIO(content or b""), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        return None
    return answers if isinstance(answers, np.ndarray) and answers.dtype.kind == "f" else None


def reading_of(candidate: PreparedPictures, answers: Any, labels: Any) -> Measurement:
    """The measurement that follows from a network's answers to a candidate's pictures."""
    if answers is None or answers.ndim != 2 or answers.shape[1] != 10 or len(answers) != len(candidate.pictures):
        shape = None if answers is None else answers.shape
        return Measurement(error=f"`model` answers with shape {shape}, expected ten numbers a picture")
    probe = candidate.probe
    if probe is None:
        digits = answers.argmax(axis=1)
        accuracy = float(np.mean(digits == labels))
        return Measurement(tuple(digits.tolist()), accuracy, words=candidate.words, own_pictures=True,
                           candidate=candidate, probabilities=answers)  # fmt: skip
    ordered = np.empty_like(answers)
    ordered[probe.order] = answers
    return _with_altered(candidate, probe, ordered, labels)


def _with_altered(candidate: PreparedPictures, probe: Probe, answers: Any, labels: Any) -> Measurement:
    right = answers.argmax(axis=1)
    test, changed = slice(0, probe.test), slice(probe.test, probe.test + probe.changed)
    moved = [slice(start, start + probe.moved) for start in (changed.stop + probe.moved * step for step in range(4))]
    first_of_training = len(answers) - len(probe.train_labels)
    repeated = answers[moved[-1].stop : first_of_training]
    difference = np.abs(repeated - answers[: len(repeated)]).max() if len(repeated) else 0.0
    correct = [float(np.mean(right[part] == labels[: part.stop - part.start])) for part in (test, changed, *moved)]
    return Measurement(
        digits=tuple(right[test].tolist()),
        accuracy=correct[0],
        changed=correct[1],
        changed_from=float(np.mean(right[: probe.changed] == labels[: probe.changed])),
        moved=max(correct[2:]),
        moved_from=float(np.mean(right[: probe.moved] == labels[: probe.moved])),
        of_training=float(np.mean(right[first_of_training:] == probe.train_labels)),
        training_rows=len(probe.train_labels),
        random=bool(difference > 0.02 * max(float(np.ptp(answers)), 1e-6)),
        words=candidate.words,
        candidate=candidate,
        probabilities=answers[test],
    )


def new_name() -> str:
    """A name for a file in the exchange folder."""
    return f"{uuid.uuid4().hex}.npy"
