"""`inkdigits robustness --html`: the robustness report as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from inkdigits.evaluation.figures import bars_figure, lines_figure, png_data_uri
from inkdigits.evaluation.html_page import write_page
from inkdigits.evaluation.robustness import DigitScores, RobustnessReport

__all__ = ["write_robustness_page"]

_AXES = {"shift": "shift, pixels", "rotation": "rotation, degrees", "scale": "scale, times", "stroke": "stroke, pixels"}


@dataclass(frozen=True)
class _Kind:
    """One kind of corruption, its scores by severity."""

    name: str
    held_out: bool
    rows: Sequence[DigitScores]

    @property
    def mean(self) -> float:
        return fmean(row.accuracy for row in self.rows)


def write_robustness_page(path: Path, report: RobustnessReport) -> None:
    """Write the page. Raises `OutputError`, or `MissingExtraError` without jinja2."""
    kinds = _kinds(report.group("corruption"))
    write_page(
        path,
        "robustness.html.jinja",
        report=report,
        means=[("trained-on", report.means(held_out=False)), ("held-out", report.means(held_out=True))],
        kinds=kinds,
        corruptions=bars_figure(
            [kind.name for kind in kinds],
            [kind.mean for kind in kinds],
            [kind.held_out for kind in kinds],
            "accuracy, %, mean over severities 1 to 5",
        ),
        moved=lines_figure(_panels(report), "accuracy, %"),
        nondigits=bars_figure(
            [row.family for row in report.nondigits],
            [row.rate for row in report.nondigits],
            [row.held_out for row in report.nondigits],
            "accepted as a digit, %",
        ),
        fonts=report.group("font"),
        shown=[(row, png_data_uri(row.picture)) for row in report.shown],
    )


def _kinds(rows: Sequence[DigitScores]) -> list[_Kind]:
    """Every kind of corruption, trained-on kinds first."""
    by_kind: dict[tuple[str, bool], list[DigitScores]] = {}
    for row in rows:
        by_kind.setdefault((row.condition.kind, row.condition.held_out), []).append(row)
    return [_Kind(name, held_out, of_kind) for (name, held_out), of_kind in by_kind.items()]


def _panels(report: RobustnessReport) -> list[tuple[str, list[float], list[float]]]:
    panels: list[tuple[str, list[float], list[float]]] = []
    for group, name in _AXES.items():
        rows = [(row.condition.amount, row.accuracy) for row in report.group(group)]
        unchanged = (1.0 if group == "scale" else 0.0, report.plain.accuracy)
        ordered = sorted([*((amount, accuracy) for amount, accuracy in rows if amount is not None), unchanged])
        panels.append((name, [amount for amount, _ in ordered], [accuracy for _, accuracy in ordered]))
    return panels
