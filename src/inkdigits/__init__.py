"""inkdigits: train, evaluate and use networks that read handwritten digits.

The public names are imported when they are first used, so `import inkdigits` is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inkdigits.datasets.labelled import LabelledDigits
    from inkdigits.datasets.mnist import load_data
    from inkdigits.errors import InkdigitsError
    from inkdigits.evaluation.evaluate import Evaluation, evaluate
    from inkdigits.experiments.reproduce import reproduce
    from inkdigits.modelfile.load import load_classifier
    from inkdigits.modelfile.predictor import Predictor
    from inkdigits.reading.reader import Reader, read
    from inkdigits.reading.reading import Digit, Reading
    from inkdigits.training.backend import Backend
    from inkdigits.training.recipes import Recipe
    from inkdigits.training.run import Run, open_run
    from inkdigits.training.run_export import export_run
    from inkdigits.training.train import TrainOptions, resume, train

__version__ = "0.1.0"

__all__ = [
    "Backend",
    "Digit",
    "Evaluation",
    "InkdigitsError",
    "LabelledDigits",
    "Predictor",
    "Reader",
    "Reading",
    "Recipe",
    "Run",
    "TrainOptions",
    "evaluate",
    "export_run",
    "load_classifier",
    "load_data",
    "open_run",
    "read",
    "reproduce",
    "resume",
    "train",
]

_MODULES = {
    "Backend": "training.backend",
    "Digit": "reading.reading",
    "Evaluation": "evaluation.evaluate",
    "InkdigitsError": "errors",
    "LabelledDigits": "datasets.labelled",
    "Predictor": "modelfile.predictor",
    "Reader": "reading.reader",
    "Reading": "reading.reading",
    "Recipe": "training.recipes",
    "Run": "training.run",
    "TrainOptions": "training.train",
    "evaluate": "evaluation.evaluate",
    "export_run": "training.run_export",
    "load_classifier": "modelfile.load",
    "load_data": "datasets.mnist",
    "open_run": "training.run",
    "read": "reading.reader",
    "reproduce": "experiments.reproduce",
    "resume": "training.train",
    "train": "training.train",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'inkdigits' has no attribute {name!r}")
    return getattr(importlib.import_module(f"inkdigits.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
