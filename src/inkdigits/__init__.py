"""inkdigits: train, evaluate and use networks that read handwritten digits.

The public names are imported when they are first used, so `import inkdigits` is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkdigits.classifier import DigitClassifier
    from inkdigits.datasets.labelled import LabelledDigits, Splits
    from inkdigits.datasets.mnist import load_data
    from inkdigits.errors import (
        BatchError,
        BlankPictureError,
        ClusterError,
        DataError,
        ExerciseError,
        ExportError,
        InkdigitsError,
        MissingExtraError,
        ModelFileError,
        NetworkError,
        OutputError,
        PictureCostError,
        PictureError,
        RecipeError,
        RemoteModelError,
        RequestError,
        RunError,
        ServingError,
        TrainingDivergedError,
    )
    from inkdigits.evaluation.compare import Comparison, compare
    from inkdigits.evaluation.evaluate import Evaluation, evaluate
    from inkdigits.evaluation.explain import Explanation, explain
    from inkdigits.evaluation.robustness import RobustnessReport, robustness
    from inkdigits.experiments.python_calls import seeds, tune
    from inkdigits.experiments.reproduce import reproduce
    from inkdigits.experiments.seeds import SeedsSummary
    from inkdigits.experiments.tune import TuneResult
    from inkdigits.modelfile.load import load_classifier
    from inkdigits.modelfile.predictor import Predictor
    from inkdigits.reading.reader import Reader, annotate, read
    from inkdigits.reading.reading import Digit, Reading
    from inkdigits.stats.scores import Interval
    from inkdigits.training.backend import Backend
    from inkdigits.training.recipes import Recipe
    from inkdigits.training.run import Run, open_run
    from inkdigits.training.run_export import export_run
    from inkdigits.training.train import TrainOptions, resume, train

__version__ = "0.1.0"

__all__ = [
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
]

_MODULES = {
    "classifier": ("DigitClassifier",),
    "datasets.labelled": ("LabelledDigits", "Splits"),
    "datasets.mnist": ("load_data",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "evaluation.compare": ("Comparison", "compare"),
    "evaluation.evaluate": ("Evaluation", "evaluate"),
    "evaluation.explain": ("Explanation", "explain"),
    "evaluation.robustness": ("RobustnessReport", "robustness"),
    "experiments.python_calls": ("seeds", "tune"),
    "experiments.reproduce": ("reproduce",),
    "experiments.seeds": ("SeedsSummary",),
    "experiments.tune": ("TuneResult",),
    "modelfile.load": ("load_classifier",),
    "modelfile.predictor": ("Predictor",),
    "reading.reader": ("Reader", "annotate", "read"),
    "reading.reading": ("Digit", "Reading"),
    "stats.scores": ("Interval",),
    "training.backend": ("Backend",),
    "training.recipes": ("Recipe",),
    "training.run": ("Run", "open_run"),
    "training.run_export": ("export_run",),
    "training.train": ("TrainOptions", "resume", "train"),
}

# Type checkers see the imports above alone, so that a name which is not there is an error for them too.
if not TYPE_CHECKING:

    def __getattr__(name):
        module = next((module for module, names in _MODULES.items() if name in names), None)
        if module is None:
            raise AttributeError(f"module 'inkdigits' has no attribute {name!r}")
        return getattr(importlib.import_module(f"inkdigits.{module}"), name)

    def __dir__():
        return sorted([*globals(), *__all__])
