"""Atomic writes: files and folders are written under a temporary name, flushed to disk, then renamed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inkdigits.errors import OutputError, output_error

__all__ = ["check_new", "make_folder", "temporary_sibling", "write_bytes", "write_folder", "write_json", "write_text"]

_PREFIX = ".unfinished-"


def make_folder(path: Path) -> Path:
    """Make `path` and its parents if missing. Raises `OutputError` when the system refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise output_error(NotADirectoryError(20, "not a folder"), path) from error
    except OSError as error:
        raise output_error(error, path) from error
    return path


def check_new(path: Path | None, option: str, *endings: str) -> None:
    """Raise `OutputError` unless `path`, the value of `option`, does not exist and ends in one of `endings`, if any.

    None passes: nothing is to be written then.
    """
    if path is None:
        return
    if endings and path.suffix.lower() not in endings:
        raise OutputError(f"{option} {path}: expected a name that ends in {' or '.join(endings)}")
    if path.exists():
        raise OutputError(f"{path}: exists already: choose another {option}")


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """A path beside `path`, with its suffix, for the caller to write; it is renamed to `path` on success.

    For libraries that write files by name only. On any error the temporary file is removed and `path` stays as it was.
    Raises `OutputError` for errors of the file system.
    """
    make_folder(path.parent)
    temporary = path.with_name(f"{_PREFIX}{os.getpid()}-{path.name}")
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        # A read-only file system refuses to remove even a file that does not exist.
        if temporary.exists():
            temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically. Raises `OutputError`."""
    with temporary_sibling(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically. Raises `OutputError`."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically. Raises `ValueError` for NaN, which JSON does not have."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, renamed to `path` in one step when the block ends without an error.

    `path` must not exist yet. Raises `OutputError` for errors of the file system.
    """
    make_folder(path.parent)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=path.parent))
    except OSError as error:
        raise output_error(error, path) from error
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _flush_to_disk(file)
        temporary.chmod(0o755)
        temporary.rename(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
