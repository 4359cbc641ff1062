"""Unpacks what students hand in as archives: zip files, also inside one another, bounded in size and number."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["ARCHIVES", "unpack"]

ARCHIVES = (".zip",)
_MAX_BYTES = 1 << 30  # unpacked, of one archive with those inside it
_MAX_FILES = 5000
_MAX_DEPTH = 4
_UTF8_FLAG = 0x800


class _TooLargeError(Exception):
    """More than an honest archive holds."""


def unpack(path: Path, workspace: Path) -> tuple[Path | None, list[str]]:
    """The folder into which `path` was unpacked, None where it cannot be opened, and what went wrong in words."""
    target = workspace / f"{len(list(workspace.iterdir()))}-{abs(hash(path)) % 10**8}"
    budget = [_MAX_BYTES, _MAX_FILES]
    target.mkdir(parents=True)
    try:
        problems = list(_unpack_into(path, target, budget, _MAX_DEPTH))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        return None, [f"the archive cannot be opened ({error}): ask for it again"]
    except RuntimeError:
        return None, ["the archive asks for a password: ask for it without one"]
    except _TooLargeError:
        return None, [f"the archive holds more than {_MAX_BYTES >> 30} GB or {_MAX_FILES} files"]
    return target, problems


def _unpack_into(path: Path, target: Path, budget: list[int], depth: int) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = _name_of(entry)
            if entry.is_dir() or _is_left_out(name):
                continue
            file = target.joinpath(*name.parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            _copy(archive, entry, file, budget)
            if file.suffix.lower() in ARCHIVES:
                yield from _unpack_inner(file, budget, depth - 1)


def _unpack_inner(file: Path, budget: list[int], depth: int) -> Iterator[str]:
    if depth < 1:
        yield f"{file.name}: archives inside archives, too deep to be opened"
        return
    inner = file.with_name(f"{file.name}.unpacked")
    inner.mkdir()
    try:
        yield from _unpack_into(file, inner, budget, depth)
        file.unlink()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        yield f"{file.name}: cannot be opened ({error})"


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: Path, budget: list[int]) -> None:
    budget[1] -= 1
    if budget[1] < 0 or entry.file_size > budget[0]:
        raise _TooLargeError
    with archive.open(entry) as source, file.open("wb") as sink:
        while chunk := source.read(1 << 20):
            budget[0] -= len(chunk)
            # What an archive says of its size need not be true.
            if budget[0] < 0:
                raise _TooLargeError
            sink.write(chunk)
    when = time.mktime((*entry.date_time, 0, 0, -1))
    os.utime(file, (when, when))


def _name_of(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The entry's name without what leads out of the folder. Zip files of some systems do not say that it is UTF-8."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return PurePosixPath(*[part.replace(":", "_").replace("\0", "_") for part in parts] or ["file"])


def _is_left_out(name: PurePosixPath) -> bool:
    return any(part == "__MACOSX" or part.startswith(".") for part in name.parts)
