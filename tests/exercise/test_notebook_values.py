"""What a notebook's names hold, handed over as plain values."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from inkdigits.exercise import instrumentation, notebook_values
from inkdigits.exercise.observations import ExportedValues, decode_report

pytestmark = pytest.mark.usefixtures("recording")


class Score:
    """An object that is called."""

    def __call__(self, labels: Any, digits: Any) -> float:
        return float(np.mean(labels == digits))


def _agree(labels: Any, digits: Any, scale: float = 1.0) -> Any:
    return scale * (labels == digits).mean()


FUNCTIONS: dict[str, Any] = {
    "plain": _agree, "partial": functools.partial(_agree, scale=1.0), "compiled": jax.jit(_agree), "object": Score(),
    "cached": functools.lru_cache(_agree), "method": Score().__call__,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_score_may_be_anything_that_is_called(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instrumentation, "notebook_names", lambda: {"accuracy": FUNCTIONS[name]})
    exported = decode_report(ExportedValues, repr(notebook_values.export(str(tmp_path), ["accuracy"])))
    assert exported is not None
    assert exported.values["accuracy"].kind == "function"


def test_arrays_are_no_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"plain": np.arange(3), "of JAX": jax.numpy.arange(3), "listed": [1, 2]}
    monkeypatch.setattr(instrumentation, "notebook_names", lambda: names)
    exported = decode_report(ExportedValues, repr(notebook_values.export(str(tmp_path), list(names))))
    assert exported is not None
    assert {value.kind for value in exported.values.values()} == {"array"}
