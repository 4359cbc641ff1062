"""Files and folders appear complete, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.errors import OutputError
from inkdigits.system.atomic_io import (
    check_new,
    make_folder,
    temporary_sibling,
    write_bytes,
    write_folder,
    write_json,
    write_text,
)


def test_content_is_written_and_folders_are_made(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b.bin", b"\0\1")
    write_text(tmp_path / "a" / "c.txt", "ü\n")
    write_json(tmp_path / "a" / "d.json", {"x": [1, 2.5]})
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\0\1"
    assert (tmp_path / "a" / "c.txt").read_text("utf-8") == "ü\n"
    assert json.loads((tmp_path / "a" / "d.json").read_text()) == {"x": [1, 2.5]}
    assert len(list((tmp_path / "a").iterdir())) == 3


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), temporary_sibling(target) as temporary:
        raise ZeroDivisionError(temporary.write_text("half"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"


def test_a_folder_is_renamed_when_it_is_complete(tmp_path: Path) -> None:
    with write_folder(tmp_path / "results") as unfinished:
        (unfinished / "a").mkdir()
        (unfinished / "a" / "b.txt").write_text("x")
        assert not (tmp_path / "results").exists()
    assert (tmp_path / "results" / "a" / "b.txt").read_text() == "x"
    with pytest.raises(ZeroDivisionError), write_folder(tmp_path / "more") as unfinished:
        raise ZeroDivisionError((unfinished / "c.txt").write_text("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*file: a part of that path is a file"):
        make_folder(tmp_path / "file")
    with pytest.raises(OutputError, match=r"cannot write .*file: a part of that path is a file"):
        write_text(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(OutputError, match="file: exists already: choose another out"):
        check_new(tmp_path / "file", "--out")
    with pytest.raises(OutputError, match=r"out .*a\.gif: expected a name that ends in \.png or \.svg"):
        check_new(tmp_path / "a.gif", "--out", ".png", ".svg")
    check_new(tmp_path / "a.PNG", "--out", ".png")
    check_new(None, "--out", ".png")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without permission")
def test_an_output_folder_without_write_permission(tmp_path: Path) -> None:
    """As another user, since permissions do not bind root."""
    code = (
        "import os, sys; from inkdigits.system.atomic_io import write_text; from pathlib import Path\n"
        "from inkdigits.errors import OutputError\n"
        "os.setuid(65534)\n"
        "try: write_text(Path(sys.argv[1]) / 'x.txt', 'hello')\n"
        "except OutputError as error: print(error)"
    )
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    output = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True).stdout
    assert "x.txt: no permission to write there" in output
