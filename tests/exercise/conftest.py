"""Submissions made from the solution by replacing some of its cells."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.exercise import instrumentation
from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.check import check_submissions
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.verdict import Verdict

CNN_CELLS = ("cnn-model", "cnn-train", "cnn-test", "compare")
# Enough for both networks to learn something, few enough to be quick.
SUBSET = 2000
WATCHED = ("fit", "train_on_batch", "evaluate", "test_on_batch", "predict", "predict_on_batch")
QUIET: dict[str, Any] = {"shuffle": False, "verbose": 0}  # a generator that is to be shuffled warns


def write_submission(
    path: Path,
    replaced: Mapping[str, str | None],
    blank: tuple[str, ...] = (),
    base: Version = Version.solution,
) -> Path:
    """Write the solution with the cells `replaced` (None: deleted) and those of `blank` as they are handed out."""
    handed_out = {cell["id"]: cell for cell in build_notebook(Version.student)["cells"]}
    notebook = build_notebook(base)
    ids = {cell["id"] for cell in notebook["cells"]}
    assert {*replaced, *blank} <= ids, "a patch names a cell that the master does not have"
    kept = [handed_out[cell["id"]] if cell["id"] in blank else cell for cell in notebook["cells"]]
    notebook["cells"] = [
        {**cell, "source": replaced.get(cell["id"], cell["source"])}
        for cell in kept
        if replaced.get(cell["id"], "") is not None
    ]
    path.write_text(json.dumps(notebook))
    return path


def check(paths: list[Path], limits: SubmissionLimits | None = None, jobs: int = 2) -> dict[str, Verdict]:
    """The verdicts on `paths` by name, on few pictures."""
    verdicts = check_submissions(paths, limits, jobs=jobs, subset=SUBSET)
    return {verdict.name.removesuffix(".ipynb"): verdict for verdict in verdicts}


def solution_source(cell_id: str) -> str:
    """The solution of one cell."""
    cells = {cell["id"]: cell for cell in build_notebook(Version.solution)["cells"]}
    return "".join(cells[cell_id]["source"])


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for notebooks."""
    return tmp_path_factory.mktemp("submissions")


@pytest.fixture
def recording(small_npz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The instrumentation over this process's Keras, removed after the test."""
    import keras

    trainer = instrumentation.trainer_of(keras)
    for name in WATCHED:
        monkeypatch.setattr(trainer, name, getattr(trainer, name))
    for name in ("__call__", "stateless_call"):
        monkeypatch.setattr(keras.Model, name, getattr(keras.Model, name))
    monkeypatch.setattr(keras.src.datasets.mnist, "get_file", keras.src.datasets.mnist.get_file)
    monkeypatch.setattr(instrumentation, "notebook_names", dict)
    monkeypatch.setattr(instrumentation, "_recorder", None)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    instrumentation.start(str(small_npz), subset=True)
    instrumentation.wrap_keras(keras)


@pytest.fixture
def mean_model() -> Any:
    """A network of one layer which `fit` leaves as it is."""
    import keras

    network = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    network.compile(keras.optimizers.SGD(0.0), "categorical_crossentropy")
    return network


def prepared_arrays(small: Splits) -> tuple[Any, Any, Any, Any]:
    """`x_train, onehot_train, x_test, onehot_test` of a few pictures, flat and scaled to [0, 1]."""
    assert small.train is not None
    assert small.test is not None
    x_train, x_test = (part.images.reshape(-1, 784).astype("float32") / 255 for part in (small.train, small.test))
    onehot_train, onehot_test = (np.eye(10)[part.labels] for part in (small.train, small.test))
    return x_train, onehot_train, x_test, onehot_test
