"""Records what a submission does with Keras. This module runs inside the submission's kernel.

It is imported there before the first cell and keeps its own references to Keras's functions, taken at the moment of
Keras's import, so that it trusts no function of the notebook. It is no security boundary: code in the same process can
find and change it (docs/guides/exercise.md), which is why its reports are untrusted (observations.py).
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inkdigits.exercise.model_description import as_array, as_int, describe_model
from inkdigits.exercise.observations import (
    ArraySummary,
    Call,
    ModelDescription,
    Observations,
    PictureCounts,
    encode_report,
)
from inkdigits.exercise.recognition import Preparation, digits_of, fingerprints, leaves, preparation_of

__all__ = ["RecordedCall", "Recorder", "drain", "notebook_names", "recorder", "start"]

_MAX_ROWS = 200_000  # of an endless data set


@dataclass
class _Counts:
    """The pictures of one call, counted so far."""

    rows: int = 0
    test_rows: int = 0
    wrong_labels: int = 0
    lowest: float = np.inf
    highest: float = -np.inf
    picture_shape: tuple[int, ...] | None = None
    label_shape: tuple[int, ...] | None = None

    def summary(self) -> PictureCounts:
        highest = self.highest if self.rows else None
        return PictureCounts(self.rows, self.test_rows, self.wrong_labels, highest, self.label_shape)


@dataclass
class RecordedCall:
    """A call that is under way or over."""

    name: str
    model_id: int
    epochs: int = 1
    pictures: _Counts = field(default_factory=_Counts)
    validation: _Counts | None = None
    losses: tuple[float, ...] = ()
    model: ModelDescription = field(default_factory=ModelDescription)

    def report(self) -> Call:
        """The call as plain values."""
        validation = self.validation and self.validation.summary()
        pictures = self.pictures.summary()
        return Call(self.name, self.model_id, self.epochs, pictures, validation, self.losses, self.model)  # type: ignore[arg-type]


class Recorder:
    """What was recorded so far."""

    def __init__(self, data_file: str) -> None:
        with np.load(data_file, allow_pickle=False) as data:
            self.data = {name: data[name] for name in ("x_train", "y_train", "x_test", "y_test")}
        self.known = dict(zip(fingerprints(self.data["x_test"]), self.data["y_test"].tolist(), strict=True))
        self.calls: list[RecordedCall] = []
        self.last_fit: dict[int, RecordedCall] = {}  # by id(model)
        self.prepared: dict[int, Preparation] = {}  # by id(model): what was done to the pictures of its last fit
        self.measured: list[Any] = []  # the models themselves, so that no id is used twice
        self.depth = 0  # fit calls evaluate itself: only what the notebook calls is recorded
        self.original: dict[str, Callable[..., Any]] = {}

    def load_data(self) -> Any:
        """Fresh copies of the data that this check uses, as `keras.datasets.mnist.load_data` returns them."""
        copies = {name: array.copy() for name, array in self.data.items()}
        return (copies["x_train"], copies["y_train"]), (copies["x_test"], copies["y_test"])

    def preparation(self, array: Any) -> Preparation | None:
        """What made `array` of our test or training pictures; those of its length are tried first."""
        raws = sorted((self.data["x_test"], self.data["x_train"]), key=lambda raw: raw.shape[:1] != array.shape[:1])
        return next((found for raw in raws if (found := preparation_of(array, raw)) is not None), None)


_recorder: Recorder | None = None


def recorder() -> Recorder:
    """The recorder of this kernel. Raises `RuntimeError` before `start`."""
    if _recorder is None:
        raise RuntimeError("the instrumentation was not started: call start first")
    return _recorder


def start(data_file: str, subset: bool) -> None:
    """Begin to record; `data_file` is an npz like Keras's mnist.npz, `subset` says that it is smaller than MNIST."""
    global _recorder  # noqa: PLW0603  # one kernel has one recorder
    _recorder = Recorder(data_file)
    actions: dict[str, Callable[[Any], None]] = {"keras": wrap_keras}
    if subset:
        actions["inkdigits.datasets.mnist"] = _replace_own_loader
    sys.meta_path.insert(0, _AfterImport(actions))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls an action with a module once it is imported."""

    def __init__(self, actions: dict[str, Callable[[Any], None]]) -> None:
        self.actions = actions

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The ordinary spec, with a loader that calls the action afterwards."""
        if name not in self.actions:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load, action = spec.loader.exec_module, self.actions[name]

            def exec_module(module: Any) -> None:
                load(module)
                action(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _replace_own_loader(module: Any) -> None:
    module.load_data = recorder().load_data


def wrap_keras(keras: Any) -> None:
    """Record every call of the methods of `keras.Model` that train or evaluate."""
    # Keras compares mnist.npz with the checksum of its own file, which was compressed otherwise, and would download.
    keras.src.datasets.mnist.get_file = _local_file
    for name in ("fit", "train_on_batch", "evaluate", "test_on_batch"):
        setattr(keras.Model, name, _recorded(name, getattr(keras.Model, name)))
    recorder().original["predict"] = keras.Model.predict


def _local_file(fname: str, **_: Any) -> str:
    return f"{os.environ['KERAS_HOME']}/datasets/{fname}"


def _recorded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def method(model: Any, *args: Any, **kwargs: Any) -> Any:
        state = recorder()
        if state.depth or not _binds(signature, model, args, kwargs):
            return original(model, *args, **kwargs)
        call = _new_call(name, model)
        given = signature.bind(model, *args, **kwargs)
        _guarded(_record_arguments, call, given)
        state.depth += 1
        try:
            result = original(*given.args, **given.kwargs)
        finally:
            state.depth -= 1
            _guarded(_record_model, call, model)
        _guarded(_record_result, call, result)
        return result

    return method


def _guarded(record: Callable[..., None], *arguments: Any) -> None:
    """Record what can be recorded: an honest call must not fail for being observed."""
    try:
        record(*arguments)
    except Exception:
        return


def _binds(signature: inspect.Signature, model: Any, args: Any, kwargs: Any) -> bool:
    try:
        signature.bind(model, *args, **kwargs)
    except TypeError:
        return False
    return True


def _new_call(name: str, model: Any) -> RecordedCall:
    call = RecordedCall(name, id(model))
    recorder().calls.append(call)
    if name in ("fit", "train_on_batch"):
        recorder().last_fit[id(model)] = call
        recorder().prepared.pop(id(model), None)
    return call


def _record_model(call: RecordedCall, model: Any) -> None:
    call.model = describe_model(model)


def _record_result(call: RecordedCall, result: Any) -> None:
    history = getattr(result, "history", None)
    if isinstance(history, dict) and history.get("loss"):
        call.losses = tuple(float(loss) for loss in history["loss"])
        call.epochs = len(call.losses)


def _record_arguments(call: RecordedCall, given: inspect.BoundArguments) -> None:
    arguments = given.arguments
    call.epochs = as_int(arguments.get("epochs")) or 1
    held_back = arguments.get("validation_data")
    if held_back is not None:
        call.validation = _Counts()
        counted = _counted(call.validation, *_halves(held_back))
        if inspect.isgenerator(held_back):
            arguments["validation_data"] = counted
    x = arguments.get("x")
    arguments["x"] = _counted(call.pictures, x, arguments.get("y"))
    if call.name == "fit" and not inspect.isgenerator(x):
        _record_preparation(call, x)


def _record_preparation(call: RecordedCall, x: Any) -> None:
    given = [as_array(leaf) for leaf in leaves(x) if hasattr(leaf, "shape")]
    found = recorder().preparation(given[0]) if given else None
    if found is not None:
        recorder().prepared[call.model_id] = found


def _counted(counts: _Counts, x: Any, y: Any) -> Any:
    """`x`, counted; a generator, which can be read only once, is counted while Keras reads it."""
    if inspect.isgenerator(x):
        return _counted_while_read(x, counts)
    _guarded(_count, counts, x, y)
    return x


def _counted_while_read(batches: Iterator[Any], counts: _Counts) -> Iterator[Any]:
    for batch in batches:
        _guarded(_count_batch, counts, *_halves(batch))
        yield batch


def _halves(batch: Any) -> tuple[Any, Any]:
    if isinstance(batch, tuple | list):
        return (batch[0] if batch else None), (batch[1] if len(batch) > 1 else None)
    return batch, None


def _count(counts: _Counts, x: Any, y: Any) -> None:
    if hasattr(x, "shape") or isinstance(x, dict | list | tuple):
        _count_batch(counts, x, y)
        return
    for batch in _batches(x):
        _count_batch(counts, *_halves(batch))
        if counts.rows > _MAX_ROWS:
            return


def _batches(x: Any) -> Iterator[Any]:
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return (x[index] for index in range(len(x)))
    return iter(x) if hasattr(x, "__iter__") else iter(())


def _count_batch(counts: _Counts, x: Any, y: Any) -> None:
    given = list(leaves(y))
    labels = as_array(given[0]) if y is not None and len(given) == 1 else None
    for pictures in map(as_array, leaves(x)):
        counts.rows += len(pictures)
        counts.picture_shape = pictures.shape
        counts.lowest = min(float(pictures.min()), counts.lowest)
        counts.highest = max(float(pictures.max()), counts.highest)
        if labels is not None:
            counts.label_shape = labels.shape
        _match(counts, pictures, labels)


def _match(counts: _Counts, pictures: Any, labels: Any) -> None:
    if pictures.size != 784 * len(pictures):
        return
    truth = [recorder().known.get(mark) for mark in fingerprints(pictures)]
    counts.test_rows += sum(label is not None for label in truth)
    digits = None if labels is None else digits_of(labels)
    if digits is not None and len(digits) == len(truth):
        pairs = zip(truth, digits, strict=True)
        counts.wrong_labels += sum(label is not None and label != int(given) for label, given in pairs)


def drain() -> str:
    """Everything recorded since the last call, as JSON."""
    state = recorder()
    calls, state.calls = state.calls, []
    return encode_report(Observations(tuple(call.report() for call in calls), _arrays(), _data_format()))


def _data_format() -> str | None:
    config = getattr(sys.modules.get("keras"), "config", None)
    return config.image_data_format() if config else None


def notebook_names() -> dict[str, Any]:
    """What the notebook's names hold."""
    from IPython import get_ipython

    return get_ipython().user_ns  # type: ignore[no-any-return]


def _arrays() -> dict[str, ArraySummary]:
    names = notebook_names()
    values = {name: names.get(name) for name in ("x_train", "y_test", "onehot_test")}
    return {
        name: ArraySummary(value.shape, None if name == "x_train" else _wrong_labels(value))
        for name, value in values.items()
        if isinstance(value, np.ndarray) and value.ndim and value.size and value.dtype.kind in "buif"
    }


def _wrong_labels(labels: Any) -> int | None:
    digits, truth = digits_of(labels), recorder().data["y_test"]
    return int(np.sum(digits != truth)) if digits is not None and len(digits) == len(truth) else None
