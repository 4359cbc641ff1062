"""`Predictor`: classify with a model file, by ONNX Runtime; Keras is not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError, ModelFileError
from inkdigits.modelfile.metadata import Metadata, check_content, read_properties
from inkdigits.system.cores import usable_cores
from inkdigits.system.telemetry import disable_telemetry

__all__ = [
    "DEFAULT_MODEL",
    "Predictor",
    "bundled_file",
    "model_path",
    "open_session",
    "shipped_keras_model",
    "shipped_models",
]

# Used where no model is named.
DEFAULT_MODEL = "reader"
_WEIGHTS = Path(__file__).parent / "weights"
# Files beside the models that do not classify digits.
_NOT_CLASSIFIERS = ("finder",)
_OUTPUTS = ["probabilities", "logits"]

Probabilities = NDArray[np.float32]


def bundled_file(name: str) -> Path:
    """Where the ONNX file of that name is that is bundled with inkdigits."""
    return _WEIGHTS / f"{name}.onnx"


def shipped_models() -> list[str]:
    """The names of the models bundled with inkdigits that classify digits."""
    return sorted(path.stem for path in _WEIGHTS.glob("*.onnx") if path.stem not in _NOT_CLASSIFIERS)


def shipped_keras_model(name: str) -> Path | None:
    """Where the weights of a shipped model are that can be trained further; None when it has none."""
    path = _WEIGHTS / f"{name}.keras"
    return path if path.is_file() else None


def model_path(name_or_path: str | Path) -> Path:
    """Where a model file is: a shipped model's by its name, a run's in its folder, else the path itself.

    Raises `ModelFileError` when there is no such file.
    """
    name = str(name_or_path)
    path = bundled_file(name) if name in shipped_models() else Path(name_or_path)
    if path.is_dir():
        path = path / "model.onnx"
        name = str(path)
    if not path.is_file():
        raise ModelFileError(
            f"{name}: no such model file: expected a path to one, or one of {', '.join(shipped_models())}"
        )
    return path


@dataclass(frozen=True)
class Predictor:
    """A loaded model file. Several threads may use it at the same time, and pickling it takes the file's bytes along.

    `size` is the height and width of the pictures that it takes. Each of `threads` computes at most `batch_size` of
    them at once, which bounds the memory.
    """

    metadata: Metadata
    size: tuple[int, int]
    session: Any = field(repr=False)
    batch_size: int = 64
    threads: int = 1
    content: bytes = field(default=b"", repr=False, compare=False)  # the model file

    @classmethod
    def load(cls, name_or_path: str | Path = DEFAULT_MODEL, *, threads: int | None = None) -> Predictor:
        """The predictor of a shipped model, of a model file, or of the one in a run's folder.

        `threads` is how many cores it uses, by default all that this process may. Raises `ModelFileError` when the file
        is missing, not ONNX, truncated, changed, not of inkdigits, or of a newer format.
        """
        path = model_path(name_or_path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
        return cls.from_bytes(content, str(path), threads=threads)

    @classmethod
    def from_bytes(cls, content: bytes, name: str, *, threads: int | None = None) -> Predictor:
        """The predictor of a model file's bytes; `name` stands in error messages. Raises as `load` does."""
        check_content(content, name)
        # A thread for each batch: threads that share every layer of one wait for each other at each (docs/log.md).
        session = open_session(content, name, 1)
        metadata = read_properties(session.get_modelmeta().custom_metadata_map, name)
        return cls(metadata, _picture_size(session, name), session, threads=threads or usable_cores(), content=content)

    def __repr__(self) -> str:
        height, width = self.size
        return f"Predictor({self.metadata.network!r}, pictures of {width} x {height})"

    def __reduce__(self) -> tuple[Callable[..., Predictor], tuple[bytes, str]]:
        # An ONNX Runtime session cannot be pickled; another process may have other cores.
        return Predictor.from_bytes, (self.content, self.metadata.network)

    def predict_proba(self, images: NDArray[np.uint8]) -> Probabilities:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28), white ink on black; n may be 0.

        They are softmax(logits / temperature). Raises `DataError` for another dtype or shape.
        """
        (probabilities,) = self._run(["probabilities"], images)
        return probabilities

    def predict_logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The raw logits float32 (n, 10), before the temperature, for pictures as in `predict_proba`."""
        (logits,) = self._run(["logits"], images)
        return logits

    def predict_both(self, images: NDArray[np.uint8]) -> tuple[Probabilities, NDArray[np.float32]]:
        """What `predict_proba` and `predict_logits` give, computed once."""
        probabilities, logits = self._run(_OUTPUTS, images)
        return probabilities, logits

    def _run(self, outputs: list[str], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        check_pictures(images, self.size)
        results = [np.empty((len(images), len(self.metadata.classes)), np.float32) for _ in outputs]

        def run(start: int) -> None:
            rows = slice(start, start + self.batch_size)
            answers = self.session.run(outputs, {"images": np.ascontiguousarray(images[rows])})
            for result, answer in zip(results, answers, strict=True):
                result[rows] = answer

        _in_threads(run, range(0, len(images), self.batch_size), self.threads)
        return results


def _in_threads(work: Callable[[int], None], starts: Sequence[int], threads: int) -> None:
    """Call `work` with each of `starts`, on at most `threads` threads at once; what one call raises is raised."""
    if threads == 1 or len(starts) < 2:
        for start in starts:
            work(start)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        for _ in pool.map(work, starts):
            pass


def check_pictures(images: NDArray[Any], size: tuple[int, int]) -> None:
    """Raise `DataError` unless `images` is uint8 (n, height, width)."""
    expected = f"expected pictures as uint8 (n, {size[0]}, {size[1]}), white ink on black"
    if not isinstance(images, np.ndarray):
        raise DataError(f"{expected}, got {type(images).__name__}: make it a NumPy array")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError(f"{expected}, got {images.dtype} {images.shape} with values that are NaN or infinite")
    if images.dtype != np.uint8:
        hint = ": scale them to 0 … 255 and convert with .astype('uint8')" if images.dtype.kind == "f" else ""
        raise DataError(f"{expected}, got {images.dtype} {images.shape}{hint}")
    if images.ndim != 3 or images.shape[1:] != size:
        hint = ": one picture is images[None]" if images.shape == size else ""
        raise DataError(f"{expected}, got shape {images.shape}{hint}")


def open_session(content: bytes, name: str, threads: int | None = None, *, keep_memory: bool = True) -> Any:
    """An ONNX Runtime session for a file's bytes, on `threads` cores, by default all that this process may use.

    Without `keep_memory` it returns what a run took to the system, which is slower for small inputs. Raises
    `ModelFileError`; `name` stands in its message.
    """
    disable_telemetry("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or usable_cores()
    options.enable_cpu_mem_arena = keep_memory
    # A thread that waits for others gives its core away, instead of computing nothing on it (docs/log.md).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what is wrong with a file, our own errors say
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a class of its own for every status code
        reason = str(error).splitlines()[0]
        raise ModelFileError(f"{name}: not an ONNX file that can be loaded: {reason}") from error


def _picture_size(session: Any, name: str) -> tuple[int, int]:
    inputs, outputs = session.get_inputs(), [output.name for output in session.get_outputs()]
    shapes = [(value.name, value.type, len(value.shape)) for value in inputs]
    if shapes != [("images", "tensor(uint8)", 3)] or outputs != _OUTPUTS:
        found = ", ".join(f"{value.name} {value.type} {value.shape}" for value in inputs)
        raise ModelFileError(
            f"{name}: a model that takes {found}, expected images tensor(uint8) [n, height, width] and the outputs "
            f"{' and '.join(_OUTPUTS)}"
        )
    _, height, width = inputs[0].shape
    return height, width
