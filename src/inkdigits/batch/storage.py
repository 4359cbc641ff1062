"""Files and folders on this machine or behind any URL of fsspec; files are written atomically."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inkdigits.errors import BatchError, InkdigitsError, OutputError, one_line, output_error, require_extra
from inkdigits.system.atomic_io import temporary_sibling, write_bytes

__all__ = ["Storage", "is_url", "joined", "open_storage", "refuse_password", "require_batch"]

# These write objects atomically; elsewhere a file is written under a temporary name and renamed.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "r2", "memory"})
_UNFINISHED = ".unfinished-"
_END = 65_536


def require_batch() -> None:
    """Raise `MissingExtraError` unless what `inkdigits batch` needs is installed."""
    for module in ("pyarrow", "fsspec"):
        require_extra(module, "batch", "inkdigits batch")


def is_url(place: str) -> bool:
    """Whether `place` is a URL, such as s3://bucket/scans, and not a path on this machine."""
    return "://" in place or "::" in place


def joined(place: str, name: str) -> str:
    """`name` below the folder `place`."""
    return f"{place.rstrip('/')}/{name}" if place.rstrip("/") else f"/{name}"


@dataclass(frozen=True)
class Storage:
    """A folder or file: `root` in the fsspec file system `fs`; `url` is how the user wrote it."""

    url: str
    fs: Any
    root: str

    @property
    def local(self) -> Path | None:
        """The path on this machine; None for a URL of another place."""
        return Path(self.root) if "file" in _protocols(self.fs) else None

    @property
    def place(self) -> str:
        """Its path or URL for any process, wherever that was started."""
        return self.url if self.local is None else str(self.local)

    def reopened(self) -> Storage:
        """The same with a connection of its own, for another thread: few kinds are thread-safe."""
        # fsspec keeps one instance per thread.
        return open_storage(self.place)

    @property
    def is_one_server(self) -> bool:
        """Whether one server holds all its files; behind HTTP each address may be of another server."""
        return self.local is None and not _protocols(self.fs) & {"http", "https"}

    def path(self, name: str) -> str:
        """The path of `name` in it, for `fs`."""
        return joined(self.root, name)

    def exists(self, name: str) -> bool:
        """Whether there is a file `name`."""
        with self.reading(name):
            return bool(self.fs.exists(self.path(name)))

    def read(self, name: str) -> bytes:
        """The content of the file `name`. Raises `BatchError` when it cannot be read."""
        with self.reading(name):
            content: bytes = self.fs.cat_file(self.path(name))
            return content

    def ends(self) -> str:
        """The SHA-256, in hex, of a file's first and last 64 KiB: other files of the same size differ in it."""
        with self.reading(), self.fs.open(self.root, "rb") as file:
            first = file.read(_END)
            file.seek(max(0, int(self.fs.size(self.root)) - _END))
            return hashlib.sha256(first + file.read(_END)).hexdigest()

    def names(self, folder: str) -> list[str]:
        """The names of the files directly below `folder`; none where there is no such folder."""
        with self.reading(folder):
            try:
                self.fs.invalidate_cache()
                return [str(path).rsplit("/", 1)[-1] for path in self.fs.ls(self.path(folder), detail=False)]
            except FileNotFoundError:
                return []

    def write(self, name: str, content: bytes) -> None:
        """Write the file `name` atomically. Raises `OutputError`."""
        if self.local is not None:
            write_bytes(self.local / name, content)
            return
        with self._writing(name), _replaced(self, name) as path:
            self.fs.pipe_file(path, content)

    @contextlib.contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """A local path for the caller to write; when the block ends, it becomes the file `name`, atomically.

        Raises `OutputError`, also for an `OSError` in the block.
        """
        import tempfile

        if self.local is not None:
            with temporary_sibling(self.local / name) as path:
                yield path
            return
        with tempfile.TemporaryDirectory(prefix="inkdigits-") as folder:
            path = Path(folder, "file")
            try:
                yield path
            except OSError as error:
                raise output_error(error, joined(self.url, name)) from error
            with self._writing(name), _replaced(self, name) as target:
                self.fs.put_file(str(path), target)

    def remove(self, name: str) -> None:
        """Remove the file `name`, if it is there. Raises `OutputError`."""
        with self._writing(name), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self.path(name))

    def sweep(self, folder: str) -> None:
        """Remove the unfinished files that a killed process left in `folder`."""
        for name in self.names(folder):
            if name.startswith(_UNFINISHED):
                self.remove(f"{folder}/{name}" if folder else name)

    @contextlib.contextmanager
    def reading(self, name: str = "") -> Iterator[None]:
        """Turn what the storage's library raises in the block, which reads `name`, into a `BatchError`."""
        try:
            yield
        except InkdigitsError:
            raise
        except Exception as error:  # every storage's library raises classes of its own
            place = joined(self.url, name) if name else self.url
            raise BatchError(
                f"{place}: cannot be read: {_one_line(error)}: once it can be read, rerun the same command"
            ) from error

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        try:
            yield
        except InkdigitsError:
            raise
        except OSError as error:
            raise output_error(error, joined(self.url, name)) from error
        except Exception as error:  # every storage's library raises classes of its own
            raise OutputError(f"cannot write {joined(self.url, name)}: {_one_line(error)}") from error


@contextlib.contextmanager
def _replaced(storage: Storage, name: str) -> Iterator[str]:
    """The path to write to so that `name` is replaced atomically."""
    if _protocols(storage.fs) & _OBJECT_STORES:
        yield storage.path(name)
        return
    folder, _, last = name.rpartition("/")
    temporary = storage.path(f"{folder}/{_UNFINISHED}{uuid.uuid4().hex}-{last}".lstrip("/"))
    storage.fs.makedirs(temporary.rsplit("/", 1)[0], exist_ok=True)
    yield temporary
    storage.fs.mv(temporary, storage.path(name))


def open_storage(place: str) -> Storage:
    """The storage of a path on this machine or a URL.

    Raises `BatchError` for a URL of an unknown kind, for one with a password in it, and where no server answers.
    """
    import fsspec

    try:
        refuse_password(place)
        fs, root = fsspec.core.url_to_fs(place if is_url(place) else str(Path(place).absolute()))
    except InkdigitsError:
        raise
    except Exception as error:  # every storage's library raises classes of its own
        raise BatchError(f"{place}: a URL that cannot be opened here: {_one_line(error)}") from error
    return Storage(place, fs, str(root))


def refuse_password(place: str) -> None:
    """Raise `BatchError` for a URL with a password, which would be written into the manifest and into every row."""
    for link in place.split("::") if is_url(place) else []:
        parts = urlsplit(link)
        if parts.password is not None:
            raise BatchError(
                f"{parts.scheme}://{parts.hostname}: a URL with a password in it, which would be written into the "
                "results: leave out user and password, and pass both to fsspec, for example in FSSPEC_FTP_USERNAME and "
                "FSSPEC_FTP_PASSWORD"
            )


def _protocols(fs: Any) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {one_line(error)}"[:400]
