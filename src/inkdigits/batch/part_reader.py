"""What a worker does: read the pictures of a part and write its table. Several workers may read the same part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from inkdigits.batch.batch_job import BatchJob, BatchModel, BatchOptions, BatchPart, FinishedPart
from inkdigits.batch.contents import FetchedPicture, fetched
from inkdigits.batch.results import PARTS, part_name
from inkdigits.batch.storage import open_storage
from inkdigits.batch.table import table_bytes
from inkdigits.reading.many import read_pages
from inkdigits.reading.reading import Reading

if TYPE_CHECKING:
    from inkdigits.reading.reader import Reader

__all__ = ["marker_name", "read_part", "read_part_with_markers"]

# Pages that share one call of the network.
_TOGETHER = 100


def marker_name(number: int) -> str:
    """The path, below the results, of a part's progress marker: which picture `read_part_with_markers` is reading."""
    return f"{PARTS}/.unfinished-marker-{number:08d}"


def read_part(job: BatchJob, part: BatchPart) -> FinishedPart:
    """Read every picture of `part` and write its table into `job.out`, whole or not at all.

    The same part gives the same table every time, so that it does not matter if two workers read it. Raises
    `OutputError` and, for what is wrong with an archive or table, `BatchError`.
    """
    reader = _loaded(job.model)
    rows = list(_numbered(reader, part.first, fetched(job, part), job.options))
    return _written(job, part, rows)


def read_part_with_markers(job: BatchJob, part: BatchPart, crashing: Mapping[int, str]) -> FinishedPart:
    """`read_part` for a part in which a picture ends its worker: writes a progress marker before each picture.

    `crashing` holds the numbers within the part of pictures that are not opened, each with its error.
    """
    reader, out = _loaded(job.model), open_storage(job.place(job.out))
    rows: list[tuple[int, Reading]] = []
    for index, (name, content) in enumerate(fetched(job, part)):
        if index in crashing:
            rows.append((part.first + index, Reading(name, "error", "", crashing[index], ())))
            continue
        out.write(marker_name(part.number), str(index).encode())
        rows += _numbered(reader, part.first + index, [(name, content)], job.options)
    out.remove(marker_name(part.number))
    return _written(job, part, rows)


def _written(job: BatchJob, part: BatchPart, rows: list[tuple[int, Reading]]) -> FinishedPart:
    content = table_bytes(rows, job.model.sha256, all_network_inputs=job.options.network_inputs)
    open_storage(job.place(job.out)).write(part_name(part.number), content)
    return FinishedPart(part.number, part.pictures, dict(Counter(reading.outcome for _, reading in rows)))


@lru_cache(maxsize=1)
def _loaded(model: BatchModel) -> Reader:
    """The reader, loaded once a worker, on one thread: the cores are for other workers."""
    import cv2

    from inkdigits.modelfile.predictor import Predictor
    from inkdigits.reading.finder import Finder
    from inkdigits.reading.reader import Reader

    cv2.setNumThreads(0)
    return Reader(Predictor.from_bytes(model.content, model.name, threads=1), Finder.load(threads=1))


def _numbered(
    reader: Reader, first: int, pictures: Iterable[FetchedPicture], options: BatchOptions
) -> Iterator[tuple[int, Reading]]:
    """The readings of pictures that are numbered from `first` on, in order."""
    results = read_pages(reader, pictures, region=options.region, length=options.length, together=_TOGETHER)
    return ((first + result.source, result.reading) for result in results)
