"""What a batch is asked to do: values that travel to every worker."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from inkdigits.errors import ModelFileError

__all__ = ["BatchJob", "BatchModel", "BatchOptions", "BatchPart", "FinishedPart", "SourceEntry", "open_model"]


@dataclass(frozen=True)
class BatchModel:
    """A model file that workers load from its bytes; two with one `sha256` (of the whole file) are equal."""

    name: str = field(compare=False)
    sha256: str
    content: bytes = field(compare=False, repr=False)


def open_model(name_or_path: str | None) -> BatchModel:
    """A shipped model by its name, or a model file; by default the best shipped one. Raises `ModelFileError`."""
    from inkdigits.modelfile.predictor import DEFAULT_MODEL, model_path

    name = name_or_path or DEFAULT_MODEL
    path = model_path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
    return BatchModel(name, hashlib.sha256(content).hexdigest(), content)


@dataclass(frozen=True)
class BatchOptions:
    """What changes the results or how they are cut into parts; a batch is resumed only with equal options.

    `column` names the Parquet column of pictures (None: the only one of bytes), `region` and `length` are those of
    `Reader.read`, `network_inputs` keeps the network input of every digit and not only of unsure ones.
    """

    part_size: int = 1000
    column: str | None = None
    region: tuple[int, int, int, int] | None = None
    length: int | None = None
    network_inputs: bool = False


@dataclass(frozen=True)
class BatchJob:
    """A batch: the pictures of `source` into the folder `out`. Relative paths count from `folder`."""

    source: str
    out: str
    model: BatchModel
    options: BatchOptions = BatchOptions()
    folder: str = field(default_factory=os.getcwd)

    def place(self, path: str) -> str:
        """`path` for any process on this machine, wherever it was started; a URL as it is."""
        return path if "://" in path else str(Path(self.folder, path))


@dataclass(frozen=True)
class SourceEntry:
    """Pictures of a source: a `file`; a member of a `tar`, `size` bytes at `offset`; or `size` rows of a `parquet`
    file from the row `offset` on.

    `path` is where to open it, `name` how the results name it (rows add their number). `container_bytes` is how large
    the archive or table was when it was listed, and `container_ends` the result of `Storage.ends` for it.
    """

    kind: str
    path: str
    name: str
    offset: int = 0
    size: int = 1
    container_bytes: int = 0
    container_ends: str = ""

    @property
    def pictures(self) -> int:
        """How many pictures."""
        return self.size if self.kind == "parquet" else 1


@dataclass(frozen=True)
class BatchPart:
    """The pictures that one file of results holds; `first` is the number of its first picture in the source."""

    number: int
    first: int
    entries: tuple[SourceEntry, ...]

    @property
    def pictures(self) -> int:
        """How many pictures."""
        return sum(entry.pictures for entry in self.entries)


@dataclass(frozen=True)
class FinishedPart:
    """A part that is written: how many pictures were read, and how many rows there are by outcome."""

    number: int
    pictures: int
    outcomes: dict[str, int]
