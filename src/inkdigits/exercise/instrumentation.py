"""Records what a submission does with Keras. This module runs inside the submission's kernel.

It is imported there before the first cell and keeps its own references to Keras's functions, taken at the moment of
Keras's import, so that it trusts no function of the notebook. It is no security boundary: code in the same process can
find and change it (docs/guides/exercise.md), which is why its reports are untrusted (observations.py).
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inkdigits.exercise.model_description import as_int, checksum_of, describe_model, zero_kernels
from inkdigits.exercise.observations import ArraySummary, Call, ModelDescription, Observations, encode_report
from inkdigits.exercise.picture_counts import Counts, KnownPictures, count_source, guarded
from inkdigits.exercise.recognition import digits_of, leaves

__all__ = ["RecordedCall", "Recorder", "drain", "notebook_names", "recorder", "start", "trainer_of"]

_TRAINING = ("fit", "train_on_batch")
_METHODS = (*_TRAINING, "evaluate", "test_on_batch", "predict", "predict_on_batch")
# A batch at a time: several in a row are one record.
_BATCHWISE = ("train_on_batch", "test_on_batch", "predict_on_batch", "__call__")
# Fit's own evaluation of its validation_data, as Keras calls it.
_OWN_EVALUATION = "_use_cached_eval_dataset"


@dataclass
class RecordedCall:
    """A call that is under way or over."""

    name: str
    model_id: int
    inside: bool = False
    epochs: int = 1
    pictures: Counts = field(default_factory=Counts)
    validation: Counts | None = None
    losses: tuple[float, ...] = ()
    model: ModelDescription = field(default_factory=ModelDescription)
    began_zero: int = 0
    began: str | None = None
    batch_size: int | None = None
    first_rows: Any = None  # of an array that fit was given, for recognizing how it was prepared

    def report(self) -> Call:
        """The call as plain values."""
        validation = self.validation and self.validation.summary()
        return Call(
            self.name, self.model_id, self.epochs, self.pictures.summary(), validation, self.losses, self.model,  # type: ignore[arg-type]
            self.inside, self.began_zero, self.began, self.batch_size, self._trained_again(),
        )  # fmt: skip

    def _trained_again(self) -> int:
        return len(self.validation.train_marks & self.pictures.train_marks) if self.validation else 0


class Recorder:
    """What was recorded so far."""

    def __init__(self, data_file: str) -> None:
        with np.load(data_file, allow_pickle=False) as data:
            self.data = {name: data[name] for name in ("x_train", "y_train", "x_test", "y_test")}
        self.known = KnownPictures(self.data)
        self.calls: list[RecordedCall] = []
        self.last_fit: dict[int, RecordedCall] = {}  # by id(model)
        self.models: list[Any] = []  # the models and other objects themselves, so that no id is used twice
        self.running: list[RecordedCall | None] = []  # the calls under way; None for one that is Keras's own
        self.other_training = 0
        self.original: dict[str, Callable[..., Any]] = {}

    def load_data(self) -> Any:
        """Fresh copies of the data that this check uses, as `keras.datasets.mnist.load_data` returns them."""
        copies = {name: array.copy() for name, array in self.data.items()}
        return (copies["x_train"], copies["y_train"]), (copies["x_test"], copies["y_test"])


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
    actions: dict[str, Callable[[Any], None]] = {"keras": wrap_keras, "jax": _watch_gradients}
    if subset:
        actions["inkdigits.datasets.mnist"] = _replace_own_loader
    sys.meta_path.insert(0, _AfterImport(actions))
    if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.colab") is None:
        sys.meta_path.append(_ColabElsewhere())


class _ColabElsewhere(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules below `google.colab` whose functions do nothing: a notebook that was written there runs here."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """A package without content."""
        if name.split(".")[:2] not in (["google"], ["google", "colab"]):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def exec_module(self, module: Any) -> None:
        """Let every name of the module be a function that does nothing."""
        if module.__name__ != "google":
            module.__getattr__ = _nothing


def _nothing(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return types.SimpleNamespace(mount=lambda *_, **__: None) if name == "drive" else lambda *_, **__: None


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
    """Record every call of the methods of `keras.Model` that train, evaluate or predict."""
    # Keras compares mnist.npz with the checksum of its own file, which was compressed otherwise, and would download.
    keras.src.datasets.mnist.get_file = _local_file
    original = recorder().original
    original.update({name: getattr(keras.Model, name) for name in (*_METHODS, "__call__", "stateless_call")})
    original["save"] = keras.saving.save_model
    original["to_numpy"] = keras.ops.convert_to_numpy
    for name in _METHODS:
        setattr(trainer_of(keras), name, _recorded(name, original[name]))
    for name, observed in (("__call__", _recorded_call), ("stateless_call", _noticed)):
        setattr(keras.Model, name, observed(original[name]))


def trainer_of(keras: Any) -> Any:
    """The class of the backend's from which `keras.Model` has its methods, so that a call through it is seen, too."""
    return next(kind for kind in keras.Model.__mro__ if "fit" in vars(kind))


def _watch_gradients(jax: Any) -> None:
    """Notice a loop of one's own that trains plain arrays, which are put into the model afterwards."""
    for name in ("grad", "value_and_grad"):
        setattr(jax, name, _noticed(getattr(jax, name)))


def _local_file(fname: str, **_: Any) -> str:
    return f"{os.environ['KERAS_HOME']}/datasets/{fname}"


def _is_watched(kwargs: Any) -> bool:
    """Whether this call is the notebook's, and not one that Keras makes by itself inside another."""
    running = recorder().running
    return not running or (running[-1] is not None and running[-1].name == "fit" and not kwargs.get(_OWN_EVALUATION))


def _recorded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def method(model: Any, *args: Any, **kwargs: Any) -> Any:
        state = recorder()
        if not _is_watched(kwargs) or not _binds(signature, model, args, kwargs):
            return _unrecorded(original, model, *args, **kwargs)
        given = signature.bind(model, *args, **kwargs)
        call = _new_call(name, model)
        guarded(_record_arguments, call, given, model)
        state.running.append(call)
        try:
            result = original(*given.args, **given.kwargs)
        finally:
            state.running.pop()
            guarded(_record_model, call, model)
        guarded(_record_result, call, result)
        return result

    # What `wraps` leaves behind would lead past the record.
    del method.__wrapped__
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _unrecorded(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    recorder().running.append(None)
    try:
        return original(*args, **kwargs)
    finally:
        recorder().running.pop()


def _recorded_call(original: Callable[..., Any]) -> Callable[..., Any]:
    """`__call__`, recorded where it computes; what only traces, or trains in a loop of one's own, is counted."""

    @functools.wraps(original)
    def method(model: Any, *args: Any, **kwargs: Any) -> Any:
        if _is_watched({}) and args:
            training = bool(kwargs.get("training"))
            if not recorder().running:
                recorder().other_training += training or not _is_concrete(args[0])
            if not training and _is_concrete(args[0]):
                call = _new_call("__call__", model)
                guarded(call.pictures.add, recorder().known, args[0], None)
                guarded(_record_model, call, model)
        return _unrecorded(original, model, *args, **kwargs)

    return method


def _noticed(original: Callable[..., Any]) -> Callable[..., Any]:
    """What a loop of one's own trains with on JAX; Keras calls it too, inside its own methods."""

    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        recorder().other_training += not recorder().running
        return original(*args, **kwargs)

    return method


def _is_concrete(given: Any) -> bool:
    """Whether these are numbers, and not the placeholders of a trace."""
    try:
        return all(np.asarray(recorder().original["to_numpy"](leaf)).size for leaf in leaves(given))
    except Exception:
        return False


def _binds(signature: inspect.Signature, model: Any, args: Any, kwargs: Any) -> bool:
    try:
        signature.bind(model, *args, **kwargs)
    except TypeError:
        return False
    return True


def _new_call(name: str, model: Any) -> RecordedCall:
    state = recorder()
    inside = bool(state.running)
    last = state.calls[-1] if state.calls else None
    if not any(model is other for other in state.models):
        state.models.append(model)
    if name in _BATCHWISE and last and (last.name, last.model_id, last.inside) == (name, id(model), inside):
        return last
    call = RecordedCall(name, id(model), inside)
    state.calls.append(call)
    if name in _TRAINING:
        state.last_fit[id(model)] = call
    return call


def _record_model(call: RecordedCall, model: Any) -> None:
    if call.name in _BATCHWISE and call.model.layers and not call.pictures.test_rows:
        return
    call.model = describe_model(model)


def _record_result(call: RecordedCall, result: Any) -> None:
    history = getattr(result, "history", None)
    if isinstance(history, dict) and history.get("loss"):
        call.losses = tuple(float(loss) for loss in history["loss"])
        call.epochs = len(call.losses)


def _record_arguments(call: RecordedCall, given: inspect.BoundArguments, model: Any) -> None:
    arguments, known = given.arguments, recorder().known
    call.epochs = as_int(arguments.get("epochs")) or 1
    call.batch_size = as_int(arguments.get("batch_size"))
    if call.name == "fit":
        guarded(_record_start, call, model)
    held_back = arguments.get("validation_data")
    if held_back is not None:
        call.validation = Counts()
        pair = held_back if isinstance(held_back, tuple | list) else (held_back, None)
        counted = count_source(known, call.validation, pair[0], pair[1] if len(pair) > 1 else None)
        if inspect.isgenerator(held_back):
            arguments["validation_data"] = counted
    x = arguments.get("x")
    if call.name == "fit":
        guarded(_keep_first_rows, call, x)
    arguments["x"] = count_source(known, call.pictures, x, arguments.get("y"))


def _record_start(call: RecordedCall, model: Any) -> None:
    call.began_zero, call.began = zero_kernels(model), checksum_of(model)


def _keep_first_rows(call: RecordedCall, x: Any) -> None:
    given = [leaf for leaf in leaves(x) if hasattr(leaf, "shape")]
    if given and len(given[0].shape):
        rows = given[0][:2000]
        call.first_rows = np.array(recorder().original["to_numpy"](rows)), len(given[0])


def drain() -> str:
    """Everything recorded since the last call, as JSON."""
    state = recorder()
    calls, state.calls = state.calls, []
    others, state.other_training = state.other_training, 0
    return encode_report(Observations(tuple(call.report() for call in calls), _arrays(), _data_format(), others))


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
