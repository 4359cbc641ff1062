"""`explain`: why this digit?"""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.completion import known_models
from inkdigits.cli.options import AsJson
from inkdigits.cli.output import counted, percent, print_json, print_status, stoppable

if TYPE_CHECKING:
    from inkdigits.evaluation.explain import Explanation

__all__ = ["explain"]


@stoppable()
def explain(
    model: Annotated[
        str,
        typer.Argument(
            help="reader, dense, cnn, a model file, or a run's folder, which tells more.",
            metavar="MODEL",
            autocompletion=known_models,
        ),
    ],
    picture: Annotated[
        Path, typer.Argument(help="One digit: a picture, or an IDX, .npz or .csv file.", metavar="PICTURE")
    ],
    index: Annotated[
        int, typer.Option(min=0, help="Which picture of a file that holds several, counted from 0.", metavar="N")
    ] = 0,
    label: Annotated[
        int | None, typer.Option(min=0, max=9, help="What speaks for this digit? Default: what was read.")
    ] = None,
    neighbours: Annotated[
        int, typer.Option(min=0, max=20, help="How many of a run's training pictures to show that it finds most alike.")
    ] = 5,
    invert: Annotated[bool, typer.Option(help="The picture is black ink on white.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="The PNG to write. Default: explained.png, with a number where that exists.", metavar="PNG"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which ink a network's answer rests on, as a PNG; for a run also the training pictures most alike."""
    from inkdigits.datasets.unlabelled import load_pictures
    from inkdigits.errors import DataError
    from inkdigits.evaluation import explain as explaining
    from inkdigits.system.atomic_io import check_new

    check_new(out, "--out", ".png")
    pictures = load_pictures(picture, invert=invert)
    n = len(pictures.images)
    if index >= n:
        raise DataError(f"{picture}: holds {counted(n, 'picture')}, --index 0 to {n - 1}, got --index {index}")
    if n > 1:
        print_status(
            f"picture {index} of {n:,} in {picture}, counted from 0: {pictures.names[index]} (--index chooses another)"
        )
    explanation = explaining.explain(model, pictures.images[index], label=label, neighbours=neighbours)
    target = out or _free_name()
    explaining.write_explanation(target, explanation)
    if as_json:
        print_json(_as_dict(explanation, target))
    else:
        _print_explanation(explanation, target)


def _free_name() -> Path:
    """explained.png, or the first of explained-2.png, explained-3.png … that does not exist."""
    numbered = (Path(f"explained-{number}.png") for number in count(2))
    return next(path for path in chain([Path("explained.png")], numbered) if not path.exists())


def _as_dict(explanation: Explanation, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "label": explanation.label,
        "probabilities": explanation.probabilities.tolist(),
        "occlusion": explanation.occlusion.round(4).tolist(),
        "gradient": None if explanation.gradient is None else explanation.gradient.round(6).tolist(),
        "neighbours": [
            {"index": near.index, "label": near.label, "distance": near.distance} for near in explanation.neighbours
        ],
    }


def _print_explanation(explanation: Explanation, out: Path) -> None:
    order = explanation.probabilities.argsort()[::-1].tolist()
    read = ", ".join(f"{digit} with {percent(float(explanation.probabilities[digit]))}" for digit in order[:3])
    print(f"read: {read}")
    for near in explanation.neighbours:
        print(f"alike: training picture {near.index}, a {near.label}, at distance {near.distance:.2f}")
    print(f"{out}: what speaks for {explanation.label}")
