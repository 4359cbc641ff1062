"""Figures as SVG text for a self-contained page, and digits as small PNG pictures inside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.images.png import encode_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from inkdigits.evaluation.confidence import Bin
    from inkdigits.training.checkpoint import EpochRecord, StepRecord

__all__ = [
    "bars_figure",
    "confusion_figure",
    "coverage_figure",
    "curves_figure",
    "heat_data_uri",
    "heat_overlay",
    "lines_figure",
    "png_data_uri",
    "reliability_figure",
    "strip_figure",
]


def curves_figure(history: Sequence[EpochRecord], steps: Sequence[StepRecord], title: str) -> str:
    """Loss and accuracy over the epochs, training against validation, and the training loss by steps, as SVG."""
    figure = _figure(7.2, 2.8)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [record.epoch for record in history]
    along = [record.epoch for record in steps], [record.loss for record in steps]
    loss.plot(*along, "-", label="training, by steps", color="#9dbbe3", linewidth=1)
    for axes, name, unit in ((loss, "loss", "log loss (nats)"), (accuracy, "accuracy", "accuracy")):
        axes.plot(epochs, [getattr(record, name) for record in history], "o-", label="training", color="#3b76c4")
        axes.plot(
            epochs, [getattr(record, f"val_{name}") for record in history], "s-", label="validation", color="#d9730d"
        )
        axes.set_xlabel("epoch")
        axes.set_ylabel(unit)
        axes.set_xticks(epochs[:: -(-len(epochs) // 10)])
        axes.legend(frameon=False)
    figure.suptitle(title)
    return _svg(figure)


def confusion_figure(matrix: Sequence[Sequence[int]], title: str) -> str:
    """A confusion matrix with its counts, mistakes shaded by their number, as SVG."""
    counts = np.asarray(matrix)
    mistakes = counts - np.diag(np.diag(counts))
    figure = _figure(4.6, 4.4)
    axes = figure.subplots()
    # A mesh, since an image would be a raster inside the SVG.
    axes.pcolormesh(mistakes, cmap="Oranges", vmax=max(1, int(mistakes.max())) * 1.6)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    for row, column in np.argwhere(counts > 0):
        weight = "bold" if row == column else "normal"
        place = column + 0.5, row + 0.5
        axes.text(*place, str(counts[row, column]), ha="center", va="center", fontsize=7.5, fontweight=weight)
    names = [str(label) for label in range(len(counts))]
    axes.set_xticks([label + 0.5 for label in range(len(counts))], labels=names)
    axes.set_yticks([label + 0.5 for label in range(len(counts))], labels=names)
    axes.set_xlabel("read as")
    axes.set_ylabel("label")
    axes.set_title(title)
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    # Not pyplot: it keeps global state and looks for a screen.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    # Text stays text, so that a reader can search and select it; no date, so that the same figure gives the same bytes.
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "inkdigits"}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def png_data_uri(image: NDArray[np.uint8]) -> str:
    """A grey picture uint8 (height, width) as a `data:` address, dark ink on white as on paper."""
    return _png_uri(255 - image)


def heat_data_uri(image: NDArray[np.uint8], heat: NDArray[np.floating[Any]]) -> str:
    """A grey picture under `heat`, of the same shape, as a `data:` address: orange above zero, blue below."""
    return _png_uri(heat_overlay(image, heat))


def heat_overlay(image: NDArray[np.uint8], heat: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The picture as dark ink on white under `heat`, uint8 (height, width, 3); the strongest place is 70 % opaque."""
    paper = np.repeat((255 - 0.75 * image.astype(np.float64))[:, :, None], 3, axis=2)
    colour = np.where(heat[:, :, None] > 0, (217.0, 115.0, 13.0), (40.0, 100.0, 220.0))
    opacity = 0.7 * np.abs(heat[:, :, None]) / max(float(np.abs(heat).max()), 1e-12)
    mixed: NDArray[np.uint8] = (paper * (1 - opacity) + colour * opacity).round().astype(np.uint8)
    return mixed


def _png_uri(pixels: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels, optimize=True)).decode()


def reliability_figure(bins: Sequence[Bin]) -> str:
    """Accuracy against the highest probability, with 95 % intervals and how many pictures each bin holds, as SVG."""
    figure = _figure(4.6, 4.0)
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    axes.plot([0, 1], [0, 1], "--", color="#888888", linewidth=1, label="calibrated")
    means = np.array([row.confidence for row in bins])
    accuracies = np.array([row.accuracy for row in bins])
    around = np.array([(row.accuracy - row.interval.low, row.interval.high - row.accuracy) for row in bins])
    axes.errorbar(means, accuracies, np.maximum(around.T, 0), fmt="o", color="#3b76c4", capsize=2, label="measured")
    axes.set_ylabel("fraction correct")
    axes.legend(frameon=False, loc="upper left")
    widths = [row.high - row.low for row in bins]
    counts.bar([row.low for row in bins], [row.n for row in bins], widths, align="edge", color="#3b76c4")
    counts.set_yscale("log")
    counts.set_ylabel("pictures")
    counts.set_xlabel("highest probability")
    counts.set_xlim(0, 1)
    return _svg(figure)


def coverage_figure(fractions: NDArray[np.floating[Any]], accuracies: NDArray[np.floating[Any]]) -> str:
    """Accuracy among the pictures that are answered against the fraction of them, as SVG."""
    figure = _figure(4.6, 4.0)
    axes = figure.subplots()
    # A thousand points are all that a reader can see.
    rows = np.unique(np.linspace(0, len(fractions) - 1, 1000).astype(int))
    rows = rows[fractions[rows] >= min(0.5, float(fractions[-1]))]
    axes.plot(100 * fractions[rows], 100 * accuracies[rows], color="#3b76c4")
    axes.set_xlabel("answered, % of the pictures")
    axes.set_ylabel("correct among them, %")
    return _svg(figure)


def strip_figure(values: Sequence[float], name: str) -> str:
    """Each value as a dot, with mean and standard deviation below them, as SVG."""
    figure = _figure(4.6, 1.7)
    axes = figure.subplots()
    # Dots of nearly the same value stand above each other.
    edges = np.linspace(min(values), max(values) + 1e-12, 25)
    places = np.digitize(values, edges)
    heights = [int(np.sum(places[:row] == places[row])) for row in range(len(values))]
    axes.plot(values, heights, "o", color="#3b76c4", markersize=6)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    axes.errorbar([float(np.mean(values))], [-1.2], xerr=[spread], fmt="D", color="#d9730d", capsize=4)
    axes.set_ylim(-2, max(heights) + 1)
    axes.set_yticks([])
    axes.set_xlabel(name)
    axes.spines[["left", "right", "top"]].set_visible(False)
    return _svg(figure)


def bars_figure(names: Sequence[str], fractions: Sequence[float], marked: Sequence[bool], unit: str) -> str:
    """A horizontal bar for each fraction, in %, those `marked` in the second colour, as SVG."""
    figure = _figure(6.4, 0.6 + 0.24 * len(names))
    axes = figure.subplots()
    colours = ["#d9730d" if second else "#3b76c4" for second in marked]
    axes.barh(range(len(names)), [100 * fraction for fraction in fractions], color=colours, height=0.7)
    for place, fraction in enumerate(fractions):
        axes.text(101, place, f"{100 * fraction:.1f}", va="center", fontsize=7.5)
    axes.set_yticks(range(len(names)), labels=[name.replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel(unit)
    axes.spines[["right", "top"]].set_visible(False)
    return _svg(figure)


def lines_figure(panels: Sequence[tuple[str, Sequence[float], Sequence[float]]], unit: str) -> str:
    """A panel for each (name, amounts, fractions): fractions in % against amounts, on one scale, as SVG."""
    figure = _figure(1.9 * len(panels), 2.3)
    several = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, amounts, fractions) in zip(several, panels, strict=True):
        axes.plot(amounts, [100 * fraction for fraction in fractions], "o-", color="#3b76c4", markersize=3.5)
        axes.set_xlabel(name)
        axes.set_ylim(0, 102)
        axes.spines[["right", "top"]].set_visible(False)
    several[0].set_ylabel(unit)
    return _svg(figure)
