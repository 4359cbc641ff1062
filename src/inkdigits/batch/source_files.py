"""The files of a source, in an order that is always the same."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from inkdigits.batch.storage import Storage, is_url, joined, open_storage, refuse_password
from inkdigits.errors import BatchError
from inkdigits.images.decode import SUFFIXES

__all__ = ["TAR_SUFFIXES", "files_of", "is_picture_name", "is_table", "is_tar"]

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_LISTS = (".txt",)
# The files by which a folder of results is recognized: its tables hold no pictures.
_LISTING, _BESIDE = "listing.parquet", frozenset({"manifest.json", ".lock", ".lease.json"})
_WILD = frozenset("*?[")
_EXPECTED = (
    "expected a folder, a glob such as 'scans/**/*.png', a .tar, a .parquet with a column of bytes, or a .txt with a "
    "path on each line; each on this machine or a URL"
)


def files_of(source: str, folder: str) -> Iterator[str]:
    """The paths or URLs of every file in `source`: pictures, tar archives and Parquet tables.

    Named as `source` is written; relative paths count from `folder`. Sorted by name, folder after folder; those of a
    text file in its order, relative to that file. Folders of results are left out. Raises `BatchError` where `source`
    does not exist or cannot be listed.
    """
    storage = open_storage(source if is_url(source) else str(Path(folder, source)))
    place = Storage(source, storage.fs, storage.root)
    with place.reading():
        if place.fs.isdir(place.root):
            yield from _below(place)
        elif place.fs.exists(place.root):
            yield from _listed(place) if source.lower().endswith(_LISTS) else [source]
        elif _WILD & set(source):
            yield from _matching(place)
        else:
            raise BatchError(f"{source}: no such file or folder: {_EXPECTED}")


def is_tar(path: str) -> bool:
    """Whether `path` is a tar archive, by its name."""
    return path.lower().endswith(TAR_SUFFIXES)


def is_table(path: str) -> bool:
    """Whether `path` is a Parquet table, by its name."""
    return path.lower().endswith((".parquet", ".pq"))


def is_picture_name(path: str) -> bool:
    """Whether `path` is a picture, by its name; hidden files are not."""
    name = path.rsplit("/", 1)[-1]
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in SUFFIXES


def _is_wanted(path: str) -> bool:
    return is_picture_name(path) or (not path.rsplit("/", 1)[-1].startswith(".") and (is_tar(path) or is_table(path)))


def _below(place: Storage) -> Iterator[str]:
    walk = _walk_local(place.root) if place.local is not None else _walk(place)
    for inside, names in walk:
        for name in sorted(names):
            if _is_wanted(name):
                yield joined(joined(place.url, inside) if inside else place.url, name)


def _walk_local(root: str) -> Iterator[tuple[str, list[str]]]:
    def refuse(error: OSError) -> None:
        raise BatchError(f"{error.filename}: cannot be read: {error.strerror}") from error

    for folder, folders, names in os.walk(root, onerror=refuse):
        if _are_results(names):
            folders.clear()
            continue
        folders.sort()
        inside = os.path.relpath(folder, root)
        yield "" if inside == "." else inside, names


def _are_results(names: Collection[str]) -> bool:
    return _LISTING in names and not _BESIDE.isdisjoint(names)


def _walk(place: Storage) -> Iterator[tuple[str, list[str]]]:
    # Not with fsspec's own walk, which silently leaves out subfolders that cannot be listed.
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        root = place.path(inside) if inside else place.root
        found = [entry for entry in place.fs.ls(root, detail=True) if entry["name"].rstrip("/") != root]
        place.fs.invalidate_cache()
        last = [(entry["name"].rstrip("/").rsplit("/", 1)[-1], entry["type"]) for entry in found]
        if _are_results([name for name, _ in last]):
            continue
        folders = sorted((name for name, kind in last if kind == "directory"), reverse=True)
        waiting += [f"{inside}/{name}" if inside else name for name in folders]
        yield inside, [name for name, kind in last if kind != "directory"]


def _matching(place: Storage) -> Iterator[str]:
    found: list[str] = sorted(str(path) for path in place.fs.glob(place.root))
    for path in found:
        if _is_wanted(path):
            yield _as_written(place, path)


def _as_written(place: Storage, path: str) -> str:
    """The path of a match, starting as the glob is written."""
    start = place.url[: min(place.url.index(char) for char in _WILD & set(place.url))]
    fixed = place.root[: min(place.root.index(char) for char in _WILD & set(place.root))]
    return start + path[len(fixed) :]


def _listed(place: Storage) -> Iterator[str]:
    folder = place.url.rpartition("/")[0]
    with place.fs.open(place.root, "rb") as file:
        for number, line in enumerate(file, start=1):
            path = _decoded(line, place.url, number).strip("\r\n")
            if path.strip():
                refuse_password(path)
                yield path if is_url(path) or path.startswith("/") or not folder else joined(folder, path)


def _decoded(line: Any, name: str, number: int) -> str:
    try:
        return str(line, "utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BatchError(f"{name}: line {number} is not UTF-8 text, expected a path on each line") from error
