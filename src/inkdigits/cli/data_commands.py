"""`data info` and `data export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.options import AsJson
from inkdigits.cli.output import counted, print_json, print_table, stoppable
from inkdigits.cli.plain_help import plain_typer

if TYPE_CHECKING:
    from inkdigits.datasets.labelled import LabelledDigits, Splits

__all__ = ["app"]

app = plain_typer(help="Describe a data set, or convert it.")

Source = Annotated[
    str | None,
    typer.Argument(
        help="mnist (default), IMAGES,LABELS (IDX or .npy), an .npz, .csv or .parquet, or a folder "
        "(docs/guides/data.md).",
        metavar="DATA",
    ),
]
# As other commands name it.
NamedSource = Annotated[str | None, typer.Option("--data", help="The same, as other commands name it.", metavar="DATA")]


class DataFormat(StrEnum):
    """A format to write a data set in."""

    npz = "npz"
    npy = "npy"
    png = "png"


@app.command()
@stoppable()
def info(source: Source = None, data: NamedSource = None, as_json: AsJson = False) -> None:
    """Print how many pictures of each digit a data set holds, and its checksum."""
    from inkdigits.datasets.source import load_splits

    parts = [_described(part, digits) for part, digits in _parts(load_splits(_named_once(source, data)))]
    if as_json:
        print_json(parts)
        return
    print_table(
        ["part", "pictures", *map(str, range(10)), "ink", "sha256"],
        [
            [row["part"], row["n"], *row["per_class"], f"{100 * row['mean_ink']:.1f} %", row["sha256"][:16]]
            for row in parts
        ],
    )


def _named_once(source: str | None, data: str | None) -> str:
    from inkdigits.errors import DataError

    if source is not None and data is not None:
        raise DataError(f"{source} and --data {data}: two sources, expected one")
    return source or data or "mnist"


def _parts(splits: Splits) -> list[tuple[str, LabelledDigits]]:
    both = (("train", splits.train), ("test", splits.test))
    return [(part, digits) for part, digits in both if digits is not None]


def _described(part: str, digits: LabelledDigits) -> dict[str, Any]:
    import numpy as np

    return {
        "part": part,
        "name": digits.name,
        "n": len(digits),
        "per_class": np.bincount(digits.labels, minlength=10).tolist(),
        "mean_ink": float(digits.images.mean() / 255),
        "sha256": digits.sha256,
    }


@app.command()
@stoppable()
def export(
    out: Annotated[Path, typer.Option(help="The .npz file, or the new folder for npy and png.")],
    source: Source = None,
    data: NamedSource = None,
    to: Annotated[
        DataFormat,
        typer.Option(
            help="npz: the layout of keras.datasets; npy: those arrays in one file each, which are trained on without "
            "being read into memory; png: one folder per class in one folder per part."
        ),
    ] = DataFormat.npz,
    as_json: AsJson = False,
) -> None:
    """Write a data set as one npz file, as keras.datasets has it, or as a folder of arrays or pictures."""
    from inkdigits.datasets.folder import save_parts
    from inkdigits.datasets.npy import save_npy
    from inkdigits.datasets.npz import save_npz
    from inkdigits.datasets.source import load_splits
    from inkdigits.errors import OutputError
    from inkdigits.system.atomic_io import check_new

    check_new(out, "--out", *([".npz"] if to is DataFormat.npz else []))
    if to is not DataFormat.npz and out.suffix.lower() in {".npz", ".npy", ".csv", ".png"}:
        raise OutputError(f"--out {out}: expected the name of a folder, since --to {to} writes several files")
    splits = load_splits(_named_once(source, data))
    if to is DataFormat.npz:
        save_npz(out, splits)
    else:
        {DataFormat.npy: save_npy, DataFormat.png: save_parts}[to](out, dict(_parts(splits)))
    written = {part: len(digits) for part, digits in _parts(splits)}
    if as_json:
        print_json({"out": str(out), "pictures": written})
    else:
        print(f"{out}: {', '.join(counted(n, f'{part} picture') for part, n in written.items())}")
