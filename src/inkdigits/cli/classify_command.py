"""`classify`: digits that are single pictures already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.completion import known_models
from inkdigits.cli.options import AsJson, start_default_backend
from inkdigits.cli.output import check_one_form, csv_line, on_one_line, print_json, print_status, stoppable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from inkdigits.modelfile.load import Classifier

__all__ = ["classify"]


@stoppable()
def classify(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Single digits: 28x28 pictures, IDX files, .npz, .csv of 784 pixels a row, or folders.",
            metavar="DATA",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="reader, dense, cnn, a model file, a run's folder or a .keras file. Default: reader.",
            metavar="MODEL",
            autocompletion=known_models,
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Cores to use. Default: all.", metavar="N")] = None,
    invert: Annotated[bool, typer.Option(help="The pictures are dark ink on light paper.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print ImageId,Label as Kaggle wants it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which digit each picture is, and how probable every digit."""
    from inkdigits.datasets.unlabelled import load_all_pictures

    check_one_form(as_csv, as_json)
    pictures = load_all_pictures(sources, invert=invert)
    if pictures.normalized:
        print_status(f"inkdigits: warning: {_about_fitted(pictures.normalized, len(pictures.names))}")
    probabilities = _classifier(model, threads).predict_proba(pictures.images)
    if as_json:
        print_json(list(_rows(pictures.names, probabilities)))
    else:
        print("\n".join((_csv if as_csv else _table)(pictures.names, probabilities)))


def _about_fitted(fitted: int, n: int) -> str:
    which = "the picture is not 28x28: it was" if n == 1 else f"{fitted:,} of {n:,} pictures are not 28x28: each was"
    return f"{which} fitted into 28x28 as one digit; inkdigits read finds the digits in pictures"


def _classifier(model: str | None, threads: int | None) -> Classifier:
    from inkdigits.modelfile.load import load_classifier
    from inkdigits.modelfile.predictor import DEFAULT_MODEL

    return load_classifier(model or DEFAULT_MODEL, threads=threads, start_keras=start_default_backend)


def _rows(names: Sequence[str], probabilities: NDArray[np.floating[Any]]) -> Iterator[dict[str, Any]]:
    for name, row in zip(names, probabilities.tolist(), strict=True):
        best = max(row)
        yield {"picture": name, "label": row.index(best), "probability": best, "probabilities": row}


def _csv(names: Sequence[str], probabilities: NDArray[np.floating[Any]]) -> Iterator[str]:
    yield "ImageId,Label"
    for name, label in zip(names, probabilities.argmax(axis=1).tolist(), strict=True):
        # Kaggle counts pictures from 1, everything else here from 0.
        yield csv_line([int(name) + 1 if name.isdecimal() else name, label])


def _table(names: Sequence[str], probabilities: NDArray[np.floating[Any]]) -> Iterator[str]:
    # Not by `print_table`: importing Rich takes longer than classifying.
    names = [on_one_line(name) for name in names]
    width = max([len("picture"), *map(len, names)])
    yield f"{'picture':<{width}}  label  " + "  ".join(f"{'p' + str(digit):>5}" for digit in range(10))
    for row in _rows(names, probabilities):
        probabilities_text = "  ".join(f"{probability:5.3f}" for probability in row["probabilities"])
        yield f"{row['picture']:<{width}}  {row['label']:>5}  {probabilities_text}"
