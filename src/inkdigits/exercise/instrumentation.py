"""What the checker runs inside a submission's kernel: it watches Keras and measures `model`.

The text of this file and of recognition.py is sent to the kernel before the first cell; nothing else of inkdigits is
imported there. It keeps its own references to Keras's functions, taken at the moment of Keras's import, so that no
function of the notebook is trusted, and tells plain values, as seen.py expects them. It is not a wall: code in the same
process can find and change it (docs/guides/exercise.md).
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from inkdigits.exercise.recognition import Preparation, digits_of, fingerprints, leaves, preparation_of, stretch

_MAX_ROWS = 200_000  # of an endless data set
_MAX_WAYS = 4  # of preparing pictures that are tried on a model: each takes a whole prediction


class _Watch:
    """What was seen so far."""

    def __init__(self, data_file: str, subset: bool) -> None:
        with np.load(data_file, allow_pickle=False) as data:
            self.data = {name: data[name] for name in ("x_train", "y_train", "x_test", "y_test")}
        self.subset = subset
        self.known = dict(zip(fingerprints(self.data["x_test"]), self.data["y_test"].tolist(), strict=True))
        self.events: list[dict[str, Any]] = []
        self.seen: dict[int, dict[str, Any]] = {}  # by id(model): the last fit
        self.prepared: dict[int, Preparation] = {}  # by id(model): what was done to the pictures of the last fit
        self.measured: list[Any] = []  # the models themselves, so that none is taken for another
        self.depth = 0  # fit calls evaluate itself: only what the notebook calls is recorded
        self.original: dict[str, Callable[..., Any]] = {}

    def load_data(self) -> Any:
        """Fresh copies of the data that this check uses."""
        copies = {name: array.copy() for name, array in self.data.items()}
        return (copies["x_train"], copies["y_train"]), (copies["x_test"], copies["y_test"])


_watch: _Watch  # set by start, before anything of the notebook runs


def start(data_file: str, subset: bool) -> None:
    """Begin to watch; `data_file` is an npz like Keras's mnist.npz."""
    global _watch  # noqa: PLW0603  # this file is a whole program inside another's kernel
    _watch = _Watch(data_file, subset)
    actions: dict[str, Callable[[Any], None]] = {"keras": _wrap_keras}
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
    module.load_data = _watch.load_data


def _wrap_keras(keras: Any) -> None:
    # Keras compares mnist.npz with the checksum of its own file, which was compressed otherwise, and would download.
    keras.src.datasets.mnist.get_file = _local_file
    for name in ("fit", "train_on_batch", "evaluate", "test_on_batch", "predict"):
        _watch.original[name] = getattr(keras.Model, name)
    for name in ("fit", "train_on_batch", "evaluate", "test_on_batch"):
        setattr(keras.Model, name, _watched(name, _watch.original[name]))


def _local_file(fname: str, **_: Any) -> str:
    return f"{os.environ['KERAS_HOME']}/datasets/{fname}"


def _watched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def method(model: Any, *args: Any, **kwargs: Any) -> Any:
        if _watch.depth or not _binds(signature, model, args, kwargs):
            return original(model, *args, **kwargs)
        event = _new_event(name, model)
        given = signature.bind(model, *args, **kwargs)
        _guarded(event, _look_at_call, given)
        _watch.depth += 1
        try:
            result = original(*given.args, **given.kwargs)
        except Exception as error:
            _guarded(event, _note_error, error)
            raise
        finally:
            _watch.depth -= 1
            _guarded(event, _describe, model)
        _guarded(event, _look_at_result, result)
        return result

    return method


def _note_error(event: dict[str, Any], error: Exception) -> None:
    event["error"] = f"{type(error).__name__}: {error}"[:2000]


def _guarded(event: dict[str, Any], look: Callable[..., None], *seen: Any) -> None:
    """Look at what was seen; whatever it is, an honest call must not fail for being watched."""
    try:
        look(event, *seen)
    except Exception:
        event["unreadable"] = True


def _binds(signature: inspect.Signature, model: Any, args: Any, kwargs: Any) -> bool:
    try:
        signature.bind(model, *args, **kwargs)
    except TypeError:
        return False
    return True


def _new_event(name: str, model: Any) -> dict[str, Any]:
    event: dict[str, Any] = {"call": name, "model": id(model), "epochs": 1, **_no_rows()}
    _watch.events.append(event)
    if name in ("fit", "train_on_batch"):
        _watch.seen[id(model)] = event
        _watch.prepared.pop(id(model), None)
    return event


def _no_rows() -> dict[str, Any]:
    return {"rows": 0, "test_rows": 0, "wrong_labels": 0}


def _look_at_call(event: dict[str, Any], given: inspect.BoundArguments) -> None:
    arguments = given.arguments
    event["epochs"] = _whole(arguments.get("epochs")) or 1
    held_back = arguments.get("validation_data")
    event["validated"] = held_back is not None or bool(arguments.get("validation_split"))
    if held_back is not None:
        validation = event["validation"] = _no_rows()
        x, y = _halves(held_back)
        looked_at = _watched_data(validation, x, y)
        if inspect.isgenerator(held_back):
            arguments["validation_data"] = looked_at
    x = arguments.get("x")
    arguments["x"] = _watched_data(event, x, arguments.get("y"))
    if event["call"] == "fit" and not inspect.isgenerator(x):
        _note_preparation(event, x)


def _note_preparation(event: dict[str, Any], x: Any) -> None:
    given = [_array(leaf) for leaf in leaves(x) if hasattr(leaf, "shape")]
    way = _preparation(given[0]) if given else None
    if way is not None:
        _watch.prepared[event["model"]] = way


def _watched_data(event: dict[str, Any], x: Any, y: Any) -> Any:
    """`x`, counted; a generator, which can be read only once, is counted while Keras reads it."""
    if inspect.isgenerator(x):
        return _passing(x, event)
    _guarded(event, _count, x, y)
    return x


def _passing(batches: Iterator[Any], event: dict[str, Any]) -> Iterator[Any]:
    for batch in batches:
        _guarded(event, _count_batch, *_halves(batch))
        yield batch


def _halves(batch: Any) -> tuple[Any, Any]:
    if isinstance(batch, tuple | list):
        return (batch[0] if batch else None), (batch[1] if len(batch) > 1 else None)
    return batch, None


def _count(event: dict[str, Any], x: Any, y: Any) -> None:
    if hasattr(x, "shape") or isinstance(x, dict | list | tuple):
        _count_batch(event, x, y)
        return
    for batch in _batches(x):
        _count_batch(event, *_halves(batch))
        if event["rows"] > _MAX_ROWS:
            return


def _batches(x: Any) -> Iterator[Any]:
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return (x[index] for index in range(len(x)))
    return iter(x) if hasattr(x, "__iter__") else iter(())


def _array(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return x
    import keras

    return keras.ops.convert_to_numpy(x)


def _count_batch(event: dict[str, Any], x: Any, y: Any) -> None:
    given = list(leaves(y))
    labels = _array(given[0]) if y is not None and len(given) == 1 else None
    for pictures in map(_array, leaves(x)):
        event["rows"] += len(pictures)
        event["x_shape"] = list(pictures.shape)
        event["x_low"] = min(float(pictures.min()), event.get("x_low", np.inf))
        event["x_high"] = max(float(pictures.max()), event.get("x_high", -np.inf))
        if labels is not None:
            event["y_shape"] = list(labels.shape)
        _match(event, pictures, labels)


def _match(event: dict[str, Any], pictures: Any, labels: Any) -> None:
    if pictures.size != 784 * len(pictures):
        return
    truth = [_watch.known.get(mark) for mark in fingerprints(pictures)]
    event["test_rows"] += sum(label is not None for label in truth)
    digits = None if labels is None else digits_of(labels)
    if digits is not None and len(digits) == len(truth):
        pairs = zip(truth, digits, strict=True)
        event["wrong_labels"] += sum(label is not None and label != int(given) for label, given in pairs)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | np.integer) else None


def _look_at_result(event: dict[str, Any], result: Any) -> None:
    history = getattr(result, "history", None)
    if isinstance(history, dict) and history.get("loss"):
        event["losses"] = [repr(float(loss)) for loss in history["loss"]]
        event["epochs"] = len(history["loss"])


def _describe(event: dict[str, Any], model: Any) -> None:
    """The model as it stands: layers, loss, optimizer. What cannot be read is left out."""
    event["layers"] = [_layer(layer) for layer in getattr(model, "layers", [])]
    event["parameters"] = model.count_params() if model.built else None
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", None)
    event["loss"] = name and str(name)
    event["from_logits"] = bool(getattr(loss, "from_logits", False)) or _calls_with_logits(loss)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        event["optimizer"] = type(optimizer).__name__
        event["learning_rate"] = _highest_rate(optimizer)


def _calls_with_logits(loss: Any) -> bool:
    return bool(getattr(loss, "_fn_kwargs", {}).get("from_logits", False))


def _highest_rate(optimizer: Any) -> float | None:
    schedule = getattr(optimizer, "_learning_rate", None)
    start_rate = getattr(schedule, "initial_learning_rate", None)
    return float(start_rate) if isinstance(start_rate, int | float) else _as_float(optimizer.learning_rate)


def _as_float(value: Any) -> float | None:
    try:
        return float(_array(value))
    except (TypeError, ValueError):
        return None


def _layer(layer: Any) -> dict[str, Any]:
    activation = getattr(layer, "activation", None)
    try:
        shape = list(layer.output.shape)
    except (AttributeError, ValueError):
        shape = None
    return {
        "kind": type(layer).__name__,
        "units": _whole(getattr(layer, "units", getattr(layer, "filters", None))),
        "activation": getattr(activation, "__name__", None),
        "data_format": getattr(layer, "data_format", None),
        "output": shape,
    }


def drain() -> str:
    """Everything seen since the last call, as JSON."""
    events, _watch.events = _watch.events, []
    seen = {"events": events, "arrays": _arrays(), "format": _data_format()}
    return json.dumps(seen, default=lambda value: value.item() if isinstance(value, np.generic) else str(value))


def _data_format() -> str | None:
    config = getattr(sys.modules.get("keras"), "config", None)
    return config.image_data_format() if config else None


def _names() -> dict[str, Any]:
    from IPython import get_ipython

    return get_ipython().user_ns  # type: ignore[no-any-return]


def _arrays() -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for name in ("x_train", "x_test", "y_train", "y_test", "onehot_train", "onehot_test"):
        value = _names().get(name)
        if isinstance(value, np.ndarray) and value.ndim and value.size and value.dtype.kind in "buif":
            found[name] = {"shape": list(value.shape), "dtype": str(value.dtype)}
    for name in ("y_test", "onehot_test"):
        if name in found:
            digits = digits_of(_names()[name])
            truth = _watch.data["y_test"]
            same_length = digits is not None and len(digits) == len(truth)
            found[name]["wrong"] = int(np.sum(digits != truth)) if same_length else None
    return found


def measure() -> str:
    """What the notebook's `model` reads in the checker's own test pictures, as JSON."""
    keras, model = sys.modules.get("keras"), _names().get("model")
    if keras is None or not isinstance(model, keras.Model):
        return json.dumps({"error": f"`model` is {type(model).__name__}, expected a Keras model"})
    if any(model is other for other in _watch.measured):
        return json.dumps({"error": "`model` is still that of the part before"})
    _watch.measured.append(model)
    try:
        return json.dumps(_measured(model, _watch.seen.get(id(model), {})))
    except Exception as error:
        return json.dumps({"error": f"`model` does not answer: {type(error).__name__}: {error}"[:500]})


def _measured(model: Any, fit: dict[str, Any]) -> dict[str, Any]:
    shape = fit.get("x_shape", [None])[1:] or list(getattr(model, "input_shape", (None,))[1:])
    if int(np.prod([size for size in shape if size])) != 784:
        return {"error": "`model` takes no pictures of 28 by 28"}
    accuracies = []
    for way in _ways(model, fit):
        pictures = way.of(_watch.data["x_test"]).reshape(-1, *shape)
        answers = np.asarray(_watch.original["predict"](model, pictures, batch_size=256, verbose=0))
        if answers.ndim != 2 or answers.shape[1] != 10:
            return {"error": f"`model` answers with shape {answers.shape}, expected ten numbers a picture"}
        accuracies.append(float(np.mean(answers.argmax(axis=1) == _watch.data["y_test"])))
    event: dict[str, Any] = {}
    _describe(event, model)
    return {**event, "accuracy": max(accuracies), "n": len(_watch.data["y_test"])}


def _ways(model: Any, fit: dict[str, Any]) -> list[Preparation]:
    """How the pictures that `model` learned from may have been prepared.

    What `fit` was given says so surely, unless it was augmented, shuffled or came by batches; then the arrays of the
    notebook do. The range of what was seen is the last resort: a batch with noise in it reaches further than its ink.
    """
    if id(model) in _watch.prepared:
        return [_watch.prepared[id(model)]]
    found: list[Preparation] = []
    for value in list(_names().values()):
        way = _preparation(value) if isinstance(value, np.ndarray) else None
        if way is not None and way.differs(found):
            found.append(way)
    by_range = stretch(fit.get("x_low", 0.0), fit.get("x_high", 1.0))
    return [*found[: _MAX_WAYS - 1], *([by_range] if by_range.differs(found) else [])]


def _preparation(array: Any) -> Preparation | None:
    """What made `array` of our test or training pictures; those of its length are tried first."""
    raws = sorted((_watch.data["x_test"], _watch.data["x_train"]), key=lambda raw: raw.shape[:1] != array.shape[:1])
    return next((way for raw in raws if (way := preparation_of(array, raw)) is not None), None)
