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
    assert result.returncode == 0
    expected = ["pages-2.png", "pages-3.png", "pages.png", "seven.png", "seven.png.png"]
    for folder in ("out", "steps"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == expected
    assert "--annotate drew 5 files" in result.stderr
    assert f"{tmp_path / 'out' / 'seven.png'}" in result.stderr


def test_the_files_of_further_pages_are_named(main_here: Cli, pictures: Path, tmp_path: Path) -> None:
    result = main_here("read", pictures / "pages.tif", "--annotate", tmp_path / "x.png")
    for name in ("x.png", "x-2.png", "x-3.png"):
        assert str(tmp_path / name) in result.stderr
        assert (tmp_path / name).exists()


def test_only_drawings_are_replaced_and_only_by_force(main_here: Cli, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("read", pictures / "a" / "seven.png", "--annotate", f"{out}/")
    assert main_here(*command).returncode == 0
    again = main_here(*command)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert main_here(*command, "--force").returncode == 0
    assert [path.name for path in out.iterdir()] == ["seven.png"]


def test_a_picture_is_never_replaced(main_here: Cli, pictures: Path) -> None:
    folder = pictures / "a"
    before = (folder / "seven.png").read_bytes()
    result = main_here("read", folder, "--annotate", f"{folder}/", "--force")
    assert result.returncode == 2
    assert "is no drawing of inkdigits" in result.stderr
    assert (folder / "seven.png").read_bytes() == before


def test_another_ending_is_refused(main_here: Cli, pictures: Path, tmp_path: Path) -> None:
    result = main_here("read", pictures, "--annotate", tmp_path / "x.jpg")
    assert (result.returncode, result.stdout) == (2, "")
    assert "--annotate" in result.stderr
    assert "ends in .png, or a folder" in result.stderr
