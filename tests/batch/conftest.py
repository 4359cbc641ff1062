"""Pictures to read by the dozen, and results in a form to compare."""

from __future__ import annotations

import io
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_train
from tests.batch.in_process import read_here

# The digits among the scans; with one file that is not a picture, 21 pictures in 7 parts of 3.
N, PART_SIZE = 20, 3


@cache
def mnist() -> LabelledDigits:
    """The training part, unpacked once."""
    return load_train()


def png(number: int) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(mnist().images[number]).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 digits in two folders, and a text that claims to be a picture."""
    path = tmp_path_factory.mktemp("scans")
    for number in range(N):
        folder = path / f"box{number % 2}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:03d}.png").write_bytes(png(number))
    (path / "broken.png").write_text("no picture")
    (path / "notes.doc").write_text("not read at all")
    return path


@pytest.fixture(scope="session")
def results(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the folder of scans, undisturbed; no test changes them."""
    out = tmp_path_factory.mktemp("results") / "out"
    read_here(scans, out)
    return out


def write_tar(scans: Path, path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        archive.add(scans, "deep/er")
    return path


def rows_of(out: Path) -> list[dict[str, Any]]:
    """Every row, in the order of the source, by pyarrow alone."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = (
        pq.read_table(out / "parts").sort_by([("picture", "ascending"), ("page", "ascending")]).to_pylist()
    )
    return rows


def strings_expected() -> dict[str, int]:
    return {f"{number:03d}.png": int(mnist().labels[number]) for number in range(N)}


def accuracy(rows: list[dict[str, Any]], name: Any = lambda row: row["path"].rsplit("/", 1)[-1]) -> float:
    """The fraction of rows whose string is MNIST's label."""
    labels = strings_expected()
    return float(np.mean([row["string"] == str(labels[name(row)]) for row in rows if row["error"] is None]))
