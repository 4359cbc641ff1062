"""`data info` and `data export`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from inkdigits.datasets import mnist
from inkdigits.datasets.npz import load_npz
from tests.cli.one_line import assert_one_line
from tests.conftest import Cli

MNIST_FILES = Path(mnist.__file__).parent / "mnist_files"


def test_data_info_and_export(main_here: Cli, tmp_path: Path, small_npz: Path) -> None:
    parts = json.loads(main_here("data", "info", "--json").stdout)
    assert [(part["part"], part["n"]) for part in parts] == [("train", 60000), ("test", 10000)]
    assert main_here("data", "export", small_npz, "--to", "png", "--out", tmp_path / "png").returncode == 0
    assert len(list((tmp_path / "png" / "test").rglob("*.png"))) == 500
    output = json.loads(main_here("data", "info", tmp_path / "png", "--json").stdout)
    assert [(part["part"], part["n"], part["name"]) for part in output] == [
        ("train", 1000, "png train"),
        ("test", 500, "png test"),
    ]
    again = tmp_path / "again.npz"
    assert main_here("data", "export", tmp_path / "png" / "train", "--out", again).returncode == 0
    train = load_npz(again).train
    assert train is not None
    assert len(train) == 1000


def test_data_are_named_as_in_other_commands_too(main_here: Cli, small_npz: Path, tmp_path: Path) -> None:
    named = main_here("data", "info", "--data", small_npz)
    assert named.stdout == main_here("data", "info", small_npz).stdout != ""
    out = tmp_path / "again.npz"
    assert main_here("data", "export", "--data", small_npz, "--out", out).stdout.endswith(
        "1,000 train pictures, 500 test pictures\n"
    )
    assert_one_line(main_here("data", "info", small_npz, "--data", "mnist"), "two sources, expected one")


def test_a_file_that_is_missing(main_here: Cli) -> None:
    assert_one_line(main_here("data", "info", "gone.csv"), "no such file")


def test_a_data_set_is_written_under_a_name_of_its_kind(main_here: Cli, small_npz: Path, tmp_path: Path) -> None:
    for form, name in (("npz", "small.csv"), ("png", "small.npz")):
        assert_one_line(
            main_here("data", "export", small_npz, "--to", form, "--out", tmp_path / name), f"{name}: expected"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_idx_file(main_here: Cli, tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(gzip.decompress((MNIST_FILES / f"{name}.gz").read_bytes())[:-1])
    assert_one_line(main_here("data", "info", tmp_path), "t10k-images-idx3-ubyte", "truncated or damaged")


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        ("label\n", "no pictures in it"),
        ("1,2,3\n", "3 columns, expected 785"),
        ("3," + "0," * 783 + "ink\n", "row 1, column 785 holds 'ink'"),
        ("", "no pictures in it"),
    ],
)
def test_a_bad_csv(main_here: Cli, tmp_path: Path, content: str, needle: str) -> None:
    (tmp_path / "digits.csv").write_text(content)
    assert_one_line(main_here("data", "info", tmp_path / "digits.csv"), "digits.csv", needle)
