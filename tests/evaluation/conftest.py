"""Evaluated runs without a training: a folder with a config, and answers that are right as often as a test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.evaluation.evaluate import Predictions, score, store_predictions
from inkdigits.system.atomic_io import write_json
from inkdigits.training.backend import Backend
from inkdigits.training.checkpoint import EpochRecord, Progress
from inkdigits.training.recipes import Recipe
from inkdigits.training.run import Run, create_run
from inkdigits.training.run_records import DataRecord, EvaluationRecord, RunConfig

MakeRun = Callable[..., Run]


def answers(labels: np.ndarray, wrong: int, seed: int) -> np.ndarray:
    """Probabilities float32 (n, 10); the first `wrong` of a shuffled order are mistakes."""
    random = np.random.default_rng(seed)
    read = labels.copy()
    rows = random.permutation(len(labels))[:wrong]
    read[rows] = (labels[rows] + random.integers(1, 10, wrong)) % 10
    sure = random.uniform(0.6, 0.99, len(labels))
    probabilities = np.repeat((1 - sure)[:, None] / 9, 10, axis=1)
    probabilities[np.arange(len(labels)), read] = sure
    return probabilities.astype(np.float32)


@pytest.fixture(scope="session")
def test_part(small: Splits) -> LabelledDigits:
    assert small.test is not None
    return small.test


@pytest.fixture
def make_run(tmp_path: Path, small_npz: Path, test_part: LabelledDigits) -> MakeRun:
    """Makes `tmp_path / name`, a run that was evaluated on the test part of `small_npz`."""

    def make(
        name: str,
        *,
        wrong: int = 20,
        seed: int = 0,
        network: str = "dense",
        trained_on: str = "0" * 64,
        probabilities: np.ndarray | None = None,
        digits: LabelledDigits = test_part,
        added: str | None = None,
        **hyperparameters: Any,
    ) -> Run:
        config = RunConfig(
            network=network,
            parameters=669_706,
            recipe=replace(Recipe("brisk", optimizer="adam", learning_rate=0.002, epochs=2), **hyperparameters),
            seed=seed,
            data=DataRecord(str(small_npz), "small train", trained_on, 1000),
            backend=Backend("jax"),
            cores=2,
            machine="Linux x86_64",
            versions={"python": "3.11", "inkdigits": "0.1.0", "keras": "3.15", "jax": "0.10", "numpy": "2.4"},
            created="2026-01-01T00:00:00+00:00",
            added=DataRecord("mine", "mine", added, 500) if added else None,
        )
        run = create_run(tmp_path / name, config)
        history = tuple(EpochRecord(e, 0.3 / e, 0.9, 0.2 / e, 0.95, 1.5) for e in (1, 2))
        seconds = {"import": 1.0, "data": 0.1, "compile": 0.5, "train": 3.0}
        run.write_status("finished", Progress(history, 2, 0.1), seconds)
        (run.path / "model.keras").write_bytes(b"")
        given = answers(digits.labels, wrong, seed) if probabilities is None else probabilities
        predictions = Predictions(given, digits.labels)
        store_predictions(run, digits, predictions)
        run.record_test_opening(digits.name, digits.sha256)
        if probabilities is None:
            kept = {**asdict(score(digits, predictions)), "source": str(small_npz), "seconds": 0.2}
            write_json(run.path / "evaluation.json", kept)
        else:
            record = EvaluationRecord(digits.name, digits.sha256, str(small_npz), len(digits), 0.0, 0.0, 0.2)
            kept = asdict(record)
            write_json(run.path / "evaluation.json", kept)
        return run

    return make
