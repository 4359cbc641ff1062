"""Pictures and labels in .npy files, NumPy's own form, of which large ones are mapped and not read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.datasets.array_pictures import labels_of, pictures_of
from inkdigits.datasets.labelled import LabelledDigits, Splits, paired_digits
from inkdigits.datasets.large_arrays import LARGE, parts_of
from inkdigits.datasets.npz import PAIRS, splits_of_arrays
from inkdigits.errors import DataError, one_line
from inkdigits.system.atomic_io import write_folder

__all__ = ["labels_beside", "load_npy_folder", "load_npy_pair", "open_npy", "save_npy"]


def open_npy(path: Path) -> NDArray[Any]:
    """The array in the .npy file `path`; a file of more than `LARGE` bytes is mapped, read-only.

    Nothing is unpickled. Raises `DataError` when it is missing or damaged, or cannot be mapped.
    """
    try:
        mapped = path.stat().st_size > LARGE
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({one_line(error)}): if address space is limited, lift that (ulimit -v unlimited)"
        ) from error
    except ValueError as error:
        # NumPy's own message would tell to load it unsafely.
        found = "holds Python objects" if "Object arrays" in str(error) else "damaged, or not an .npy file"
        raise DataError(f"{path}: {found}: save an array of numbers with numpy.save") from error
    except Exception as error:
        raise DataError(f"{path}: damaged, or not an .npy file ({one_line(error):.200})") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: holds {type(array).__name__}, expected one array: is it an npz file?")
    return np.asarray(array)


def load_npy_pair(images: Path, labels: Path) -> LabelledDigits:
    """Labelled digits from two .npy files. Raises `DataError`."""
    pictures = pictures_of(open_npy(images), str(images))
    values = labels_of(open_npy(labels), str(labels))
    return paired_digits(pictures, values, images.name, (str(images), str(labels)))


def labels_beside(images: Path) -> Path:
    """The file of labels for `images` when it is named as in an npz file: `y_train.npy` beside `x_train.npy`.

    Raises `DataError` for another name, and where that file is missing.
    """
    partners = dict(PAIRS)
    name = partners.get(images.stem.lower())
    labels = images.with_name(f"{name}.npy")
    if pictures := {of: one for one, of in PAIRS}.get(images.stem.lower()):
        raise DataError(
            f"{images}: holds labels, by its name: name {pictures}.npy instead, or the pair as IMAGES,LABELS"
        )
    if name is None or not labels.is_file():
        beside = f"{labels.name} beside it" if name else f"{images.name} to be named {', '.join(partners)}"
        raise DataError(f"{images}: its labels are missing, expected {beside}: or name the pair as IMAGES,LABELS")
    return labels


def load_npy_folder(folder: Path) -> Splits | None:
    """The digits of the .npy files in `folder`, named as the arrays of an npz file; None where there are none such.

    Raises `DataError`.
    """
    files = {file.stem.lower(): file for file in sorted(folder.glob("*.npy"))}
    known = {name for pair in PAIRS for name in pair}
    arrays = {name: open_npy(file) for name, file in files.items() if name in known}

    def place(name: str) -> str:
        return str(files.get(name, folder / f"{name}.npy"))

    return splits_of_arrays(arrays, folder, place) if arrays else None


def save_npy(folder: Path, parts: Mapping[str, LabelledDigits]) -> None:
    """Write each part as `x_<part>.npy` and `y_<part>.npy` into the new `folder`, all or none. Raises `OutputError`."""
    with write_folder(folder) as unfinished:
        for part, digits in parts.items():
            _write(unfinished / f"x_{part}.npy", digits.images)
            _write(unfinished / f"y_{part}.npy", digits.labels.astype(np.uint8))


def _write(path: Path, array: NDArray[np.uint8]) -> None:
    header: dict[str, Any] = {"descr": "|u1", "fortran_order": False, "shape": array.shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts_of(array):
            file.write(np.ascontiguousarray(part).data)
