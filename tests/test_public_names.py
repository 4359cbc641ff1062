"""The names that others may rely on, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

import inkdigits
from inkdigits import errors

PUBLIC = {
    "Backend",
    "BatchError",
    "BlankPictureError",
    "ClusterError",
    "Comparison",
    "DataError",
    "Digit",
    "DigitClassifier",
    "Evaluation",
    "ExerciseError",
    "Explanation",
    "ExportError",
    "InkdigitsError",
    "Interval",
    "LabelledDigits",
    "MissingExtraError",
    "ModelFileError",
    "NetworkError",
    "OutputError",
    "PictureCostError",
    "PictureError",
    "Predictor",
    "Reader",
    "Reading",
    "Recipe",
    "RecipeError",
    "RemoteModelError",
    "RequestError",
    "RobustnessReport",
    "Run",
    "RunError",
    "SeedsSummary",
    "ServingError",
    "Splits",
    "TrainOptions",
    "TrainingDivergedError",
    "TuneResult",
    "annotate",
    "compare",
    "evaluate",
    "explain",
    "export_run",
    "load_classifier",
    "load_data",
    "open_run",
    "read",
    "reproduce",
    "resume",
    "robustness",
    "seeds",
    "train",
    "tune",
}


def test_public_names() -> None:
    assert set(inkdigits.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(inkdigits, name) is not None
    assert set(dir(inkdigits)) >= PUBLIC


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'readd'"):
        inkdigits.readd  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, inkdigits; print(sorted({'numpy', 'keras', 'jax', 'typer'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_error_has_one_root() -> None:
    classes = [value for name in errors.__all__ if isinstance(value := getattr(errors, name), type)]
    assert len(classes) > 5
    assert {kind.__name__ for kind in classes} <= PUBLIC
    assert all(issubclass(kind, errors.InkdigitsError) for kind in classes)
