"""Training of the finder runs and leaves a file that loads; on torch alone, which it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inkdigits.reading.finder import Finder

ROOT = Path(__file__).parents[2]


@pytest.mark.backends
@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "torch", reason="the finder is trained with torch")
def test_a_short_training_leaves_a_finder(tmp_path: Path) -> None:
    out = tmp_path / "finder.onnx"
    subprocess.run([sys.executable, "-m", "tools.finder", str(out), "--minutes", "0.1"], cwd=ROOT, check=True)
    maps = Finder.load(out).maps(np.full((64, 96, 3), 200, np.uint8))
    assert maps.digit.shape == (64, 96)
    assert np.isfinite(maps.right).all()
    # The weights beside it continue the training.
    again = ["--minutes", "0.05", "--start-from", str(out.with_suffix(".pt"))]
    subprocess.run([sys.executable, "-m", "tools.finder", str(out), *again], cwd=ROOT, check=True)
