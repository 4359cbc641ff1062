"""`seeds.html`: the scores of many seeds as plots and a table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from inkdigits.evaluation.figures import strip_figure
from inkdigits.evaluation.html_page import write_page

if TYPE_CHECKING:
    from inkdigits.experiments.seeds import SeedsSummary

__all__ = ["write_seeds_page"]


def write_seeds_page(path: Path, summary: SeedsSummary) -> None:
    """Write the page. Raises `OutputError`, or `MissingExtraError` without jinja2."""
    accuracies = [100 * result.accuracy for result in summary.runs if result.accuracy is not None]
    losses = [result.log_loss for result in summary.runs if result.log_loss is not None]
    plots = [strip_figure(accuracies, "accuracy, %"), strip_figure(losses, "log loss, nats")] if accuracies else []
    write_page(path, "seeds.html.jinja", summary=summary, hyperparameters=asdict(summary.recipe), plots=plots)
