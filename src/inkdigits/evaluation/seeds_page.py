"""`seeds.html`: the scores of many seeds as plots and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inkdigits.evaluation.figures import strip_figure
from inkdigits.evaluation.html_page import write_page

__all__ = ["write_seeds_page"]


def write_seeds_page(path: Path, summary: dict[str, Any]) -> None:
    """Write the page for what `seeds.json` holds. Raises `OutputError`, or `MissingExtraError` without jinja2."""
    evaluated = [row for row in summary["runs"] if row["accuracy"] is not None]
    plots = [
        strip_figure([100 * row["accuracy"] for row in evaluated], "accuracy, %"),
        strip_figure([row["log_loss"] for row in evaluated], "log loss, nats"),
    ]
    write_page(path, "seeds.html.jinja", summary=summary, plots=plots if evaluated else [])
