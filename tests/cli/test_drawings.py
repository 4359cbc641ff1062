"""`read --annotate` and `--debug` into one file or a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from inkdigits.datasets.mnist import load_test
from tests.conftest import Cli


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    images = [Image.fromarray(image) for image in load_test().images[:3]]
    for folder in ("a", "b"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        images[0].save(tmp_path / "in" / folder / "seven.png")
    images[0].save(tmp_path / "in" / "pages.tif", save_all=True, append_images=images[1:])
    return tmp_path / "in"


@pytest.mark.parametrize("there", [True, False])
def test_many_are_written_under_their_names(main_here: Cli, pictures: Path, tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "out").mkdir()
    result = main_here("read", pictures, "--annotate", f"{tmp_path / 'out'}/", "--debug", tmp_path / "steps")
    assert (result.returncode, result.stderr) == (0, "")
    expected = ["pages.tif-2.png", "pages.tif-3.png", "pages.tif.png", "seven.png-2.png", "seven.png.png"]
    for folder in ("out", "steps"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == expected


def test_another_ending_is_refused(main_here: Cli, pictures: Path, tmp_path: Path) -> None:
    result = main_here("read", pictures, "--annotate", tmp_path / "x.jpg")
    assert (result.returncode, result.stdout) == (2, "")
    assert "--annotate" in result.stderr
    assert "ends in .png, or a folder" in result.stderr
