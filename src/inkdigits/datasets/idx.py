"""IDX, the format of the original MNIST files: a big-endian header, then the bytes.

The format is described on the MNIST page (LeCun, Cortes, Burges): two zero bytes, a type byte (8 = unsigned byte), the
number of dimensions, and one 32-bit size for each.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.labelled import LabelledDigits, paired_digits
from inkdigits.errors import DataError

__all__ = ["IMAGES_MAGIC", "LABELS_MAGIC", "labels_path_for", "load_pair", "parse_idx", "read_bytes"]

IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049


def read_bytes(path: Path) -> bytes:
    """The content of `path`, decompressed where it is gzip. Raises `DataError` when it is missing or damaged."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip file ({error}): fetch or copy it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def parse_idx(content: bytes, magic: int, name: str) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes whose magic number must be `magic`.

    Raises `DataError` for another magic number, and for more or fewer bytes than the header says.
    """
    dimensions = magic & 0xFF
    header_size = 4 + 4 * dimensions
    found = int.from_bytes(content[:4], "big")
    if len(content) >= 4 and found != magic:
        raise DataError(f"{name}: magic number {found}, expected {magic}: this is not an IDX file of {_KINDS[magic]}")
    if len(content) < header_size:
        raise DataError(f"{name}: {len(content)} bytes, too short for an IDX header of {header_size}: it is truncated")
    shape = struct.unpack(f">{dimensions}I", content[4:header_size])
    expected = int(np.prod(shape, dtype=object))
    if len(content) - header_size != expected:
        raise DataError(
            f"{name}: its header says {expected} bytes for shape {shape}, it holds "
            f"{len(content) - header_size}: it is truncated or damaged"
        )
    return np.frombuffer(content, np.uint8, offset=header_size).reshape(shape)


_KINDS = {IMAGES_MAGIC: "pictures", LABELS_MAGIC: "labels"}


def labels_path_for(images: Path) -> Path:
    """The file of labels for a file of pictures that is named as MNIST's are (`…-images-idx3…` -> `…-labels-idx1…`).

    Raises `DataError` when the name has another form or the file does not exist.
    """
    labels = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
    if labels == images and "labels" in images.name:
        pictures = images.name.replace("labels", "images").replace("idx1", "idx3")
        raise DataError(f"{images}: holds labels, by its name: name {pictures} instead, or the pair as IMAGES,LABELS")
    if labels == images:
        raise DataError(f"{images}: its labels are missing: name the pair as IMAGES,LABELS")
    if not labels.is_file():
        raise DataError(
            f"{images}: its labels are missing, expected {labels.name} beside it: or name the pair as IMAGES,LABELS"
        )
    return labels


def load_pair(images: Path, labels: Path) -> LabelledDigits:
    """Labelled digits from two IDX files, plain or gzip. Raises `DataError` for damage or other counts."""
    pictures = parse_idx(read_bytes(images), IMAGES_MAGIC, str(images))
    values = parse_idx(read_bytes(labels), LABELS_MAGIC, str(labels))
    return paired_digits(pictures, values.astype(np.int64), images.name, (str(images), str(labels)))
