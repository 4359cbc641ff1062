"""The unsure digits as pictures with a table of labels that a person fills in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.batch.batch_job import BatchJob
from inkdigits.batch.results import tables
from inkdigits.batch.storage import open_storage
from inkdigits.datasets.labelled_files import LABELS
from inkdigits.images.png import encode_png
from inkdigits.system.atomic_io import write_folder

__all__ = ["write_review"]

_COLUMNS = ("file", "label", "read", "probability", "second", "second_probability", "path", "page", "x", "y", "w", "h")


def write_review(job: BatchJob, folder: Path, parts: int) -> int:
    """Write every unsure digit into the new `folder` and return how many there are.

    The pictures are the network inputs, 28x28, white on black. In labels.csv the column `label` is empty: a person
    fills in 0 to 9, and leaves it empty where the picture is not a digit. Then `evaluate --data` and `train --data`
    read the folder. Raises `OutputError`.
    """
    out = open_storage(job.place(job.out))
    count = 0
    with write_folder(folder) as unfinished, (unfinished / LABELS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, row, digit in _unsure(tables(out, parts)):
            # A folder of a million files would be slow to list.
            (unfinished / name).parent.mkdir(exist_ok=True)
            pixels = np.frombuffer(digit["network_input"], np.uint8).reshape(28, 28)
            (unfinished / name).write_bytes(encode_png(pixels))
            values = (
                digit["value"],
                f"{digit['probability']:.4f}",
                digit["second"],
                f"{digit['second_probability']:.4f}",
            )
            writer.writerow([name, "", *values, row["path"], row["page"], *digit["box"]])
            count += 1
    return count


def _unsure(found: Iterator[Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for table in found:
        for row in table.select(["picture", "path", "page", "digits"]).to_pylist():
            for place, digit in enumerate(row["digits"]):
                if digit["outcome"] == "unsure":
                    yield f"{row['picture'] // 10_000:06d}/{row['picture']}-{row['page']}-{place}.png", row, digit
