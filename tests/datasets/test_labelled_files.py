"""Tables of files and labels, as people save them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.source import load_for_evaluation


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_may_be_saved_by_any_spreadsheet(tmp_path: Path, separator: str) -> None:
    from PIL import Image

    for number in range(3):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[4:24, 10 + number : 14 + number] = 255
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    rows = (("file", "label", "read"), ("0.png", "1", "7"), ("1.png", "", "7"), ("2.png", "3", "7"))
    table = "".join(f"{separator.join(row)}\r\n" for row in rows)
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8-sig")
    found = load_for_evaluation(str(tmp_path))
    assert found.labels.tolist() == [1, 3]
    assert found.images.shape == (2, 28, 28)
