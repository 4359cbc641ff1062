"""Files and folders, on this machine or behind any URL that fsspec knows; what is written appears whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inkdigits.errors import BatchError, InkdigitsError, OutputError, output_error, require_extra
from inkdigits.system.atomic_io import make_folder, write_bytes

__all__ = ["Storage", "is_url", "joined", "open_storage", "refuse_password", "require_batch", "scratch"]

# A put to these is atomic by itself; elsewhere a temporary name and a rename make it so.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "r2", "memory"})
_UNFINISHED = ".unfinished-"
_END = 65_536


def require_batch() -> None:
    """Raise `MissingExtraError` unless what `inkdigits batch` needs is installed."""
    for module in ("pyarrow", "fsspec"):
        require_extra(module, "batch", "inkdigits batch")


def is_url(place: str) -> bool:
    """Whether `place` is a URL, such as s3://bucket/scans, and no path on this machine."""
    return "://" in place or "::" in place


def joined(place: str, name: str) -> str:
    """`name` below the folder `place`."""
    return f"{place.rstrip('/')}/{name}" if place.rstrip("/") else f"/{name}"


@dataclass(frozen=True)
class Storage:
    """Where a folder or file is: `fs`, an fsspec file system, and the `root` in it; `url` is how the user wrote it."""

    url: str
    fs: Any
    root: str

    @property
    def local(self) -> Path | None:
        """The path where it is on this machine; None elsewhere."""
        return Path(self.root) if "file" in _protocols(self.fs) else None

    def reopened(self) -> Storage:
        """The same with a connection of its own, for another thread: few kinds may be used by two at a time."""
        # fsspec keeps one a thread.
        return open_storage(self.url if self.local is None else str(self.local))

    @property
    def is_one_server(self) -> bool:
        """Whether it is a server that answers for every file in it; behind HTTP every address may be of another one."""
        return self.local is None and not _protocols(self.fs) & {"http", "https"}

    def path(self, name: str) -> str:
        """Where `name` in it is, for `fs`."""
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
        """The SHA-256, in hex, of a file's first and last 64 KiB: another file of the same size has another one."""
        with self.reading(), self.fs.open(self.root, "rb") as file:
            first = file.read(_END)
            file.seek(max(0, int(self.fs.size(self.root)) - _END))
            return hashlib.sha256(first + file.read(_END)).hexdigest()

    def names(self, folder: str) -> list[str]:
        """The names of the files right below `folder`; none where there is no such folder."""
        with self.reading(folder):
            try:
                self.fs.invalidate_cache()
                return [str(path).rsplit("/", 1)[-1] for path in self.fs.ls(self.path(folder), detail=False)]
            except FileNotFoundError:
                return []

    def write(self, name: str, content: bytes) -> None:
        """Write the file `name`, whole or not at all. Raises `OutputError`."""
        if self.local is not None:
            write_bytes(self.local / name, content)
            return
        with self._writing(name), _replaced(self, name) as path:
            self.fs.pipe_file(path, content)

    def put(self, name: str, file: Path) -> None:
        """Move the local `file` there as `name`, whole or not at all. Raises `OutputError`."""
        with self._writing(name):
            if self.local is not None:
                target = self.local / name
                make_folder(target.parent)
                with file.open("rb") as opened:
                    os.fsync(opened.fileno())
                file.replace(target)
                return
            with _replaced(self, name) as path:
                self.fs.put_file(str(file), path)
        file.unlink()

    def remove(self, name: str) -> None:
        """Remove the file `name`, if it is there. Raises `OutputError`."""
        with self._writing(name), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self.path(name))

    def sweep(self, folder: str) -> None:
        """Remove what a killed process left unfinished in `folder`."""
        for name in self.names(folder):
            if name.startswith(_UNFINISHED):
                self.remove(f"{folder}/{name}" if folder else name)

    @contextlib.contextmanager
    def reading(self, name: str = "") -> Iterator[None]:
        """A block that reads the file or folder `name`; what its library raises there is a `BatchError`."""
        try:
            yield
        except InkdigitsError:
            raise
        except Exception as error:  # every storage's library raises classes of its own
            place = joined(self.url, name) if name else self.url
            raise BatchError(
                f"{place}: cannot be read: {_in_a_line(error)}: when that is mended, the same command goes on"
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
            raise OutputError(f"cannot write {joined(self.url, name)}: {_in_a_line(error)}") from error


@contextlib.contextmanager
def _replaced(storage: Storage, name: str) -> Iterator[str]:
    """The path to write to so that `name` appears whole."""
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

    Raises `BatchError` for a URL of an unknown kind, for one with a password in it, and where nobody answers.
    """
    import fsspec

    try:
        refuse_password(place)
        fs, root = fsspec.core.url_to_fs(place if is_url(place) else str(Path(place).absolute()))
    except InkdigitsError:
        raise
    except Exception as error:  # every storage's library raises classes of its own
        raise BatchError(f"{place}: a URL that cannot be opened here: {_in_a_line(error)}") from error
    return Storage(place, fs, str(root))


def refuse_password(place: str) -> None:
    """Raise `BatchError` for a URL with a password: it would stand in the manifest and in every row of the results."""
    for link in place.split("::") if is_url(place) else []:
        parts = urlsplit(link)
        if parts.password is not None:
            raise BatchError(
                f"{parts.scheme}://{parts.hostname}: a URL with a password in it, which would stand in the results: "
                "leave out user and password, and give both to fsspec, such as by FSSPEC_FTP_USERNAME and "
                "FSSPEC_FTP_PASSWORD"
            )


@contextlib.contextmanager
def scratch(beside: Storage, name: str) -> Iterator[Path]:
    """A local path to write a file to before it is `put` as `name`: beside it, or in the system's temporary folder."""
    import tempfile

    if beside.local is not None:
        make_folder((beside.local / name).parent)
        path = (beside.local / name).with_name(f"{_UNFINISHED}{os.getpid()}-{Path(name).name}")
        try:
            yield path
        finally:
            # A file system that is read-only refuses to remove even what is not there.
            if path.exists():
                path.unlink()
        return
    with tempfile.TemporaryDirectory(prefix="inkdigits-") as folder:
        yield Path(folder) / Path(name).name


def _protocols(fs: Any) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
