"""`seeds.html`: the scores of many seeds as a plot and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inkdigits.evaluation.figures import strip_figure
from inkdigits.evaluation.html_page import render
from inkdigits.system.atomic_io import write_text

__all__ = ["write_seeds_page"]


def write_seeds_page(path: Path, summary: dict[str, Any]) -> None:
    """Write the page for what `seeds.json` holds. Raises `OutputError`, or `MissingExtraError` without jinja2."""
    judged = [row for row in summary["runs"] if row["accuracy"] is not None]
    plots = [
        strip_figure([100 * row["accuracy"] for row in judged], "accuracy, %"),
        strip_figure([row["log_loss"] for row in judged], "log loss, nats"),
    ]
    write_text(path, render("seeds.html.jinja", summary=summary, plots=plots if judged else []))
