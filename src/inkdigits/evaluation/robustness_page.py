"""`inkdigits shift --html`: the shift card as one self-contained page."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import Any

from inkdigits.evaluation.figures import bars_figure, lines_figure, png_data_uri
from inkdigits.evaluation.html_page import render
from inkdigits.evaluation.robustness import ShiftCard
from inkdigits.system.atomic_io import write_text

__all__ = ["write_shift_page"]

_AXES = {"shift": "shift, pixels", "rotation": "rotation, degrees", "scale": "scale, times", "stroke": "stroke, pixels"}


def write_shift_page(path: Path, card: ShiftCard) -> None:
    """Write the page. Raises `OutputError`, or `MissingExtraError` without jinja2."""
    kinds = _kinds(card)
    values = {
        "card": card,
        "sides": [("trained-on", card.summary(held_out=False)), ("held-out", card.summary(held_out=True))],
        "kinds": kinds,
        "corruptions": bars_figure(
            [kind["name"] for kind in kinds],
            [kind["mean"] for kind in kinds],
            [kind["held_out"] for kind in kinds],
            "accuracy, %, mean over strengths 1 to 5",
        ),
        "moved": lines_figure(_panels(card), "accuracy, %"),
        "nondigits": bars_figure(
            [row.family for row in card.nondigits],
            [row.rate for row in card.nondigits],
            [row.held_out for row in card.nondigits],
            "accepted as a digit, %",
        ),
        "fonts": [row for row in card.digits if row.group == "font"],
        "shown": [(row, png_data_uri(row.picture)) for row in card.shown],
    }
    write_text(path, render("shift.html.jinja", **values))


def _kinds(card: ShiftCard) -> list[dict[str, Any]]:
    """One entry a kind of damage: its rows by strength and their mean accuracy; trained-on kinds first."""
    rows = [row for row in card.digits if row.group == "corruption"]
    kinds = []
    for name in dict.fromkeys(row.kind for row in rows):
        of_kind = [row for row in rows if row.kind == name]
        mean = fmean(row.accuracy for row in of_kind)
        kinds.append({"name": name, "held_out": of_kind[0].held_out, "rows": of_kind, "mean": mean})
    return kinds


def _panels(card: ShiftCard) -> list[tuple[str, list[float], list[float]]]:
    panels: list[tuple[str, list[float], list[float]]] = []
    for group, name in _AXES.items():
        rows = [(row.amount, row.accuracy) for row in card.digits if row.group == group and row.amount is not None]
        # Left as it is, a digit is read as in the first row of the card.
        unchanged = (1.0 if group == "scale" else 0.0, card.plain.accuracy)
        ordered = sorted([*rows, unchanged])
        panels.append((name, [amount for amount, _ in ordered], [share for _, share in ordered]))
    return panels
