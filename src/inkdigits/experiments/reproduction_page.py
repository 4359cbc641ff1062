"""`report.html` of a reproduction, one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.evaluation.evaluate import Evaluation, load_predictions
from inkdigits.evaluation.examples import mistakes
from inkdigits.evaluation.figures import confusion_figure, curves_figure, png_data_uri
from inkdigits.evaluation.html_page import write_page
from inkdigits.training.run import Run

if TYPE_CHECKING:
    from inkdigits.experiments.reproduce import ReproductionSummary

__all__ = ["write_reproduction_page"]


def write_reproduction_page(
    path: Path,
    summary: ReproductionSummary,
    networks: Sequence[tuple[Run, Evaluation]],
    digits: LabelledDigits,
) -> None:
    """Write the page for `networks`, all evaluated on `digits`. Raises `OutputError`."""
    sections = [_section(run, evaluation, digits) for run, evaluation in networks]
    write_page(path, "reproduction.html.jinja", summary=summary, sections=sections)


def _section(run: Run, evaluation: Evaluation, digits: LabelledDigits) -> dict[str, Any]:
    name = run.config.network
    wrong = mistakes(digits, load_predictions(run, evaluation.data_sha256))
    return {
        "name": name,
        "evaluation": evaluation,
        "curves": curves_figure(run.history, run.steps, f"{name}: learning curves"),
        "confusion": confusion_figure(evaluation.confusion_matrix, f"{name}: confusion matrix"),
        "mistakes": [(example, png_data_uri(digits.images[example.index])) for example in wrong],
    }
