"""Experiments on digits without a test part train and evaluate on the same: they say so, loudly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import Splits
from inkdigits.evaluation import held_out
from inkdigits.experiments.reproduce import reproduce
from inkdigits.experiments.seeds import train_seeds
from tests.experiments.test_seeds import Here


@pytest.fixture
def digits(small: Splits, tmp_path: Path) -> str:
    assert small.train is not None
    table = np.column_stack([small.train.labels, small.train.images.reshape(1000, -1)])
    np.savetxt(tmp_path / "digits.csv", table[:600], "%d", delimiter=",")
    return str(tmp_path / "digits.csv")


def test_seeds(digits: str, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"every seed WAS TRAINED on digits\.csv"):
        summary = train_seeds("dense", n=2, recipe="sprint", data=digits, out=tmp_path / "seeds", executor=Here())
    assert len(summary.warnings) == 1
    assert 'class="warning"' in (tmp_path / "seeds" / "seeds.html").read_text()


def test_reproduce(digits: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    load = held_out.load_for_evaluation
    monkeypatch.setattr(held_out, "load_for_evaluation", lambda data: (opened.append(data), load(data))[1])
    with pytest.warns(UserWarning, match="WAS TRAINED") as warned:
        result = reproduce(recipe="sprint", data=digits, out=tmp_path / "out")
    lines = [str(warning.message) for warning in warned]
    names = [line.partition(" WAS TRAINED")[0] for line in lines if "WAS TRAINED" in line]
    assert names == ["dense", "cnn"]
    assert len(result.summary.warnings) == 2
    assert 'class="warning"' in (tmp_path / "out" / "report.html").read_text()
    assert len(opened) == 3  # each network once, and their mistakes by the same function
