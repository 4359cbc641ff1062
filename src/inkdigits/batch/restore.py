"""Unpacks compressed archives again when a part of a finished batch has to be read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inkdigits.batch.batch_job import BatchJob, BatchPart, SourceEntry
from inkdigits.batch.containers import UNPACKED, check_unchanged, is_compressed, unpacked
from inkdigits.batch.source_files import files_of, is_tar
from inkdigits.batch.storage import Storage, joined
from inkdigits.errors import BatchError
from inkdigits.images.decode import printable

__all__ = ["with_archives"]


def with_archives(job: BatchJob, out: Storage, parts: Iterable[BatchPart]) -> Iterator[BatchPart]:
    """Yield each of `parts` once the archives that it is read from are unpacked in `out`.

    Raises `BatchError` for an archive that is missing in `job.source` or has changed since the batch began,
    `OutputError` when `out` cannot be written.
    """
    folder = f"{joined(out.place, UNPACKED)}/"
    there = set(out.names(UNPACKED))
    for part in parts:
        for entry in part.entries:
            name = entry.path.removeprefix(folder)
            if name != entry.path and name not in there:
                _restore(job, out, entry, f"{UNPACKED}/{name}")
                there.add(name)
        yield part


def _restore(job: BatchJob, out: Storage, entry: SourceEntry, name: str) -> None:
    archives = (path for path in files_of(job.source, job.folder) if is_tar(path) and is_compressed(path))
    path = next((path for path in archives if entry.name.startswith(f"{printable(path)}/")), None)
    if path is None:
        raise BatchError(
            f"{job.source}: the archive of {entry.name} is missing since the batch began: restore it and rerun the "
            "same command"
        )
    try:
        check_unchanged(path, unpacked(path, job.place(path), out, name), entry)
    except BatchError:
        out.remove(name)
        raise
