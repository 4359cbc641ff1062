"""The rosetta page is its own source: what it says to write runs, what it calls old does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from inkdigits.exercise.old_calls import find_old_calls
from inkdigits.training.backend import Backend, choose_backend, start_keras

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "rosetta.md"
ENTRY = re.compile(
    r"^## (?P<title>.+?)\n+```text old\n(?P<old>.+?)```\n+```python write\n(?P<write>.+?)```\n+(?P<why>[^#]+)",
    re.MULTILINE | re.DOTALL,
)
ENTRIES = {match["title"]: match for match in ENTRY.finditer(PAGE.read_text())}


def names() -> dict[str, Any]:
    start_keras(Backend(choose_backend(), "cpu"))
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    y = np.arange(6)
    x = rng.random((6, 28, 28, 1), np.float32)
    return {"keras": keras, "np": np, "x": x, "y": y, "onehot": np.eye(10)[y], "model": model}


def test_every_section_is_a_whole_entry() -> None:
    assert len(ENTRIES) == PAGE.read_text().count("\n## ") > 15


@pytest.mark.backends
@pytest.mark.filterwarnings("ignore")  # of what is deprecated: some old calls warn before they fail
@pytest.mark.parametrize("title", ENTRIES)
def test_what_is_to_be_written_runs_and_the_old_call_fails(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE"):
        monkeypatch.setenv(variable, "true")
    exec(compile(ENTRIES[title]["write"], f"rosetta: {title}", "exec"), names())
    with pytest.raises((AttributeError, ImportError, TypeError, ValueError, KeyError, NameError)):
        exec(compile(ENTRIES[title]["old"], f"rosetta (old): {title}", "exec"), names())


@pytest.mark.parametrize(
    "title", sorted(set(ENTRIES) - {"Accuracy in the history", "Integer labels", "Saving", "Downloading MNIST"})
)
def test_the_checker_knows_the_old_call(title: str) -> None:
    assert list(find_old_calls(ENTRIES[title]["old"]))
    assert not list(find_old_calls(ENTRIES[title]["write"]))
