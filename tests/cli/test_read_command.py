"""`inkdigits read` as a user meets it: a process, files, standard input, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.cli.read_command import _described
from inkdigits.reading.reading import Digit, Reading
from tests.conftest import Cli
from tests.images.test_pdf import BROKEN_PAGE
from tests.reading.drawn_pages import ink, paper, photographed, row, written
from tests.reading.printed_signs import printed

SHAPE = (200, 420)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 253 as a.png, 48 as deep/b.jpg, and blank paper as c.png."""
    path = tmp_path_factory.mktemp("pictures")
    (path / "deep").mkdir()
    for name, values in (("a.png", "253"), ("deep/b.jpg", "48"), ("c.png", "")):
        Image.fromarray(photographed(written(paper(SHAPE), ink(SHAPE, row(values, 50, 50, 100), 8)))).save(path / name)
    return path


def test_a_table_a_folder_and_no_noise(cli: Cli, folder: Path) -> None:
    result = cli("read", folder)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["picture", "outcome", "digits"]
    assert [line.split()[0] for line in lines[1:]] == [str(folder / name) for name in ("a.png", "c.png", "deep/b.jpg")]
    assert [line.split()[1:] for line in lines[1:]] == [["read", "253"], ["blank"], ["read", "48"]]


def test_json_is_one_array_in_the_schema(main_here: Cli, folder: Path) -> None:
    result = main_here("read", folder / "a.png", folder / "c.png", "--json")
    first, second = json.loads(result.stdout)
    assert (first["string"], first["outcome"], first["error"], first["page"]) == ("253", "read", None, 1)
    assert [digit["value"] for digit in first["digits"]] == [2, 5, 3]
    assert np.array(first["digits"][0]["network_input"]).shape == (28, 28)
    assert (second["outcome"], second["digits"]) == ("blank", [])
    # A line for each digit, and not one for each number.
    assert len(result.stdout.splitlines()) < 40
    assert [line for line in result.stdout.splitlines() if line.lstrip().startswith('{"value": 5')]


def test_csv_has_a_row_a_digit(main_here: Cli, folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(main_here("read", folder / "a.png", folder / "c.png", "--csv").stdout)))
    assert [line["value"] for line in rows] == ["2", "5", "3", ""]
    assert [line["reading"] for line in rows] == ["read", "read", "read", "blank"]
    assert {line["string"] for line in rows[:3]} == {"253"}


def test_standard_input(folder: Path) -> None:
    command = [sys.executable, "-m", "inkdigits", "read", "-"]
    result = subprocess.run(command, input=(folder / "a.png").read_bytes(), capture_output=True, check=True)
    assert result.stdout.decode().splitlines()[1].split() == ["-", "read", "253"]


def test_some_fail_and_the_others_are_read(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.pdf").write_bytes(BROKEN_PAGE)
    bad = [tmp_path / name for name in ("text.png", "empty", "page.pdf")]
    result = main_here("read", *bad, folder / "a.png", tmp_path / "gone.png")
    assert result.returncode == 1
    assert [line.split()[1] for line in result.stdout.splitlines()[1:]] == ["error", "error", "error", "read", "error"]
    assert result.stdout.splitlines()[4].endswith("253")
    assert "  not a picture, or of an unsupported format" in result.stdout.splitlines()[1]
    assert result.stdout.splitlines()[5].endswith("  no such file")
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    assert f"{tmp_path / 'text.png'}: not a picture" in lines[0]
    assert f"{tmp_path / 'empty'}: no pictures in it" in lines[1]
    assert f"{tmp_path / 'page.pdf'}: page 1 is damaged" in lines[2]
    assert f"{tmp_path / 'gone.png'}: no such file" in lines[3]


def test_a_name_that_is_not_utf_8_is_read_and_shown_escaped(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"n\xff.png")).write_bytes((folder / "a.png").read_bytes())
    result = main_here("read", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].split() == [f"{tmp_path}/n\\xff.png", "read", "253"]


def test_none_can_be_read(main_here: Cli, tmp_path: Path) -> None:
    result = main_here("read", tmp_path / "gone.png", "--json")
    assert result.returncode == 2
    assert json.loads(result.stdout)[0]["outcome"] == "error"
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--csv", "--json"], "choose one of them"),
        (["--region", "1,2,3"], "expected X,Y,W,H"),
        (["--model", "gone.onnx"], "no such model file"),
    ],
)
def test_wrong_use(main_here: Cli, folder: Path, arguments: list[str], needle: str) -> None:
    result = main_here("read", folder / "a.png", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert needle in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_without_pictures(main_here: Cli, tmp_path: Path) -> None:
    result = main_here("read", tmp_path)
    assert result.returncode == 2
    assert "no pictures in it" in result.stderr


def test_region_and_length(main_here: Cli, folder: Path) -> None:
    assert main_here("read", folder / "a.png", "--region", "130,30,100,150").stdout.split()[-1] == "5"
    shown = main_here("read", folder / "a.png", "--length", "2", "--json")
    assert len(json.loads(shown.stdout)[0]["string"]) == 2


def test_annotated_and_debugged(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    result = main_here(
        "read", folder / "a.png", folder / "deep", "--annotate", tmp_path / "an.png", "--debug", tmp_path / "steps.png"
    )
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["an-2.png", "an.png", "steps-2.png", "steps.png"]
    with Image.open(tmp_path / "an.png") as annotated:
        drawn = np.asarray(annotated).astype(int)
    green = (drawn[..., 1] > drawn[..., 0] + 60) & (drawn[..., 1] > drawn[..., 2] + 40)
    assert green.sum() > 500
    with Image.open(tmp_path / "steps.png") as steps:
        assert steps.height >= 344
        assert steps.width <= 1800


def test_a_drawing_replaces_nothing_and_is_a_png(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    scan = folder / "a.png"
    before = scan.read_bytes()
    for arguments, message in (
        (["--annotate", scan], f"{scan}: exists already and is no drawing of inkdigits: choose another --annotate"),
        (["--debug", scan], f"{scan}: exists already and is no drawing of inkdigits: choose another --debug"),
        (["--annotate", tmp_path / "an.jpg"], f"--annotate {tmp_path}/an.jpg: expected a name that ends in .png"),
        (["--annotate", tmp_path / "x.png", "--debug", tmp_path / "x.png"], "expected two names"),
    ):
        result = main_here("read", scan, *arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr
    assert scan.read_bytes() == before
    assert not list(tmp_path.iterdir())


def test_too_few_digits_are_said_to_be_too_few(main_here: Cli, folder: Path) -> None:
    assert (
        main_here("read", folder / "c.png", "--length", 5).stdout.splitlines()[1].endswith("(0 of 5 digits were found)")
    )
    result = main_here("read", folder / "c.png", "--length", 5, "--json")
    assert result.stderr == f"inkdigits: {folder / 'c.png'}: 0 of 5 digits were found\n"


def test_a_table_names_eight_unsure_digits_and_counts_the_others() -> None:
    seen = np.zeros((28, 28), np.uint8)
    digit = Digit(1, 0.6, 7, 0.3, "unsure", (0, 0, 9, 9), 0, seen)
    text = _described(Reading("a", "read", "1" * 20, None, (digit,) * 20))
    assert text.count("1 or 7 at 0,0") == 8
    assert text.endswith("; … and 12 more (--json))")


def test_separators_are_not_counted_as_refused(main_here: Cli, tmp_path: Path) -> None:
    Image.fromarray(printed("12/03/2024", 64)).save(tmp_path / "date.png")
    assert main_here("read", tmp_path / "date.png").stdout.splitlines()[1].endswith("  12032024")


def test_an_archive_is_for_batch(main_here: Cli, tmp_path: Path) -> None:
    (tmp_path / "scans.tar").write_bytes(b"\0" * 10_240)
    result = main_here("read", tmp_path / "scans.tar")
    assert result.returncode == 2
    assert (
        result.stderr
        == f"inkdigits: {tmp_path}/scans.tar: an archive: use inkdigits batch {tmp_path}/scans.tar --out RESULTS\n"
    )


def test_ctrl_c_is_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "inkdigits", "read", *[str(folder)] * 200]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (130, "inkdigits: stopped\n")


def test_reading_imports_nothing_slow(folder: Path) -> None:
    code = (
        "import sys\nfrom inkdigits.cli.app import app\n"
        f"app(['read', {str(folder / 'a.png')!r}], standalone_mode=False)\n"
        "print(sorted({'keras', 'jax', 'onnx', 'rich.table', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_line_break_in_a_name_is_escaped(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "two\nlines.png").write_bytes((folder / "a.png").read_bytes())
    (tmp_path / "bad\nname.png").write_text("no picture")
    result = main_here("read", tmp_path)
    assert len(result.stdout.splitlines()) == 3
    assert "two\\nlines.png" in result.stdout
    assert len(result.stderr.splitlines()) == 1


def test_frames_of_an_animation_are_pages(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    with Image.open(folder / "a.png") as first, Image.open(folder / "c.png") as second:
        for ending in ("gif", "webp", "png"):
            first.save(tmp_path / f"moving.{ending}", save_all=True, append_images=[second, first], lossless=True)
    table = main_here("read", tmp_path).stdout.splitlines()[1:]
    assert [line.split()[-1] for line in table] == ["253", "blank", "253"] * 3
    assert [line.split()[1:3] for line in table[1::3]] == [["page", "2"]] * 3


def test_pages_are_counted_alike(main_here: Cli, folder: Path, tmp_path: Path) -> None:
    with Image.open(folder / "a.png") as picture:
        picture.save(tmp_path / "scan.tif", save_all=True, append_images=[picture])
    table = main_here("read", tmp_path / "scan.tif").stdout.splitlines()
    rows = [line.split(",") for line in main_here("read", tmp_path / "scan.tif", "--csv").stdout.splitlines()]
    found = json.loads(main_here("read", tmp_path / "scan.tif", "--json").stdout)
    assert "scan.tif page 2" in table[2]
    assert [row[1] for row in rows[1:]] == ["1"] * 3 + ["2"] * 3
    assert [one["page"] for one in found] == [1, 2]
